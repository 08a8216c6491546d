"""A run is taken from a process that lives: whatever that one was told is written is there, and it writes no more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.session import fencing
from bridle.harness.session import journal as journals
from bridle.harness.session.journal import Journal, Reading, read_journal
from bridle.harness.session.lock import held
from bridle.harness.session.runs import list_runs

RUN = RunId("r1")
WRITER = """
import sys
from pathlib import Path
from bridle.harness.nouns import UserProblem
from bridle.harness.session.journal import Journal

journal = Journal(Path(sys.argv[1]), "r1", lambda: 1.0)
journal.append("started", {"workflow": "edit", "instruction": ""})
print(1, flush=True)
while True:
    if sys.argv[2] == "asked":
        sys.stdin.readline()
    try:
        print(journal.append("phase", {"name": "theirs"}, sync=sys.argv[2] == "asked"), flush=True)
    except UserProblem as problem:
        print(problem, "-", problem.next_step, flush=True)
        break
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "LOCK_WITHIN_S", 0.0)


def writer(folder: Path, how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), how]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "1\n"
    return started


def taken(folder: Path) -> Journal:
    return Journal(folder, RUN, lambda: 2.0, take=True)


def names(reading: Reading) -> list[str]:
    assert reading.damage == ""
    return [str(getattr(record.event(), "name", "")) for record in reading.records]


@pytest.mark.slow
def test_a_run_is_taken_from_a_process_that_hangs_which_is_told_when_it_goes_on(tmp_path: Path) -> None:
    with writer(tmp_path, "asked") as theirs:
        assert theirs.stdin is not None
        assert theirs.stdout is not None
        theirs.send_signal(signal.SIGSTOP)
        with pytest.raises(UserProblem, match="in the hands of another"):
            Journal(tmp_path, RUN, lambda: 2.0)
        ours = taken(tmp_path)
        ours.append("phase", {"name": "ours"}, sync=True)
        theirs.send_signal(signal.SIGCONT)
        print("write", file=theirs.stdin, flush=True)
        said = theirs.stdout.readline()
        assert "'r1' was taken over by another Bridle - go on with it there" in said
        assert theirs.wait(30) == 0
    ours.append("phase", {"name": "ours"}, sync=True)
    assert list_runs(tmp_path)[0].live
    ours.close()
    assert names(read_journal(tmp_path, RUN)) == ["", "ours", "ours"]
    assert {path.name for path in tmp_path.iterdir()} == {"r1.jsonl", "r1.head", "register", fencing.TURN}


@pytest.mark.slow
def test_all_that_a_busy_process_was_told_is_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    for n in range(2):
        folder = tmp_path / str(n)
        folder.mkdir()
        with writer(folder, "busy") as theirs:
            assert theirs.stdout is not None
            for _ in range(200 * (n + 1)):
                theirs.stdout.readline()
            ours = taken(folder)
            ours.append("phase", {"name": "ours"}, sync=True)
            told = [line for line in theirs.stdout if line.strip().isdigit()]
            assert theirs.wait(30) == 0
        ours.close()
        last = int(told[-1]) if told else 200 * (n + 1) + 1
        found = names(read_journal(folder, RUN))
        assert found[:last] == ["", *["theirs"] * (last - 1)]
        assert found[last:] in (["ours"], ["theirs", "ours"]), "at most what it was not told of any more"


def two(folder: Path) -> None:
    journal = Journal(folder, RUN, lambda: 1.0)
    for kind, payload in (("started", {"workflow": "edit", "instruction": ""}), ("phase", {"name": "theirs"})):
        journal.append(kind, payload, sync=True)
    journal.close()


@pytest.mark.slow
def test_a_taker_that_is_killed_leaves_a_journal_that_the_next_one_completes(tmp_path: Path) -> None:
    killed, at, seen = True, 0, set[bool]()
    while killed:
        folder = tmp_path / str(at)
        folder.mkdir()
        two(folder)
        holder = Journal(folder, RUN, lambda: 1.0)
        killed = dies_while_taking(folder, at)
        try:
            holder.append("phase", {"name": "late"})
            was_told = True
        except UserProblem:
            was_told = False
        holder.close()
        journal = Journal(folder, RUN, lambda: 3.0)
        journal.append("phase", {"name": "next"}, sync=True)
        journal.close()
        found = names(read_journal(folder, RUN))
        assert found in (["", "theirs", "late", "next"], ["", "theirs", "next"])
        assert not was_told or "late" in found
        assert not (folder / "r1.fenced").exists()
        seen.add(was_told)
        at += 1
    assert at > 4
    assert seen == {True, False}


def dies_while_taking(folder: Path, at: int) -> bool:
    """Whether a process that takes the run was killed before the `at`-th thing that it does to names."""
    child = os.fork()
    if child == 0:
        left = [at]

        def counted(done: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*given: Any, **named: Any) -> Any:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return done(*given, **named)

            return wrapped

        for call in ("hardlink_to", "replace", "unlink"):
            setattr(Path, call, counted(getattr(Path, call)))
        taken(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status != 0


def test_what_was_written_while_it_was_taken_is_completed_from_the_old_log(tmp_path: Path) -> None:
    two(tmp_path)
    log, old = tmp_path / "r1.jsonl", tmp_path / "r1.fenced"
    old.hardlink_to(log)
    whole = log.read_bytes()
    copy = tmp_path / "copy"
    copy.write_bytes(whole[: whole.index(b"\n") + 5])
    copy.replace(log)
    journal = Journal(tmp_path, RUN, lambda: 3.0)
    journal.close()
    assert (log.read_bytes(), journal.damage, old.exists()) == (whole, "", False)


def test_two_that_take_at_once_do_not_both_have_it(tmp_path: Path) -> None:
    two(tmp_path)
    theirs = Journal(tmp_path, RUN, lambda: 1.0)
    with held(tmp_path / fencing.TURN, 1.0):
        seen = os.open(tmp_path / "r1.jsonl", os.O_RDWR | os.O_APPEND)
    first = taken(tmp_path)
    with pytest.raises(UserProblem, match="at this moment"):
        fencing.fence(seen, tmp_path / "r1.jsonl")
    os.close(seen)
    first.append("phase", {"name": "first"})
    with pytest.raises(UserProblem, match="taken over"):
        theirs.append("phase", {"name": "late"})
    for journal in (first, theirs):
        journal.close()
    assert names(read_journal(tmp_path, RUN)) == ["", "theirs", "first"]


def test_a_journal_that_nobody_has_is_simply_had(tmp_path: Path) -> None:
    two(tmp_path)
    before = (tmp_path / "r1.jsonl").stat().st_ino
    taken(tmp_path).close()
    assert (tmp_path / "r1.jsonl").stat().st_ino == before
    assert not (tmp_path / fencing.TURN).exists()
