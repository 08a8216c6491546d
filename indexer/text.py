r"""The text of one document as the Language Server Protocol sees it.

A line ends with ``\r\n``, ``\n`` or ``\r`` and with nothing else (never ``str.splitlines``). Positions
count code units of the negotiated encoding. This module never reads a file and knows no protocol library.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal

import msgspec

from bridle.indexer.alignment import kept_ends

REWRITTEN = 2
"""From how many lines on, before and after, a change is a rewriting: it may hold lines that nobody touched."""

PositionEncoding = Literal["utf-8", "utf-16", "utf-32"]


def split_lines(text: str) -> list[str]:
    """Return the lines with their ends; the last one has none and may be empty, so there is always one."""
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
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
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def index_of_unit(text: str, units: int, encoding: PositionEncoding) -> int:
    """Return the index of the character that holds code unit `units`; past the end it is ``len(text)``."""
    if encoding == "utf-32" or text.isascii():
        return min(units, len(text))
    widest = 4 if encoding == "utf-8" else 2
    index = min(units, len(text))
    while (over := unit_length(text[:index], encoding) - units) > 0:
        index -= max(1, over // widest)  # never a character too many: each gives back at most `widest` units
    return index


class Place(msgspec.Struct, frozen=True, order=True):
    """A position: 0-based line, offset in code units of the negotiated encoding."""

    line: int
    character: int


class LineChange(msgspec.Struct, frozen=True):
    """`old_count` lines from line `start` on became `new_count`; the lines around kept their identity.

    `gone` and `came` are these lines themselves where there are many of both: some may stand as before, untold.
    """

    start: int
    old_count: int
    new_count: int
    gone: Sequence[str] = ()
    came: Sequence[str] = ()


class LineEdit(msgspec.Struct, frozen=True):
    """Replace the lines ``start <= n < end`` of one revision by `text`, which is whole lines (or empty)."""

    start: int
    end: int
    text: str


class Text:
    """A document's text under incremental change; a change costs time in the lines it touches.

    A reversed range is read as the same range in order, and places past the end are clamped, as the protocol
    asks.
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
        change = _change(self._lines, 0, len(self._lines), fresh)
        self._lines, self._joined = fresh, text
        return change

    def replace(self, start: Place, end: Place, text: str) -> LineChange:
        """Replace the range from `start` to `end` by `text`; returns the smallest range of changed lines."""
        if end < start:
            start, end = end, start
        first, head = self._locate(start)
        last, tail = self._locate(end)
        kept = head == len(line_body(self._lines[first]))
        segment = self._lines[first][:head] + text
        stop = last
        if tail > 0 or not self._begins_line(segment, first, last):
            segment += self._lines[last][tail:]
            stop = last + 1
        if first > 0 and segment.startswith("\n") and self._lines[first - 1].endswith("\r"):
            first, kept = first - 1, False
            segment = self._lines[first] + segment
        fresh = split_lines(segment)
        if stop < len(self._lines):
            fresh.pop()  # the segment is whole lines; what follows is line `stop`, untouched
        kept = kept and first < stop and fresh[:1] == self._lines[first : first + 1]
        change = _change(self._lines, first + kept, stop, fresh[kept:])
        self._lines[first:stop] = fresh
        self._joined = None
        return change

    def _begins_line(self, segment: str, first: int, last: int) -> bool:
        """Whether line `last` still begins a line when it follows `segment`, which begins on line `first`."""
        before = segment[-1:] or (self._lines[first - 1][-1] if first else "\n")
        return before == "\n" or (before == "\r" and not self._lines[last].startswith("\n"))

    def _locate(self, place: Place) -> tuple[int, int]:
        if place.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        line = max(place.line, 0)
        body = line_body(self._lines[line])
        return line, index_of_unit(body, max(place.character, 0), self.encoding)


def _change(old: list[str], first: int, end: int, fresh: list[str]) -> LineChange:
    """Leave the first and last lines that were surely kept out of a change; of equal ones nobody knows which were."""
    gone = old[first:end]
    prefix, suffix = kept_ends(gone, fresh)
    came = fresh[prefix : len(fresh) - suffix]
    gone = gone[prefix : len(gone) - suffix]
    if min(len(gone), len(came)) < REWRITTEN:
        return LineChange(first + prefix, len(gone), len(came))
    return LineChange(first + prefix, len(gone), len(came), gone, came)


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
        done = edit.end
        if not edit.text:
            continue
        if parts and not parts[-1].endswith(("\n", "\r")):
            parts.append(dominant_end(text))
        parts.append(edit.text)
    parts.extend(lines[done:])
    return "".join(parts)


def dominant_end(text: str) -> str:
    r"""Return the line end that `text` uses most; ``\n`` where it has none."""
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=lambda end: counts[end]) if any(counts.values()) else "\n"
