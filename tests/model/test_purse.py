"""Ceilings of a session and of a day hold for all runs together, side by side too."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.harness.audit.spending import spent_on
from bridle.harness.model.budget import BudgetReached, Meter, estimate
from bridle.harness.model.purse import Ceiling, Ceilings, Purse, day_of
from bridle.harness.nouns import Budget, RunId, Usage
from bridle.harness.session.journal import Journal
from tests.model.asking import request, user

ASKED = request(user("x"), max_tokens=1_000)
WANTED = estimate(ASKED)
DAY_S = 86_400.0
NOON_S = 1_700_000_000.0


def purse(ceilings: Ceilings, spent: Usage | None = None, now: list[float] | None = None) -> Purse:
    clock = now or [NOON_S]
    found = Purse(ceilings, lambda day: spent or Usage(), lambda: clock[0])
    found.look()
    return found


def test_runs_side_by_side_do_not_pass_a_ceiling_together() -> None:
    shared = purse(Ceilings(session=Ceiling(tokens=2 * WANTED.tokens + 1)))
    meters = [Meter(Budget(), lambda: NOON_S, also=shared) for _ in range(3)]
    reserved = [meter.reserve(ASKED) for meter in meters[:2]]
    with pytest.raises(BudgetReached, match=r"are spent this session, and the next call may take"):
        meters[2].reserve(ASKED)
    meters[0].settle(reserved[0], Usage(output_tokens=1, turns=1))
    meters[2].reserve(ASKED)


def test_money_of_a_day_counts_what_others_spent_and_ends_with_the_day() -> None:
    clock = [NOON_S]
    cost = WANTED.cost_usd_micros
    assert cost
    day = Ceilings(day=Ceiling(cost_usd_micros=cost + 10))
    found = purse(day, Usage(cost_usd_micros=11), clock)
    with pytest.raises(BudgetReached, match=r"\$0\.\d\d of \$0\.\d\d are spent today") as limit:
        found.reserve(WANTED)
    assert limit.value.which == "cost"
    clock[0] += DAY_S
    found.reserve(WANTED)


def test_a_clock_that_goes_back_begins_no_new_day() -> None:
    clock = [NOON_S]
    found = purse(Ceilings(day=Ceiling(tokens=WANTED.tokens)), Usage(input_tokens=1), clock)
    clock[0] -= 3 * DAY_S
    with pytest.raises(BudgetReached, match="are spent today"):
        found.reserve(WANTED)


def test_without_a_ceiling_no_journal_is_read() -> None:
    def spent(day: str) -> Usage:
        raise AssertionError("nobody asked")

    found = Purse(Ceilings(session=Ceiling(tokens=1 << 40)), spent, lambda: NOON_S)
    found.look()
    found.reserve(WANTED)


def test_what_a_day_took_is_summed_over_all_workspaces(tmp_path: Path) -> None:
    for folder, run, at in (("a", "r1", NOON_S), ("b", "r2", NOON_S), ("b", "r3", NOON_S - 3 * DAY_S)):
        journals = tmp_path / folder / "journals"
        journals.mkdir(parents=True, exist_ok=True)
        journal = Journal(journals, RunId(run), lambda at=at: at)  # type: ignore[misc]  # the clock of this journal
        journal.append("started", {"workflow": "edit", "instruction": "x", "model": "m"})
        usage = Usage(10, 5, cost_usd_micros=7, turns=1)
        journal.append("model_replied", {"message": {"role": "assistant", "content": []}, "usage": usage})
        journal.close()
    (tmp_path / "b" / "journals" / "broken.jsonl").write_bytes(b"\x00")
    assert spent_on(tmp_path, day_of(NOON_S)).cost_usd_micros == 14
    assert spent_on(tmp_path, day_of(NOON_S + DAY_S)) == Usage()
