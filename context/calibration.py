"""Weights drawn from those that ship towards a repository's own commits, and whether they find more on other ones.

Cases in groups of neighbours; each group is judged by weights that were fitted on the other groups alone. The fewer
cases, the nearer the weights stay to those that ship. Pure; the same cases give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from bridle.context import fitting
from bridle.context.fitting import Floats, fitted
from bridle.context.weighing import Weights

FOLDS = 4
PULL = 120.0
"""Divided by the number of cases: how much the weights are drawn to those that ship."""
N_FIRST = 10
LEAST_CASES = 24
N_RESAMPLED = 4_000


class Case(fitting.Case, Protocol):
    """A question whose answer is known. What was touched and is no candidate counts in `n_truth` alone."""

    @property
    def n_truth(self) -> int:
        """How many definitions were touched."""
        ...


class Judged(msgspec.Struct, frozen=True):
    """What calibration comes to on cases that it was not fitted on.

    `before` and `after` are recall@10 in percent. `gain` is that of the logarithm of the chance of what was touched,
    case by case, `low` and `high` the middle 95 % of it over resampled cases.
    """

    n_cases: int
    before: float
    after: float
    gain: float
    low: float
    high: float

    @property
    def is_better(self) -> bool:
        """Whether more is found, and what was touched is surely likelier."""
        return self.after > self.before and self.low > 0.0


def calibrated(cases: Sequence[Case], shipped: Weights) -> Weights:
    """Return the weights for a repository that has these cases. Raises ValueError where they tell nothing."""
    return fitted(cases, [1.0] * len(cases), shipped.signals, shipped, PULL / max(1, len(cases)))


def judged(cases: Sequence[Case], shipped: Weights) -> Judged:
    """Judge calibration: every case by weights of other groups. Raises ValueError where the cases tell nothing."""
    folds = [round(n * len(cases) / FOLDS) for n in range(FOLDS + 1)]
    rows: list[tuple[float, float, float]] = []
    for start, end in pairwise(folds):
        weights = calibrated([*cases[:start], *cases[end:]], shipped)
        rows += [_compared(case, shipped, weights) for case in cases[start:end]]
    before, after, gains = np.array(rows, np.float64).T
    picks = np.random.default_rng(0).integers(0, len(rows), (N_RESAMPLED, len(rows)))
    low, high = np.percentile(gains[picks].mean(axis=1), [2.5, 97.5])
    return Judged(
        len(rows), float(before.mean()) * 100, float(after.mean()) * 100, float(gains.mean()), float(low), float(high)
    )


def _compared(case: Case, shipped: Weights, weights: Weights) -> tuple[float, float, float]:
    """Return what is found by both, and by how much the second makes what was touched likelier."""
    return _found(case, shipped), _found(case, weights), _chance(case, weights) - _chance(case, shipped)


def _margins(case: Case, weights: Weights) -> Floats:
    margins: Floats = case.values.astype(np.float64) @ np.array(weights.weights, np.float64)
    return margins


def _found(case: Case, weights: Weights) -> float:
    """Return the share of what was touched that is among the first ten."""
    order: npt.NDArray[np.intp] = np.argsort(-_margins(case, weights), kind="stable")
    return float(case.truth[order[:N_FIRST]].sum()) / max(1, case.n_truth)


def _chance(case: Case, weights: Weights) -> float:
    """Return the mean logarithm of the chances of what was touched, 0 where none of it is a candidate."""
    if not case.truth.any():
        return 0.0
    margins = _margins(case, weights)
    margins -= margins.max()
    return float((margins - np.log(np.exp(margins).sum()))[case.truth].mean())
