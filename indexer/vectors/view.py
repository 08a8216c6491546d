"""Which rows belong to the definitions of one snapshot, and the answer to what is alike. Frozen."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from bridle.indexer.facts import SymbolId
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.vectors.chunks import chunk_symbols
from bridle.indexer.vectors.matrix import Floats, Matrix, nearest

Places = npt.NDArray[np.int32]


class Near(msgspec.Struct, frozen=True):
    """A definition that is like a text; `score` is the cosine, up to 1."""

    symbol: SymbolId
    score: float


class Similar(msgspec.Struct, frozen=True):
    """What is like a text, best first, and how many definitions were not looked at: they have no vector yet.

    `model` is what made the vectors, "" where there are none; `problem` says why, where there will be none.
    """

    hits: tuple[Near, ...] = ()
    missing: int = 0
    model: str = ""
    problem: str = ""


class FileChunks(msgspec.Struct, frozen=True):
    """The chunks of one file of that digest: definitions, and the digests of their texts."""

    digest: str
    symbols: tuple[SymbolId, ...]
    texts: tuple[str, ...]


class View(msgspec.Struct, frozen=True):
    """The definitions of a snapshot that have a vector, and where it is; `missing` have none yet."""

    symbols: tuple[SymbolId, ...]
    places: Places
    rows: Floats
    missing: int

    def nearest(self, vector: Floats, limit: int) -> tuple[Near, ...]:
        """Return the `limit` definitions that are most like `vector`."""
        found = nearest(self.rows, self.places, vector, limit)
        return tuple(Near(self.symbols[index], score) for index, score in found)


def view_of(snapshot: Snapshot, files: dict[str, FileChunks], matrix: Matrix) -> View:
    """Return the view of a snapshot; a file that reads otherwise there than when it was cut has no vectors in it."""
    symbols: list[SymbolId] = []
    places: list[int] = []
    missing = 0
    for path in sorted(snapshot.digests):
        known = files.get(path)
        if known is None or known.digest != snapshot.digests[path]:
            missing += len(chunk_symbols(snapshot.in_file(path)))
            continue
        for symbol, text in zip(known.symbols, known.texts, strict=True):
            place = matrix.place(text)
            if place < 0:
                missing += 1
            else:
                symbols.append(symbol)
                places.append(place)
    return View(tuple(symbols), np.array(places, np.int32), matrix.rows, missing)
