"""What a ranking is worth on one case, and whether one is better than another (paired bootstrap over cases).

- recall@10: the share of what the commit touched that is among the first ten
- coverage@4k: the share whose whole body fits into 4,000 tokens, bodies taken in order, what does not fit passed by
- outline@4k: the share that is named when signatures alone fill 4,000 tokens

A token is four letters, a range of lines costs twelve more. Modules are no answer and stand in no ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tables import Table

BUDGET = 4_000.0
ONE_SHARE = 0.6
N_FIRST = 10
N_RESAMPLED = 4_000
MEASURES = ("recall@10", "coverage@4k", "outline@4k")

Order = Callable[[Table], npt.NDArray[np.int64]]
Worth = npt.NDArray[np.float64]


def worth(table: Table, order: Sequence[int]) -> tuple[float, float, float]:
    """Return the three measures of an order of the rows of a table."""
    order = np.asarray(order, np.int64)
    found = table.truth[order]
    recall = found[:N_FIRST].sum() / table.n_truth
    covered, left = 0, BUDGET
    for n in order:
        cost = float(table.body[n])
        if cost <= left and cost <= BUDGET * ONE_SHARE:
            left -= cost
            covered += bool(table.truth[n])
            if left < 30:
                break
    named, left, paths = 0, BUDGET, set[str]()
    for n in order:
        cost = float(table.head[n]) + (0.0 if table.path[n] in paths else len(table.path[n]) / 4 + 1)
        if cost <= left:
            left -= cost
            paths.add(table.path[n])
            named += bool(table.truth[n])
    return float(recall), covered / table.n_truth, named / table.n_truth


def listed(table: Table, names: Sequence[str]) -> tuple[float, float, float]:
    """Return the measures of a ranking by names, of which those that are no rows count as found nowhere but in rank."""
    at = {name: n for n, name in enumerate(table.names)}
    recall = len(set(names[:N_FIRST]) & set(table.truth_names)) / table.n_truth
    _, covered, named = worth(table, [at[name] for name in names if name in at])
    return recall, covered, named


def worths(tables: Sequence[Table], order: Order) -> Worth:
    """Return the measures of all cases, one row a case, in percent."""
    return np.array([worth(table, order(table)) for table in tables]) * 100


def by(score: Callable[[Table], Any]) -> Order:
    """Return the order by falling score, ties by name."""

    def order(table: Table) -> npt.NDArray[np.int64]:
        return np.lexsort((np.array(table.names), -np.asarray(score(table), np.float64))).astype(np.int64)

    return order


def gain(one: Worth, other: Worth) -> list[tuple[float, float, float]]:
    """Return by how much `one` is better than `other`, and the middle 95 % of that over resampled cases."""
    difference = one - other
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(difference), (N_RESAMPLED, len(difference)))
    means = difference[picks].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return list(zip(difference.mean(axis=0).tolist(), low.tolist(), high.tolist(), strict=True))
