"""How long a warm question takes at 150,000 lines: signals, ranking, and the whole pack."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "index"))
from trees import sized  # of the other bench

from bridle.context.pack import pack
from bridle.context.rank import rank
from bridle.context.task import Task
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
        docs = [symbol.doc for symbol in snapshot.symbols.values() if len(symbol.doc.split()) >= 6]
        questions = docs[:: max(1, len(docs) // N_QUESTIONS)][:N_QUESTIONS]
        rank(Task(questions[0]), snapshot)
        ranking = [_timed(lambda question=question: rank(Task(question), snapshot)) for question in questions]
        read = lambda path: (root / path).read_text("utf-8", "replace") if (root / path).is_file() else None  # noqa: E731
        packing = [_timed(lambda question=question: pack(Task(question), snapshot, read)) for question in questions]
    lines = snapshot.stats.lines
    for name, times in (("ranking", ranking), ("the whole pack", packing)):
        print(f"{lines:,} lines, {name}: {statistics.median(times):.1f} ms (median), {_p95(times):.1f} (p95)")
    met = _p95(ranking) <= GOAL_MS
    print(f"  a warm question, p95: {_p95(ranking):.1f} ms, goal at most {GOAL_MS:g}: {'met' if met else 'missed'}")
    return met


def _timed(ask: object) -> float:
    assert callable(ask)
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1e3


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
