"""Comparing two texts: what it may say, and how much it may look at."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridle.indexer.alignment import MAX_CELLS, MAX_DEPTH, NOWHERE, Alignment, kept_ends

N_HOSTILE = 50_000

lines = st.lists(st.sampled_from(["a", "b", "c", "", "}"]), max_size=7)


@settings(deadline=None)
@given(lines, lines)
def test_only_equal_lines_are_paired_and_they_keep_their_order(old: list[str], new: list[str]) -> None:
    places = [(n, place) for n, place in enumerate(Alignment(old, new).places) if place != NOWHERE]
    assert all(old[n] == new[place] for n, place in places)
    assert [place for _, place in places] == sorted({place for _, place in places})


@settings(deadline=None)
@given(lines)
def test_a_text_stands_in_itself(text: list[str]) -> None:
    assert Alignment(text, text).places == list(range(len(text)))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(lines, lines)
@example(["x"], ["x", "x"])
@example(["", "a", ""], ["", ""])
def test_what_is_paired_without_a_line_that_is_fixed_stands_so_in_every_best_way(
    old: list[str], new: list[str]
) -> None:
    alignment = Alignment(old, new)
    fixed = [line for line in set(old) if old.count(line) == new.count(line) == 1]
    if old == new or fixed:
        return
    every = best_ways(old, new)
    agreed = {pair for pair in every[0] if all(pair in way for way in every)}
    assert {(n, place) for n, place in enumerate(alignment.places) if place != NOWHERE} == agreed


def best_ways(old: list[str], new: list[str]) -> list[frozenset[tuple[int, int]]]:
    """All ways to pair equal lines in order that are worth most: tried one by one."""
    equal = [(o, n) for o in range(len(old)) for n in range(len(new)) if old[o] == new[n]]
    worth: dict[frozenset[tuple[int, int]], int] = {}
    for size in range(min(len(old), len(new)) + 1):
        for way in combinations(equal, size):
            if all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(way)):
                worth[frozenset(way)] = value(way, old, new)
    top = max(worth.values())
    return [way for way, found in worth.items() if found == top]


def value(way: tuple[tuple[int, int], ...], old: list[str], new: list[str]) -> int:
    ends = [(-1, -1), *way, (len(old), len(new))]
    stretches = sum(b != (a[0] + 1, a[1] + 1) for a, b in pairwise(ends))
    return sum(10 if old[o].isalnum() else 5 for o, _ in way) - 3 * stretches


def test_a_line_that_could_be_either_of_two_equal_ones_has_no_place() -> None:
    assert Alignment(["top", "x", "end"], ["top", "x", "x", "end"]).places == [0, NOWHERE, 3]


def test_the_blank_line_that_still_stands_beside_its_paragraph_is_the_one_that_was_kept() -> None:
    old = ["def one():", "    pass", "", "def two():", "    pass"]
    new = ["def one():", "    return 1", "", "", "def two():", "    pass"]
    assert Alignment(old, new).places[2:] == [3, 4, 5]


@pytest.mark.parametrize("name", ["equal", "reversed", "pairs", "shuffled blocks", "unlike", "one new line between"])
def test_hostile_texts_cost_work_that_grows_with_their_lines(name: str) -> None:
    numbers = range(N_HOSTILE)
    unique = [str(n) for n in numbers]
    old, new = {
        "equal": (["x"] * N_HOSTILE, ["x"] * (N_HOSTILE - 7)),
        "reversed": (unique, unique[::-1]),
        "pairs": (["u", *(str(n // 2 + n % 2) for n in numbers)], ["u", *(str(n // 2) for n in numbers)]),
        "shuffled blocks": (unique, [str((n * 7919) % N_HOSTILE) for n in numbers]),
        "unlike": (unique, [f"new {n}" for n in numbers]),
        "one new line between": (["x", "y"] * (N_HOSTILE // 2), ["x", "z", "y"] * (N_HOSTILE // 3)),
    }[name]
    alignment = Alignment(old, new)
    assert alignment.steps <= (MAX_DEPTH + 1) * (len(old) + len(new)) + MAX_CELLS


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("abc", "abc", (3, 0)),
        ("abc", "axc", (1, 1)),
        ("aa", "aaa", (0, 0)),
        ("a", "aa", (0, 0)),
        ("xxy", "xy", (0, 1)),
        ("", "a", (0, 0)),
    ],
)
def test_the_ends_that_two_lists_surely_share_leave_out_what_could_count_for_either(
    old: str, new: str, kept: tuple[int, int]
) -> None:
    assert kept_ends(old, new) == kept
