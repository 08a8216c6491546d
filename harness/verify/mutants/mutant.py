"""One small fault that is put into a file, as data: pure."""

from __future__ import annotations

import msgspec


class Mutant(msgspec.Struct, frozen=True):
    """Bytes ``[start, end)`` of a file in UTF-8 become `text`. `line` is 0-based; `what` says the fault in words."""

    path: str
    line: int
    start: int
    end: int
    text: str
    operator: str
    what: str

    def applied(self, source: bytes) -> bytes:
        """Return the file with the fault in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]
