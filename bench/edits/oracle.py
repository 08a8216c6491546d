r"""Where a line truly stands: a model of a text in which every character carries a number that nobody sees.

It shares no code with the product. A line *stands* when all its characters (its end among them) were there, side by
side and as one line, after every single thing that was done; a line that was taken away and written anew does not.
Where only a range was reported and what was done inside it can be read in two ways, neither reading counts.
"""

from __future__ import annotations

import re
from array import array
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_WIDTH = array("Q").itemsize


class Change(NamedTuple):
    """A range of lines and characters, and what was put in its place; characters are code points."""

    start_line: int
    start: int
    end_line: int
    end: int
    text: str


class Truth(NamedTuple):
    """Where a block truly stands (None: changed, or nobody can know), and all places that are right for it."""

    place: int | None
    right: frozenset[int]


class Traced:
    """A text whose characters carry numbers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._ids = array("Q", range(len(text)))
        self._next = len(text)
        self._lines: list[str] | None = None
        self._first = lines_of(text)
        self._born = self._rows()
        self._standing = set(self._born)
        self._places: dict[bytes, int] | None = None

    @property
    def lines(self) -> list[str]:
        """The lines as they are now, with their ends; not to be changed by the caller."""
        if self._lines is None:
            self._lines = lines_of(self.text)
        return self._lines

    def offset(self, line: int, character: int) -> int:
        """Return the offset of a place; one past the end is the end."""
        rows = self.lines
        if line >= len(rows):
            return len(self.text)
        return sum(map(len, rows[:line])) + min(character, len(rows[line].rstrip("\r\n")))

    def apply(self, change: Change) -> None:
        """Do what a change says, exactly there."""
        start = self.offset(change.start_line, change.start)
        self.splice(start, self.offset(change.end_line, change.end), change.text)

    def report(self, change: Change) -> None:
        """Take a change of which only the range is known: what it surely begins and ends with as before stands."""
        start = self.offset(change.start_line, change.start)
        old = self.text[start : self.offset(change.end_line, change.end)]
        self._report(start, old, change.text)

    def report_all(self, text: str) -> None:
        """Take a whole new text, of which nothing else is known."""
        self._report(0, self.text, text)

    def splice(self, start: int, end: int, text: str) -> None:
        """Put `text` in the place of characters ``[start, end)``."""
        self.text = self.text[:start] + text + self.text[end:]
        self._ids[start:end] = array("Q", range(self._next, self._next + len(text)))
        self._next += len(text)
        self._settle()

    def move(self, start: int, end: int, to: int) -> None:
        """Carry characters ``[start, end)`` to before `to`, which is not among them.

        They keep their numbers, so that their new place is right; but no editor tells of it, so none stands there.
        """
        ids, text = self._ids[start:end], self.text[start:end]
        self.splice(start, end, "")
        at = to - (end - start) if to >= end else to
        self._ids[at:at], self.text = ids, self.text[:at] + text + self.text[at:]
        self._settle()

    def truth(self, start: int, end: int) -> Truth:
        """Return where lines ``[start, end)`` of the first text stand."""
        if self._places is None:
            rows = self._rows()
            bodies = zip(rows, self.lines, strict=True)
            self._places = {_body(row, line): n for n, (row, line) in enumerate(bodies)}
            self._places |= {row: n for n, row in enumerate(rows)}
        found = [self._of(n) for n in range(start, end)]
        first = found[0].place
        whole = first is not None and all(one.place == first + k for k, one in enumerate(found))
        right = frozenset.intersection(*(frozenset(p - k for p in one.right) for k, one in enumerate(found)))
        return Truth(first if whole else None, right)

    def _of(self, line: int) -> Truth:
        assert self._places is not None
        row = self._born[line]
        place = self._places.get(row)
        body = self._places.get(_body(row, self._first[line]))
        right = frozenset(n for n in (place, body) if n is not None)
        return Truth(place if row in self._standing else None, right)

    def _report(self, start: int, old: str, new: str) -> None:
        head = _common(old, new)
        tail = _common(old[::-1], new[::-1])
        doubtful = max(0, head + tail - min(len(old), len(new)))
        if old == new:
            return
        head, tail = head - doubtful, tail - doubtful
        self.splice(start + head, start + len(old) - tail, new[head : len(new) - tail])

    def _settle(self) -> None:
        """Forget the lines that do not stand any more; they never come back."""
        self._places = self._lines = None
        self._standing.intersection_update(self._rows())

    def _rows(self) -> list[bytes]:
        ids, at, rows = self._ids.tobytes(), 0, []
        for line in self.lines:
            rows.append(ids[at : at + len(line) * _WIDTH])
            at += len(line) * _WIDTH
        return rows


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends; the empty text has none."""
    return _LINE.findall(text)


def _body(row: bytes, line: str) -> bytes:
    """Return the numbers of a line without its end; those of its end where it is blank."""
    n = len(line.rstrip("\r\n"))
    return row[: n * _WIDTH] or row


def _common(one: str, other: str) -> int:
    n = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        n += 1
    return n
