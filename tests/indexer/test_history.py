"""Where old lines stand now, against models that follow every single character."""

from __future__ import annotations

import time
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridle.indexer.history import ChangeLog, DiffedMap, LineMap, rebase
from bridle.indexer.text import LineChange, LineEdit, Place, Text, apply_edits, split_lines

PIECES = ["a", "b", "😀", "\u2028", "\x0c", "\r", "\n", "\r\n", "\n\n", "a\n", "b\n"]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
places = st.builds(Place, st.integers(0, 9), st.integers(0, 4))
changes = st.lists(st.tuples(places, places, texts), min_size=1, max_size=8)
lines = st.lists(st.sampled_from(["a\n", "b\n", "\n", "x\n", "y\n", "z\n"]), max_size=12)


class Traced:
    """A text whose characters each carry a number of their own, so that identity is a fact, not a guess."""

    def __init__(self, text: str) -> None:
        self._numbers = count()
        self.text = text
        self.ids = [next(self._numbers) for _ in text]

    def replace(self, start: Place, end: Place, text: str) -> None:
        first, last = sorted(self._offset(place) for place in (start, end))
        self.text = self.text[:first] + text + self.text[last:]
        self.ids[first:last] = [next(self._numbers) for _ in text]

    def lines(self) -> list[tuple[int, ...]]:
        rows: list[tuple[int, ...]] = []
        at = 0
        for line in split_lines(self.text):
            rows.append(tuple(self.ids[at : at + len(line)]))
            at += len(line)
        return rows

    def _offset(self, place: Place) -> int:
        rows = split_lines(self.text)
        if place.line >= len(rows):
            return len(self.text)
        body = rows[place.line].rstrip("\r\n")
        return sum(map(len, rows[: place.line])) + min(place.character, len(body))


@pytest.mark.slow
@settings(max_examples=800)
@given(texts, changes)
@example("a\na\nb", [(Place(0, 0), Place(1, 0), "")])
@example("\r\n\n", [(Place(1, 0), Place(2, 0), "")])
def test_a_line_that_stood_untouched_through_every_change_is_found_where_it_stands(
    text: str, steps: list[tuple[Place, Place, str]]
) -> None:
    document, traced, log = Text(text, "utf-32"), Traced(text), ChangeLog(1)
    old_ids, old_lines = traced.lines(), list(document.lines)
    untouched = set(old_ids)
    for version, (start, end, fresh) in enumerate(steps, start=2):
        log.record(version, document.replace(start, end, fresh))
        traced.replace(start, end, fresh)
        untouched &= set(traced.lines())
    moved = log.since(1)
    assert moved is not None
    now = {ids: n for n, ids in enumerate(traced.lines()) if ids}
    for n, ids in enumerate(old_ids):
        place = moved.line(n)
        if place is not None:
            assert document.lines[place] == old_lines[n]
        if ids in now and ids in untouched:
            assert place == now[ids]


def assert_keeps_order_and_text(moved: LineMap, old: list[str], new: list[str]) -> None:
    found = [(n, place) for n in range(len(old)) if (place := moved.line(n)) is not None]
    assert [place for _, place in found] == sorted({place for _, place in found})
    assert all(old[n] == new[place] for n, place in found)


@pytest.mark.slow
@settings(max_examples=400)
@given(lines, lines)
def test_a_diff_maps_equal_lines_in_order_and_never_two_to_one(old: list[str], new: list[str]) -> None:
    assert_keeps_order_and_text(DiffedMap(old, new), old, new)


@given(lines)
def test_a_text_against_itself_maps_every_line_to_itself(text: list[str]) -> None:
    moved = DiffedMap(text, text)
    assert [moved.line(n) for n in range(len(text))] == list(range(len(text)))


def test_a_diff_does_not_choose_between_twins() -> None:
    moved = DiffedMap(["x\n"], ["x\n", "y\n", "x\n"])
    assert moved.line(0) is None


def test_a_diff_follows_lines_past_an_insertion_and_a_removal() -> None:
    old = [f"line {n}\n" if n % 3 else "\n" for n in range(30)]
    new = ["new\n", *old[:10], *old[13:]]
    moved = DiffedMap(old, new)
    assert [moved.line(n) for n in (0, 8, 14, 29)] == [1, 9, 12, 27]
    assert moved.line(11) is None
    assert moved.line(9) is None, "blank, and the removal may have begun or ended with it"


def test_a_diff_of_ten_thousand_equal_lines_is_cheap() -> None:
    begun = time.process_time()
    old, new = ["\n"] * 10_000, ["\n"] * 9_000 + ["x\n"] + ["\n"] * 2_000
    moved = DiffedMap(old, new)
    assert time.process_time() - begun < 2
    assert_keeps_order_and_text(moved, old, new)


@pytest.mark.slow
@settings(max_examples=400)
@given(lines, lines, st.data())
def test_a_rebased_edit_meets_the_very_lines_it_was_meant_for(
    old: list[str], new: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(old)))
    end = data.draw(st.integers(start, len(old)))
    edit = LineEdit(start, end, "new\n")
    moved = DiffedMap(old, new)
    result = rebase([edit], moved, len(old), len(new))
    assert len(result.edits) + len(result.conflicts) == 1
    for carried in result.edits:
        assert carried.end - carried.start == end - start
        assert new[carried.start : carried.end] == old[start:end]
        assert carried.text == edit.text
    if any(moved.line(n) is None for n in range(start, end)):
        assert result.conflicts == (edit,)


def test_three_lines_typed_above_carry_an_edit_down_by_three() -> None:
    document, log = Text("a\nb\nc\n"), ChangeLog(1)
    log.record(2, document.replace(Place(0, 0), Place(0, 0), "1\n2\n3\n"))
    moved = log.since(1)
    assert moved is not None
    result = rebase([LineEdit(1, 2, "B\n")], moved, 4, 7)
    assert apply_edits(str(document), result.edits) == "1\n2\n3\na\nB\nc\n"


def test_an_edit_whose_lines_were_torn_apart_is_a_conflict() -> None:
    document, log = Text("a\nb\nc\n"), ChangeLog(1)
    log.record(2, document.replace(Place(1, 0), Place(1, 0), "between\n"))
    moved = log.since(1)
    assert moved is not None
    torn = LineEdit(0, 2, "X\n")
    assert rebase([torn], moved, 4, 5).conflicts == (torn,)


def test_a_log_answers_only_as_far_back_as_it_reaches() -> None:
    log = ChangeLog(7, limit=4)
    for version in range(8, 14):
        log.record(version, LineChange(0, 0, 1))
    assert log.since(6) is None
    assert log.since(7) is None
    now, twice = log.since(13), log.since(11)
    assert now is not None
    assert now.line(0) == 0
    assert twice is not None
    assert twice.line(0) == 2


def test_several_changes_of_one_version_count_together() -> None:
    log = ChangeLog(1)
    log.record(2, LineChange(0, 0, 1))
    log.record(2, LineChange(3, 1, 1))
    moved = log.since(1)
    assert moved is not None
    assert [moved.line(n) for n in range(4)] == [1, 2, None, 4]
