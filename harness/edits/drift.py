"""Where lines of a revision stand in the file as it is now, or that they changed: never a guess.

With an exact map (nothing changed, or the log of every change since) a line that the map knows is that line.
A diff is trusted only where the lines stand unchanged and side by side, a neighbour stands beside them as
before, and no second copy of them has appeared.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridle.context.readform import Range
from bridle.indexer.history import DiffedMap, LineMap

_NEAR = 8


class Drift:
    """The way from the lines of one revision to the lines that are there now, both without line ends."""

    def __init__(self, old: Sequence[str], now: Sequence[str], logged: LineMap | None) -> None:
        self._old, self._now = old, now
        self.unmoved = list(old) == list(now)
        self._exact = self.unmoved or logged is not None
        self._map = _Same() if self.unmoved else logged or DiffedMap(old, now)

    @property
    def n_now(self) -> int:
        """How many lines there are now."""
        return len(self._now)

    def lines(self, start: int, end: int) -> int | None:
        """Return where the lines ``[start, end)`` begin now; None unless all stand unchanged, side by side."""
        place = self._place(start)
        if place is None or any(self._place(n) != place + n - start for n in range(start, end)):
            return None
        return place if self._exact or self._sure(start, end, place) else None

    def between(self, start: int, end: int) -> Range | None:
        """Return what stands now between the line above and the line below ``[start, end)``.

        None where one of the two changed as well, or where far more stands there now: nothing can be
        suggested then.
        """
        above = self._place(start - 1) if start > 0 else -1
        below = self._place(end) if end < len(self._old) else len(self._now)
        if above is None or below is None or not 0 <= below - above - 1 <= 3 * (end - start) + 20:
            return None
        return above + 1, below

    def near(self, line: int) -> int:
        """Return about where `line` would be now; for showing the place, never for editing it."""
        for above in range(min(line, len(self._old) - 1), -1, -1):
            place = self._place(above)
            if place is not None:
                return min(place + line - above, len(self._now))
        return min(line, len(self._now))

    def _place(self, line: int) -> int | None:
        place = self._map.line(line)
        if place is None or not 0 <= place < len(self._now) or self._now[place] != self._old[line]:
            return None
        return place

    def _sure(self, start: int, end: int, place: int) -> bool:
        """Whether a diff's word is enough: a neighbour stands by as before, and no copy has appeared."""
        above = start > 0 and self._place(start - 1) == place - 1
        below = end < len(self._old) and self._place(end) == place + end - start
        first = start == place == 0
        last = end == len(self._old) and place + end - start == len(self._now)
        if not (above or below or first or last):
            return False
        framed = self._old[start - above : end + below]
        if _copies(self._now, framed) > _copies(self._old, framed):
            return False
        if self._doubled(start, place, -1) or self._doubled(end - 1, place + end - start - 1, 1):
            return False
        block = self._old[start:end]
        there = self._now[max(0, place - _NEAR) : place + end - start + _NEAR]
        return _copies(there, block) <= _copies(self._old[max(0, start - _NEAR) : end + _NEAR], block)

    def _doubled(self, line: int, place: int, step: int) -> bool:
        """Whether an equal line stands beside the line now that did not before."""
        now = 0 <= place + step < len(self._now) and self._now[place + step] == self._now[place]
        return now and not (0 <= line + step < len(self._old) and self._old[line + step] == self._old[line])


class _Same:
    def line(self, old: int) -> int | None:
        return old


def _copies(lines: Sequence[str], block: Sequence[str]) -> int:
    size = len(block)
    starts = (n for n in range(len(lines) - size + 1) if lines[n] == block[0])
    return sum(list(lines[n : n + size]) == list(block) for n in starts)
