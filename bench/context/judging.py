"""The table: each way of ranking on each repository, and what ours gains over BM25F with demotion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cursors import Cursor
from outside import AIDER
from scoring import MEASURES, N_FIRST, Worth, bodies_by, by, gain, listed, worth, worths
from tables import Table
from train import train

from bridle.context.nearness import NEAR
from bridle.context.signals import COLUMN, SIGNALS
from bridle.context.weighing import Weights, shipped

FLOOR, OURS = "BM25F, demoted", "ours"
RIVALS = ("ripgrep", "plain BM25", AIDER)
CURSOR_GOAL = 15.0
"""By how many points more of the others is to be found from one definition than by words alone."""
GOALS = (70.0, 75.0, 96.0)
"""What is asked of repositories that were not trained on: recall@10, coverage@4k, outline@4k."""


def told(given: Sequence[Table]) -> bool:
    """Print the tables; returns whether the goals are met."""
    repos = list(dict.fromkeys(table.repo for table in given))
    apart = len(repos) > 1
    print("ours is " + ("fitted on the other repositories" if apart else "as it is shipped: it knows these cases"))
    worth_of: dict[str, Worth] = {}
    for name in (name for name in RIVALS if all(name in table.rivals for table in given)):
        worth_of[name] = np.array([listed(table, table.rivals[name]) for table in given]) * 100
    worth_of[FLOOR] = worths(given, by(_words))
    judged = [_apart(given, table.repo) if apart else shipped() for table in given]
    worth_of[OURS] = np.array([_ours(table, known) for table, known in zip(given, judged, strict=True)]) * 100
    print(f"{'':24} n  " + "".join(f"{name:>24}" for name in worth_of) + "   (" + " / ".join(MEASURES) + ")")
    for repo in [*repos, "all"]:
        mine = np.array([repo in ("all", table.repo) for table in given])
        cells = "".join(f"{' / '.join(f'{v:.1f}' for v in one[mine].mean(axis=0)):>24}" for one in worth_of.values())
        print(f"{repo:22} {mine.sum():3}  {cells}")
    good = _gains(repos, given, worth_of[OURS], worth_of[FLOOR])
    means = worth_of[OURS].mean(axis=0)
    for name, mean, goal in zip(MEASURES, means, GOALS, strict=True):
        good &= bool(mean >= goal)
        print(f"  {name}: {mean:.1f}, goal at least {goal:g}: {'met' if mean >= goal else 'missed'}")
    times = [table.query_ms for table in given]
    print(f"  the signals of a case: {np.median(times):.1f} ms (median), {np.percentile(times, 95):.1f} (p95)")
    return good


def told_cursors(given: Sequence[Cursor]) -> bool:
    """Print what is found of the rest of a change from one of its definitions; returns whether the goal is met."""
    repos = list(dict.fromkeys(one.repo for one in given))
    judged = {repo: train([one for one in given if one.repo != repo] or given, SIGNALS + NEAR) for repo in repos}
    floor = np.array([[_found(one, _words(one))] for one in given]) * 100
    ours = (
        np.array([[_found(one, one.values.astype(float) @ np.array(judged[one.repo].weights))] for one in given]) * 100
    )
    print(f"{'':24} n   {FLOOR} / {OURS}: recall@10 of the others")
    for repo in [*repos, "all"]:
        mine = np.array([repo in ("all", one.repo) for one in given])
        ((mean, low, high),) = gain(ours[mine], floor[mine])
        means = f"{floor[mine].mean():5.1f} / {ours[mine].mean():5.1f}"
        print(f"{repo:22} {mine.sum():3}   {means}   {mean:+5.1f} [{low:+.1f}, {high:+.1f}]")
    met = float((ours - floor).mean()) >= CURSOR_GOAL
    print(f"  over {FLOOR}: goal at least {CURSOR_GOAL:g}: {'met' if met else 'missed'}")
    return met


def _found(one: Cursor, margins: object) -> float:
    order = np.lexsort((np.array(one.names), -np.asarray(margins, np.float64)))
    return float(one.truth[order[:N_FIRST]].sum() / one.n_truth)


def _gains(repos: Sequence[str], given: Sequence[Table], ours: Worth, floor: Worth) -> bool:
    """Print by how much ours is better than the floor; returns whether it is nowhere surely worse."""
    good = True
    for repo in [*repos, "all"]:
        mine = np.array([repo in ("all", table.repo) for table in given])
        cells = gain(ours[mine], floor[mine])
        good &= all(high >= 0 for _, _, high in cells)
        print(f"  {repo:22} over {FLOOR}: " + "  ".join(f"{m:+5.1f} [{a:+.1f}, {b:+.1f}]" for m, a, b in cells))
    return good


def _words(table: Table | Cursor) -> object:
    """Return the scores of BM25F with demotion, which knows no variables: they are of the rest of their module."""
    return np.where(table.values[:, COLUMN["variable"]] > 0, -1.0, table.values[:, COLUMN["words"]])


def _ours(table: Table, weights: Weights) -> tuple[float, float, float]:
    margins = table.values.astype(float) @ np.array(weights.weights)
    return worth(table, by(lambda _: margins)(table), bodies_by(table, margins))


def _apart(given: Sequence[Table], repo: str) -> Weights:
    """Return the weights that were fitted without a repository."""
    if repo not in _APART:
        _APART[repo] = train([table for table in given if table.repo != repo])
    return _APART[repo]


_APART: dict[str, Weights] = {}
