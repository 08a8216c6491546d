"""Where the lines of an earlier text stand now.

Two sources: the log of the editor's own changes, which is exact, and comparing the texts where nobody logged what was
done (the log has a hole, or a formatter or a reload came as one change of many lines). A line that changed has no
place, nor one that cannot be told from its like: it is never guessed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import msgspec

from bridle.indexer.alignment import NOWHERE, Alignment
from bridle.indexer.text import LineChange, LineEdit

MAX_LOGGED_CHANGES = 20_000
MAX_KEPT_LINES = 200_000

BESIDE = 1
"""How many lines beside a block are watched for copies, as its own lines are."""
NEAR = 6
"""How many lines around a block are searched for copies."""
TELLING = 8
"""From how many letters on a line that stands once in both texts needs no neighbour."""


class LineMap(Protocol):
    """Maps 0-based lines of an old text to their lines in a new one."""

    def line(self, old: int) -> int | None:
        """Return the new place of line `old`, None where it was changed or removed."""
        ...

    def block(self, start: int, end: int) -> int | None:
        """Return where lines ``[start, end)`` begin now, None unless all stand surely, unchanged and side by side."""
        ...

    def unlogged(self, start: int, end: int) -> bool:
        """Tell whether the log of changes says nothing of what became of lines ``[start, end)``."""
        ...


class Rewriting:
    """One change of many lines at once: what became of each was not told, so they are compared when it is asked for."""

    def __init__(self, change: LineChange) -> None:
        self.start, self.old_count, self.new_count = change.start, change.old_count, change.new_count
        self.n_lines = change.old_count + change.new_count
        self._lines: tuple[Sequence[str], Sequence[str]] | None = (change.gone, change.came)
        self._map: DiffedMap | None = None

    def block(self, start: int, end: int) -> int | None:
        """Return where lines ``[start, end)`` of the text before surely stand after it; all of them were rewritten."""
        if self._map is None:
            if self._lines is None:
                return None
            self._map = DiffedMap(*self._lines)
            self._lines = None
        place = self._map.block(start - self.start, end - self.start)
        return None if place is None else self.start + place

    def forget(self) -> None:
        """Let the lines go; none is found again from now on."""
        self._lines = self._map = None


class LoggedMap:
    """The map that a sequence of changes makes; exact, but for lines inside of a rewriting, which are compared."""

    def __init__(self, changes: Sequence[LineChange | Rewriting]) -> None:
        self._changes = changes

    def line(self, old: int) -> int | None:
        """Return the new place of line `old`, None where it was changed or removed."""
        return self.block(old, old + 1)

    def block(self, start: int, end: int) -> int | None:
        """Return where lines ``[start, end)`` begin now, None unless all stand surely, unchanged and side by side."""
        return self._followed(start, end)[0]

    def unlogged(self, start: int, end: int) -> bool:
        """Tell whether lines ``[start, end)`` are lost in a rewriting, not in a change that was told."""
        return self._followed(start, end)[1]

    def _followed(self, start: int, end: int) -> tuple[int | None, bool]:
        """Follow lines through all changes, apart where something came between them; they may come together again."""
        runs = [(start, end - start)]
        for change in self._changes:
            moved: list[tuple[int, int]] = []
            for at, size in runs:
                through = _through(change, at, size)
                if through is None:
                    return None, isinstance(change, Rewriting)
                moved += through
            runs = moved
        first = runs[0][0]
        return (first if _side_by_side(runs) else None), False


def _through(change: LineChange | Rewriting, at: int, size: int) -> list[tuple[int, int]] | None:
    """Return where `size` lines from `at` on stand after a change, in one piece or two; None where one is lost."""
    stop, shift = change.start + change.old_count, change.new_count - change.old_count
    if at >= stop:
        return [(at + shift, size)]
    if at + size <= change.start:
        return [(at, size)]
    if change.old_count == 0:
        above = change.start - at
        return [(at, above), (change.start + shift, size - above)]
    inside = change.start <= at and at + size <= stop
    place = change.block(at, at + size) if inside and isinstance(change, Rewriting) else None
    return None if place is None else [(place, size)]


def _side_by_side(runs: Sequence[tuple[int, int]]) -> bool:
    return all(above[0] + above[1] == below[0] for above, below in pairwise(runs))


class DiffedMap:
    """The map of two texts with no log between them; costs time in their lines, whatever they hold.

    `line` is what comparing says. `block` trusts it only where the lines stand beside a neighbour as before, or hold
    a long one that stands once in both texts; and where neither they nor the lines beside them came to stand near more
    often.
    """

    def __init__(
        self,
        old: Sequence[str],
        new: Sequence[str],
        *,
        beside: int = BESIDE,
        near: int = NEAR,
        telling: int = TELLING,
    ) -> None:
        self._alignment = Alignment(old, new)
        self._beside, self._near, self._telling = beside, near, telling
        self._once: frozenset[int] | None = None

    def line(self, old: int) -> int | None:
        """Return the new place of line `old`, None where comparing does not tell of one."""
        place = self._alignment.places[old] if 0 <= old < len(self._alignment.places) else NOWHERE
        return None if place == NOWHERE else place

    def block(self, start: int, end: int) -> int | None:
        """Return where lines ``[start, end)`` begin now, None unless all stand surely, unchanged and side by side."""
        place = self.line(start)
        if place is None or end > len(self._alignment.old):
            return None
        if self._alignment.places[start:end] != list(range(place, place + end - start)):
            return None
        held = self._beside_neighbour(start, end, place) or self._stands_once(start, end)
        return place if held and not self._doubled(start, end, place) else None

    def unlogged(self, start: int, end: int) -> bool:
        """Tell that no log speaks here."""
        return True

    def _beside_neighbour(self, start: int, end: int, place: int) -> bool:
        after = place + end - start
        old, new = self._alignment.old, self._alignment.new
        above = start == place == 0 or (start > 0 and self.line(start - 1) == place - 1)
        return above or self.line(end) == after or (end == len(old) and after == len(new))

    def _stands_once(self, start: int, end: int) -> bool:
        if self._once is None:
            seen = Counter(self._alignment.old), Counter(self._alignment.new)
            self._once = frozenset(line for line, n in seen[0].items() if n == seen[1][line] == 1)
        lines = (line for line in self._alignment.old[start:end] if line in self._once)
        return any(self._alignment.letters(line) >= self._telling for line in lines)

    def _doubled(self, start: int, end: int, place: int) -> bool:
        """Tell whether a telling line of the block, or of those beside it, stands near more often than before."""
        old, new = self._alignment.old, self._alignment.new
        before = Counter(old[max(0, start - self._near) : end + self._near])
        now = Counter(new[max(0, place - self._near) : place + end - start + self._near])
        watched = set(old[max(0, start - self._beside) : end + self._beside])
        return any(now[line] > before[line] and self._alignment.letters(line) > 0 for line in watched)


class ChangeLog:
    """The changes of one open document, by version; forgets the oldest beyond its cap.

    Of changes that rewrote many lines, those lines are kept for comparing, the latest up to a cap of their own.
    """

    def __init__(self, version: int, limit: int = MAX_LOGGED_CHANGES) -> None:
        self._start = version
        self._entries: list[tuple[int, LineChange | Rewriting]] = []
        self._limit = limit
        self._rewritings: deque[Rewriting] = deque()
        self._kept_lines = 0

    def record(self, version: int, change: LineChange) -> None:
        """Note that `change` led to `version`; several changes may lead to the same one."""
        self._entries.append((version, self._kept(change) if change.gone else change))
        if len(self._entries) > self._limit:
            half = self._limit // 2
            self._start = self._entries[half - 1][0]
            self._entries = [entry for entry in self._entries if entry[0] > self._start]

    def since(self, version: int) -> LoggedMap | None:
        """Return the map from `version` to now, None where the log does not reach back that far."""
        if version < self._start:
            return None
        return LoggedMap([change for at, change in self._entries if at > version])

    def _kept(self, change: LineChange) -> Rewriting:
        rewriting = Rewriting(change)
        self._rewritings.append(rewriting)
        self._kept_lines += rewriting.n_lines
        while self._kept_lines > MAX_KEPT_LINES:
            oldest = self._rewritings.popleft()
            self._kept_lines -= oldest.n_lines
            oldest.forget()
        return rewriting


class Rebased(msgspec.Struct, frozen=True):
    """Edits carried onto a newer text, and those whose ground changed under them.

    `n_unlogged` of the conflicts are not known to be any: the log does not say what became of their lines.
    """

    edits: tuple[LineEdit, ...]
    conflicts: tuple[LineEdit, ...]
    n_unlogged: int = 0


def rebase(edits: Sequence[LineEdit], moved: LineMap, old_count: int, new_count: int) -> Rebased:
    """Carry `edits`, meant for a text of `old_count` lines, onto one of `new_count` lines.

    An edit is carried when all its lines still stand, unchanged and side by side; an insertion follows the
    line above it, else the one below; the start of the file always stands.
    """
    carried: list[LineEdit] = []
    conflicts: list[LineEdit] = []
    for edit in edits:
        start = _place(edit, moved, old_count, new_count)
        if start is None:
            conflicts.append(edit)
        else:
            carried.append(LineEdit(start, start + edit.end - edit.start, edit.text))
    n_unlogged = sum(moved.unlogged(edit.start, max(edit.end, edit.start + 1)) for edit in conflicts)
    return Rebased(tuple(sorted(carried, key=lambda e: (e.start, e.end))), tuple(conflicts), n_unlogged)


def _place(edit: LineEdit, moved: LineMap, old_count: int, new_count: int) -> int | None:
    if edit.end > edit.start:
        return moved.block(edit.start, edit.end)
    after = moved.block(edit.start, edit.start + 1) if edit.start < old_count else new_count
    if edit.start == 0:
        return 0 if after is None else after
    before = moved.block(edit.start - 1, edit.start)
    return after if before is None else before + 1


def between(moved: LineMap, start: int, end: int, old_count: int, new_count: int) -> tuple[int, int] | None:
    """Return what stands now between the line above and the line below the old lines ``[start, end)``.

    None where one of these two changed as well, so that nothing bounds it.
    """
    above = moved.line(start - 1) if start > 0 else -1
    below = moved.line(end) if end < old_count else new_count
    if above is None or below is None or below <= above:
        return None
    return above + 1, below
