"""The edges of a snapshot as graphs of networkx, and what is asked of a graph as a whole.

A graph is made anew on each call: a snapshot keeps its edges as they are, by file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Literal, get_args

from bridle.indexer.facts import Edge, EdgeKind, SymbolId
from bridle.indexer.resolve import path_of

if TYPE_CHECKING:
    import networkx as nx

    from bridle.indexer.snapshot import Snapshot

KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)
IMPORTS: tuple[EdgeKind, ...] = ("imports",)
USES: tuple[EdgeKind, ...] = tuple(kind for kind in KINDS if kind != "contains")
Direction = Literal["in", "out", "both"]


def symbol_graph(snapshot: Snapshot, kinds: Collection[EdgeKind] = KINDS) -> nx.MultiDiGraph[SymbolId]:
    """Return all definitions (`symbol`) with the edges of `kinds` (`kind`, `confidence`; keyed by kind)."""
    import networkx as nx

    graph: nx.MultiDiGraph[SymbolId] = nx.MultiDiGraph()
    for target, symbol in snapshot.symbols.items():
        graph.add_node(target, symbol=symbol)
    for edge in snapshot.edges:
        if edge.kind in kinds:
            graph.add_edge(edge.source, edge.target, edge.kind, kind=edge.kind, confidence=edge.confidence)
    return graph


def file_graph(snapshot: Snapshot, kinds: Collection[EdgeKind] = IMPORTS) -> nx.DiGraph[str]:
    """Return all files by path; an edge from one to another has `n_edges` of `kinds` between their definitions."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(snapshot.digests))
    counts: dict[tuple[str, str], int] = {}
    for edge in snapshot.edges:
        ends = path_of(edge.source), path_of(edge.target)
        if edge.kind in kinds and ends[0] != ends[1]:
            counts[ends] = counts.get(ends, 0) + 1
    for (source, target), n_edges in counts.items():
        graph.add_edge(source, target, n_edges=n_edges)
    return graph


def cycles(graph: nx.DiGraph[str]) -> list[tuple[str, ...]]:
    """Return a shortest circle of each group of files that reach each other, the largest group's first."""
    import networkx as nx

    groups = [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]
    groups.sort(key=lambda group: (-len(group), group[0]))
    return [_shortest(graph.subgraph(group), group[0]) for group in groups]


def _shortest(group: nx.DiGraph[str], start: str) -> tuple[str, ...]:
    """Return a shortest circle through `start`, which is named first and last."""
    import networkx as nx

    ways = [nx.bidirectional_shortest_path(group, after, start) for after in sorted(group.successors(start))]
    return (start, *min(ways, key=len))


def layers(graph: nx.DiGraph[str]) -> list[tuple[str, ...]]:
    """Return the files from the bottom up: each needs those of lower layers alone; circles stay together."""
    import networkx as nx

    condensed = nx.condensation(graph)
    found: list[tuple[str, ...]] = []
    for generation in nx.topological_generations(condensed.reverse(copy=False)):
        members: list[str] = [path for group in generation for path in condensed.nodes[group]["members"]]
        found.append(tuple(sorted(members)))
    return found


def neighbourhood(
    snapshot: Snapshot,
    starts: Iterable[SymbolId],
    depth: int,
    direction: Direction = "both",
    kinds: Collection[EdgeKind] = USES,
    limit: int = 2_000,
) -> list[Edge]:
    """Return the edges that are `depth` steps from `starts` or nearer, the nearest first, `limit` at most."""
    found: dict[Edge, None] = {}
    seen = set(starts)
    front = sorted(seen)
    for _ in range(depth):
        onward: dict[SymbolId, None] = {}
        for at in front:
            into = snapshot.uses(at) if direction != "out" else ()
            out_of = snapshot.linked.out_of(at) if direction != "in" else ()
            for edge in (*out_of, *into):
                if edge.kind in kinds and len(found) < limit:
                    found[edge] = None
                    onward[edge.target if edge.source == at else edge.source] = None
        front = [one for one in onward if one not in seen]
        seen.update(front)
        if not front or len(found) >= limit:
            break
    return list(found)
