"""An edit changes the lines it names and no other byte, whatever the file is made of."""

from __future__ import annotations

from typing import Any

import pytest
from edit_desk import Desk, Lines

CASES = [
    pytest.param(b"a\r\nb\nc\rd\n", 2, "B", b"a\r\nB\nc\rd\n", id="mixed line ends"),
    pytest.param(b"a\r\nb\nc\rd\n", 3, "C1\nC2", b"a\r\nb\nC1\rC2\rd\n", id="carriage returns alone"),
    pytest.param(b"a\r\nb\r\n", 1, "A1\nA2\n", b"A1\r\nA2\r\nb\r\n", id="new lines end as their neighbours"),
    pytest.param(b"a\r\nb\r\n", 1, "A1\r\nA2\r", b"A1\r\nA2\r\nb\r\n", id="the text's own ends do not count"),
    pytest.param(b"\xef\xbb\xbfa\nb\n", 1, "A", b"\xef\xbb\xbfA\nb\n", id="byte order mark"),
    pytest.param(b"a\nb", 2, "B", b"a\nB", id="no final end stays none"),
    pytest.param(b"a\nb", 2, "B1\nB2\n", b"a\nB1\nB2", id="no final end with more lines"),
    pytest.param(b"a\nb", 1, "A", b"A\nb", id="no final end elsewhere"),
    pytest.param(b"a\r\nb", 2, None, b"a\r\n", id="last line deleted"),
    pytest.param(b"a\x0cb\n\x0c\nc\n", 2, "x", b"a\x0cb\nx\nc\n", id="form feed is no line end"),
    pytest.param("a\u2028b\x85c\nd\n".encode(), 2, "D", "a\u2028b\x85c\nD\n".encode(), id="unicode separators"),
    pytest.param("😀 = 1\nb\n".encode(), 1, "😀😀", "😀😀\nb\n".encode(), id="astral characters"),
    pytest.param(b"# coding: latin-1\n\xe9\nb\n", 3, "\xfc", b"# coding: latin-1\n\xe9\n\xfc\n", id="latin-1"),
    pytest.param(b"\xff\xfea\x00\n\x00b\x00\n\x00", 2, "c", b"\xff\xfea\x00\n\x00c\x00\n\x00", id="utf-16"),
    pytest.param(b"a  \t\nb\n", 2, "B", b"a  \t\nB\n", id="blanks at the end of other lines"),
    pytest.param(b"\n\n\n", 2, "b", b"\nb\n\n", id="blank lines"),
    pytest.param(b"a", 1, "b", b"b", id="one line without end"),
    pytest.param(b"a\x00b\nc\n", 2, "d", b"a\x00b\nd\n", id="nul"),
]


def call(edit: dict[str, Any]) -> dict[str, Any]:
    return {"files": [{"path": "a.txt", "rev": 1, "edits": [edit]}]}


@pytest.mark.parametrize(("before", "line", "text", "after"), CASES)
def test_only_the_named_line_changes(before: bytes, line: int, text: str | None, after: bytes) -> None:
    at = Desk({"a.txt": before})
    place = Lines(at.read("a.txt"))[line]
    at.land(call({"at": place} if text is None else {"at": place, "text": text}))
    assert at.files["a.txt"] == after


@pytest.mark.parametrize(
    ("before", "after"), [(b"a\nb", b"a\nb\nx"), (b"a\r\nb\r\n", b"a\r\nb\r\nx\r\n"), (b"a\r\nb", b"a\r\nb\r\nx")]
)
def test_a_line_below_the_last_leaves_the_final_end_as_it_was(before: bytes, after: bytes) -> None:
    for place in ("$", "last"):
        at = Desk({"a.txt": before})
        last = Lines(at.read("a.txt"))[2]
        at.land(call({"after": last if place == "last" else "$", "text": "x"}))
        assert at.files["a.txt"] == after


def test_a_character_without_a_place_in_the_encoding_is_refused() -> None:
    at = Desk({"a.txt": b"# coding: latin-1\nb\n"})
    line = Lines(at.read("a.txt"))
    assert at.refusal(call({"at": line[2], "text": "€"})).code == "E_ENCODING"


def test_half_a_surrogate_pair_is_refused() -> None:
    at = Desk({"a.txt": b"a\n"})
    assert at.refusal(call({"at": Lines(at.read("a.txt"))[1], "text": "\ud83d"})).code == "E_ENCODING"


@pytest.mark.parametrize(("other", "name"), [(b"\xe9", "utf-8"), (b"\x80", "cp1252"), (b"\xe9", "klingon")])
def test_another_declared_encoding_is_refused_where_other_lines_would_break(other: bytes, name: str) -> None:
    at = Desk({"a.txt": b"# coding: latin-1\n" + other + b"\n"})
    line = Lines(at.read("a.txt"))
    assert at.refusal(call({"at": line[1], "text": f"# coding: {name}"})).code == "E_ENCODING"


def test_fewer_lines_at_the_end_of_a_file_without_a_final_end_leave_it_without() -> None:
    at = Desk({"a.txt": b"a\r\nb\r\nc"})
    line = Lines(at.read("a.txt"))
    at.land(call({"at": line[2:3], "text": "x"}))
    assert at.files["a.txt"] == b"a\r\nx"


def test_a_carriage_return_never_meets_a_line_feed_of_another_line() -> None:
    at = Desk({"a.txt": b"a\rb\n\n"})
    assert at.refusal(call({"at": Lines(at.read("a.txt"))[2]})).code == "E_ENCODING"


def test_a_file_that_became_unreadable_is_refused() -> None:
    at = Desk({"a.txt": b"a\n"})
    line = Lines(at.read("a.txt"))
    at.files["a.txt"] = b"\xff\xff\n"
    assert at.refusal(call({"at": line[1], "text": "x"})).code == "E_ENCODING"


def test_a_new_file_is_written_in_the_encoding_that_it_declares() -> None:
    at = Desk({})
    text = "# coding: latin-1\ns = 'é'"
    at.land({"files": [{"path": "n.py", "create": True, "edits": [{"after": "0", "text": text}]}]})
    assert at.files["n.py"] == b"# coding: latin-1\ns = '\xe9'\n"
