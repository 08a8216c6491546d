"""`bridle graph`: what depends on what: around a definition, what its change can reach, or of files as a whole."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, get_args

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.cli.knowledge import as_row, definitions, snapshot_of, where
from bridle.harness.nouns import UserProblem
from bridle.indexer.facts import EdgeKind

if TYPE_CHECKING:
    from pathlib import Path

    from bridle.indexer.facts import Edge, Symbol
    from bridle.indexer.graph import Direction
    from bridle.indexer.reach import Reach
    from bridle.indexer.snapshot import Snapshot

MAX_DEPTH = 8
SHOWN = 200
_KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("symbol", nargs="?", help="an id, a name, a qualified name, or FILE:LINE")
    parser.add_argument(
        "--depth", type=int, default=1, metavar="N", help=f"steps from it (default 1, at most {MAX_DEPTH})"
    )
    parser.add_argument("--kind", action="append", choices=_KINDS, help="edges of this kind alone; may be repeated")
    parser.add_argument("--dot", action="store_true", help="print the graph in the language of Graphviz")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--callers", action="store_true", help="what calls it")
    what.add_argument("--callees", action="store_true", help="what it calls")
    what.add_argument("--impact", action="store_true", help="what a change of it can reach, each with the way")
    what.add_argument("--tests", action="store_true", help="the tests that reach it, each with the way")
    what.add_argument("--together", action="store_true", help="what past commits changed along with it")
    what.add_argument("--cycles", action="store_true", help="files that import each other in a circle")
    what.add_argument("--layers", action="store_true", help="files from the bottom up, by what they import")


def main(options: argparse.Namespace) -> int:
    """Print what is asked for."""
    root = find_root(options.root)
    whole = options.cycles or options.layers
    if whole == (options.symbol is not None):
        asked = "--cycles and --layers are of all files" if whole else "which definition?"
        raise UserProblem(
            asked, "leave the symbol out" if whole else "name one: bridle graph SYMBOL, or ask for --cycles"
        )
    if not 1 <= options.depth <= MAX_DEPTH:
        raise UserProblem(
            f"--depth {options.depth} is not from 1 to {MAX_DEPTH}", f"give a number from 1 to {MAX_DEPTH}"
        )
    snapshot = snapshot_of(root)
    if whole:
        return _of_files(snapshot, options)
    starts = definitions(snapshot, options.symbol, root)
    if len(starts) > 1:
        note(f"{len(starts)} definitions bear that name; an id or FILE:LINE means one of them")
    if options.impact or options.tests:
        return _reaching(snapshot, starts, options)
    if options.together:
        return _together(root, snapshot, starts, options)
    return _around(snapshot, starts, options)


def _together(root: Path, snapshot: Snapshot, starts: list[Symbol], options: argparse.Namespace) -> int:
    """Print what was changed along with the definitions, as edges of the kind ``co-change``."""
    from bridle.harness.remembering import Remembering
    from bridle.harness.session.state import State
    from bridle.indexer.companions import companions

    past = Remembering(root, State(root).past).refresh(threading.Event(), keep=False)
    found = companions(snapshot, past, starts)
    ids = [symbol.id for symbol in starts]
    if options.dot:
        rows = ((ids[0], one.symbol.id, f"{one.share:.2f}") for one in found[:SHOWN])
        print(_dot([*ids, *(str(one.symbol.id) for one in found[:SHOWN])], rows))
        return 0
    if options.json:
        edges = [
            {"source": ids[0], "target": one.symbol.id, "kind": "co-change", "confidence": round(one.share, 4)}
            for one in found
        ]
        print_json({"symbols": [as_row(one) for one in (*starts, *(c.symbol for c in found))], "edges": edges})
        return 0
    for one in found[:SHOWN]:
        print(f"{one.share:4.2f}  {_short(one.symbol.id)}  {where(one.symbol)}")
    _tell_rest(len(found))
    if not found:
        commits = len(past.commits)
        note("no commit of this folder's history can be read" if not commits else f"none of {commits} commits did")
    return 0


def _around(snapshot: Snapshot, starts: list[Symbol], options: argparse.Namespace) -> int:
    from bridle.indexer.graph import USES, neighbourhood

    kinds: Collection[EdgeKind] = ("calls",) if options.callers or options.callees else options.kind or USES
    direction: Direction = "in" if options.callers else "out" if options.callees else "both"
    edges = neighbourhood(snapshot, [one.id for one in starts], options.depth, direction, kinds)
    if "contains" in kinds:
        ids = {one.id for one in starts}
        edges += [edge for edge in snapshot.edges if edge.kind == "contains" and {edge.source, edge.target} & ids]
    _show(snapshot, starts, edges, options)
    return 0


def _reaching(snapshot: Snapshot, starts: list[Symbol], options: argparse.Namespace) -> int:
    ids = [one.id for one in starts]
    found = snapshot.tests_reaching(ids) if options.tests else snapshot.reaching(ids)
    found = [reach for reach in found if reach.symbol.id not in ids]
    named = _named_after(snapshot, starts, found) if options.tests else []
    steps = {pair for reach in found for pair in zip(reach.path, reach.path[1:], strict=False)}
    edges = [
        edge
        for edge in snapshot.edges
        if (edge.source, edge.target) in steps and edge.kind not in {"contains", "tests"}
    ]
    if options.json or options.dot:
        more = {
            "reached": [{"id": r.symbol.id, "confidence": round(r.confidence, 4), "path": list(r.path)} for r in found],
            **({"named": named} if options.tests else {}),
        }
        _show(snapshot, [*starts, *(reach.symbol for reach in found)], edges, options, more)
        return 0
    for reach in found[:SHOWN]:
        print(f"{reach.confidence:4.2f}  {where(reach.symbol)}  {' → '.join(_short(step) for step in reach.path)}")
    _tell_rest(len(found))
    for path in named:
        print(f"      {path}  by its name alone: no use of it is known to lead there")
    return 0


def _named_after(snapshot: Snapshot, starts: list[Symbol], found: Collection[Reach]) -> list[str]:
    """Return the files of tests that are named after those of the definitions, and of which nothing is found yet."""
    from bridle.indexer.companions import named_after

    told = {reach.symbol.span.path for reach in found}
    named = (path for one in starts for path in named_after(snapshot, one.span.path))
    return list(dict.fromkeys(path for path in named if path not in told))


def _of_files(snapshot: Snapshot, options: argparse.Namespace) -> int:
    from bridle.indexer.graph import IMPORTS, cycles, file_graph, layers

    graph = file_graph(snapshot, options.kind or IMPORTS)
    if options.dot:
        print(_dot(graph.nodes, ((source, target, "") for source, target in graph.edges)))
        return 0
    name = "cycles" if options.cycles else "layers"
    found = cycles(graph) if options.cycles else layers(graph)
    if options.json:
        print_json({name: [list(group) for group in found]})
        return 0
    for number, group in enumerate(found):
        print(" → ".join(group) if options.cycles else f"{number:3}  {'  '.join(group)}")
    if not found:
        note("no file imports itself by way of others" if options.cycles else "nothing is indexed here")
    return 0


def _show(
    snapshot: Snapshot,
    starts: list[Symbol],
    edges: list[Edge],
    options: argparse.Namespace,
    more: dict[str, Any] | None = None,
) -> None:
    ids = dict.fromkeys([one.id for one in starts] + [end for edge in edges for end in (edge.source, edge.target)])
    symbols = [snapshot.symbols[one] for one in ids]
    if options.dot:
        print(_dot((str(one) for one in ids), ((edge.source, edge.target, edge.kind) for edge in edges)))
        return
    if options.json:
        rows = [_as_row(edge) for edge in edges]
        print_json({"symbols": [as_row(symbol) for symbol in symbols], "edges": rows, **(more or {})})
        return
    for edge in edges[:SHOWN]:
        place = where(snapshot.symbols[edge.source])
        print(f"{edge.confidence:4.2f}  {_short(edge.source)} {edge.kind} {_short(edge.target)}  {place}")
    _tell_rest(len(edges))
    if not edges:
        note("nothing leads to it or from it")


def _as_row(edge: Edge) -> dict[str, Any]:
    return {"source": edge.source, "target": edge.target, "kind": edge.kind, "confidence": edge.confidence}


def _tell_rest(total: int) -> None:
    if total > SHOWN:
        note(f"{total - SHOWN} more; --json prints all")


def _short(target: str) -> str:
    path, _, qualname = target.partition("::")
    return qualname or path


def _dot(nodes: Iterable[str], edges: Iterable[tuple[str, str, str]]) -> str:
    """Return a graph as Graphviz reads it; a JSON string is a quoted string there too."""
    lines = [f"  {json.dumps(node)};" for node in nodes]
    lines += [
        f"  {json.dumps(source)} -> {json.dumps(target)}{f' [label={json.dumps(kind)}]' if kind else ''};"
        for source, target, kind in edges
    ]
    return "\n".join(["digraph bridle {", *lines, "}"])
