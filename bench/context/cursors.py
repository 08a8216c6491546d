"""The cursor variant: one definition that a commit touched is given, the others are to be found.

Of each case with several, two are given in turn; the message of the commit is asked, too. Cached beside the case.
"""

from __future__ import annotations

import hashlib
import pickle
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gather import Kept, cases_kept, load, past_of, pasts

import bridle.context.nearness
import bridle.context.signals
import bridle.indexer.past
import bridle.indexer.words
from bridle.context.nearness import Nearness
from bridle.context.signals import rows_of
from bridle.indexer.facts import SymbolId
from bridle.indexer.past import Past

Floats = npt.NDArray[np.float32]
N_GIVEN = 2


@dataclass
class Cursor:
    """One question: the rows of `bridle.context.rank` for a place. `n_truth` counts what no candidate is, too."""

    id: str
    repo: str
    names: list[str]
    values: Floats
    truth: npt.NDArray[np.bool_]
    n_truth: int


def cursors(cache: Path, repos: Sequence[str]) -> list[Cursor]:
    """Return the questions of all cases of some repositories."""
    return [cursor for repo in repos for cursor in _of_repo(cache, repo)]


def _of_repo(cache: Path, repo: str) -> Iterator[Cursor]:
    mark = _mark()
    commits = None
    for path in cases_kept(cache, repo):
        to = path.with_suffix(".cursor")
        if to.exists():
            known_mark, known = pickle.loads(to.read_bytes())  # noqa: S301  # written by ourselves
            if known_mark == mark:
                yield from known
                continue
        commits = pasts(cache, repo) if commits is None else commits
        case = load(path)
        made = list(_of_case(case, past_of(case, commits)))
        to.write_bytes(pickle.dumps((mark, made)))
        yield from made


def _of_case(case: Kept, past: Past) -> Iterator[Cursor]:
    if len(case.truth) < 2:  # one to be given, one to be found
        return
    snapshot = case.snapshot()
    rng = random.Random(case.id)  # noqa: S311  # the same ones on every run
    for seed in rng.sample(sorted(case.truth), N_GIVEN):
        near = Nearness({SymbolId(seed): 1.0}, snapshot, past)
        rows = rows_of(case.query, snapshot, past, dict.fromkeys(near.around()))
        rows = [row for row in rows if row.symbol.kind != "module" and row.symbol.id != seed]
        told = near.rows([row.symbol for row in rows])
        others = {*case.truth} - {seed}
        yield Cursor(
            f"{case.id} {seed}",
            case.repo,
            [row.symbol.id for row in rows],
            np.array([row.values + more for row, more in zip(rows, told, strict=True)], np.float32),
            np.array([row.symbol.id in others for row in rows], bool),
            max(case.n_truth, len(case.truth)) - 1,
        )


def _mark() -> str:
    """Return a digest of the code that rows are made by."""
    modules = (bridle.context.nearness, bridle.context.signals, bridle.indexer.past, bridle.indexer.words)
    texts = [Path(module.__file__ or "").read_bytes() for module in modules]
    return hashlib.sha256(b"".join([*texts, Path(__file__).read_bytes()])).hexdigest()
