"""What a person, or a program in their name, asks for: bounded, and without what nobody sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.harness.engine import StartRun
from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.order import MAX_INSTRUCTION_CHARS, order_of
from bridle.harness.session.fold import fold
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.session.runs import list_runs


def test_an_instruction_of_a_megabyte_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserProblem, match="has 1048576 characters, and at most 100000 are taken") as caught:
        order_of(StartRun("edit", "x" * (1 << 20)), {})
    assert "file of the workspace" in caught.value.next_step
    assert len(order_of(StartRun("edit", "x" * MAX_INSTRUCTION_CHARS), {}).instruction) == MAX_INSTRUCTION_CHARS


def test_characters_that_nobody_sees_are_no_part_of_an_instruction() -> None:
    order = order_of(
        StartRun("edit", "\x00round\x1b[2J half\u202e a cent\r\n\tup\x07\ufeff — für 5\u00a0€\u3000円\n"), {}
    )
    assert order.instruction == "round[2J half a cent\n\tup — für 5\u00a0€\u3000円"
    assert order.title == "round[2J half a cent"
    assert order_of(StartRun("edit", "\x00\x1b\u202e"), {}).instruction == ""


def test_a_clock_that_goes_back_in_the_middle_of_a_run_loses_nothing_of_it(tmp_path: Path) -> None:
    times = iter([1_000.0, 999.0, 10.0, 2_000.0, 5.0, 5.0, 5.0, 5.0])
    journal = Journal(tmp_path, RunId("r1"), lambda: next(times))
    journal.append("started", {"workflow": "edit", "instruction": "x"})
    journal.append("phase", {"name": "build"})
    journal.append("parked", {"outcome": "budget", "reason": "spent"})
    journal.append("resumed", {"pid": 1, "engine": "e"})
    journal.append("ended", {"outcome": "failed"})
    journal.close()
    reading = read_journal(tmp_path, RunId("r1"))
    assert reading.damage == ""
    state = fold(reading.records)
    assert (state.phase, state.outcome, state.steps) == ("build", "failed", 5)
    assert [row.run for row in list_runs(tmp_path)] == ["r1"]
