"""The signals of every case as one table each, cached beside the case until the code that makes them changes."""

from __future__ import annotations

import hashlib
import pickle
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gather import Kept, cases_kept, load, past_of, pasts

import bridle.context.outline
import bridle.context.signals
import bridle.indexer.past
import bridle.indexer.words
from bridle.context.outline import brief
from bridle.context.signals import rows_of
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.past import Past

Floats = npt.NDArray[np.float32]


class Priced:
    """A file by the characters before each of its lines; four letters are taken for a token."""

    def __init__(self, before: array[int]) -> None:
        self._before = before
        self.n_lines = len(before) - 1

    def cost(self, line: int) -> float:
        """Return the tokens of a line."""
        return (self._before[line + 1] - self._before[line]) / 4

    def is_blank(self, line: int) -> bool:
        """Whether nothing stands on a line."""
        return self._before[line + 1] - self._before[line] <= 1


@dataclass
class Table:
    """One case: a row a candidate; `n_truth` counts what no candidate is, too.

    `asked` are the definitions that were touched, `in_file` all those of their files and the rows' files, `files` what
    the lines of these cost.
    """

    id: str
    repo: str
    query: str
    names: list[str]
    values: Floats
    truth: npt.NDArray[np.bool_]
    n_truth: int
    symbols: list[Symbol]
    asked: list[Symbol]
    in_file: dict[str, tuple[Symbol, ...]]
    files: dict[str, Priced]
    head: Floats
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
    asked = [snapshot.symbols[SymbolId(one)] for one in case.truth]
    paths = sorted({symbol.span.path for symbol in (*symbols, *asked)})
    return Table(
        case.id,
        case.repo,
        case.query,
        [symbol.id for symbol in symbols],
        np.array([row.values for row in rows], np.float32).reshape(len(rows), -1),
        np.array([symbol.id in known for symbol in symbols], bool),
        max(case.n_truth, len(known)),
        symbols,
        asked,
        {path: snapshot.in_file(path) for path in paths},
        {path: Priced(case.lines(path)) for path in paths},
        np.array([len(brief(symbol.signature, symbol.kind)) / 4 + 2 for symbol in symbols], np.float32),
        case.rivals,
        sorted(known),
        took,
    )


def _mark() -> str:
    """Return a digest of the code that tables are made by."""
    modules = (bridle.context.outline, bridle.context.signals, bridle.indexer.past, bridle.indexer.words)
    texts = [Path(module.__file__ or "").read_bytes() for module in modules]
    return hashlib.sha256(b"".join([*texts, Path(__file__).read_bytes()])).hexdigest()
