"""The lines of the tree that is judged, for tools that name places otherwise than we do. Each file is read once."""

from __future__ import annotations

from collections.abc import Sequence

from bridle.harness.verify.checkers.ruff_fix import CharacterEdit, whole_line_edits
from bridle.harness.verify.job import Job
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.text import LineEdit, PositionEncoding, index_of_unit, line_body, split_lines


class Texts:
    """What the shadow of one job holds."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._texts: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}

    def text(self, path: str) -> str:
        """Return a file's text, "" where there is none."""
        if path not in self._texts:
            try:
                data = self._job.shadow.read(path) if path in self._job.tree.files else None
                self._texts[path] = decode(data or b"").text
            except UndecodableError:
                self._texts[path] = ""
        return self._texts[path]

    def line(self, path: str, number: int) -> str:
        """Return the text of a 0-based line without its end, "" past the last."""
        if path not in self._lines:
            self._lines[path] = split_lines(self.text(path))
        lines = self._lines[path]
        return line_body(lines[number]) if 0 <= number < len(lines) else ""

    def character(self, path: str, line: int, units: int, encoding: PositionEncoding) -> int:
        """Return which character of a 0-based line stands at an offset in code units."""
        return index_of_unit(self.line(path, line), max(0, units), encoding)

    def fix(self, path: str, edits: Sequence[CharacterEdit]) -> tuple[LineEdit, ...]:
        """Return edits by characters as edits of whole lines; none where they do not fit the text."""
        return whole_line_edits(self.text(path), edits) if edits and self.text(path) else ()
