"""How long a warm question takes at 150,000 lines: ranking, without a place and from one, and the whole pack.

Told in CPU time, which others at work on the machine change little, and as the clock has it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "index"))
from trees import sized  # of the other bench

from bridle.context.pack import pack
from bridle.context.rank import rank
from bridle.context.task import Task
from bridle.indexer.facts import Symbol
from bridle.indexer.index import Index

N_LINES = 150_000
N_QUESTIONS = 120
GOAL_MS = 40.0


def asked(django: Path) -> bool:
    """Print the times; returns whether the goal is met."""
    with tempfile.TemporaryDirectory() as folder:
        root = sized(Path(folder).resolve() / "tree", [django], N_LINES)
        index = Index(root, None)
        snapshot = index.refresh()
        index.close()
        read = lambda path: (root / path).read_text("utf-8", "replace") if (root / path).is_file() else None  # noqa: E731
        told = [symbol for symbol in snapshot.symbols.values() if len(symbol.doc.split()) >= 6]
        tasks = [Task(symbol.doc) for symbol in _spread(told)]
        placed = [_from(symbol) for symbol in _spread([one for one in told if one.kind in {"function", "method"}])]
        for task in (tasks[0], placed[0]):
            rank(task, snapshot)
        ranking, near = (
            _timed(lambda task: rank(task, snapshot), tasks),
            _timed(lambda task: rank(task, snapshot), placed),
        )
        packing = _timed(lambda task: pack(task, snapshot, read), tasks)
    print(f"{snapshot.stats.lines:,} lines")
    for name, times in (("ranking", ranking), ("ranking from a function", near), ("the whole pack", packing)):
        cpu, clock = ([pair[n] for pair in times] for n in (0, 1))
        print(
            f"  {name}: {statistics.median(cpu):.1f} ms of CPU (median), {_p95(cpu):.1f} (p95); "
            f"by the clock {statistics.median(clock):.1f}, {_p95(clock):.1f}"
        )
    worst = max(_p95([cpu for cpu, _ in times]) for times in (ranking, near))
    met = worst <= GOAL_MS
    print(f"  a warm question, p95: {worst:.1f} ms of CPU, goal at most {GOAL_MS:g}: {'met' if met else 'missed'}")
    return met


def _spread(symbols: Sequence[Symbol]) -> Sequence[Symbol]:
    return symbols[:: max(1, len(symbols) // N_QUESTIONS)][:N_QUESTIONS]


def _from(symbol: Symbol) -> Task:
    """Return the question that a person has who stands in a definition."""
    span = symbol.span
    return Task(symbol.doc, at=(span.path, span.start_line, span.end_line))


def _timed(ask: Callable[[Task], object], tasks: Sequence[Task]) -> list[tuple[float, float]]:
    """Return the milliseconds of each question, of CPU and by the clock."""
    found: list[tuple[float, float]] = []
    for task in tasks:
        cpu, clock = time.process_time(), time.perf_counter()
        ask(task)
        found.append(((time.process_time() - cpu) * 1e3, (time.perf_counter() - clock) * 1e3))
    return found


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
