"""What stands near the definitions that a task is known to be about: one row a candidate, one column a way to be near.

A person stands in one function, or a test of it fails; what else has to change with it is found by calls, by what is
shared, by names and words that are alike, by what was changed together before, and by standing next to it. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from bridle.context.standing import path_terms, standing_of
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.languages.readers import is_text
from bridle.indexer.past import Past
from bridle.indexer.resolve import path_of
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.words import terms_of

if TYPE_CHECKING:
    from bridle.indexer.told import Scores

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
_ELSEWHERE = (0.0, 0.0, 0.0, 0.0)


class _Like(NamedTuple):
    """How much the words of definitions are those of the centers, by number; `most` of another definition.

    `likest` are those of which most are, in order.
    """

    scores: Scores
    most: float
    likest: list[SymbolId]


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
        namesakes = _Namesakes(self._symbols)
        folders: dict[str, tuple[float, list[float]]] = {}
        own = {one.span.path for one in self._symbols}
        rows: list[tuple[float, ...]] = []
        for symbol, like in zip(symbols, self._likeness(symbols), strict=True):
            target, path, name = symbol.id, symbol.span.path, symbol.name
            if path not in folders:
                known = [_shared_folders(path, one.span.path) for one in self._symbols]
                folders[path] = max(known, default=0.0), known
            folder, alike = folders[path], namesakes.of(symbol)
            here = self._within_file(symbol) if path in own else _ELSEWHERE
            rows.append(
                (
                    here[0],
                    folder[0] if target not in self._centers else self._of_others(symbol, folder[1]),
                    *here[1:],
                    self._called.get(target, 0.0),
                    self._calling.get(target, 0.0),
                    self._shares_use.get(target, 0.0),
                    self._shares_user.get(target, 0.0),
                    alike[0],
                    like,
                    self._together.get((path, name), 0.0) if self._together else 0.0,
                    alike[1],
                )
            )
        return rows

    def _of_others(self, center: Symbol, shared: Sequence[float]) -> float:
        """Return the greatest of what is said of the centers, beside what is said of this one."""
        known = zip(self._symbols, shared, strict=True)
        return max([score for one, score in known if one.id != center.id], default=0.0)

    def _likeness(self, symbols: Sequence[Symbol]) -> list[float]:
        """Return how much the words of `symbols` are those of the centers, up to 1."""
        scores, most = self._like.scores, self._like.most
        starts: dict[str, tuple[int, Mapping[SymbolId, int]]] = {}
        numbers: list[int] = []
        for symbol in symbols:
            path = symbol.span.path
            if (known := starts.get(path)) is None:
                known = starts[path] = scores.table.start(path), self._indices(path)
            numbers.append(known[0] + known[1][symbol.id] if known[0] >= 0 else -1)
        return [min(1.0, score / most) for score in scores.of(numbers)]

    def _within_file(self, symbol: Symbol) -> tuple[float, float, float, float]:
        """Return `near_file`, `near_owner`, `inside` and `beside` of a definition in the file of a center."""
        path, owner = symbol.span.path, _owner(symbol)
        in_file = [one for one in self._symbols if one.span.path == path and one.id != symbol.id]
        return (
            float(bool(in_file)),
            sum([self._centers[one.id] for one in in_file if owner and _owner(one) == owner]),
            float(any(_holds(one, symbol) or _holds(symbol, one) for one in in_file)),
            max([_nearby(symbol, one) for one in in_file], default=0.0),
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
        scores = told.scores.leading(MAX_LIKE).without_modules()
        most = scores.without([self._number(one) for one in self._symbols]).greatest() or 1.0
        last = scores.of(scores.best(MAX_LIKE)[-1:])
        likest = scores.at_least(last[0]) if last else []
        ids = [self._in_file(path)[index].id for path, index in map(told.table.place, likest)]
        known = sorted((-min(1.0, score / most), one) for score, one in zip(scores.of(likest), ids, strict=True))
        return _Like(scores, most, [one for _, one in known[:MAX_LIKE]])

    def _terms(self, symbol: Symbol) -> dict[str, int]:
        counts = self._snapshot.words.held_by(symbol.span.path, self._index(symbol))
        for term in path_terms(symbol.span.path):
            counts.pop(term, None)
        return counts

    def _number(self, symbol: Symbol) -> int:
        """Return the number of a definition that words know it by, -1 of one in a file without words."""
        start = self._snapshot.words.table.start(symbol.span.path)
        return start + self._index(symbol) if start >= 0 else -1

    def _index(self, symbol: Symbol) -> int:
        return self._indices(symbol.span.path)[symbol.id]

    def _indices(self, path: str) -> Mapping[SymbolId, int]:
        return standing_of(self._snapshot.linked.files[path]).indices

    def _in_file(self, path: str) -> tuple[Symbol, ...]:
        known = self._snapshot.linked.files.get(path)
        return known.facts.symbols if known else ()


class _Namesakes:
    """How much names are those of the centers; remembers what it was asked."""

    def __init__(self, centers: Sequence[Symbol]) -> None:
        self._names = [(one.id, one.name, frozenset(terms_of(one.name))) for one in centers]
        self._centers = {one.id for one in centers}
        self._known: dict[str, tuple[float, float]] = {}

    def of(self, symbol: Symbol) -> tuple[float, float]:
        """Return how many terms a name has in common with that of the center it is most like, and 1 for the same name.

        A center is compared with the others alone.
        """
        name = symbol.name
        if symbol.id in self._centers:
            return self._among(name, [one for one in self._names if one[0] != symbol.id])
        if (known := self._known.get(name)) is None:
            known = self._known[name] = self._among(name, self._names)
        return known

    def _among(self, name: str, names: Sequence[tuple[SymbolId, str, frozenset[str]]]) -> tuple[float, float]:
        terms = frozenset(terms_of(name))
        alike = max([_alike(terms, known) for _, _, known in names], default=0.0)
        return alike, float(any(other == name for _, other, _ in names))


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
