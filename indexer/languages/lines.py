"""Where the bytes of a text stand in its lines, as the protocol counts them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from bridle.indexer.facts import Span


class Lines:
    """The lines of file `path`, whose text is `source` in UTF-8."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path = path
        self._starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]  # of bytes: at \n, \r\n and \r
        if source and not source.endswith((b"\n", b"\r")):
            self._starts.pop()

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def starts(self) -> Sequence[int]:
        """The first byte of each line."""
        return self._starts

    def at(self, byte: int) -> int:
        """Return the 0-based line of a byte."""
        return bisect_right(self._starts, byte) - 1

    def span(self, start: int, end: int) -> Span:
        """Return bytes ``[start, end)`` as a place."""
        return Span(self._path, self.at(start), self.at(max(start, end - 1)) + 1, start, end)
