"""A file as JavaScript's tools count it, in UTF-16 units, and as we do, in characters of lines. Pure.

Their offsets leave out a byte order mark; a place outside the text is none.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import msgspec

from bridle.harness.verify.checkers.ruff_fix import CharacterEdit, Place, whole_line_edits
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.text import LineEdit, PositionEncoding, index_of_unit, line_body, split_lines, unit_length

UTF16: PositionEncoding = "utf-16"


class Source:
    """The text of one file."""

    def __init__(self, data: bytes) -> None:
        try:
            self.text = decode(data).text
        except UndecodableError:
            self.text = ""
        self._lines = split_lines(self.text)
        self._starts: list[int] = []

    def character(self, line: int, column: int | None) -> int:
        """Return the 0-based character of a 1-based column in UTF-16 units of a 0-based line, within the line."""
        body = line_body(self._lines[line]) if 0 <= line < len(self._lines) else ""
        return index_of_unit(body, max(0, (column or 1) - 1), UTF16)

    def word_end(self, line: int, character: int) -> int:
        """Return where the name that begins at a character ends; the character itself where none begins."""
        body = line_body(self._lines[line]) if 0 <= line < len(self._lines) else ""
        end = character
        while end < len(body) and (body[end].isalnum() or body[end] in "_$"):
            end += 1
        return end

    def replaced(self, start: int, end: int, text: str) -> tuple[LineEdit, ...]:
        """Return whole-line edits that replace a range of offsets by `text`; () where that is not exact."""
        places = [self._place(offset) for offset in (start, end)]
        if not all(places):
            return ()
        first, last = (place for place in places if place is not None)
        if first > last:
            return ()
        # Only the lines that it touches are looked at: a file may have thousands of fixes.
        touched = "".join(self._lines[first[0] : last[0] + 1])
        inside = CharacterEdit((0, first[1]), (last[0] - first[0], last[1]), text)
        return tuple(
            msgspec.structs.replace(edit, start=edit.start + first[0], end=edit.end + first[0])
            for edit in whole_line_edits(touched, [inside])
        )

    def _place(self, offset: int) -> Place | None:
        if not self._starts:
            self._starts = [0, *accumulate(unit_length(line, UTF16) for line in self._lines)]
        if not 0 <= offset <= self._starts[-1]:
            return None
        line = min(bisect_right(self._starts, offset) - 1, len(self._lines) - 1)
        inside = offset - self._starts[line]
        text = self._lines[line]
        character = index_of_unit(text, inside, UTF16)
        exact = unit_length(text[:character], UTF16) == inside and character <= len(line_body(text))
        return (line, character) if exact else None
