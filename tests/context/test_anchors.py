"""Anchors and the read form."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.context.anchors import (
    Anchor,
    anchor_at,
    bodies_of,
    check_word,
    check_words,
    check_words_of,
    lines_of,
    parse_anchor,
)
from bridle.context.readform import covers, joined, render

KEYWORDS = {"as", "do", "fi", "fn", "go", "if", "in", "is", "of", "or", "to"}

GOLDEN = [
    (("", "", ""), "ir"),
    (("", "import os", "import sys"), "ks"),
    (("a", "}", "b"), "ta"),
    (("def f():", "    return 1", ""), "zh"),
    (("é", "naïve — ünïcode", "😀"), "wa"),
    (("", "\ud800", ""), "xo"),
    (("a" * 1000, "b" * 1000, "c"), "mn"),
]


def test_the_list_of_check_words_is_frozen() -> None:
    words = check_words()
    assert len(words) == 603
    assert len(set(words)) == len(words)
    assert all(len(word) == 2 and word.isascii() and word.islower() for word in words)
    assert not KEYWORDS & set(words)
    assert (words[0], words[100], words[-1]) == ("aa", "ea", "zz")


@pytest.mark.parametrize(("near", "word"), GOLDEN)
def test_a_check_word_is_the_same_on_every_machine(near: tuple[str, str, str], word: str) -> None:
    assert check_word(*near) == word


VECTORS = json.loads((Path(__file__).resolve().parents[1] / "cases" / "anchors.json").read_text("utf-8"))


def crc(data: bytes) -> int:
    """The checksum once more, bit by bit, so that the vectors hold for whoever reads only its description."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def test_the_vectors_hold_here_and_in_a_second_implementation() -> None:
    words = check_words()
    assert len(words) == VECTORS["n_words"]
    for vector in VECTORS["words"]:
        near = vector["before"], vector["line"], vector["after"]
        assert check_word(*near) == vector["word"]
        data = "\n".join(line.rstrip(" \t\r\n") for line in near).encode("utf-8", "surrogatepass")
        assert words[crc(data) % len(words)] == vector["word"]


@pytest.mark.parametrize("file", VECTORS["files"], ids=lambda file: repr(file["text"][:9]))
def test_whole_files_are_shown_as_the_vectors_say(file: dict[str, Any]) -> None:
    lines, bodies = lines_of(file["text"]), bodies_of(file["text"])
    assert bodies == file["lines"]
    assert [str(anchor_at(bodies, n)) for n in range(len(bodies))] == file["anchors"]
    for mode, key in (("check", "render"), ("strict", "render"), ("plain", "plain")):
        assert render("a.py", 1, lines, ((0, len(lines)),), mode=mode) == file[key]  # type: ignore[arg-type]  # named above


def test_places_are_read_as_the_vectors_say() -> None:
    for vector in VECTORS["places"]:
        found = parse_anchor(vector["given"])
        assert (found and [[anchor.line, anchor.word] for anchor in found]) == vector["means"], vector


def test_anchors_are_the_same_in_another_process_under_another_locale_and_seed() -> None:
    program = (
        "import json, sys; from bridle.context.anchors import check_word;"
        "vectors = json.load(open(sys.argv[1]))['words'];"
        "print(json.dumps([check_word(v['before'], v['line'], v['after']) for v in vectors]))"
    )
    path = Path(__file__).resolve().parents[1] / "cases" / "anchors.json"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(path)], env=environment, capture_output=True, check=True, timeout=30
    )
    assert json.loads(done.stdout) == [vector["word"] for vector in VECTORS["words"]]


def test_blanks_and_line_ends_at_the_end_of_a_line_do_not_change_its_check_word() -> None:
    assert check_word("a", "b", "c") == check_word("a \t\r\n", "b\r\n", "c\r")
    assert check_word("a", "b", "c") != check_word("a", " b", "c")


def test_a_check_word_depends_on_both_neighbours() -> None:
    assert len({check_word("a", "}", "c"), check_word("x", "}", "c"), check_word("a", "}", "y")}) == 3


@given(st.lists(st.text(max_size=4), max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_the_check_words_of_many_lines_are_those_of_each(lines: list[str], one: int, other: int) -> None:
    start, end = sorted((min(one, len(lines)), min(other, len(lines))))
    assert check_words_of(lines, start, end) == [anchor_at(lines, n).word for n in range(start, end)]


def test_a_slip_of_the_number_is_noticed_in_all_but_two_of_a_thousand_cases() -> None:
    lines = bodies_of(Path(random.__file__).read_text("utf-8"))
    words = [anchor_at(lines, n).word for n in range(len(lines))]
    slips = [(n, n + d) for n in range(len(lines)) for d in (-2, -1, 1, 2) if 0 <= n + d < len(lines)]
    assert sum(words[a] == words[b] for a, b in slips) / len(slips) <= 0.002


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        ("41th", Anchor(41, "th"), Anchor(41, "th")),
        ("41th-44qd", Anchor(41, "th"), Anchor(44, "qd")),
        ("41", Anchor(41), Anchor(41)),
        (41, Anchor(41), Anchor(41)),
        ("41#th", Anchor(41, "th"), Anchor(41, "th")),
        ("41:th", Anchor(41, "th"), Anchor(41, "th")),
        (" 41th ", Anchor(41, "th"), Anchor(41, "th")),
        ("41th\t    with open(path) as f: 9zz", Anchor(41, "th"), Anchor(41, "th")),
        ("[41,44]", Anchor(41), Anchor(44)),
        ([41, 44], Anchor(41), Anchor(44)),
        (["41th", "44qd"], Anchor(41, "th"), Anchor(44, "qd")),
        ("41th..44qd", Anchor(41, "th"), Anchor(44, "qd")),
        ("41th\u201344qd", Anchor(41, "th"), Anchor(44, "qd")),
        ("41th \u2014 44qd", Anchor(41, "th"), Anchor(44, "qd")),
        ("41TH", Anchor(41, "th"), Anchor(41, "th")),
        ("041th", Anchor(41, "th"), Anchor(41, "th")),
        ('"41th"', Anchor(41, "th"), Anchor(41, "th")),
        ("`41th`-`44qd`", Anchor(41, "th"), Anchor(44, "qd")),
        ('["41th", "44qd"]', Anchor(41, "th"), Anchor(44, "qd")),
        ("41-44qd", Anchor(41), Anchor(44, "qd")),
        (41.0, Anchor(41), Anchor(41)),
        ([41.0, "44qd"], Anchor(41), Anchor(44, "qd")),
        ("41th\t1th\tx", Anchor(41, "th"), Anchor(41, "th")),
    ],
)
def test_an_anchor_is_read_in_every_form_that_can_mean_one_thing(given: object, first: Anchor, last: Anchor) -> None:
    assert parse_anchor(given) == (first, last)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "th",
        "41th\tx\n42qd\ty",
        "-3",
        True,
        None,
        3.5,
        [],
        [1, 2, 3],
        ["1-2", "3"],
        [[1, 2]],
        {"a": 1},
        10**40,
        float("inf"),
        float("nan"),
        1e300,
        -1.0,
        "9" * 10,
        "\uff14\uff11th",
        "\u0664\u0661",
        "41tha",
        "41t",
        "41th-",
        "-44qd",
        "41th44qd",
        "41th-44qd-45ab",
        "4 1th",
        "41\u200bth",
        "\ufeff41th",
        "0x29",
        "1e2",
        "+41",
        "line 41",
        "$",
        b"41th",
        (41, 44, 45),
        [["41th"]],
        [None],
        {"line": 41},
    ],
)
def test_what_names_no_line_is_not_read_as_one(given: object) -> None:
    assert parse_anchor(given) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.from_regex(r"[0-9]{1,3}[a-z#: -]{0,8}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(ANYTHING)
def test_the_anchor_parser_answers_to_anything(given: object) -> None:
    found = parse_anchor(given)
    assert found is None or (found[0].line >= 0 and found[1].line >= 0)


@given(st.lists(st.text(alphabet="ab }\t", max_size=6), min_size=1, max_size=30))
def test_every_anchor_reads_as_itself(lines: list[str]) -> None:
    for n in range(len(lines)):
        anchor = anchor_at(lines, n)
        assert parse_anchor(str(anchor)) == (anchor, anchor)


def test_lines_are_those_of_the_protocol() -> None:
    assert lines_of("a\x0c\r\nb\u2028c\rd") == ["a\x0c\r\n", "b\u2028c\r", "d"]
    assert lines_of("") == []
    assert lines_of("a\n") == ["a\n"]


def test_the_read_form_marks_what_it_leaves_out() -> None:
    lines = ["a\n", "b\n", "\tc\r\n", "d\n"]
    words = [anchor_at(lines, n).word for n in range(4)]
    assert render("x.py", 3, lines, ((0, 1), (2, 3))) == (
        f"[x.py v3 1-1,3-3/4]\n1{words[0]}\ta\n…\n3{words[2]}\t\tc\n…"
    )


def test_joined_ranges_are_cut_sorted_and_made_one_where_they_touch() -> None:
    assert joined([(5, 9), (-3, 2), (2, 3), (8, 99), (4, 4)], 10) == ((0, 3), (5, 10))
    assert covers(((0, 3), (5, 10)), 5, 10)
    assert not covers(((0, 3), (5, 10)), 2, 6)
