"""The table: each way of ranking on each repository, and what the ranker gains over BM25F with demotion."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from scoring import MEASURES, Worth, by, gain, listed, worth, worths
from tables import Table
from train import train

from bridle.context.signals import COLUMN
from bridle.context.trees import Trees, shipped

FLOOR, OURS = "BM25F, demoted", "ranker"
GOALS = (70.0, 75.0, 96.0)
"""What is asked of repositories that were not trained on: recall@10, coverage@4k, outline@4k."""


def told(given: Sequence[Table]) -> bool:
    """Print the tables; returns whether the goals are met."""
    repos = list(dict.fromkeys(table.repo for table in given))
    apart = len(repos) > 1 and importlib.util.find_spec("lightgbm") is not None
    print(
        "the ranker is " + ("trained on the other repositories" if apart else "the shipped one: it knows these cases")
    )
    worth_of: dict[str, Worth] = {}
    for name in ("ripgrep", "plain BM25"):
        worth_of[name] = np.array([listed(table, table.rivals[name]) for table in given]) * 100
    worth_of[FLOOR] = worths(given, by(lambda table: table.values[:, COLUMN["words"]]))
    judged = [_apart(given, table.repo) if apart else shipped() for table in given]
    worth_of[OURS] = np.array([worth(t, by(_margin(trees))(t)) for t, trees in zip(given, judged, strict=True)]) * 100
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


def _gains(repos: Sequence[str], given: Sequence[Table], ours: Worth, floor: Worth) -> bool:
    """Print by how much ours is better than the floor; returns whether it is nowhere surely worse."""
    good = True
    for repo in [*repos, "all"]:
        mine = np.array([repo in ("all", table.repo) for table in given])
        cells = gain(ours[mine], floor[mine])
        good &= all(high >= 0 for _, _, high in cells)
        print(f"  {repo:22} over {FLOOR}: " + "  ".join(f"{m:+5.1f} [{a:+.1f}, {b:+.1f}]" for m, a, b in cells))
    return good


def _margin(trees: Trees) -> Callable[[Table], object]:
    return lambda table: trees.parts(table.values.astype(float)).sum(axis=1)


def _apart(given: Sequence[Table], repo: str) -> Trees:
    """Return the ranker that was trained without a repository."""
    return _trained(tuple(table.id for table in given if table.repo != repo), _Tables(given))


class _Tables:
    """Tables by id, equal to any other for the cache."""

    def __init__(self, given: Sequence[Table]) -> None:
        self.by_id = {table.id: table for table in given}

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Tables)


@cache
def _trained(ids: tuple[str, ...], known: _Tables) -> Trees:
    return Trees(train([known.by_id[one] for one in ids]))
