"""The signals of every case as one table each, cached beside the case until the code that makes them changes."""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gather import Kept, cases_kept, load, past_of, pasts

import bridle.context.signals
import bridle.indexer.past
import bridle.indexer.words
from bridle.context.signals import rows_of
from bridle.indexer.facts import Symbol
from bridle.indexer.past import Past
from bridle.indexer.resolve import path_of

Floats = npt.NDArray[np.float32]
PARTS_OVERHEAD = 12
"""Tokens that a range of lines costs beside its letters, of which four are taken for a token."""


@dataclass
class Table:
    """One case: a row a candidate, with what to show of it would cost; `n_truth` counts what no candidate is, too."""

    id: str
    repo: str
    query: str
    names: list[str]
    values: Floats
    truth: npt.NDArray[np.bool_]
    n_truth: int
    body: Floats
    head: Floats
    path: list[str]
    shown: npt.NDArray[np.bool_]
    rivals: dict[str, list[str]]
    truth_names: list[str]
    query_ms: float


def tables(cache: Path, repos: Sequence[str], *, fresh: bool = False) -> list[Table]:
    """Return the tables of all cases of some repositories."""
    return [table for repo in repos for table in _of_repo(cache, repo, fresh=fresh)]


def _of_repo(cache: Path, repo: str, *, fresh: bool) -> Iterator[Table]:
    mark = _mark()
    commits = None
    for path in cases_kept(cache, repo):
        to = path.with_suffix(".table")
        if not fresh and to.exists():
            known_mark, table = pickle.loads(to.read_bytes())  # noqa: S301  # written by ourselves
            if known_mark == mark:
                yield table
                continue
        commits = pasts(cache, repo) if commits is None else commits
        case = load(path)
        table = table_of(case, past_of(case, commits))
        to.write_bytes(pickle.dumps((mark, table)))
        yield table


def table_of(case: Kept, past: Past) -> Table:
    """Return the table of one case."""
    snapshot = case.snapshot()
    _ = past.like("warm"), past.churn(("", "")), snapshot.linked.names, snapshot.linked.sources
    began = time.thread_time()
    rows = [row for row in rows_of(case.query, snapshot, past) if row.symbol.kind != "module"]
    took = (time.thread_time() - began) * 1e3
    known = set(case.truth)
    symbols = [row.symbol for row in rows]
    return Table(
        case.id,
        case.repo,
        case.query,
        [symbol.id for symbol in symbols],
        np.array([row.values for row in rows], np.float32).reshape(len(rows), -1),
        np.array([symbol.id in known for symbol in symbols], bool),
        max(case.n_truth, len(known)),
        np.array([_body(case, symbol) for symbol in symbols], np.float32),
        np.array([len(symbol.signature) / 4 + 2 for symbol in symbols], np.float32),
        [symbol.span.path for symbol in symbols],
        np.array([symbol.kind != "class" for symbol in symbols], bool),
        case.rivals,
        sorted(known),
        took,
    )


def _body(case: Kept, symbol: Symbol) -> float:
    costs = case.lines(path_of(symbol.id))
    end = min(symbol.span.end_line, len(costs) - 1)
    return (costs[end] - costs[min(symbol.span.start_line, end)]) / 4 + PARTS_OVERHEAD


def _mark() -> str:
    """Return a digest of the code that tables are made by."""
    modules = (bridle.context.signals, bridle.indexer.past, bridle.indexer.words)
    texts = [Path(module.__file__ or "").read_bytes() for module in modules]
    return hashlib.sha256(b"".join([*texts, Path(__file__).read_bytes()])).hexdigest()
