"""The frozen view of a workspace that all questions go to. Safe to ask from any thread; never changes."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.facts import Edge, EdgeKind, Skipped, Symbol, SymbolId
from bridle.indexer.linked import Linked
from bridle.indexer.resolve import is_test, path_of
from bridle.indexer.words import Words

if TYPE_CHECKING:
    import networkx as nx

MAX_REACHED = 5_000
MIN_CONFIDENCE = 0.05


class Hit(msgspec.Struct, frozen=True):
    """A definition that answers a question, and the terms that it answers with, most telling first."""

    symbol: SymbolId
    score: float
    words: tuple[str, ...]


class Reach(msgspec.Struct, frozen=True):
    """A test that reaches a definition: `path` leads from it to there, at the `confidence` of all steps."""

    test: Symbol
    confidence: float
    path: tuple[SymbolId, ...]


class Work(msgspec.Struct, frozen=True):
    """What it took to make a snapshot: files parsed, taken from the store, resolved; seconds by stage."""

    parsed: int = 0
    loaded: int = 0
    resolved: int = 0
    seconds: Mapping[str, float] = {}


class Stats(msgspec.Struct, frozen=True):
    """How much a snapshot knows, and what it took to make it from the one before."""

    files: int
    lines: int
    bytes: int
    symbols: int
    references: int
    edges: Mapping[EdgeKind, int]
    parsed: int
    loaded: int
    resolved: int
    seconds: Mapping[str, float]


class Snapshot:
    """Files, definitions, edges and words at one moment. Made by `bridle.indexer.index.Index`.

    `digests` are those of the bytes that were read, open buffers included; `complete` is False while files
    are still to be read.
    """

    def __init__(
        self,
        root: Path,
        linked: Linked,
        words: Words,
        *,
        generation: int = 0,
        complete: bool = True,
        skipped: tuple[Skipped, ...] = (),
        work: Work | None = None,
    ) -> None:
        self.root = root
        self.generation = generation
        self.complete = complete
        self.skipped = skipped
        self.work = work or Work()
        self.linked = linked
        self.words = words
        self.digests: Mapping[str, str] = {path: known.facts.digest for path, known in linked.files.items()}
        self.symbols: Mapping[SymbolId, Symbol] = _Symbols(linked)

    def in_file(self, path: str) -> tuple[Symbol, ...]:
        """Return the definitions of a file in source order, the module first; none for an unknown file."""
        scopes = self.linked.files.get(path)
        return scopes.facts.symbols if scopes else ()

    def enclosing(self, path: str, line: int) -> Symbol | None:
        """Return the innermost definition around a 0-based line, None where the file is not known."""
        symbols = self.in_file(path)
        at = bisect_right(symbols, line, key=lambda symbol: symbol.span.start_line)
        around = (symbol for symbol in reversed(symbols[:at]) if line < symbol.span.end_line)
        return next(around, None)

    def named(self, name: str) -> tuple[Symbol, ...]:
        """Return the definitions of a simple or qualified name, in path order."""
        found = [self.symbols[target] for target in sorted(self.linked.names.get(name.rpartition(".")[2]))]
        return tuple(symbol for symbol in found if name in {symbol.name, symbol.qualname})

    def search(self, text: str, limit: int) -> list[Hit]:
        """Return the `limit` definitions whose words answer `text` best, best first."""
        return [
            Hit(self.linked.files[found.path].facts.symbols[found.index].id, found.score, found.words)
            for found in self.words.search(text, limit)
        ]

    def callers(self, target: SymbolId) -> tuple[Edge, ...]:
        """Return the calls that end at `target`, in path order."""
        return tuple(edge for edge in self.linked.into(target) if edge.kind == "calls")

    def callees(self, source: SymbolId) -> tuple[Edge, ...]:
        """Return the calls that begin at `source`, in source order."""
        return tuple(edge for edge in self.linked.out_of(source) if edge.kind == "calls")

    def uses(self, target: SymbolId) -> tuple[Edge, ...]:
        """Return every edge but containment that ends at `target`, in path order."""
        return self.linked.into(target)

    def tests_reaching(self, targets: Iterable[SymbolId]) -> list[Reach]:
        """Return the tests from which uses lead to one of `targets`, surest first, each by its surest way."""
        best = {target: 1.0 for target in sorted(targets) if target in self.symbols}
        onward: dict[SymbolId, SymbolId] = {}
        waiting = [(-1.0, target) for target in best]
        done: set[SymbolId] = set()
        reached: list[Reach] = []
        while waiting and len(done) < MAX_REACHED:
            negative, at = heapq.heappop(waiting)
            if at in done:
                continue
            done.add(at)
            if is_test(self.symbols[at]):
                reached.append(Reach(self.symbols[at], -negative, _way(at, onward)))
            for edge in self.linked.into(at):
                confidence = -negative * edge.confidence
                usable = edge.kind not in {"imports", "overrides", "tests"} and confidence >= MIN_CONFIDENCE
                if usable and confidence > best.get(edge.source, 0.0):
                    best[edge.source] = confidence
                    onward[edge.source] = at
                    heapq.heappush(waiting, (-confidence, edge.source))
        return reached

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All edges, in path order; made on each call."""
        return tuple(edge for path in sorted(self.linked.edges) for edge in self.linked.edges[path])

    @property
    def stats(self) -> Stats:
        """How much is known, and what it took; counted on each call."""
        facts = [scopes.facts for scopes in self.linked.files.values()]
        kinds: Counter[EdgeKind] = Counter(edge.kind for known in self.linked.edges.values() for edge in known)
        return Stats(
            len(facts),
            sum(known.n_lines for known in facts),
            sum(known.n_bytes for known in facts),
            sum(len(known.symbols) for known in facts),
            sum(len(known.references) for known in facts),
            {kind: kinds[kind] for kind in sorted(kinds)},
            self.work.parsed,
            self.work.loaded,
            self.work.resolved,
            self.work.seconds,
        )

    def graph(self) -> nx.MultiDiGraph[SymbolId]:
        """Return a new graph: nodes are definitions (`symbol`), edges dependencies (`kind`, `confidence`)."""
        import networkx as nx

        graph: nx.MultiDiGraph[SymbolId] = nx.MultiDiGraph()
        for target, symbol in self.symbols.items():
            graph.add_node(target, symbol=symbol)
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, edge.kind, kind=edge.kind, confidence=edge.confidence)
        return graph


def _way(test: SymbolId, onward: Mapping[SymbolId, SymbolId]) -> tuple[SymbolId, ...]:
    way = [test]
    while way[-1] in onward:
        way.append(onward[way[-1]])
    return tuple(way)


class _Symbols(Mapping[SymbolId, Symbol]):
    """All definitions by id, kept where they stand: in their files."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked

    def __getitem__(self, key: SymbolId) -> Symbol:
        return self._linked.files[path_of(key)].by_id[key]

    def __iter__(self) -> Iterator[SymbolId]:
        return (target for scopes in self._linked.files.values() for target in scopes.by_id)

    def __len__(self) -> int:
        return sum(len(scopes.by_id) for scopes in self._linked.files.values())
