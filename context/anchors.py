"""Anchors: a line number and a check word, by which a line can be pointed at as it was shown.

The check word depends on the line and its two neighbours, so that a slip of the number is noticed. An anchor
is read leniently and means one thing; what it means is looked up in one revision, never searched for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from zlib import crc32

import msgspec

from bridle.indexer.text import line_body, split_lines

_BLANK = " \t\r\n"
_ONE = r"[\"'`]?([0-9]{1,9})(?:[ ]?[#:|]?[ ]?([A-Za-z]{2}))?[\"'`]?"
_PLACE = re.compile(rf"\s*\[?\s*{_ONE}(?:\s*(?:-|\u2013|\u2014|,|\.\.)\s*{_ONE})?\s*\]?(?:\t[^\n\r]*|\s*)\Z")


class Anchor(msgspec.Struct, frozen=True):
    """A line as it was shown: 1-based number and check word ("" where the writer left it out)."""

    line: int
    word: str = ""

    def __str__(self) -> str:
        return f"{self.line}{self.word}"


@cache
def check_words() -> tuple[str, ...]:
    """Return the frozen list of check words: two lower-case letters, one token each in common vocabularies."""
    return tuple((files("bridle.context") / "check_words.txt").read_text("ascii").split())


def check_word(before: str, line: str, after: str) -> str:
    """Return the check word of `line` between its neighbours ("" beyond the ends of the file).

    Blanks and line ends at the end of each do not count.
    """
    words = check_words()
    near = f"{before.rstrip(_BLANK)}\n{line.rstrip(_BLANK)}\n{after.rstrip(_BLANK)}"
    return words[crc32(near.encode("utf-8", "surrogatepass")) % len(words)]


def check_words_of(lines: Sequence[str], start: int, end: int) -> list[str]:
    """Return the check word of each of ``lines[start:end]``, as `check_word` gives it; each line is read once."""
    words = check_words()
    near = [line.rstrip(_BLANK).encode("utf-8", "surrogatepass") for line in lines[max(0, start - 1) : end + 1]]
    above = near if start else [b"", *near]
    below = above[2:] if end < len(lines) else [*above[2:], b""]
    of_three = (b"%b\n%b\n%b" % three for three in zip(above, above[1:], below, strict=False))
    return [words[crc32(three) % len(words)] for three in of_three]


def lines_of(text: str) -> list[str]:
    """Return the lines that can be pointed at, with their ends: no empty one after the last end, none in ""."""
    lines = split_lines(text)
    if lines[-1] == "":
        lines.pop()
    return lines


def bodies_of(text: str) -> list[str]:
    """Return the lines that can be pointed at, without their ends."""
    return [line_body(line) for line in lines_of(text)]


def anchor_at(lines: Sequence[str], index: int) -> Anchor:
    """Return the anchor of the 0-based line `index` of `lines`."""
    before = lines[index - 1] if index else ""
    after = lines[index + 1] if index + 1 < len(lines) else ""
    return Anchor(index + 1, check_word(before, lines[index], after))


def parse_anchor(given: object) -> tuple[Anchor, Anchor] | None:
    """Return the first and last anchor that `given` names; None when it names no place. Never raises.

    Read as meant: ``41th``, ``41th-44qd``, ``41``, ``41#th``, ``41:th``, ``41TH``, a whole line as it was shown,
    ``[41, 44]``, quotes around any of it. Only the digits 0-9 are digits.
    """
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, int):
        return None if isinstance(given, bool) or not 0 <= given < 10**9 else (Anchor(given), Anchor(given))
    if isinstance(given, (list, tuple)):
        return _parse_pair(given)  # pyright: ignore[reportUnknownArgumentType] — whatever a list may hold
    if not isinstance(given, str) or (found := _PLACE.match(given)) is None:
        return None
    first = Anchor(int(found[1]), (found[2] or "").lower())
    last = Anchor(int(found[3]), (found[4] or "").lower()) if found[3] else first
    return first, last


def _parse_pair(given: Sequence[object]) -> tuple[Anchor, Anchor] | None:
    if len(given) not in {1, 2} or any(isinstance(part, (list, tuple)) for part in given):
        return None
    parts = [parse_anchor(part) for part in given]
    first, last = parts[0], parts[-1]
    if first is None or last is None or any(part and part[0] != part[1] for part in parts):
        return None
    return first[0], last[0]
