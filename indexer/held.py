"""Who holds which words: those of one file, and those of one term, as packed arrays.

Nothing here adds anything up, so that whoever reads files needs no more of numpy than its names.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Numbers: TypeAlias = NDArray[np.intp]

_PAIR = 2 * array("i").itemsize


class FileWords(msgspec.Struct, frozen=True):
    """The words of one file: sorted terms, and for each the definitions that hold it.

    `lines` has the terms one a line, a line end before the first and behind the last. `rows` is an int32 array of pairs
    (index of the definition, weighted count); those of term ``k`` are the pairs ``starts[k]`` to ``starts[k + 1]``.
    `lengths` is the words per definition. Native byte order.
    """

    lines: str
    starts: bytes
    rows: bytes
    lengths: bytes

    @property
    def terms(self) -> list[str]:
        """The terms in their order; made on each call."""
        return self.lines.split("\n")[1:-1]

    def holding(self, term: str) -> Iterator[tuple[int, int]]:
        """Yield ``(index of the definition, weighted count)`` for each definition that holds `term`."""
        row = iter(memoryview(self.row(term)).cast("i"))
        yield from zip(row, row, strict=True)

    def row(self, term: str) -> bytes:
        """Return the same as `rows` has it."""
        found = self.lines.find(f"\n{term}\n")
        if found < 0:
            return b""
        at = self.lines.count("\n", 0, found)
        starts = memoryview(self.starts).cast("i")
        return self.rows[_PAIR * starts[at] : _PAIR * starts[at + 1]]


class Gains(NamedTuple):
    """What a term gives the definitions that hold it, and the best of each file that does."""

    rarity: float
    numbers: Numbers
    gains: Floats
    files: Numbers
    bests: Floats


class Held:
    """Who holds a term: `n` definitions in the files `paths`, so many in each of them as `sizes` has.

    `rows` are as those of a file. `gains` is what the term gives them in the state that they are of, once it was asked.
    """

    def __init__(self, paths: Sequence[str], sizes: array[int], rows: bytes) -> None:
        self.paths, self.sizes, self.rows = paths, sizes, rows
        self.n = len(rows) // _PAIR
        self.gains: Gains | None = None

    @classmethod
    def of(cls, rows: Mapping[str, bytes]) -> Held:
        """Return who they are by the rows of each file."""
        return cls(tuple(rows), array("i", [len(row) // _PAIR for row in rows.values()]), b"".join(rows.values()))

    def anew(self) -> Held:
        """Return the same of another state."""
        return Held(self.paths, self.sizes, self.rows)
