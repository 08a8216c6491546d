"""Where the lines of an earlier text stand now.

Two sources, never mixed: the log of the editor's own changes, which is exact, and (where the log has a hole) two
diffs that must agree. A line that changed has no place: it is never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
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
    """The map of two texts with no log between them: the forward and the reverse diff must agree on a line."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        forward = _matches(old, new)
        backward = {o: n for n, o in _matches(new, old).items()}
        self._places = {o: n for o, n in forward.items() if backward.get(o) == n}

    def line(self, old: int) -> int | None:
        """Return the new place of line `old`, None where the diffs do not agree on one."""
        return self._places.get(old)


def _matches(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {b.a + k: b.b + k for b in blocks for k in range(b.size)}


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

    An edit is carried when all its lines still stand, unchanged and side by side; an insertion follows the line
    above it, else the one below; the start of the file always stands.
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
