"""The document's text against a naive model that knows only strings and the protocol's three line ends."""

from __future__ import annotations

import time
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridle.indexer.text import (
    LineEdit,
    Place,
    PositionEncoding,
    Text,
    apply_edits,
    dominant_end,
    index_of_unit,
    line_body,
    split_lines,
    unit_length,
)

PIECES = [
    "a",
    "b",
    "é",
    "語",
    "😀",
    "\t",
    "\x0c",
    "\x85",
    "\u2028",
    "\u2029",
    "\x0b",
    "\r",
    "\n",
    "\r\n",
    "\n\n",
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
encodings = st.sampled_from(get_args(PositionEncoding))
places = st.builds(Place, st.integers(0, 9), st.integers(0, 9))
changes = st.lists(st.tuples(places, places, texts), max_size=8)


def naive_lines(text: str) -> list[str]:
    """Split character by character."""
    lines = [""]
    for at, char in enumerate(text):
        lines[-1] += char
        if char == "\n" or (char == "\r" and text[at + 1 : at + 2] != "\n"):
            lines.append("")
    return lines


def naive_offset(text: str, place: Place, encoding: PositionEncoding) -> int:
    lines = naive_lines(text)
    if place.line >= len(lines):
        return len(text)
    before = sum(map(len, lines[: place.line]))
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    unit = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    body = lines[place.line].rstrip("\r\n")
    for index in range(len(body) + 1):
        if len(body[: index + 1].encode(codec)) // unit > place.character:
            return before + index
    return before + len(body)


@given(texts)
def test_a_text_splits_at_the_three_line_ends_of_the_protocol_only(text: str) -> None:
    assert split_lines(text) == naive_lines(text)


@pytest.mark.slow
@settings(max_examples=600)
@given(texts, encodings, changes)
@example("a\rb\n", "utf-16", [(Place(1, 0), Place(1, 1), "")])
@example("a\r", "utf-8", [(Place(1, 0), Place(1, 0), "\nb")])
def test_any_sequence_of_changes_equals_the_naive_model(
    text: str, encoding: PositionEncoding, steps: list[tuple[Place, Place, str]]
) -> None:
    document, model = Text(text, encoding), text
    for start, end, fresh in steps:
        first, last = sorted(naive_offset(model, place, encoding) for place in (start, end))
        before = list(document.lines)
        change = document.replace(start, end, fresh)
        model = model[:first] + fresh + model[last:]
        assert str(document) == model
        assert list(document.lines) == naive_lines(model)
        assert before[: change.start] == list(document.lines[: change.start])
        assert before[change.start + change.old_count :] == list(document.lines[change.start + change.new_count :])


def n_common(one: list[str], other: list[str]) -> int:
    """How many first lines two lists have in common."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@given(texts, texts)
@example("\naa", "\n\naa")
def test_a_full_replacement_names_the_smallest_range_of_lines(old: str, new: str) -> None:
    """But where one of several equal lines came or went: nobody knows which, so none of them is left out."""
    document = Text(old)
    change = document.replace_all(new)
    assert str(document) == new
    gone = naive_lines(old)[change.start : change.start + change.old_count]
    came = naive_lines(new)[change.start : change.start + change.new_count]
    before, after = naive_lines(old), naive_lines(new)
    head = n_common(before, after)
    tail = n_common(before[::-1], after[::-1])
    unclear = old != new and head + tail > min(len(before), len(after))
    assert unclear or not (gone and came and (gone[0] == came[0] or gone[-1] == came[-1]))


@given(st.text(alphabet="aé語😀\ud83d\ude00", max_size=12), st.integers(0, 40), encodings)
def test_a_unit_inside_a_character_is_read_as_its_start(body: str, units: int, encoding: PositionEncoding) -> None:
    at = index_of_unit(body, units, encoding)
    assert unit_length(body[:at], encoding) <= units
    assert at == len(body) or unit_length(body[: at + 1], encoding) > units


def test_places_beyond_the_text_and_reversed_ranges_are_read_as_the_protocol_asks() -> None:
    document = Text("ab\ncd")
    document.replace(Place(9, 9), Place(0, 99), "!")
    assert str(document) == "ab!"


@pytest.mark.parametrize(("line", "body"), [("a\r\n", "a"), ("a\r", "a"), ("a\n", "a"), ("a", "a"), ("\r\n", "")])
def test_a_line_body_has_no_end(line: str, body: str) -> None:
    assert line_body(line) == body


@pytest.mark.parametrize(
    ("text", "edits", "after"),
    [
        ("a\nb\n", [LineEdit(0, 1, ""), LineEdit(1, 1, "x\n")], "x\nb\n"),
        ("a\nb", [LineEdit(2, 2, "c\n")], "a\nb\nc\n"),
        ("a\r\nb", [LineEdit(2, 2, "c\r\n")], "a\r\nb\r\nc\r\n"),
        ("", [LineEdit(0, 0, "a\n")], "a\n"),
        ("a\nb\nc\n", [LineEdit(0, 1, "A\n"), LineEdit(2, 3, "C\n")], "A\nb\nC\n"),
        ("a\nb", [LineEdit(1, 2, "")], "a\n"),
    ],
)
def test_line_edits_are_applied_whole(text: str, edits: list[LineEdit], after: str) -> None:
    assert apply_edits(text, edits) == after


@given(texts)
def test_no_edits_leave_every_character(text: str) -> None:
    assert apply_edits(text, []) == text


@pytest.mark.parametrize(("text", "end"), [("", "\n"), ("a\r\nb\r\nc\n", "\r\n"), ("a\rb", "\r"), ("a\nb\r\n", "\n")])
def test_the_end_that_a_text_uses_most_is_its_own(text: str, end: str) -> None:
    assert dominant_end(text) == end


def test_a_change_in_ten_thousand_lines_touches_only_its_own() -> None:
    document = Text("".join(f"line {n} ünïcode\n" for n in range(10_000)))
    untouched = [line for n, line in enumerate(document.lines) if n != 5_000]
    document.replace(Place(5_000, 4), Place(5_000, 5), "X")
    kept = [line for n, line in enumerate(document.lines) if n != 5_000]
    assert all(old is new for old, new in zip(untouched, kept, strict=True))


def test_one_endless_line_costs_time_in_its_length_only() -> None:
    text = "é" + "a" * 2_000_000
    begun = time.process_time()
    document = Text(text)
    for n in range(10):
        document.replace(Place(0, 1_900_000 + n), Place(0, 1_900_000 + n), "x")
    assert time.process_time() - begun < 5
