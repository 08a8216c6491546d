"""Parse workers as the index meets them: real processes, real files, real kills."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from bridle.indexer.parse import Job, Parsed, Unread
from bridle.indexer.workers import ParseWorkers, Reply

LONG = b"def f(a, b):\n    return g(a.x, [b, a, (a, b)])\n\n\n" * 38_000


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[ParseWorkers]:
    pool = ParseWorkers(tmp_path, 1)
    yield pool
    pool.close()


def answer(future: Future[Reply]) -> Parsed | Unread:
    return future.result(30).outcome


def reason(future: Future[Reply]) -> str:
    outcome = answer(future)
    assert isinstance(outcome, Unread)
    return outcome.skipped.reason


def test_files_are_read_in_other_processes(tmp_path: Path, workers: ParseWorkers) -> None:
    for n in range(40):
        (tmp_path / f"m{n}.py").write_text(f"def f{n}(): pass\n")
    futures = workers.submit(Job(f"m{n}.py") for n in range(40))
    outcomes = [answer(future) for future in futures]
    assert [parsed.facts.symbols[1].name for parsed in outcomes if isinstance(parsed, Parsed)] == [
        f"f{n}" for n in range(40)
    ]
    assert os.getpid() not in workers.pids()


@pytest.mark.slow
def test_a_file_that_takes_too_long_is_skipped_and_the_others_go_on(tmp_path: Path) -> None:
    pool = ParseWorkers(tmp_path, 1, timeout_s=0.3)
    try:
        slow, quick = pool.submit([Job("slow.py", data=LONG), Job("quick.py", data=b"x = 1\n")])
        assert reason(slow) == "parsing it took longer than 0.3 s"
        assert isinstance(answer(quick), Parsed)
    finally:
        pool.close()


def test_a_worker_that_is_killed_costs_one_file(workers: ParseWorkers) -> None:
    assert isinstance(answer(workers.submit([Job("a.py", data=b"")])[0]), Parsed)
    (pid,) = workers.pids()
    os.kill(pid, signal.SIGSTOP)
    hit, spared = workers.submit([Job("b.py", data=b"")])[0], workers.submit([Job("c.py", data=b"")])[0]
    os.kill(pid, signal.SIGKILL)
    assert "parse worker ended" in reason(hit)
    assert isinstance(answer(spared), Parsed)
    assert workers.pids() != (pid,)


def test_ten_thousand_nested_brackets_do_no_harm(workers: ParseWorkers) -> None:
    deep = b"(" * 10_000 + b")" * 10_000
    calls = b"f(" * 10_000 + b")" * 10_000
    futures = workers.submit([Job("a.py", data=deep), Job("b.py", data=calls), Job("c.py", data=b"x = 1\n")])
    outcomes = [answer(future) for future in futures]
    assert isinstance(outcomes[2], Parsed)
    assert all(isinstance(outcome, (Parsed, Unread)) for outcome in outcomes)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"x = 1\n\0", "NUL"), (b"caf\xe9 = 1\n", "not utf-8"), (b"x=1;" * 10_000, "minified")],
)
def test_what_is_no_source_is_skipped_with_the_reason(workers: ParseWorkers, data: bytes, why: str) -> None:
    assert why in reason(workers.submit([Job("a.py", data=data)])[0])


def test_a_file_that_vanished_or_may_not_be_read_is_skipped(tmp_path: Path, workers: ParseWorkers) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    futures = workers.submit([Job("gone.py"), Job("folder.py"), Job("link.py")])
    assert [reason(future).partition(":")[0] for future in futures] == ["unreadable"] * 3


def test_closing_gives_up_what_waits_and_leaves_no_process(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    pool = ParseWorkers(tmp_path, 1)
    answer(pool.submit([Job("a.py", data=b"")])[0])
    (pid,) = pool.pids()
    waiting = pool.submit(Job(f"{n}.py", data=LONG) for n in range(20))
    pool.close()
    assert reason(waiting[-1]) == "the index was closed"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert reason(pool.submit([Job("b.py", data=b"")])[0]) == "the index was closed"
    assert not [one for one in threading.enumerate() if one.name == "bridle parse" and one not in before]


def test_workers_that_cannot_start_are_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    pool = ParseWorkers(tmp_path, 1)
    try:
        futures = pool.submit(Job(f"{n}.py", data=b"") for n in range(6))
        assert all("no parse worker could be started" in reason(future) for future in futures)
        assert "3 times in a row" in reason(futures[-1])
    finally:
        pool.close()


def test_a_workspace_cannot_put_its_own_modules_in_our_place(tmp_path: Path, workers: ParseWorkers) -> None:
    for name in ("bridle", "msgspec", "tree_sitter"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert isinstance(answer(workers.submit([Job("bridle.py")])[0]), Parsed)
    assert not (tmp_path / "ran").exists()
