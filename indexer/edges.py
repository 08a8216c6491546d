"""The edges of one state, by the file that they begin in. Frozen.

Those that were kept between runs are made for one file when somebody asks for it; what changed since lies over them.
Of a state that was just read, those of some files are found in the same way.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from bridle.indexer.facts import Edge, EdgeKind, SymbolId
from bridle.indexer.numbering import Numbering
from bridle.indexer.packed import KINDS, Packed

_CONTAINS = KINDS.index("contains")


class KeptEdges:
    """The edges of the last run, of which nothing is made before somebody asks.

    Raises:
        ValueError: the arrays do not fit one another or the files.
    """

    def __init__(self, packed: Packed, numbering: Numbering) -> None:
        counts, self._sources, self._targets = (
            memoryview(data).cast("i") for data in (packed.counts, packed.sources, packed.targets)
        )
        self._kinds, self._confidences = packed.kinds, memoryview(packed.confidences).cast("d")
        sizes = {len(self._sources), len(self._targets), len(self._kinds), len(self._confidences), sum(counts)}
        if len(sizes) > 1 or len(counts) != len(numbering.paths):
            raise ValueError("edges that do not fit their files")
        self._ends = [0, *accumulate(counts)]
        self._numbering = numbering

    @property
    def paths(self) -> Mapping[str, int]:
        """The files that there are."""
        return self._numbering.files

    def of(self, path: str) -> tuple[Edge, ...]:
        """Return the edges that begin in a file. Raises KeyError for one that is not there."""
        return tuple(map(self._edge, self._range(path)))

    def into(self, path: str, target: SymbolId) -> list[Edge]:
        """Return those of a file that end at `target`, without containment."""
        number = self._numbering.number(target)
        if number is None:
            return []
        found = (at for at in self._range(path) if self._targets[at] == number and self._kinds[at] != _CONTAINS)
        return list(map(self._edge, found))

    def kinds(self, path: str) -> bytes:
        """Return the kinds of the edges that begin in a file, by number."""
        within = self._range(path)
        return self._kinds[within.start : within.stop]

    def _range(self, path: str) -> range:
        file = self._numbering.files[path]
        return range(self._ends[file], self._ends[file + 1])

    def _edge(self, at: int) -> Edge:
        ends = self._numbering.id(self._sources[at]), self._numbering.id(self._targets[at])
        return Edge(*ends, KINDS[self._kinds[at]], self._confidences[at])


class EdgesOnDemand:
    """The edges of files that are each looked through when somebody asks for them. Thread-safe.

    `find` looks through one file. It is asked by one thread at a time, once for each of `paths`, and let go after that.
    """

    def __init__(self, paths: Iterable[str], find: Callable[[str], tuple[Edge, ...]]) -> None:
        self.paths: Mapping[str, int] = {path: number for number, path in enumerate(paths)}
        self._find: Callable[[str], tuple[Edge, ...]] | None = find
        self._found: dict[str, tuple[Edge, ...]] = {}
        self._lock = threading.Lock()

    @property
    def n_open(self) -> int:
        """How many files nobody has looked through yet."""
        return len(self.paths) - len(self._found)

    def of(self, path: str) -> tuple[Edge, ...]:
        """Return the edges that begin in a file. Raises KeyError for one that is not there."""
        if (known := self._found.get(path)) is None:
            with self._lock:
                known = self._found.get(path)
                if known is None:
                    if path not in self.paths or self._find is None:
                        raise KeyError(path)
                    known = self._found[path] = self._find(path)
                    if not self.n_open:
                        self._find = None
        return known

    def into(self, path: str, target: SymbolId) -> list[Edge]:
        """Return those of a file that end at `target`, without containment."""
        return [edge for edge in self.of(path) if edge.target == target and edge.kind != "contains"]

    def kinds(self, path: str) -> bytes:
        """Return the kinds of the edges that begin in a file, by number."""
        return bytes(KINDS.index(edge.kind) for edge in self.of(path))

    def all(self) -> Mapping[str, tuple[Edge, ...]]:
        """Return the edges of all files; who asks for one of them meanwhile waits for no more than another one."""
        for path in self.paths:
            if path not in self._found:
                self.of(path)
                time.sleep(0)  # a lock is fair to nobody
        return self._found


class Edges(Mapping[str, tuple[Edge, ...]]):
    """All edges. What was made once is the same object until the next change of its file."""

    def __init__(
        self,
        made: dict[str, tuple[Edge, ...]],
        kept: KeptEdges | EdgesOnDemand | None = None,
        gone: frozenset[str] = frozenset(),
        outs: Mapping[str, Mapping[SymbolId, list[Edge]]] | None = None,
    ) -> None:
        self._made = made
        self._outs = dict(outs or {})
        self._kept = kept
        self._gone = gone  # of those that were kept

    @property
    def n_open(self) -> int:
        """How many files nobody has looked through yet."""
        return self._kept.n_open if isinstance(self._kept, EdgesOnDemand) else 0

    def __getitem__(self, path: str) -> tuple[Edge, ...]:
        found = self._made.get(path)
        if found is None:
            if self._kept is None or path in self._gone:
                raise KeyError(path)
            found = self._made.setdefault(path, self._kept.of(path))
        return found

    def __contains__(self, path: object) -> bool:
        return path in self._made or (self._kept is not None and path in self._kept.paths and path not in self._gone)

    def __iter__(self) -> Iterator[str]:
        kept: Mapping[str, int] = self._kept.paths if self._kept is not None else {}
        yield from (path for path in kept if path not in self._gone)
        yield from (path for path in list(self._made) if path not in kept or path in self._gone)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def out_of(self, path: str, source: SymbolId) -> Sequence[Edge]:
        """Return the edges that begin at `source`, which stands in the file `path`."""
        if (outs := self._outs.get(path)) is None:
            gathered: dict[SymbolId, list[Edge]] = {}
            for edge in self.get(path, ()):
                gathered.setdefault(edge.source, []).append(edge)
            outs = self._outs[path] = gathered
        return outs.get(source, ())

    def into(self, path: str, target: SymbolId) -> Iterable[Edge]:
        """Return the edges of a file that end at `target`, containment left out."""
        if (known := self._made.get(path)) is None and self._kept is not None and path not in self._gone:
            return self._kept.into(path, target) if path in self._kept.paths else ()
        return [edge for edge in known or () if edge.target == target and edge.kind != "contains"]

    def counted(self) -> Counter[EdgeKind]:
        """Return how many there are of each kind; makes none."""
        found: Counter[EdgeKind] = Counter()
        for path in self:
            if (known := self._made.get(path)) is not None:
                found.update(edge.kind for edge in known)
            elif self._kept is not None:
                for kind, n_edges in Counter(self._kept.kinds(path)).items():
                    found[KINDS[kind]] += n_edges
        return found

    def changed(self, fresh: Mapping[str, tuple[Edge, ...]], gone: Iterable[str]) -> Edges:
        """Return the edges with those of some files in place of what was there, and without those of others."""
        without = set(gone)
        behind = self._kept
        made = {**self._made, **fresh}
        if isinstance(behind, EdgesOnDemand):
            made = {**behind.all(), **made}
            behind = None
        for path in without:
            made.pop(path, None)
        kept: Mapping[str, int] = behind.paths if behind is not None else {}
        stale = (self._gone | {path for path in without if path in kept}) - fresh.keys()
        outs = {path: known for path, known in self._outs.copy().items() if path not in without and path not in fresh}
        return Edges(made, behind, stale, outs)
