"""A second order of the leading candidates: what is asked, and what an answer may move."""

from __future__ import annotations

import pytest

from bridle.context.pack import packed
from bridle.context.rank import Ranked, rank
from bridle.context.reranking import MOST_ASKED, question, reordered, shortlist
from bridle.context.task import Task
from bridle.indexer.snapshot import Snapshot

KEY = "sk-ant-" + "a1B2c3D4e5" * 4
FILES = {
    "shop/tax.py": f'def add_tax(amount, key="{KEY}"):\n    return amount\n\n\ndef tax_of(amount):\n    return 1\n',
    "shop/price.py": "class Price:\n    def with_tax(self, amount):\n        return amount\n",
    "shop/many.py": "\n\n".join(f"def tax_{n}(amount):\n    return {n}\n" for n in range(80)),
    "shop/.env": "TAX=1\n",
}
TASK = Task("add the tax to an amount")


def listed(snapshot: Snapshot, task: Task = TASK) -> tuple[list[Ranked], list[Ranked]]:
    ranked = rank(task, snapshot)
    return ranked, shortlist(ranked, lambda path: path != "shop/price.py")


def names(ranked: list[Ranked]) -> list[str]:
    return [one.symbol.id for one in ranked]


def test_the_leading_ones_are_asked_about_but_no_file_that_may_not_be_named(snapshot: Snapshot) -> None:
    ranked, asked = listed(snapshot)
    assert len(asked) == MOST_ASKED
    assert names(asked) == [name for name in names(ranked) if not name.startswith("shop/price.py")][:MOST_ASKED]
    assert not any(one.symbol.kind == "module" for one in asked)


def test_what_is_asked_has_names_and_paths_and_no_secret(snapshot: Snapshot) -> None:
    _, asked = listed(snapshot)
    text = question(f"add the tax with {KEY}", asked)
    assert KEY not in text
    assert f"1 {asked[0].symbol.span.path} function {asked[0].symbol.name}" in text
    assert "return" not in text


def test_those_that_are_named_come_first_and_what_was_not_asked_about_stays(snapshot: Snapshot) -> None:
    ranked, asked = listed(snapshot)
    after = reordered(ranked, asked, [3, 1], "small")
    after = sorted(after, key=lambda one: -one.score)
    was, now = names(asked), [name for name in names(after) if name in names(asked)]
    assert now == [was[2], was[0], was[1], *was[3:]]
    assert sorted(one.score for one in after) == pytest.approx(sorted(one.score for one in ranked))
    untouched = {one.symbol.id: one.shares for one in ranked if one.symbol.span.path == "shop/price.py"}
    assert untouched
    assert {one.symbol.id: one.shares for one in after if one.symbol.id in untouched} == untouched


def test_who_was_put_before_others_says_by_whom(snapshot: Snapshot) -> None:
    ranked, asked = listed(snapshot)
    after = {one.symbol.id: one for one in reordered(ranked, asked, [40], "small")}
    assert "small put it at 1, not 40" in after[asked[39].symbol.id].reason
    assert "small" not in after[asked[0].symbol.id].reason


def test_what_was_put_first_is_in_the_pack_where_there_is_room_for_little(snapshot: Snapshot) -> None:
    task = Task(TASK.instruction, n_tokens=120)
    ranked, asked = listed(snapshot, task)
    last = asked[-1]
    before = packed(task, snapshot, FILES.get, ranked)
    after = packed(task, snapshot, FILES.get, reordered(ranked, asked, [len(asked)], "small"))
    assert f"{last.symbol.name}(amount)" not in before.text(None)
    assert f"{last.symbol.name}(amount)" in after.text(None)


@pytest.mark.parametrize(
    ("order", "why"),
    [([], "named no candidate"), ([0], "candidate 0"), ([1, 51], "candidate 51"), ([-1], "-1"), ([2, 2], "twice")],
)
def test_an_order_of_other_things_is_none(snapshot: Snapshot, order: list[int], why: str) -> None:
    ranked, asked = listed(snapshot)
    with pytest.raises(ValueError, match=why):
        reordered(ranked, asked, order, "small")


def test_what_the_person_points_at_or_pinned_keeps_its_place(snapshot: Snapshot) -> None:
    task = Task(TASK.instruction, at=("shop/tax.py", 0, 1), pinned=(("shop/many.py", 0, 1),))
    _, asked = listed(snapshot, task)
    assert "shop/tax.py::add_tax" not in names(asked)
    assert "shop/many.py::tax_0" not in names(asked)
