"""The text of one document as the Language Server Protocol sees it.

A line ends with ``\\r\\n``, ``\\n`` or ``\\r`` and with nothing else (never ``str.splitlines``). Positions count
code units of the negotiated encoding. This module never reads a file and knows no protocol library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

PositionEncoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)")


def split_lines(text: str) -> list[str]:
    """Return the lines with their ends; the last one has no end and may be empty, so the list is never empty."""
    lines = _LINE.findall(text)
    tail = sum(map(len, lines))
    lines.append(text[tail:])
    return lines


def line_body(line: str) -> str:
    """Return the line without its end."""
    if line.endswith("\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith(("\n", "\r")) else line


def unit_length(text: str, encoding: PositionEncoding) -> int:
    """Return the length of `text` in code units of `encoding`."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(1 for char in text if char > "\uffff")


def index_of_unit(text: str, units: int, encoding: PositionEncoding) -> int:
    """Return the index of the character that holds code unit `units`; past the end it is ``len(text)``."""
    if encoding == "utf-32" or text.isascii():
        return min(units, len(text))
    seen = 0
    for index, char in enumerate(text):
        width = unit_length(char, encoding)
        if seen + width > units:
            return index
        seen += width
    return len(text)


class Place(msgspec.Struct, frozen=True, order=True):
    """A position: 0-based line, offset in code units of the negotiated encoding."""

    line: int
    character: int


class LineChange(msgspec.Struct, frozen=True):
    """`old_count` lines from line `start` on became `new_count` lines; the lines around kept their identity."""

    start: int
    old_count: int
    new_count: int


class LineEdit(msgspec.Struct, frozen=True):
    """Replace the lines ``start <= n < end`` of one revision by `text`, which is whole lines (or empty)."""

    start: int
    end: int
    text: str


class Text:
    """A document's text under incremental change; a change costs time in the lines it touches.

    A reversed range is read as the same range in order, and places past the end are clamped, as the protocol asks.
    """

    def __init__(self, text: str, encoding: PositionEncoding = "utf-16") -> None:
        self._lines = split_lines(text)
        self._joined: str | None = text
        self.encoding: PositionEncoding = encoding

    def __str__(self) -> str:
        if self._joined is None:
            self._joined = "".join(self._lines)
        return self._joined

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends; not to be changed by the caller."""
        return self._lines

    def replace_all(self, text: str) -> LineChange:
        """Take `text` as the whole new content."""
        fresh = split_lines(text)
        change = _trim(self._lines, 0, len(self._lines), fresh)
        self._lines, self._joined = fresh, text
        return change

    def replace(self, start: Place, end: Place, text: str) -> LineChange:
        """Replace the range from `start` to `end` by `text`; returns the smallest range of lines that changed."""
        if end < start:
            start, end = end, start
        first, head = self._locate(start)
        last, tail = self._locate(end)
        segment = self._lines[first][:head] + text + self._lines[last][tail:]
        if first > 0 and segment.startswith("\n") and self._lines[first - 1].endswith("\r"):
            first -= 1
            segment = self._lines[first] + segment
        fresh = split_lines(segment)
        if last + 1 < len(self._lines):
            fresh.pop()  # the segment ended with the end of line `last`; what follows is the next line, untouched
        change = _trim(self._lines, first, last + 1, fresh)
        self._lines[first : last + 1] = fresh
        self._joined = None
        return change

    def _locate(self, place: Place) -> tuple[int, int]:
        if place.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        line = max(place.line, 0)
        body = line_body(self._lines[line])
        return line, index_of_unit(body, max(place.character, 0), self.encoding)


def _trim(old: list[str], first: int, end: int, fresh: list[str]) -> LineChange:
    """Leave the common first and last lines out of a change: they keep their identity."""
    prefix = 0
    limit = min(end - first, len(fresh))
    while prefix < limit and old[first + prefix] == fresh[prefix]:
        prefix += 1
    suffix = 0
    limit -= prefix
    while suffix < limit and old[end - 1 - suffix] == fresh[len(fresh) - 1 - suffix]:
        suffix += 1
    return LineChange(first + prefix, end - first - prefix - suffix, len(fresh) - prefix - suffix)


def apply_edits(text: str, edits: Sequence[LineEdit]) -> str:
    """Apply `edits`, sorted and apart from one another, all meant for `text` itself.

    A text put after a last line that has no end gets that end first, in the document's own style.
    """
    lines = split_lines(text)
    if lines[-1] == "":
        lines.pop()
    parts: list[str] = []
    done = 0
    for edit in edits:
        parts.extend(lines[done : edit.start])
        if edit.text and parts and not parts[-1].endswith(("\n", "\r")):
            parts.append(dominant_end(text))
        parts.append(edit.text)
        done = edit.end
    parts.extend(lines[done:])
    return "".join(parts)


def dominant_end(text: str) -> str:
    """Return the line end that `text` uses most; ``\\n`` where it has none."""
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=lambda end: counts[end]) if any(counts.values()) else "\n"
