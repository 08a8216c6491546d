"""Which definitions a task is about: places, calls and what a learned ranker makes of its words, each with its share.

The words of the task, the files, past commits and what stands around are signals (`bridle.context.signals`) that are
weighed together; tests and what stands beside the code count less unless the task speaks of tests. The graph adds what
surrounds the places: it explains, it does not guess. Pure; the same input gives the same order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from bridle.context.nearness import Nearness
from bridle.context.signals import Row, rows_of
from bridle.context.task import NOTHING_BESIDE, Beside, Task, readable
from bridle.context.texts import wanted_parts
from bridle.context.weighing import Share, shared, shipped, shipped_near, weigh
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.resolve import is_test, is_test_file
from bridle.indexer.snapshot import Snapshot

MAX_LIKELY = 300
MAX_NEIGHBOURS = 12
MAX_TESTS = 5
N_LEADING = 3
PINNED = "pinned"
"""The kind of the share that a definition has from having been pinned."""

_SELECTED, _PINNED, _FAILING, _FOUND = 4.0, 3.5, 3.0, 3.0
_TESTED, _CALLED, _CALLS, _TEST_OF = 1.5, 0.15, 0.1, 0.1
_NEAR_LEADING = 0.2
_SAME_FILE, _OPEN = 0.08, 0.05


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """A definition with its shares, the largest first. `seed` says that the task points at it."""

    symbol: Symbol
    shares: tuple[Share, ...]
    seed: bool = False

    @property
    def score(self) -> float:
        """The sum of the shares."""
        return math.fsum(share.score for share in self.shares)

    @property
    def reason(self) -> str:
        """The shares in words, each with its part of the score in percent; what is less than one stays unsaid."""
        total = self.score
        return "; ".join(f"{s.why} {s.score / total:.0%}" for s in self.shares if s.score >= total / 100)


class _Shares:
    """Shares as they are gathered; of the same kind of reason only the best counts."""

    def __init__(self) -> None:
        self.by_symbol: dict[SymbolId, dict[str, Share]] = {}

    def add(self, symbol: SymbolId, kind: str, score: float, why: str) -> None:
        known = self.by_symbol.setdefault(symbol, {})
        if kind not in known or score > known[kind].score:
            known[kind] = Share(score, why, kind)


def rank(task: Task, snapshot: Snapshot, beside: Beside = NOTHING_BESIDE) -> list[Ranked]:
    """Return the definitions that the task may be about, best first."""
    task = msgspec.structs.replace(task, instruction=readable(task.instruction))
    shares = _Shares()
    seeds = _add_places(task, snapshot, shares)
    leading = _add_likely(task, snapshot, beside, shares, list(seeds))
    for seed, is_failing_test in seeds.items():
        _add_around(seed, snapshot, shares, 1.0, tested=is_failing_test)
    _add_tests(seeds, snapshot, shares)
    if seeds:
        for symbol in leading:
            if symbol not in seeds:
                _add_around(symbol, snapshot, shares, _NEAR_LEADING, tested=False)
    _add_files(task, snapshot, shares, list(seeds))
    ranked = [
        Ranked(snapshot.symbols[symbol], _ordered(known), symbol in seeds) for symbol, known in shares.by_symbol.items()
    ]
    return sorted(ranked, key=lambda one: (-one.score, one.symbol.id))


def _ordered(known: dict[str, Share]) -> tuple[Share, ...]:
    return tuple(sorted(known.values(), key=lambda share: (-share.score, share.why)))


def _add_places(task: Task, snapshot: Snapshot, shares: _Shares) -> dict[SymbolId, bool]:
    """Add what the selection and the findings stand in; returns them, and whether each is a failing test."""
    seeds: dict[SymbolId, bool] = {}
    if task.at is not None:
        path, start, end = task.at
        for symbol in _touched(snapshot, path, start, max(end, start + 1)):
            shares.add(symbol.id, "selection", _SELECTED, "selection")
            seeds[symbol.id] = False
    for pin in task.pinned:
        for symbol in (one for one in _touched(snapshot, *pin) if one.kind != "module"):
            shares.add(symbol.id, PINNED, _PINNED, "pinned by you")
    for path, line in task.findings:
        found = snapshot.enclosing(path, line)
        if found is not None:
            failing = is_test(found)
            shares.add(found.id, "found", _FAILING if failing else _FOUND, "failing test" if failing else "finding")
            seeds[found.id] = failing
    return seeds


def _touched(snapshot: Snapshot, path: str, start: int, end: int) -> Iterator[Symbol]:
    """Yield the innermost definitions that the lines touch."""
    last = ""
    for line in range(start, min(end, start + 2_000)):
        symbol = snapshot.enclosing(path, line)
        if symbol is not None and symbol.id != last:
            last = symbol.id
            yield symbol


def _add_likely(
    task: Task, snapshot: Snapshot, beside: Beside, shares: _Shares, places: list[SymbolId]
) -> list[SymbolId]:
    """Add what the ranker makes of the words of the task, of what is near its places, and of what is known beside.

    Returns the leading few.
    """
    rows = _near_rows(task, snapshot, beside, places) if places else rows_of(task.instruction, snapshot, beside.past)
    weights = shipped_near() if places else beside.weights or shipped()
    scored = [*zip(weigh(rows, weights), rows, strict=True)]
    scored.sort(key=lambda one: (-one[0], one[1].symbol.id))
    for score, row in scored[:MAX_LIKELY]:
        for share in shared(row, score, weights):
            shares.add(row.symbol.id, share.kind, share.score, share.why)
    for part in wanted_parts(task.instruction, snapshot):
        shares.add(part.symbol.id, "text", part.score, part.why)
    return [row.symbol.id for _, row in scored[:N_LEADING]]


def _near_rows(task: Task, snapshot: Snapshot, beside: Beside, places: list[SymbolId]) -> list[Row]:
    """Return the rows for a task that has places: what is near them stands to choice, and tells how."""
    near = Nearness(dict.fromkeys(places, 1.0), snapshot, beside.past)
    rows = rows_of(task.instruction, snapshot, beside.past, dict.fromkeys(near.around()))
    told = near.rows([row.symbol for row in rows])
    pairs = zip(rows, told, strict=True)
    return [Row(row.symbol, row.values + values, row.words, row.past) for row, values in pairs]


def _add_around(center: SymbolId, snapshot: Snapshot, shares: _Shares, weight: float, *, tested: bool) -> None:
    """Add what `center` calls and what calls it. What a failing test calls is what it fails on."""
    name = snapshot.symbols[center].qualname or snapshot.symbols[center].span.path
    called = _TESTED if tested else _CALLED
    for n, edge in enumerate(sorted(snapshot.callees(center), key=lambda edge: (-edge.confidence, edge.target))):
        if n < MAX_NEIGHBOURS and edge.target in snapshot.symbols:
            shares.add(edge.target, "called", weight * called * edge.confidence, f"called by {name}")
            if tested:
                _add_around(edge.target, snapshot, shares, edge.confidence / 2, tested=False)
    for n, edge in enumerate(sorted(snapshot.callers(center), key=lambda edge: (-edge.confidence, edge.source))):
        if n < MAX_NEIGHBOURS and edge.source in snapshot.symbols:
            shares.add(edge.source, "calls", weight * _CALLS * edge.confidence, f"calls {name}")


def _add_tests(seeds: dict[SymbolId, bool], snapshot: Snapshot, shares: _Shares) -> None:
    for seed, failing in seeds.items():
        if failing or is_test_file(snapshot.symbols[seed].span.path):
            continue
        for reach in snapshot.tests_reaching([seed])[:MAX_TESTS]:
            name = snapshot.symbols[seed].qualname or snapshot.symbols[seed].span.path
            shares.add(reach.symbol.id, "test", _TEST_OF * reach.confidence, f"test of {name}")


def _add_files(task: Task, snapshot: Snapshot, shares: _Shares, centers: list[SymbolId]) -> None:
    """Add a little for standing beside a center or in an open file, to what has a share already."""
    beside = {snapshot.symbols[center].span.path: center for center in reversed(centers)}
    opened = set(task.open_files)
    for symbol in list(shares.by_symbol):
        path = snapshot.symbols[symbol].span.path
        if path in beside and beside[path] != symbol:
            shares.add(symbol, "file", _SAME_FILE, f"same file as {snapshot.symbols[beside[path]].qualname or path}")
        if path in opened:
            shares.add(symbol, "open", _OPEN, "open buffer")
