"""Which definition owns which bytes of a file. Knows spans only, no language."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence


class Outline:
    """Nested spans cut into stretches, each owned by the innermost span around it.

    `spans` are ``(start, end)``, the first one around all others, sorted by start and then widest first.
    """

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._starts = [spans[0][0]]
        self._owners = [0]
        self.parents = [0] * len(spans)
        around = [(spans[0][1], 0)]
        for index, (start, end) in enumerate(spans[1:], start=1):
            while len(around) > 1 and around[-1][0] <= start:
                self._close(around)
            self.parents[index] = around[-1][1]
            self._cut(start, index)
            around.append((end, index))
        while len(around) > 1:
            self._close(around)
        self._end = spans[0][1]

    def owner(self, at: int) -> int:
        """Return the index of the innermost span around byte `at`."""
        return self._owners[bisect_right(self._starts, at) - 1]

    def stretches(self) -> Iterator[tuple[int, int, int]]:
        """Yield ``(owner, start, end)`` in order; together they cover the outermost span."""
        ends = [*self._starts[1:], self._end]
        yield from zip(self._owners, self._starts, ends, strict=True)

    def _close(self, around: list[tuple[int, int]]) -> None:
        end, _ = around.pop()
        self._cut(end, around[-1][1])

    def _cut(self, at: int, owner: int) -> None:
        self._starts.append(at)
        self._owners.append(owner)
