"""Edges of the index against edges of a truth: counted by kind, with those that differ. Knows no language.

An edge is `(source, target, kind)` by names that both sides use: ``path::qualified.name``, without the number of a
repeated definition, a module-level variable counted to its module. *Untold* is an edge of ours on whose use the truth
has no opinion: it does not know what the receiver is, in at least one of the uses of that name there. It is neither
right nor wrong, and counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bridle.indexer.snapshot import Snapshot

Named = tuple[str, str, str]
WORDS = ("right", "wrong", "untold")
KINDS = ("calls", "imports", "references", "inherits", "overrides")


@dataclass
class Counts:
    """One kind of edge in one project."""

    truth: int = 0
    both: int = 0
    wrong: list[Named] = field(default_factory=list[Named])
    untold: list[Named] = field(default_factory=list[Named])
    missed: list[Named] = field(default_factory=list[Named])

    @property
    def precision(self) -> float:
        """The share of our edges that the truth has, among those that it can tell."""
        told = self.both + len(self.wrong)
        return self.both / told if told else 1.0

    @property
    def recall(self) -> float:
        """The share of the truth's edges that we have."""
        return self.both / self.truth if self.truth else 1.0


@dataclass(frozen=True)
class Comparison:
    """What came of one project: how many symbols were asked for, and the counts by kind."""

    project: str
    n_symbols: int
    counts: dict[str, Counts]


def compare(ours: Iterable[Named], truth: Iterable[Named], judge: Callable[[Named], str]) -> dict[str, Counts]:
    """Return the counts by kind; `judge` is asked of edges of ours that the truth did not list: a word of `WORDS`."""
    found = {kind: Counts() for kind in KINDS}
    true, mine = set(truth), set(ours)
    for edge in sorted(mine - true):
        word = judge(edge)
        if word == "right":
            true.add(edge)
        else:
            (found[edge[2]].wrong if word == "wrong" else found[edge[2]].untold).append(edge)
    for edge in sorted(true):
        counts = found[edge[2]]
        counts.truth += 1
        if edge in mine:
            counts.both += 1
        else:
            counts.missed.append(edge)
    return found


def total(every: Iterable[Comparison]) -> Comparison:
    """Return all projects as one."""
    whole = Comparison("all", 0, {kind: Counts() for kind in KINDS})
    n_symbols = 0
    for one in every:
        n_symbols += one.n_symbols
        for kind, counts in one.counts.items():
            into = whole.counts[kind]
            into.truth += counts.truth
            into.both += counts.both
            into.wrong += counts.wrong
            into.untold += counts.untold
            into.missed += counts.missed
    return Comparison("all", n_symbols, whole.counts)


def edges_of(snapshot: Snapshot, owners: frozenset[str]) -> Iterator[Named]:
    """Yield the edges of an index by the names of a truth; sources that are no `owners` count to their module.

    An edge to the ``__init__`` of a class that is called at the same place is left out: the call of the class is the
    one that a truth tells.
    """
    found: set[Named] = set()
    for edge in snapshot.edges:
        if edge.kind in KINDS:
            source, target = plain(edge.source), plain(edge.target)
            found.add((source if source in owners else f"{source.partition('::')[0]}::", target, edge.kind))
    for source, target, kind in found:
        made, _, name = target.rpartition(".")
        if name != "__init__" or kind != "calls" or (source, made, kind) not in found:
            yield source, target, kind


def plain(symbol: str) -> str:
    """Return a symbol's id without the number of a repeated definition."""
    return symbol.partition("#")[0]
