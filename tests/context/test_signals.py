"""What speaks for a candidate, as numbers."""

from __future__ import annotations

import pytest

from bridle.context.signals import SIGNALS, Row, rows_of
from bridle.context.weighing import SLICES, shared, weigh
from bridle.indexer.past import Commit, Past
from bridle.indexer.snapshot import Snapshot

FILES = {
    "till/drawer.py": (
        "class Drawer:\n    def open(self):\n        return unlock(self)\n\n    def count_coins(self):\n"
        "        return 0\n\n\ndef unlock(drawer):\n    return drawer\n"
    ),
    "till/report.py": "from till.drawer import unlock\n\n\ndef daily_report():\n    return unlock(None)\n",
    "tests/test_drawer.py": (
        "from till.drawer import unlock\n\n\ndef test_unlock_drawer():\n    assert unlock(1) == 1\n"
    ),
}
PAST = Past((Commit("a" * 40, 1, ("coin", "night"), (("till/report.py", ("daily_report",)),)),))


def rows(snapshot: Snapshot, instruction: str, past: Past = PAST) -> dict[str, Row]:
    return {row.symbol.id.partition("::")[2]: row for row in rows_of(instruction, snapshot, past)}


def test_a_name_counts_for_more_than_a_body_and_its_file_for_all_in_it(snapshot: Snapshot) -> None:
    found = rows(snapshot, "count the coins")
    best = found["Drawer.count_coins"]
    assert best["words"] == 1.0
    assert best["name"] > found["Drawer.open"]["name"] == 0.0
    assert best["file_place"] == found["unlock"]["file_place"] == 0.0
    assert set(best.words) == {"coin", "count"}


def test_past_commits_of_like_messages_bring_what_they_touched(snapshot: Snapshot) -> None:
    assert "daily_report" not in rows(snapshot, "coins at night", Past())
    found = rows(snapshot, "coins at night")["daily_report"]
    assert found["past"] == 1.0
    assert set(found.past) == {"coin", "night"}
    assert found["age"] == 0.0


def test_what_is_used_by_what_matches_says_so(snapshot: Snapshot) -> None:
    found = rows(snapshot, "daily report of `unlock`")
    assert found["unlock"]["caller_words"] > 0
    assert found["unlock"]["named"] > found["daily_report"]["named"] == 0


def test_tests_stand_aside_unless_the_task_speaks_of_them(snapshot: Snapshot) -> None:
    assert rows(snapshot, "unlock drawer")["test_unlock_drawer"]["aside"] == 1
    assert rows(snapshot, "unlock drawer in the tests")["test_unlock_drawer"]["aside"] == 0


def test_signatures_of_people_and_addresses_ask_for_nothing(snapshot: Snapshot) -> None:
    signed = "coins\n\nSigned-off-by: Unlock Drawer <unlock@example.com>\nsee https://example.com/daily_report"
    assert rows(snapshot, signed).keys() == rows(snapshot, "coins").keys()


def test_nothing_asked_gives_nothing(snapshot: Snapshot) -> None:
    assert rows_of("", snapshot, PAST) == []
    assert rows_of("the of and", snapshot, PAST) == []


def test_every_signal_has_its_reason_and_shares_make_up_the_score(snapshot: Snapshot) -> None:
    told = [signal for columns in SLICES.values() for signal in SIGNALS[columns]]
    assert told == list(SIGNALS)
    given_rows = rows_of("count the coins of the drawer at night", snapshot, PAST)
    for row, score in zip(given_rows, weigh(given_rows), strict=True):
        shares = shared(row, score)
        assert sum(share.score for share in shares) == pytest.approx(score)
        assert all(share.score > 0 and share.why for share in shares)
