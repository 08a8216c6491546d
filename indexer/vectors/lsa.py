"""The embedder that needs no model: fitted on the repository itself (latent semantic analysis over split identifiers).

A text is the weights of its terms (1 + log count, times rarity), projected on the directions in which the texts of
this repository differ most: a truncated singular value decomposition, found by random projection (Halko, Martinsson
and Tropp, 2011) with a fixed seed, on a sample that is drawn by the texts' own digests. Terms that the fit did not see
count for nothing until the next one; see `outgrown`.
"""

from __future__ import annotations

import heapq
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from bridle.indexer.digest import digest
from bridle.indexer.words import counted_terms

Floats = npt.NDArray[np.float32]
Rows = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]

N_DIMENSIONS = 256
MAX_SAMPLE = 6_000
MAX_TERMS = 8_192
N_POWERS = 2
OVERSAMPLED = 16
HEAD_COUNTS = 4
"""How often the first line of a text, its path and name, counts."""
GROWTH = 2.0
_STRIDE = 256


class Basis(msgspec.Struct, frozen=True):
    """A fit, as it is kept: terms, their rarity, and a direction a column; arrays as native float32 bytes."""

    terms: tuple[str, ...]
    rarity: bytes
    directions: bytes
    n_dimensions: int
    n_texts: int


class Lsa:
    """Texts to vectors of length 1 by one fit. Safe to use from any thread."""

    remote = False

    def __init__(self, basis: Basis) -> None:
        self._basis = basis
        self._columns = {term: column for column, term in enumerate(basis.terms)}
        self._rarity: Floats = np.frombuffer(basis.rarity, np.float32)
        self._directions: Floats = np.frombuffer(basis.directions, np.float32).reshape(
            len(basis.terms), basis.n_dimensions
        )
        if len(self._rarity) != len(basis.terms) or not np.isfinite(self._directions).all():
            raise ValueError("the fit is not whole")
        self.model_id = f"lsa-{self._directions.shape[1]}:{digest(basis.rarity + basis.directions)[:16]}"

    @classmethod
    def fit(cls, texts: Iterable[tuple[str, str]]) -> Lsa:
        """Return the embedder for a repository of `texts`, each with the digest by which the sample is drawn."""
        n_texts = 0

        def numbered() -> Iterator[tuple[str, str]]:
            nonlocal n_texts
            for one in texts:
                n_texts += 1
                yield one

        counted = [_counts(text) for _, text in heapq.nsmallest(MAX_SAMPLE, numbered())]
        terms, rarity = _vocabulary(counted)
        columns = {term: column for column, term in enumerate(terms)}
        rows = _rows(counted, columns, rarity)
        directions = _directions(rows, len(counted), len(terms))
        return cls(Basis(terms, rarity.tobytes(), directions.tobytes(), directions.shape[1], n_texts))

    @classmethod
    def load(cls, path: Path) -> Lsa | None:
        """Return the fit that is kept at `path`, None when there is none or it is broken."""
        try:
            return cls(msgspec.msgpack.decode(path.read_bytes(), type=Basis))
        except (OSError, ValueError, msgspec.MsgspecError):
            return None

    def save(self, path: Path) -> None:
        """Keep the fit at `path`, whole or not at all. Raises OSError."""
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        aside.write_bytes(msgspec.msgpack.encode(self._basis))
        aside.replace(path)

    def outgrown(self, n_texts: int) -> bool:
        """Whether a repository of so many texts is to be fitted anew: it has doubled, or it has halved."""
        return not self._basis.n_texts / GROWTH <= n_texts < max(2, self._basis.n_texts) * GROWTH

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one row a text, of length 1; zeros where no term of a text is known."""
        rows = _rows([_counts(text) for text in texts], self._columns, self._rarity)
        return unit(_multiply(rows, self._directions, len(texts)))

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question."""
        (vector,) = self.embed([text])
        return np.asarray(vector, np.float32)


def unit(vectors: Floats) -> Floats:
    """Return the rows scaled to length 1; a row of zeros, or one with no finite length, becomes zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    fine = np.isfinite(lengths) & (lengths > 1e-12)
    return np.where(fine, vectors / np.where(fine, lengths, 1.0), 0.0).astype(np.float32)


def _counts(text: str) -> Mapping[str, int]:
    head, _, body = text.partition("\n")
    counts = counted_terms(body)
    for term, n in counted_terms(head).items():
        counts[term] = counts.get(term, 0) + n * HEAD_COUNTS
    return counts


def _vocabulary(counted: Sequence[Mapping[str, int]]) -> tuple[tuple[str, ...], Floats]:
    """Return the terms that tell texts apart, sorted, and how rare each is."""
    n = len(counted)
    spread = Counter(term for counts in counted for term in counts)
    least = 2 if n >= 200 else 1
    telling = [term for term, seen in spread.items() if seen >= least and (seen <= n / 2 or n < 8)]
    kept = sorted(sorted(telling, key=lambda term: (-spread[term], term))[:MAX_TERMS])
    return tuple(kept), np.array([math.log(1 + n / spread[term]) for term in kept], np.float32)


def _rows(counted: Sequence[Mapping[str, int]], columns: dict[str, int], rarity: Floats) -> Rows:
    """Return the weighted counts as a sparse matrix: row, column and value of each entry, by rows."""
    rows: list[int] = []
    found: list[int] = []
    counts: list[int] = []
    for row, terms in enumerate(counted):
        known = [(columns[term], n) for term, n in terms.items() if term in columns]
        rows += [row] * len(known)
        found += [column for column, _ in known]
        counts += [n for _, n in known]
    at, column = np.array(rows, np.int64), np.array(found, np.int64)
    values = ((1 + np.log(np.array(counts, np.float32))) * rarity[column]).astype(np.float32)
    lengths = np.sqrt(np.bincount(at, values**2, len(counted)))
    return at, column, (values / lengths[at]).astype(np.float32) if len(at) else values


def _directions(rows: Rows, n_texts: int, n_terms: int) -> Floats:
    width = max(1, min(N_DIMENSIONS, n_texts, n_terms))
    if not len(rows[0]):
        return np.zeros((n_terms, width), np.float32)
    by_column = np.argsort(rows[1], kind="stable")
    turned = rows[1][by_column], rows[0][by_column], rows[2][by_column]
    n_tried = min(width + OVERSAMPLED, n_texts, n_terms)
    found: Floats = np.random.default_rng(0).standard_normal((n_terms, n_tried), dtype=np.float32)
    for power in range(N_POWERS + 1):
        found = _multiply(turned, np.linalg.qr(_multiply(rows, found, n_texts))[0], n_terms)
        if power < N_POWERS:
            found = np.linalg.qr(found)[0]
    directions, strength, _ = np.linalg.svd(found, full_matrices=False)
    return np.ascontiguousarray((directions * np.sqrt(strength))[:, :width], np.float32)


def _multiply(rows: Rows, dense: Floats, n_rows: int) -> Floats:
    """Return the product of a sparse and a dense matrix, a few rows at a time, so that little memory is taken."""
    at, columns, values = rows
    product = np.zeros((n_rows, dense.shape[1]), np.float32)
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    ends = np.append(starts[1:], len(at))
    for first in range(0, len(starts), _STRIDE):
        some = starts[first : first + _STRIDE]
        low, high = int(some[0]), int(ends[min(first + _STRIDE, len(starts)) - 1])
        terms = dense[columns[low:high]] * values[low:high, None]
        product[at[some]] = np.add.reduceat(terms, some - low, axis=0)
    return product
