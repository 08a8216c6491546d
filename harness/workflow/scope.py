"""Where a run may write, by how it was started: pure. What it writes elsewhere is confirmed file by file.

From a selection it is the definition around it; from a failing test what the test reaches (its traceback, then the
graph) and no test; from another finding the definition that it stands in. The imports above are always part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridle.harness.nouns import FilePatch
from bridle.harness.order import Order
from bridle.harness.permission.rules import Scope
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.resolve import is_test_file
from bridle.indexer.snapshot import Snapshot

MAX_STEPS = 4
MAX_REACHED = 400

Lines = tuple[int, int]


def scope_of(order: Order, snapshot: Snapshot) -> Scope | None:
    """Return where the run may write, None for anywhere: it started from words alone, or nothing is known."""
    finding, at = order.finding, order.at
    if finding is not None and finding.test:
        frames = [(place.path, place.start_line) for place in finding.related]
        reached = _reached(snapshot, [(finding.path, finding.start_line), *frames])
        return _scope(snapshot, [symbol for symbol in reached if not is_test_file(symbol.span.path)])
    if finding is not None and finding.path:
        return _around(snapshot, finding.path, (finding.start_line, finding.end_line))
    if at is not None:
        return _around(snapshot, at.path, (at.start_line, at.end_line))
    return None


def outside(files: Sequence[FilePatch], scope: Scope | None) -> dict[str, str]:
    """Return the files of a change that leave `scope`, each with what the person is told about it."""
    if scope is None:
        return {}
    found: dict[str, str] = {}
    for file in files:
        if file.path not in scope.files:
            found[file.path] = "the run was not started on this file"
        elif not file.in_lines or file.before is None or file.after is None:
            found[file.path] = "more than the lines that the run was started on changes"
        elif not all(scope.holds(file.path, (edit.start, edit.end)) for edit in file.edits):
            found[file.path] = "it also changes lines that the run was not started on"
    return found


def _around(snapshot: Snapshot, path: str, lines: Lines) -> Scope:
    """Return the innermost definition that holds all of `lines`, the whole file where only the file does."""
    start, end = lines
    holding = [s for s in snapshot.in_file(path) if s.span.start_line <= start and end <= s.span.end_line]
    inner = [symbol for symbol in holding if symbol.kind != "module"]
    if not inner:
        return Scope({path: ()})
    smallest = min(inner, key=lambda symbol: symbol.span.end_line - symbol.span.start_line)
    return Scope({path: (_head(snapshot, path), _lines(smallest))})


def _reached(snapshot: Snapshot, places: Iterable[tuple[str, int]]) -> list[Symbol]:
    """Return what stands at `places` and what its uses lead to, within a few steps."""
    begun = [symbol for path, line in places if (symbol := snapshot.enclosing(path, line)) is not None]
    found: dict[SymbolId, Symbol] = {symbol.id: symbol for symbol in begun if symbol.kind != "module"}
    edge = list(found)
    for _ in range(MAX_STEPS):
        onward = [use.target for source in edge for use in snapshot.linked.out_of(source) if use.kind != "imports"]
        edge = [target for target in dict.fromkeys(onward) if target in snapshot.symbols and target not in found]
        edge = edge[: MAX_REACHED - len(found)]
        found |= {target: snapshot.symbols[target] for target in edge}
    return [symbol for symbol in found.values() if symbol.kind != "module"]


def _scope(snapshot: Snapshot, symbols: Sequence[Symbol]) -> Scope | None:
    files: dict[str, list[Lines]] = {}
    for symbol in symbols:
        files.setdefault(symbol.span.path, []).append(_lines(symbol))
    told = {path: (_head(snapshot, path), *sorted(set(spans))) for path, spans in sorted(files.items())}
    return Scope(told) if told else None


def _head(snapshot: Snapshot, path: str) -> Lines:
    """Return the lines above a file's first definition: its imports."""
    starts = [symbol.span.start_line for symbol in snapshot.in_file(path) if symbol.kind != "module"]
    return 0, min(starts, default=0)


def _lines(symbol: Symbol) -> Lines:
    return symbol.span.start_line, symbol.span.end_line
