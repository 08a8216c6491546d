"""What vectors cost and how fast they answer: `python bench/vectors.py [--smoke]`; exits 1 if a goal is missed.

The smoke form fits and embeds this repository's own indexer, the long form the whole of it. Texts a second
are those of the fitted embedder on one core; what is written is written by chroma, on this disk, while nobody waits.
The query is the whole answer: embedding the question, the exact search and the names.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from bridle.indexer.facts import SymbolId
from bridle.indexer.index import Index
from bridle.indexer.vectors.chunks import chunks_of
from bridle.indexer.vectors.lsa import N_DIMENSIONS, Lsa, unit
from bridle.indexer.vectors.matrix import Matrix
from bridle.indexer.vectors.store import VectorStore
from bridle.indexer.vectors.vectors import Vectors
from bridle.indexer.vectors.view import View

ROOT = Path(__file__).resolve().parents[1]
SIZES, SMOKE_SIZES = (5_000, 20_000, 200_000), (5_000, 20_000)
WRITTEN, SMOKE_WRITTEN = 20_000, 2_000
GOAL_P95_MS, GOAL_SIZE = 40.0, 20_000
"""A repository of 150,000 lines has 13,000 texts; what more of them take is printed."""
GOAL_FOLLOW_MS = 1.0
QUESTIONS = ("parse a header of the request", "close the connection on timeout", "rename a file that is open", "copy")
MOST_S = 600.0


def spread(call: Callable[[], object], n: int) -> tuple[float, float]:
    """Median and 95th percentile of `n` calls, in ms."""
    call()
    taken = []
    for _ in range(n):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def queries(sizes: tuple[int, ...], lsa: Lsa) -> float:
    """Print how long an answer takes at each size; returns the worst 95th percentile in ms, up to `GOAL_SIZE`."""
    worst = 0.0
    width = len(lsa.embed_query("x"))
    for size in sizes:
        matrix = Matrix()
        rows = unit(np.random.default_rng(0).standard_normal((size, width), dtype=np.float32))
        matrix.add([f"{n:032x}" for n in range(size)], rows)
        names = tuple(SymbolId(f"file.py::name_{n}") for n in range(size))
        view = View(names, np.arange(size, dtype=np.int32), matrix.rows, 0)
        asked = iter(range(1_000_000))

        def ask(view: View = view, asked: Iterator[int] = asked) -> None:
            view.nearest(lsa.embed_query(f"{QUESTIONS[next(asked) % len(QUESTIONS)]} {next(asked)}"), 50)

        p50, p95 = spread(ask, 40)
        if size <= GOAL_SIZE:
            worst = max(worst, p95)
        print(f"query at {size:,} vectors: p50 {p50:.2f} ms, p95 {p95:.2f} ms")
    return worst


def written(folder: Path, n_rows: int) -> None:
    """Print how fast the store takes vectors and gives them back."""
    rows = unit(np.random.default_rng(0).standard_normal((n_rows, N_DIMENSIONS), dtype=np.float32))
    digests = [f"{n:032x}" for n in range(n_rows)]
    store = VectorStore(folder, "bench" * 4)
    began = time.perf_counter()
    store.load("bench")
    opened_s = time.perf_counter() - began
    began = time.perf_counter()
    assert store.put(digests, rows), store.problem
    put_s = time.perf_counter() - began
    store.close()
    began = time.perf_counter()
    assert len(store.load("bench")[0]) == n_rows
    print(
        f"store: opened in {opened_s:.1f} s with the library's import; {n_rows / put_s:,.0f} vectors/s written, "
        f"{n_rows / (time.perf_counter() - began):,.0f} read"
    )
    store.close()


def made(root: Path, folder: Path) -> tuple[Lsa, float]:
    """Index and embed `root`; returns its fit, and what an edit of one file costs whoever makes it, in ms."""
    index = Index(root, None)
    snapshot = index.refresh()
    vectors = Vectors(folder, "bench" * 4, lambda path: (root / path).read_bytes(), keep_from=1 << 30)
    began = time.perf_counter()
    vectors.follow(snapshot)
    assert vectors.finish(MOST_S)
    seconds = time.perf_counter() - began
    standing = vectors.standing(snapshot)
    lsa = Lsa.load(folder / "lsa.fit")
    assert lsa is not None
    cut = (chunks_of(scopes.facts, (root / path).read_bytes()) for path, scopes in snapshot.linked.files.items())
    texts = [chunk.text for chunks in cut for chunk in chunks][:5_000]
    began = time.perf_counter()
    lsa.embed(texts)
    rate = len(texts) / (time.perf_counter() - began)
    print(f"{standing.embedded:,} texts of {snapshot.stats.lines:,} lines: fitted and embedded in {seconds:.1f} s")
    print(f"embedding alone: {rate:,.0f} texts/s; missing {standing.missing}; {standing.problem or 'no problem'}")
    _, follow_ms = spread(lambda: vectors.follow(snapshot), 200)
    print(f"an edit: following it takes {follow_ms:.3f} ms (p95) of whoever makes it")
    vectors.close()
    index.close()
    return lsa, follow_ms


def main() -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a small tree, up to 20,000 vectors")
    smoke = parser.parse_args().smoke
    tree = ROOT / "indexer" if smoke else ROOT
    with tempfile.TemporaryDirectory(prefix="bridle-vectors-") as folder:
        lsa, follow_ms = made(tree, Path(folder) / "made")
        worst = queries(SMOKE_SIZES if smoke else SIZES, lsa)
        written(Path(folder) / "store", SMOKE_WRITTEN if smoke else WRITTEN)
    slack = 4.0 if smoke else 1.0
    missed = worst > GOAL_P95_MS * slack or follow_ms > GOAL_FOLLOW_MS * slack
    print(
        f"goal: query p95 up to {GOAL_SIZE:,} <= {GOAL_P95_MS * slack:g} ms, an edit <= {GOAL_FOLLOW_MS * slack:g} ms: "
        f"{'missed' if missed else 'met'}"
    )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
