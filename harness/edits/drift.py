"""Where lines of a revision stand in the file as it is now, or that they changed: never a guess.

The way is the log of every change where there is one, else what comparing the two texts surely tells
(`indexer/history.py`). Whatever the way says is looked at once more: the very lines must stand there.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridle.context.readform import Range
from bridle.indexer.history import DiffedMap, LineMap, LoggedMap


class Drift:
    """The way from the lines of one revision to the lines that are there now, both without line ends."""

    def __init__(self, old: Sequence[str], now: Sequence[str], logged: LineMap | None) -> None:
        self._old, self._now = old, now
        self.unmoved = list(old) == list(now)
        self._map = LoggedMap(()) if self.unmoved else logged or DiffedMap(old, now)

    @property
    def n_now(self) -> int:
        """How many lines there are now."""
        return len(self._now)

    def lines(self, start: int, end: int) -> int | None:
        """Return where the lines ``[start, end)`` begin now; None unless all stand unchanged, side by side."""
        place = self._map.block(start, end)
        if place is None or list(self._now[place : place + end - start]) != list(self._old[start:end]):
            return None
        return place

    def unlogged(self, start: int, end: int) -> bool:
        """Tell whether lines ``[start, end)`` may well stand: no log says what became of them."""
        return self._map.unlogged(start, end)

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
