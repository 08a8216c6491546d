from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridle.harness.nouns import Fault, RunId, Usage, UserProblem
from bridle.harness.session.events import KINDS, SYNCED, Edited, FileChange
from bridle.harness.session.fold import RunState, fold
from bridle.harness.session.journal import REGISTER, Journal, read_journal
from bridle.harness.session.records import read_head
from bridle.harness.session.runs import list_runs

RUN = RunId("r1")
CHANGE = Edited((FileChange("a.py", "0" * 32, "1" * 32, executable=(False, True)),))
SAYING = {"message": {"role": "user", "content": [{"type": "text", "text": "mend it\n\r\x85\u2028 🙂"}]}}
REPLY = {"message": {"role": "assistant", "content": []}, "usage": Usage(10, 5, cost_usd_micros=7, turns=1)}
Story = list[tuple[str, dict[str, Any] | Edited]]
STORY: Story = [
    ("started", {"workflow": "edit", "instruction": "mend it", "pid": 7}),
    ("phase", {"name": "build"}),
    ("told", SAYING),
    ("model_called", {"turn": 1, "reserved": 900}),
    ("model_replied", REPLY),
    ("edited", CHANGE),
    ("tool_replied", SAYING),
    ("checked", {"verdicts": ()}),
    ("phase", {"name": "verify"}),
    ("ended", {"outcome": "succeeded"}),
]


class Ticks:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def write(folder: Path, story: Story = STORY) -> None:
    journal = Journal(folder, RUN, Ticks())
    for kind, payload in story:
        journal.append(kind, payload)
    journal.close()


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    write(tmp_path)
    reading = read_journal(tmp_path, RUN)
    assert [record.kind for record in reading.records] == [kind for kind, _ in STORY]
    assert [record.seq for record in reading.records] == list(range(1, len(STORY) + 1))
    assert [record.time for record in reading.records] == [1002.0 + n for n in range(len(STORY))]  # after the register
    assert (reading.damage, reading.live) == ("", False)


def test_the_fold_tells_what_a_run_needs_to_go_on(tmp_path: Path) -> None:
    write(tmp_path, STORY[:-1])
    state = fold(read_journal(tmp_path, RUN).records)
    assert (state.workflow, state.instruction, state.phase, state.pid) == ("edit", "mend it", "verify", 7)
    assert state.messages == (SAYING["message"], REPLY["message"], SAYING["message"])
    assert state.changes == {"a.py": "1" * 32}
    assert state.originals == {"a.py": "0" * 32}
    assert state.executable == {"a.py": True}
    assert state.usage == Usage(10, 5, cost_usd_micros=7, turns=1)
    assert state.interrupted


def test_money_is_unknown_once_a_part_of_it_is(tmp_path: Path) -> None:
    unknown = {"message": REPLY["message"], "usage": Usage(1, 1, cost_usd_micros=None)}
    write(tmp_path, [*STORY[:5], ("model_replied", unknown)])
    assert fold(read_journal(tmp_path, RUN).records).usage == Usage(11, 6, cost_usd_micros=None, turns=1)


def test_a_fold_in_two_parts_is_the_fold_of_the_whole(tmp_path: Path) -> None:
    write(tmp_path)
    records = read_journal(tmp_path, RUN).records
    for cut in range(len(records) + 1):
        assert fold(records[cut:], fold(records[:cut])) == fold(records)


@pytest.mark.slow
def test_a_log_cut_at_any_byte_of_its_last_three_records_never_gives_a_wrong_state(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    write(whole)
    log, head = (whole / "r1.jsonl").read_bytes(), (whole / "r1.head").read_bytes()
    states = [fold(read_journal(whole, RUN).records[:n]) for n in range(len(STORY) + 1)]
    first = sum(len(line) + 1 for line in log.split(b"\n")[: len(STORY) - 3])
    for size in range(first, len(log) + 1):
        for promised, data in promises(head).items():
            folder = tmp_path / f"{size}-{promised}"
            folder.mkdir()
            (folder / "r1.jsonl").write_bytes(log[:size])
            (folder / "r1.head").write_bytes(data)
            n = log[:size].count(b"\n")
            assert_recovers(folder, states[n], lost=promised > n)


def promises(head: bytes) -> dict[int, bytes]:
    """The head as it stood at the end, and as it stood one promise before: number of records → bytes."""
    found: dict[int, bytes] = {}
    for data in (head[:64] + b"\0" * 64, b"\0" * 64 + head[64:]):
        newest = read_head(data)
        assert newest is not None
        found[newest.seq] = data
    assert max(found) == len(STORY)
    return found


def assert_recovers(folder: Path, state: RunState, *, lost: bool) -> None:
    reading = read_journal(folder, RUN)
    assert fold(reading.records) == state
    assert bool(reading.damage) == lost
    first = Journal(folder, RUN, Ticks())
    first.close()
    once = (folder / "r1.jsonl").read_bytes(), (folder / "r1.head").read_bytes()
    second = Journal(folder, RUN, Ticks())
    assert fold(second.records) == state
    assert ((folder / "r1.jsonl").read_bytes(), (folder / "r1.head").read_bytes()) == once
    if lost:
        with pytest.raises(UserProblem, match="read-only"):
            second.append("phase", {"name": "more"})
    else:
        second.append("phase", {"name": "more"})
        assert read_journal(folder, RUN).damage == ""
    second.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_altered_byte_goes_unnoticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("altered")
    write(folder)
    log = bytearray((folder / "r1.jsonl").read_bytes())
    at = data.draw(st.integers(0, len(log) - 1))
    log[at] ^= data.draw(st.integers(1, 255))
    (folder / "r1.jsonl").write_bytes(log)
    assert read_journal(folder, RUN).damage


@pytest.mark.parametrize("harm", ["removed", "doubled", "swapped", "head gone", "log gone", "head broken"])
def test_loss_and_tampering_are_told_and_nothing_more_is_written(tmp_path: Path, harm: str) -> None:
    write(tmp_path)
    log, head = tmp_path / "r1.jsonl", tmp_path / "r1.head"
    lines = log.read_bytes().splitlines(keepends=True)
    match harm:
        case "removed":
            log.write_bytes(b"".join(lines[:3] + lines[4:]))
        case "doubled":
            log.write_bytes(b"".join(lines[:3] + lines[2:]))
        case "swapped":
            log.write_bytes(b"".join([*lines[:2], lines[3], lines[2], *lines[4:]]))
        case "head gone":
            head.unlink()
        case "log gone":
            log.unlink()
        case _:
            head.write_bytes(b"x" * 128)
    before = log.read_bytes() if log.exists() else b""
    assert read_journal(tmp_path, RUN).damage
    journal = Journal(tmp_path, RUN, Ticks())
    with pytest.raises(UserProblem, match="read-only") as caught:
        journal.append("phase", {"name": "more"})
    assert caught.value.next_step
    journal.close()
    assert log.read_bytes() == before
    assert list_runs(tmp_path)[0].damage


def test_an_event_that_is_not_of_its_kind_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path, RUN, Ticks())
    wrong: Story = [
        ("nothing", {}),
        ("phase", {}),
        ("phase", {"name": "a", "hue": "b"}),
        ("phase", {"name": 3}),
    ]
    for kind, payload in wrong:
        with pytest.raises(Fault):
            journal.append(kind, payload)
    journal.close()
    assert read_journal(tmp_path, RUN).records == ()


def test_text_that_is_not_unicode_is_kept_as_far_as_it_can_be(tmp_path: Path) -> None:
    write(tmp_path, [("told", {"message": {"role": "user", "content": "a\ud800b"}})])
    assert fold(read_journal(tmp_path, RUN).records).messages[0]["content"] == "a?b"


def test_a_kind_from_a_later_version_is_skipped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "dreamt", KINDS["phase"])
    write(tmp_path, [*STORY[:2], ("dreamt", {"name": "sheep"})])
    monkeypatch.delitem(KINDS, "dreamt")
    state = fold(read_journal(tmp_path, RUN).records)
    assert (state.phase, state.steps, state.skipped) == ("build", 3, 1)


def test_every_synced_kind_is_a_kind() -> None:
    assert set(KINDS) > SYNCED


@pytest.mark.slow
def test_a_run_has_one_writer_and_is_resumable_only_when_that_is_gone(tmp_path: Path) -> None:
    journal = Journal(tmp_path, RUN, Ticks())
    journal.append(*STORY[0])
    with pytest.raises(UserProblem, match="another"):
        Journal(tmp_path, RUN, Ticks())
    (row,) = list_runs(tmp_path)
    assert (row.live, row.resumable) == (True, False)
    journal.close()
    (row,) = list_runs(tmp_path)
    assert (row.live, row.resumable) == (False, True)


def test_a_writer_that_was_killed_leaves_a_resumable_run_with_all_it_wrote(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bridle.harness.session.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), 'r1', lambda: 1.0)\n"
        "journal.append('started', {'workflow': 'edit', 'instruction': ''})\n"
        "journal.append('phase', {'name': 'build'})\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        assert not list_runs(tmp_path)[0].resumable
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
    (row,) = list_runs(tmp_path)
    assert row.resumable
    assert (row.state.steps, row.state.phase) == (2, "build")


def test_a_disk_that_refuses_a_record_leaves_the_journal_whole(tmp_path: Path) -> None:
    import resource

    journal = Journal(tmp_path, RUN, Ticks())
    journal.append(*STORY[0])
    size = (tmp_path / "r1.jsonl").stat().st_size
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    held = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, old[1]))
        with pytest.raises(UserProblem) as caught:
            journal.append("told", SAYING)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, held)
    assert caught.value.next_step
    assert (tmp_path / "r1.jsonl").stat().st_size == size
    journal.append("told", SAYING)
    journal.close()
    assert read_journal(tmp_path, RUN).damage == ""


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a" * 65, "a\n"])
def test_a_run_whose_name_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserProblem):
        Journal(tmp_path, RunId(name), Ticks())


def test_an_unknown_run_is_said_to_be_unknown(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="no run 'r9'"):
        read_journal(tmp_path, RunId("r9"))


def test_the_newest_run_comes_first(tmp_path: Path) -> None:
    clock = Ticks()
    for run in ["b", "a", "c"]:
        journal = Journal(tmp_path, RunId(run), clock)
        journal.append("started", {"workflow": "edit", "instruction": run})
        journal.close()
    assert [row.run for row in list_runs(tmp_path)] == ["c", "a", "b"]


def test_journals_are_for_the_user_alone(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600, 0o700}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / REGISTER).iterdir()} == {0o600}
