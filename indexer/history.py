"""Where the lines of an earlier text stand now.

Two sources, never mixed: the log of the editor's own changes, which is exact, and (where the log has a hole)
a diff that is read from above and from below. A line that changed has no place: it is never guessed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import msgspec

from bridle.indexer.text import LineChange, LineEdit

MAX_LOGGED_CHANGES = 20_000


class LineMap(Protocol):
    """Maps a 0-based line of an old text to its line in a new one."""

    def line(self, old: int) -> int | None:
        """Return the new place of line `old`, None where it was changed or removed."""
        ...


class LoggedMap:
    """The map that a sequence of changes makes; exact."""

    def __init__(self, changes: Sequence[LineChange]) -> None:
        self._changes = changes

    def line(self, old: int) -> int | None:
        """Return the new place of line `old`, None where it was changed or removed."""
        at = old
        for change in self._changes:
            if at >= change.start + change.old_count:
                at += change.new_count - change.old_count
            elif at >= change.start:
                return None
        return at


class DiffedMap:
    """The map of two texts with no log between them; costs time in their lines, whatever they hold.

    Lines that stand once in each text, in the same order, are fixed. What lies between two of them is read
    downwards from the upper one and upwards from the lower one; where the two readings meet, neither counts.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._places: dict[int, int] = {}
        above = (-1, -1)
        for fixed in [*_fixed(old, new), (len(old), len(new))]:
            self._read_gap(old, new, above, fixed)
            self._places[fixed[0]] = fixed[1]
            above = fixed
        del self._places[len(old)]

    def line(self, old: int) -> int | None:
        """Return the new place of line `old`, None where the two readings do not agree on one."""
        return self._places.get(old)

    def _read_gap(self, old: Sequence[str], new: Sequence[str], above: tuple[int, int], below: tuple[int, int]) -> None:
        size = min(below[0] - above[0], below[1] - above[1]) - 1
        down = up = 0
        while down < size and old[above[0] + 1 + down] == new[above[1] + 1 + down]:
            down += 1
        while up < size and old[below[0] - 1 - up] == new[below[1] - 1 - up]:
            up += 1
        whole = below[0] - above[0] == below[1] - above[1] and down == size
        doubtful = 0 if whole else max(0, down + up - size)
        for k in range(1, down - doubtful + 1):
            self._places[above[0] + k] = above[1] + k
        for k in range(1, up - doubtful + 1):
            self._places[below[0] - k] = below[1] - k


def _fixed(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of the lines that are unique in both texts: the longest list that keeps order."""
    seen_old, seen_new = Counter(old), Counter(new)
    place = {line: n for n, line in enumerate(new) if seen_new[line] == 1}
    pairs = [(o, place[line]) for o, line in enumerate(old) if seen_old[line] == 1 and line in place]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    ends: list[int] = []  # the smallest second member that a rising list of each length can end with
    holders: list[int] = []
    previous: list[int] = []
    for index, (_, n) in enumerate(pairs):
        length = bisect_left(ends, n)
        previous.append(holders[length - 1] if length else -1)
        ends[length : length + 1] = [n]
        holders[length : length + 1] = [index]
    rising: list[tuple[int, int]] = []
    at = holders[-1] if holders else -1
    while at >= 0:
        rising.append(pairs[at])
        at = previous[at]
    return rising[::-1]


class ChangeLog:
    """The changes of one open document, by version; forgets the oldest beyond its cap."""

    def __init__(self, version: int, limit: int = MAX_LOGGED_CHANGES) -> None:
        self._start = version
        self._entries: list[tuple[int, LineChange]] = []
        self._limit = limit

    def record(self, version: int, change: LineChange) -> None:
        """Note that `change` led to `version`; several changes may lead to the same one."""
        self._entries.append((version, change))
        if len(self._entries) > self._limit:
            half = self._limit // 2
            self._start = self._entries[half - 1][0]
            self._entries = [entry for entry in self._entries if entry[0] > self._start]

    def since(self, version: int) -> LoggedMap | None:
        """Return the map from `version` to now, None where the log does not reach back that far."""
        if version < self._start:
            return None
        return LoggedMap([change for at, change in self._entries if at > version])


class Rebased(msgspec.Struct, frozen=True):
    """Edits carried onto a newer text, and those whose ground changed under them."""

    edits: tuple[LineEdit, ...]
    conflicts: tuple[LineEdit, ...]


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
    return Rebased(tuple(sorted(carried, key=lambda e: (e.start, e.end))), tuple(conflicts))


def _place(edit: LineEdit, moved: LineMap, old_count: int, new_count: int) -> int | None:
    if edit.end > edit.start:
        places = [moved.line(n) for n in range(edit.start, edit.end)]
        first = places[0]
        if first is None or any(place != first + k for k, place in enumerate(places)):
            return None
        return first
    after = moved.line(edit.start) if edit.start < old_count else new_count
    if edit.start == 0:
        return 0 if after is None else after
    before = moved.line(edit.start - 1)
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
