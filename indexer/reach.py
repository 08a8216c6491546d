"""What a change of a definition can reach: everything from which uses lead to it, each by its surest way."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

import msgspec

from bridle.indexer.facts import EdgeKind, Symbol, SymbolId
from bridle.indexer.linked import Linked

MAX_REACHED = 5_000
MIN_CONFIDENCE = 0.05
_NO_USE: frozenset[EdgeKind] = frozenset(("imports", "overrides", "tests"))
"""Kinds that lead nowhere here: an import alone uses nothing, a test's edges are there as calls too."""


class Reach(msgspec.Struct, frozen=True):
    """A definition that reaches one of those asked for: `path` leads there, at the `confidence` of all steps."""

    symbol: Symbol
    confidence: float
    path: tuple[SymbolId, ...]


def reaching(linked: Linked, targets: Iterable[SymbolId], limit: int = MAX_REACHED) -> list[Reach]:
    """Return what reaches `targets`, surest first, themselves included; of `limit` definitions at most."""
    known = [target for target in sorted(set(targets)) if linked.symbol(target) is not None]
    best = dict.fromkeys(known, 1.0)
    onward: dict[SymbolId, SymbolId] = {}
    waiting = [(-1.0, target) for target in best]
    done: set[SymbolId] = set()
    reached: list[Reach] = []
    while waiting and len(done) < limit:
        negative, at = heapq.heappop(waiting)
        symbol = linked.symbol(at)
        if at in done or symbol is None:
            continue
        done.add(at)
        reached.append(Reach(symbol, -negative, _way(at, onward)))
        for edge in linked.into(at):
            confidence = -negative * edge.confidence
            usable = edge.kind not in _NO_USE and confidence >= MIN_CONFIDENCE
            if usable and confidence > best.get(edge.source, 0.0):
                best[edge.source] = confidence
                onward[edge.source] = at
                heapq.heappush(waiting, (-confidence, edge.source))
    return reached


def _way(start: SymbolId, onward: Mapping[SymbolId, SymbolId]) -> tuple[SymbolId, ...]:
    way = [start]
    while way[-1] in onward:
        way.append(onward[way[-1]])
    return tuple(way)
