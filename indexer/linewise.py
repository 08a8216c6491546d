"""From bytes to lines in bounded memory: of a line that is too long, its beginning, end and length are kept."""

from __future__ import annotations

import msgspec

MAX_LINE_BYTES = 1024 * 1024
HEAD_BYTES = 128 * 1024
TAIL_BYTES = 1024


class Cut(msgspec.Struct, frozen=True):
    """A line that was too long: its first and last bytes, and how many there were."""

    head: bytes
    tail: bytes
    n_bytes: int


class Lines:
    """Bytes in, whole lines out; never more than `max_bytes` of one line is held. Empty ones count if asked for."""

    def __init__(self, max_bytes: int = MAX_LINE_BYTES, *, keep_empty: bool = False) -> None:
        self._max = max_bytes
        self._keep_empty = keep_empty
        self._line = bytearray()
        self._head = b""
        self._n_bytes = 0

    def feed(self, data: bytes) -> list[bytes | Cut]:
        """Take the next bytes; returns the lines that they end, without their line ends."""
        *whole, rest = data.split(b"\n")
        found: list[bytes | Cut] = []
        for part in whole:
            self._add(part)
            line = self._take()
            if line or self._keep_empty:
                found.append(line)
        self._add(rest)
        return found

    def _add(self, part: bytes) -> None:
        self._n_bytes += len(part)
        self._line += part
        if len(self._line) > self._max:
            self._head = self._head or bytes(self._line[:HEAD_BYTES])
            del self._line[:-TAIL_BYTES]

    def _take(self) -> bytes | Cut:
        line, head, n_bytes = bytes(self._line), self._head, self._n_bytes
        self._line, self._head, self._n_bytes = bytearray(), b"", 0
        return Cut(head, line[-TAIL_BYTES:], n_bytes) if head else line.rstrip(b"\r")
