"""Which lines of a text became which: of an edit, where it was made; of two texts without one, by a diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from bridle.indexer.history import DiffedMap
from bridle.indexer.text import LineEdit


class Hunk(msgspec.Struct, frozen=True):
    """Old lines ``[old_start, old_end)`` became new lines ``[new_start, new_end)``."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def diffed(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """Return what differs between two lists of lines, in order; costs time in their number."""
    places = DiffedMap(old, new)
    hunks: list[Hunk] = []
    above_old = above_new = 0
    for line in range(len(old) + 1):
        place = places.line(line) if line < len(old) else len(new)
        if place is not None:
            hunks.append(Hunk(above_old, line, above_new, place))
            above_old, above_new = line + 1, place + 1
    return list(trimmed(hunks, old, new))


def trimmed(hunks: Iterable[Hunk], old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
    """Yield `hunks` without the lines that stay as they are at either end; empty ones are left out."""
    for hunk in hunks:
        a, b, c, d = hunk.old_start, hunk.old_end, hunk.new_start, hunk.new_end
        while a < b and c < d and old[a] == new[c]:
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
        if a < b or c < d:
            yield Hunk(a, b, c, d)


def edits_of(
    hunks: Sequence[Hunk], old: Sequence[str], new: Sequence[str]
) -> tuple[tuple[LineEdit, ...], tuple[LineEdit, ...]]:
    """Return the edits that lead from `old` to `new`, and those that lead back."""
    forth = tuple(LineEdit(h.old_start, h.old_end, "".join(new[h.new_start : h.new_end])) for h in hunks)
    back = tuple(LineEdit(h.new_start, h.new_end, "".join(old[h.old_start : h.old_end])) for h in hunks)
    return forth, back
