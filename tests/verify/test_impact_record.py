"""What is kept of recorded sessions: carried over to new texts, safe against garbage, bounded."""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec
import pytest

from bridle.harness.verify.impact import record as records
from bridle.harness.verify.impact.evidence import Context
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.impact.record import Record, renewed
from bridle.indexer.files import TreeState

OLD = "a = 1\nb = 2\nc = 3\n"
NEW = "new = 0\na = 1\nb = 5\nc = 3\n"


def record(text: str, *contexts: Context, when: float = 1.0) -> Record:
    tests = {one.name.removeprefix("test:"): when for one in contexts if one.name.startswith("test:")}
    return Record("tools", {"m.py": text}, {"m.py": text}, contexts, when=tests)


def test_of(name: str, mask: int) -> Context:
    return Context(f"test:{name}", lines={"m.py": f"{mask:x}"}, path="t.py")


test_of.__test__ = False  # type: ignore[attr-defined]  # it makes a test's context and is none


def lines(found: Record, name: str) -> int | None:
    context = next((one for one in found.contexts if one.name == f"test:{name}"), None)
    return None if context is None else int(context.lines["m.py"], 16)


def test_tests_that_did_not_run_again_keep_their_lines_where_those_stand_now() -> None:
    found = renewed(
        record(OLD, test_of("kept", 0b101), test_of("ran", 0b010)), record(NEW, test_of("ran", 0b100), when=2.0)
    )
    assert lines(found, "kept") == 0b1010
    assert lines(found, "ran") == 0b100
    assert found.when == {"kept": 1.0, "ran": 2.0}


def test_a_test_whose_line_is_gone_is_forgotten_so_that_it_runs() -> None:
    found = renewed(record(OLD, test_of("lost", 0b010)), record(NEW, test_of("ran", 1)))
    assert lines(found, "lost") is None


def test_a_test_that_is_not_there_any_more_is_forgotten() -> None:
    found = renewed(record(OLD, test_of("gone", 1), test_of("kept", 1)), record(OLD, test_of("ran", 1)), ["gone"])
    assert {one.name for one in found.contexts} == {"test:kept", "test:ran"}


def test_another_interpreter_begins_anew() -> None:
    other = msgspec.structs.replace(record(OLD, test_of("ran", 1)), toolchain="other")
    assert renewed(record(OLD, test_of("kept", 1)), other) == other


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        records.encode(record(OLD, test_of("a", 1)))[:-4],
        records.encode(Record("t", {}, {}, (Context("test:a", lines={"m.py": "xyz"}),))),
        zlib.compress(b"\xc1"),
    ],
)
def test_garbage_is_no_record(data: bytes) -> None:
    assert records.decode(data) is None


def test_a_record_comes_back_as_it_was() -> None:
    found = record(OLD, test_of("a", 5))
    assert records.decode(records.encode(found)) == found


def test_what_is_larger_than_is_kept_costs_the_record_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(tmp_path)
    monkeypatch.setattr(records, "MAX_BYTES", 10)
    memory.learn("pytest", record(OLD, test_of("a", 1)), whole=True)
    assert memory.known("pytest") is None


def test_the_memory_knows_when_a_test_was_last_seen_and_what_was_said(tmp_path: Path) -> None:
    clock = iter([100.0, 200.0])
    memory = Memory(tmp_path, now=lambda: next(clock))
    memory.learn("pytest", record(OLD, test_of("a", 1), test_of("b", 2)), whole=True)
    memory.learn("pytest", record(OLD, test_of("a", 1)), whole=False)
    known = Memory(tmp_path).known("pytest")
    assert known is not None
    assert known.record.when == {"a": 200.0, "b": 100.0}


def test_all_run_where_the_interpreter_is_another_or_nothing_is_known(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    tree = TreeState("d", {"m.py": "x"})
    assert memory.selection("pytest", "tools", tree, lambda path: b"").everything
    memory.learn("pytest", record(OLD, test_of("a", 1)), whole=True)
    assert "interpreter" in memory.selection("pytest", "other", tree, lambda path: b"").wider


def test_all_tests_are_recorded_only_where_they_are_known_to_end_in_time(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert not memory.may_record("pytest", 120)
    memory.note_seconds("pytest", "tools", 10.0)
    assert memory.may_record("pytest", 120)
    assert not memory.may_record("pytest", 30)
