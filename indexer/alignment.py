"""Which lines of one text stand in another, by comparing the two alone; in time that grows with their lines.

Lines that stand once in both texts, in an order that no other choice could keep as well, are fixed; so again within
each gap between two of them. What is left is laid side by side in every way that keeps order, and a line has a place
only where all the best ways agree on it: most lines kept, in the fewest stretches. Ties are refused, never broken.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

NOWHERE = -1

MAX_DEPTH = 8
MAX_GAP_CELLS = 2_500
MAX_CELLS = 12_000

_WORDED, _WORDLESS, _STRETCH = 10, 5, 3
_NEVER = -(1 << 40)

_Gap = tuple[int, int, int, int]


class Alignment:
    """The places of the lines of `old` in `new`: `places[n]` is NOWHERE where they cannot be told.

    `steps` counts the lines and pairs of lines that were looked at.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        ids: dict[str, int] = {}
        self.old = [ids.setdefault(line, len(ids)) for line in old]
        self.new = [ids.setdefault(line, len(ids)) for line in new]
        self._lines = list(ids)
        self.places = [NOWHERE] * len(self.old)
        self.steps = 0
        self._cells = MAX_CELLS
        gaps: list[_Gap] = [(0, len(self.old), 0, len(self.new))] if old and new else []
        for depth in range(MAX_DEPTH + 1):
            gaps = [inner for gap in gaps for inner in self._narrowed(gap, last=depth == MAX_DEPTH)]

    def letters(self, line: int) -> int:
        """Return how many letters and digits a line holds, by its number in `old` and `new`."""
        return sum(map(str.isalnum, self._lines[line]))

    def _narrowed(self, gap: _Gap, *, last: bool) -> list[_Gap]:
        """Fix what can be fixed in a gap; returns the gaps that are left in it."""
        old_start, old_end, new_start, new_end = gap
        one, other = self.old[old_start:old_end], self.new[new_start:new_end]
        self.steps += len(one) + len(other)
        if one == other:
            self.places[old_start:old_end] = range(new_start, new_end)
            return []
        fixed = [] if last else _fixed(one, other)
        if not fixed:
            self._compare(gap, one, other)
            return []
        left: list[_Gap] = []
        above_old, above_new = old_start, new_start
        for line, place in fixed:
            o, n = old_start + line, new_start + place
            self.places[o] = n
            if above_old < o and above_new < n:
                left.append((above_old, o, above_new, n))
            above_old, above_new = o + 1, n + 1
        if above_old < old_end and above_new < new_end:
            left.append((above_old, old_end, above_new, new_end))
        return left

    def _compare(self, gap: _Gap, one: Sequence[int], other: Sequence[int]) -> None:
        """Lay a gap without a fixed line side by side; what is too large is read from its two ends alone."""
        rows, columns = _pressed(one, set(other)), _pressed(other, set(one))
        cells = (len(rows) + 1) * (len(columns) + 1)
        if cells > MAX_GAP_CELLS or cells > self._cells:
            self._read_ends(gap, one, other)
            return
        self._cells -= cells
        self.steps += cells
        weights = [_WORDED if n >= 0 and self.letters(one[n]) else _WORDLESS for n in rows]
        found = _agreed(
            [one[n] if n >= 0 else -1 for n in rows], [other[n] if n >= 0 else -2 for n in columns], weights
        )
        for row, column in found:
            self.places[gap[0] + rows[row]] = gap[2] + columns[column]

    def _read_ends(self, gap: _Gap, one: Sequence[int], other: Sequence[int]) -> None:
        """Read downwards from the upper end and upwards from the lower one; where the two meet, neither counts."""
        down, up = kept_ends(one, other)
        self.places[gap[0] : gap[0] + down] = range(gap[2], gap[2] + down)
        self.places[gap[1] - up : gap[1]] = range(gap[3] - up, gap[3])


def kept_ends(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """Return how many first and last items two lists surely have in common.

    Where an item could count for either end (one of two equal lines was removed), it counts for none. Equal lists have
    all in common, told as first ones.
    """
    size = min(len(old), len(new))
    down = next((n for n in range(size) if old[n] != new[n]), size)
    if down == len(old) == len(new):
        return down, 0
    up = next((n for n in range(size) if old[-1 - n] != new[-1 - n]), size)
    doubtful = max(0, down + up - size)
    return down - doubtful, up - doubtful


def _fixed(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Return the lines that are unique in both lists and belong to every longest choice that keeps order."""
    seen_old, seen_new = Counter(old), Counter(new)
    place = {line: n for n, line in enumerate(new) if seen_new[line] == 1}
    pairs = [(o, place[line]) for o, line in enumerate(old) if line in place and seen_old[line] == 1]
    if all(a[1] < b[1] for a, b in pairwise(pairs)):
        return pairs
    upto = _rising_lengths(n for _, n in pairs)
    onward = _rising_lengths(-n for _, n in reversed(pairs))[::-1]
    longest = max(upto, default=0)
    members = [k for k in range(len(pairs)) if upto[k] + onward[k] == longest + 1]
    rivals = Counter(upto[k] for k in members)
    return [pairs[k] for k in members if rivals[upto[k]] == 1]


def _rising_lengths(numbers: Iterable[int]) -> list[int]:
    """Return the length of the longest rising choice that ends with each of `numbers`, which are distinct."""
    ends: list[int] = []
    lengths: list[int] = []
    for number in numbers:
        at = bisect_left(ends, number)
        ends[at : at + 1] = [number]
        lengths.append(at + 1)
    return lengths


def _pressed(lines: Sequence[int], there: set[int]) -> list[int]:
    """Return the indexes of the lines that stand on the other side too; one -1 for each run of others."""
    found: list[int] = []
    for n, line in enumerate(lines):
        if line in there:
            found.append(n)
        elif not found or found[-1] >= 0:
            found.append(-1)
    return found


def _agreed(rows: Sequence[int], columns: Sequence[int], weights: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs that all the best ways through the table share.

    A way pairs equal items in order and is worth their weights, less _STRETCH for every stretch of unpaired ones. Two
    tables tell the best from the start to each corner, having just paired or not; two more, from there to the end.
    """
    paired, apart = _upto(rows, columns, weights)
    rest, rest_apart = _onward(rows, columns, weights)
    best = rest[0][0]
    found: list[tuple[int, int]] = []
    for row, line in enumerate(rows):
        through = [
            (paired[row + 1][column + 1] + rest[row + 1][column + 1], column)
            for column, there in enumerate(columns)
            if there == line
        ]
        if sum(worth == best for worth, _ in through) != 1:
            continue
        without = max(
            max(paired[row][column] - _STRETCH, apart[row][column]) + rest_apart[row + 1][column]
            for column in range(len(columns) + 1)
        )
        if without < best:
            found.append((row, max(through)[1]))
    return found


_Table = list[list[int]]


def _upto(rows: Sequence[int], columns: Sequence[int], weights: Sequence[int]) -> tuple[_Table, _Table]:
    width = len(columns) + 1
    above_paired, above_apart = [_NEVER] * width, [_NEVER] * width
    paired: _Table = []
    apart: _Table = []
    for row in range(len(rows) + 1):
        line, weight = (rows[row - 1], weights[row - 1]) if row else (None, 0)
        here_paired, here_apart = [_NEVER] * width, [_NEVER] * width
        if not row:
            here_paired[0] = 0
        for column in range(width):
            gone = max(above_paired[column] - _STRETCH, above_apart[column])
            if column:
                if columns[column - 1] == line:
                    here_paired[column] = max(above_paired[column - 1], above_apart[column - 1]) + weight
                gone = max(gone, here_paired[column - 1] - _STRETCH, here_apart[column - 1])
            here_apart[column] = gone
        paired.append(here_paired)
        apart.append(here_apart)
        above_paired, above_apart = here_paired, here_apart
    return paired, apart


def _onward(rows: Sequence[int], columns: Sequence[int], weights: Sequence[int]) -> tuple[_Table, _Table]:
    height, width = len(rows), len(columns)
    after = [[_NEVER] * (width + 1) for _ in range(height + 1)]
    after_apart = [[_NEVER] * (width + 1) for _ in range(height + 1)]
    for row in range(height, -1, -1):
        here, here_apart = after[row], after_apart[row]
        below, below_apart = (after[row + 1], after_apart[row + 1]) if row < height else (None, None)
        for column in range(width, -1, -1):
            if below is None and column == width:
                here[column] = here_apart[column] = 0
                continue
            gone = here_apart[column + 1] if column < width else _NEVER
            pair = _NEVER
            if below is not None and below_apart is not None:
                gone = max(gone, below_apart[column])
                if column < width and rows[row] == columns[column]:
                    pair = below[column + 1] + weights[row]
            here[column] = max(pair, gone - _STRETCH)
            here_apart[column] = max(pair, gone)
    return after, after_apart
