"""The parts of a pack: what they are, and what files look like when parts of them are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from bridle.context.anchors import anchor_at, bodies_of, lines_of
from bridle.context.readform import Range
from bridle.context.redact import is_credential_file, redact
from bridle.context.tokens import count
from bridle.indexer.facts import Span, Symbol

Detail = Literal["body", "signature", "skeleton", "rules"]
Read = Callable[[str], str | None]
Show = Callable[[str, tuple[Range, ...]], str]

HEAD_TOKENS = 16
"""What a file costs beside its path and its lines: the rest of its head, and the mark of what is left out behind."""
GAP_TOKENS = 12
"""What one more range costs beside its lines: its place in the head, and the mark of what is left out before it."""


EXCLUDED = "excluded by you"
UNREADABLE = "cannot be read"
"""Why a file is not shown that is not there, or that nobody can read."""


class Piece(msgspec.Struct, frozen=True):
    """A part of the pack: what it costs and why it is there. Only a body carries anchors and may be edited."""

    span: Span
    detail: Detail
    n_tokens: int
    reason: str
    score: float

    @property
    def editable(self) -> bool:
        """Whether its lines are shown with anchors."""
        return self.detail == "body"


class Source:
    """A file to take pieces from: lines with their ends, the same with secrets hidden, and what each line costs."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.lines: Sequence[str] = lines_of(text)
        self._costs: dict[int, int] = {}

    @property
    def n_lines(self) -> int:
        """How many lines there are."""
        return len(self.lines)

    def is_blank(self, line: int) -> bool:
        """Whether nothing stands on a line."""
        return not self.lines[line].strip()

    @cached_property
    def shown(self) -> Sequence[str]:
        """The lines with secrets hidden."""
        return redact(self._text).lines

    @cached_property
    def _bodies(self) -> Sequence[str]:
        return bodies_of(self._text)

    def cost(self, line: int) -> int:
        """Return the tokens of one line in the read form."""
        if line not in self._costs:
            anchor = str(anchor_at(self._bodies, line))
            self._costs[line] = count(f"{anchor}\t") + count(self.shown[line].rstrip("\r\n")) + 1
        return self._costs[line]

    def holds(self, symbol: Symbol) -> bool:
        """Whether `symbol` still stands where it was indexed."""
        span = symbol.span
        if symbol.kind == "module":
            return True
        return span.end_line <= len(self.lines) and any(
            symbol.name in line for line in self.lines[span.start_line : span.end_line]
        )


class Sources:
    """The files of one pack, each read once. `withheld` tells why one is not shown, "" where it may be."""

    def __init__(self, read: Read, withheld: Callable[[str], str] = lambda _: "") -> None:
        self._read = read
        self._withheld = withheld
        self._known: dict[str, Source | str] = {}

    def get(self, path: str) -> Source | str:
        """Return the file, or the reason why it may not be shown."""
        if path not in self._known:
            self._known[path] = self._open(path)
        return self._known[path]

    def _open(self, path: str) -> Source | str:
        if is_credential_file(path):
            return "holds credentials"
        if why := self._withheld(path):
            return why
        text = self._read(path)
        return UNREADABLE if text is None else Source(text)
