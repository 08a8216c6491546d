"""Vectors in memory, searched exactly: one product of a matrix and a vector, and the best few of it.

Rows are only ever added; a view that was taken stays as it is, whatever is added or dropped later.
"""

from __future__ import annotations

from collections.abc import Collection, KeysView, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int32]

BLOCK_ROWS = 65_536
_FIRST_ROWS = 256


class Matrix:
    """Rows of length 1 by the digest of their text. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._rows: Floats = np.zeros((0, 0), np.float32)
        self._row_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._row_of)

    def __contains__(self, digest: str) -> bool:
        return digest in self._row_of

    def keys(self) -> KeysView[str]:
        """Return the digests, in the order of their rows."""
        return self._row_of.keys()

    @property
    def rows(self) -> Floats:
        """All rows that were ever handed out places in; never written to where something stands already."""
        return self._rows

    def place(self, digest: str) -> int:
        """Return the row of a text, -1 where it has none."""
        return self._row_of.get(digest, -1)

    def vectors(self, digests: Sequence[str]) -> Floats:
        """Return the rows of `digests`, all of which must be there."""
        return self._rows[[self._row_of[digest] for digest in digests]]

    def add(self, digests: Sequence[str], vectors: Floats) -> None:
        """Add rows. Those that are there already stay as they are.

        Raises:
            ValueError: they are of another width than those before.
        """
        new = [n for n, digest in enumerate(digests) if digest not in self._row_of]
        if not new:
            return
        if len(self._row_of) and vectors.shape[1] != self._rows.shape[1]:
            raise ValueError(f"vectors of {vectors.shape[1]} numbers among those of {self._rows.shape[1]}")
        n_before = len(self._row_of)
        self._make_room(n_before + len(new), vectors.shape[1])
        self._rows[n_before : n_before + len(new)] = vectors[new]
        for row, n in enumerate(new, n_before):
            self._row_of[digests[n]] = row

    def keep(self, digests: Collection[str]) -> Matrix:
        """Return another matrix, with the rows of `digests` alone; this one stays for those who look at it."""
        kept = [digest for digest in self._row_of if digest in digests]
        other = Matrix()
        if kept:
            other.add(kept, self.vectors(kept))
        return other

    def _make_room(self, n_rows: int, width: int) -> None:
        if n_rows <= len(self._rows):
            return
        larger = np.zeros((max(n_rows, _FIRST_ROWS, len(self._rows) * 3 // 2), width), np.float32)
        if self._row_of:
            larger[: len(self._row_of)] = self._rows[: len(self._row_of)]
        self._rows = larger


def nearest(rows: Floats, places: Places, vector: Floats, limit: int) -> list[tuple[int, float]]:
    """Return the `limit` of `places` whose rows are most like `vector`, as ``(index into places, cosine)``.

    Best first, ties in the order of `places`. Places are row numbers; what is not alike at all is left out.
    """
    if limit <= 0 or not len(places):
        return []
    n_rows = int(places.max()) + 1
    scores = np.empty(n_rows, np.float32)
    for start in range(0, n_rows, BLOCK_ROWS):
        end = min(start + BLOCK_ROWS, n_rows)
        np.matmul(rows[start:end], vector, out=scores[start:end])
    of_places = scores[places]
    few = np.arange(len(places))
    if limit < len(places):
        least = np.partition(of_places, len(places) - limit)[len(places) - limit]
        few = np.flatnonzero(of_places >= least)
    best = sorted(few.tolist(), key=lambda index: (-float(of_places[index]), index))[:limit]
    return [(index, float(of_places[index])) for index in best if of_places[index] > 0]
