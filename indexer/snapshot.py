"""The frozen view of a workspace that all questions go to. Safe to ask from any thread; never changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from bridle.indexer.facts import Edge, EdgeKind, Skipped, Symbol, SymbolId
from bridle.indexer.linked import Linked
from bridle.indexer.reach import Reach, reaching
from bridle.indexer.resolve import is_test, path_of
from bridle.indexer.words import Words


class Hit(msgspec.Struct, frozen=True):
    """A definition that answers a question, and the terms that it answers with, most telling first."""

    symbol: SymbolId
    score: float
    words: tuple[str, ...]


class Work(msgspec.Struct, frozen=True):
    """What it took to make a snapshot: files parsed, taken from the store, resolved; seconds by stage.

    `unkept` is why what was read could not be kept for the next start, "" where it was.
    """

    parsed: int = 0
    loaded: int = 0
    resolved: int = 0
    seconds: Mapping[str, float] = {}
    unkept: str = ""


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
    are still to be read. `words` are those of code, `texts` those of all other files: in one heap the many words of
    texts would make those of code common.
    """

    def __init__(
        self,
        root: Path,
        linked: Linked,
        words: Words,
        texts: Words | None = None,
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
        self.texts = texts or Words.of({})
        self.symbols: Mapping[SymbolId, Symbol] = _Symbols(linked)

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """The digest of each file that is known, by path."""
        return {path: known.entry.digest for path, known in self.linked.files.items()}

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
            Hit(self.linked.files[found.path].entry.ids[found.index], found.score, found.words)
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

    def reaching(self, targets: Iterable[SymbolId]) -> list[Reach]:
        """Return what a change of `targets` can reach, surest first, themselves included, each by its surest way."""
        return reaching(self.linked, targets)

    def tests_reaching(self, targets: Iterable[SymbolId]) -> list[Reach]:
        """Return the tests from which uses lead to one of `targets`, surest first, each by its surest way."""
        return [reach for reach in self.reaching(targets) if is_test(reach.symbol)]

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All edges, in path order; made on each call."""
        return tuple(edge for path in sorted(self.linked.edges) for edge in self.linked.edges[path])

    @property
    def stats(self) -> Stats:
        """How much is known, and what it took; counted on each call."""
        entries = [scopes.entry for scopes in self.linked.files.values()]
        kinds = self.linked.edges.counted()
        return Stats(
            len(entries),
            sum(known.n_lines for known in entries),
            sum(known.n_bytes for known in entries),
            sum(known.n_symbols for known in entries),
            sum(known.n_references for known in entries),
            {kind: kinds[kind] for kind in sorted(kinds)},
            self.work.parsed,
            self.work.loaded,
            self.work.resolved,
            self.work.seconds,
        )


class _Symbols(Mapping[SymbolId, Symbol]):
    """All definitions by id, kept where they stand: in their files."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked

    def __getitem__(self, key: SymbolId) -> Symbol:
        return self._linked.files[path_of(key)].by_id[key]

    def __iter__(self) -> Iterator[SymbolId]:
        return (target for scopes in self._linked.files.values() for target in scopes.entry.ids)

    def __len__(self) -> int:
        return sum(scopes.entry.n_symbols for scopes in self._linked.files.values())
