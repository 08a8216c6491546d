"""Whatever the endpoint does, no partial call is run, no permanent fault is tried again, and the budget holds.

Every second kind is struck here once and the others in the bench's smoke form; `python bench/faults.py` has each twenty
times, cut at other places.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.model.faults import FIRST, KINDS, ODD, PASSING, PERMANENT, SECOND, Outcome, strike, wrong
from tests.model.messages_server import FAULTS

KNOWN = {kind.removesuffix("_with_a_time") for kind in KINDS}


def test_every_fault_of_the_server_is_struck() -> None:
    assert set(FAULTS) - KNOWN == {"cut_mid_event", "cut_mid_tool"}, "those that are cut are cut at any byte"
    assert len(KINDS) == len({*PERMANENT, *PASSING, *ODD}) > 15


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS[::2])
async def test_a_talk_survives_it(kind: str, tmp_path: Path) -> None:
    outcome = await strike(kind, random.Random(kind), tmp_path)  # noqa: S311  # the same cuts on every run
    assert wrong(outcome) == []
    assert outcome.ended


def test_what_is_not_as_promised_is_found() -> None:
    fine = Outcome("bad_request", (FIRST,), 1, 0, "ModelProblem", 10, 100, 50)
    assert wrong(fine) == []
    for broken in (
        Outcome("stall", (FIRST, {"path": "b.py", "text": "y"}), 1, 0, "", 10, 100, 50),
        Outcome("stall", (FIRST, SECOND, SECOND), 1, 0, "", 10, 100, 50),
        Outcome("bad_request", (FIRST,), 2, 1, "", 10, 100, 50),
        Outcome("stall", (FIRST,), 9, 8, "", 10, 100, 50),
        Outcome("stall", (FIRST,), 1, 0, "", 151, 100, 50),
    ):
        assert wrong(broken)
