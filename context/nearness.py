"""What stands near the definitions that a task is known to be about: one row a candidate, one column a way to be near.

A person stands in one function, or a test of it fails; what else has to change with it is found by calls, by what is
shared, by names and words that are alike, by what was changed together before, and by standing next to it. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import islice
from typing import Final

import msgspec

from bridle.context.signals import path_terms
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.languages.readers import is_text
from bridle.indexer.past import Past
from bridle.indexer.resolve import path_of
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.words import FileWords, terms_of

NEAR: Final = (
    "near_file", "near_folder", "near_owner", "inside", "beside",  # where it stands
    "called", "calling", "shares_use", "shares_user",  # what leads there
    "like_name", "like_words",  # how it reads
    "together",  # what was changed with it
    "same_name",  # what is called the same
)  # fmt: skip
"""The columns of a row, in order."""

MAX_CENTERS = 8
MAX_AROUND = 40
MAX_LIKE, MAX_WORDS = 40, 24
MAX_OF_FILE = 150
MAX_SHARED = 30
"""What is used from more places than this ties nothing together."""
_NO_USE = frozenset({"contains", "imports"})


class _Like(msgspec.Struct, frozen=True):
    """How much the words of definitions are those of the centers, by file and index; `most` of another definition.

    `likest` are those of which most are, in order.
    """

    scores: dict[str, dict[int, float]]
    most: float
    likest: list[SymbolId]

    def of(self, path: str, symbols: Sequence[Symbol]) -> dict[SymbolId, float]:
        """Return that of the definitions of a file, up to 1."""
        return {symbols[at].id: min(1.0, score / self.most) for at, score in self.scores.get(path, {}).items()}


class Nearness:
    """The neighbourhood of some definitions, each with its weight."""

    def __init__(self, centers: Mapping[SymbolId, float], snapshot: Snapshot, past: Past) -> None:
        known = [one for one in centers if one in snapshot.symbols and not is_text(path_of(one))]
        self._snapshot = snapshot
        self._centers = {one: centers[one] for one in known[:MAX_CENTERS]}
        self._symbols = [snapshot.symbols[one] for one in self._centers]
        self._called: dict[SymbolId, float] = {}
        self._calling: dict[SymbolId, float] = {}
        self._shares_use: dict[SymbolId, float] = {}
        self._shares_user: dict[SymbolId, float] = {}
        for one, weight in self._centers.items():
            self._add_uses(one, weight)
        places = (((one.span.path, one.name), self._centers[one.id]) for one in self._symbols)
        self._together = past.together(places) if past.commits else {}
        self._like = self._like_words()

    def around(self) -> Iterator[SymbolId]:
        """Yield what may matter because of where the centers stand, the nearest first; some more than once."""
        yield from self._centers
        for found in (self._called, self._calling, self._shares_use, self._shares_user):
            yield from islice(sorted(found, key=lambda one: (-found[one], one)), MAX_AROUND)
        for (path, name), _ in islice(sorted(self._together.items(), key=lambda one: (-one[1], one[0])), MAX_AROUND):
            yield from (symbol.id for symbol in self._in_file(path) if symbol.name == name)
        yield from self._like.likest
        for symbol in self._symbols:
            yield from (one.id for one in self._snapshot.named(symbol.name)[:MAX_LIKE])
            yield from (one.id for one in self._in_file(symbol.span.path)[1:MAX_OF_FILE])

    def rows(self, symbols: Sequence[Symbol]) -> list[tuple[float, ...]]:
        """Return the row of each of `symbols`."""
        names = {one.id: frozenset(terms_of(one.name)) for one in self._symbols}
        folders: dict[str, list[float]] = {}
        like: dict[SymbolId, float] = {}
        rows: list[tuple[float, ...]] = []
        for symbol in symbols:
            path = symbol.span.path
            if path not in folders:
                folders[path] = [_shared_folders(path, one.span.path) for one in self._symbols]
                like |= self._like.of(path, self._in_file(path))
            rows.append(self._row(symbol, names, folders[path], like))
        return rows

    # --- one row ------------------------------------------------------------------------------------------------

    def _row(
        self,
        symbol: Symbol,
        names: Mapping[SymbolId, frozenset[str]],
        folders: Sequence[float],
        like: Mapping[SymbolId, float],
    ) -> tuple[float, ...]:
        """Return one row.

        `names` are the terms of the centers, `folders` those that they share with the symbol's; `like` is how much the
        words of definitions are theirs.
        """
        others = [(one, self._centers[one.id]) for one in self._symbols if one.id != symbol.id]
        path = symbol.span.path
        in_file = [(one, weight) for one, weight in others if one.span.path == path]
        owner = _owner(symbol)
        name = frozenset(terms_of(symbol.name))
        return (
            float(bool(in_file)),
            max((n for n, one in zip(folders, self._symbols, strict=True) if one.id != symbol.id), default=0.0),
            sum(weight for one, weight in in_file if owner and _owner(one) == owner),
            float(any(_holds(one, symbol) or _holds(symbol, one) for one, _ in in_file)),
            max((_nearby(symbol, one) for one, _ in in_file), default=0.0),
            self._called.get(symbol.id, 0.0),
            self._calling.get(symbol.id, 0.0),
            self._shares_use.get(symbol.id, 0.0),
            self._shares_user.get(symbol.id, 0.0),
            max((_alike(name, names[one.id]) for one, _ in others), default=0.0),
            like.get(symbol.id, 0.0),
            self._together.get((path, symbol.name), 0.0),
            float(any(one.name == symbol.name for one, _ in others)),
        )

    # --- what leads there -----------------------------------------------------------------------------------------

    def _add_uses(self, center: SymbolId, weight: float) -> None:
        used = [edge for edge in self._snapshot.linked.out_of(center) if edge.kind not in _NO_USE]
        users = [edge for edge in self._snapshot.uses(center) if edge.kind not in _NO_USE]
        for edge in used:
            _raise(self._called, edge.target, weight * edge.confidence)
        for edge in users:
            _raise(self._calling, edge.source, weight * edge.confidence)
        for target in dict.fromkeys(edge.target for edge in used):
            into = [edge.source for edge in self._snapshot.uses(target) if edge.source != center]
            if len(into) <= MAX_SHARED:
                _add(self._shares_use, into, weight / math.sqrt(1 + len(into)))
        for source in islice(dict.fromkeys(edge.source for edge in users), MAX_SHARED):
            out = [edge.target for edge in self._snapshot.linked.out_of(source) if edge.kind not in _NO_USE]
            _add(self._shares_user, (one for one in out if one != center), weight / math.sqrt(1 + len(out)))

    def _like_words(self) -> _Like:
        """Return how much the words of other definitions are those of the centers."""
        found: dict[str, float] = {}
        for symbol in self._symbols:
            for term, count in self._terms(symbol).items():
                rarity = 1.0 / math.log(2.0 + len(self._snapshot.words.paths.get(term)))
                found[term] = max(found.get(term, 0.0), rarity * math.log1p(count))
        best = sorted(found, key=lambda term: (-found[term], term))[:MAX_WORDS]
        told = self._snapshot.words.told(" ".join(best))
        centers = {(one.span.path, self._in_file(one.span.path).index(one)) for one in self._symbols}
        scores = {path: dict(_largest(known)) for path, known in told.scores.items()}
        for known in scores.values():
            known.pop(0, None)
        most = max((score for score in self._others(scores, centers)), default=1.0)
        least = min(nlargest(MAX_LIKE, (score for known in scores.values() for score in known.values())), default=0.0)
        likest = sorted(
            (-min(1.0, score / most), self._in_file(path)[at].id)
            for path, known in scores.items()
            for at, score in known.items()
            if score >= least
        )
        return _Like(scores, most, [one for _, one in likest[:MAX_LIKE]])

    def _others(
        self, scores: Mapping[str, Mapping[int, float]], centers: Container[tuple[str, int]]
    ) -> Iterator[float]:
        """Yield the greatest score of each file, and of the centers' own files those that are none of theirs."""
        own = {one.span.path for one in self._symbols}
        for path, known in scores.items():
            if path in own:
                yield from (score for at, score in known.items() if (path, at) not in centers)
            elif known:
                yield max(known.values())

    def _terms(self, symbol: Symbol) -> dict[str, int]:
        words = self._snapshot.words.files.get(symbol.span.path)
        index = next((n for n, one in enumerate(self._in_file(symbol.span.path)) if one.id == symbol.id), -1)
        counts = dict(_held(words, index)) if words is not None else {}
        for term in path_terms(symbol.span.path):
            counts.pop(term, None)
        return counts

    def _in_file(self, path: str) -> tuple[Symbol, ...]:
        known = self._snapshot.linked.files.get(path)
        return known.facts.symbols if known else ()


def _held(words: FileWords, index: int) -> Iterator[tuple[str, int]]:
    """Yield the terms of a definition with their counts."""
    starts, rows = memoryview(words.starts).cast("i"), memoryview(words.rows).cast("i")
    for n, term in enumerate(words.terms):
        for at in range(2 * starts[n], 2 * starts[n + 1], 2):
            if rows[at] == index:
                yield term, rows[at + 1]


def _largest(known: Mapping[int, float]) -> Iterable[tuple[int, float]]:
    """Return the pairs of the most likely, in any order."""
    if len(known) <= MAX_LIKE:
        return known.items()
    return sorted(known.items(), key=lambda one: (-one[1], one[0]))[:MAX_LIKE]


def _raise(found: dict[SymbolId, float], one: SymbolId, score: float) -> None:
    found[one] = max(found.get(one, 0.0), score)


def _add(found: dict[SymbolId, float], ones: Iterable[SymbolId], score: float) -> None:
    for one in dict.fromkeys(ones):
        found[one] = found.get(one, 0.0) + score


def _owner(symbol: Symbol) -> str:
    return symbol.qualname.rpartition(".")[0]


def _holds(outer: Symbol, inner: Symbol) -> bool:
    a, b = outer.span, inner.span
    return a.start_byte <= b.start_byte and b.end_byte <= a.end_byte


def _nearby(one: Symbol, other: Symbol) -> float:
    """Return 1 for what stands directly beside, less with the lines between."""
    between = max(one.span.start_line, other.span.start_line) - min(one.span.end_line, other.span.end_line)
    return 1.0 / (1.0 + max(0, between) / 10)


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def _shared_folders(one: str, other: str) -> float:
    """Return the share of the folders of two paths that they have in common."""
    a, b = one.split("/")[:-1], other.split("/")[:-1]
    same = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return (1 + same) / (1 + max(len(a), len(b)))
