"""Weights under which what commits touched is the likeliest choice among the candidates of each: how they are fitted.

A softmax over the rows of a case; a weight keeps the sign that is known beforehand, so that few cases are enough. It is
drawn towards nothing, or towards weights that are known. The same cases give the same weights. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from bridle.context.nearness import NEAR
from bridle.context.signals import SIGNALS
from bridle.context.weighing import Weights

RISING: Final = frozenset({
    "words", "words_raw", "subject", "name", "exact", "owner", "path_words", "owner_words", "called_words",
    "caller_words", "past", "past_file", "churn_file", "named", "path_named", *NEAR,
})  # fmt: skip
FALLING: Final = frozenset({"file_place", "place_in_file", "aside", "age", "variable", "nested"})
"""More of these never makes a candidate worse, or better."""
PENALTY = 0.01
MAX_STEPS = 600
ENOUGH = 1e-7
DIGITS = 5
Floats = npt.NDArray[np.float64]


class Case(Protocol):
    """A question whose answer is known: a row of signals for each candidate, and whether it was touched."""

    @property
    def values(self) -> npt.NDArray[np.floating]:
        """The signals, one row a candidate."""
        ...

    @property
    def truth(self) -> npt.NDArray[np.bool_]:
        """What was touched."""
        ...


def fitted(
    cases: Sequence[Case],
    counts: Sequence[float],
    signals: tuple[str, ...] = SIGNALS,
    around: Weights | None = None,
    pull: float = PENALTY,
) -> Weights:
    """Return the weights that fit these cases, each of which counts as much as `counts` says.

    `around` are weights that they stay near, as near as `pull` draws them; the means of these stay as well. Cases of
    which no candidate was touched tell nothing. Raises ValueError where no case tells anything.
    """
    telling = [(case, count) for case, count in zip(cases, counts, strict=True) if case.truth.any()]
    if not telling:
        raise ValueError("no case has a candidate that was touched")
    values = np.concatenate([case.values for case, _ in telling]).astype(np.float64)
    means, spreads = values.mean(axis=0), values.std(axis=0)
    spreads[spreads < 1e-9] = 1.0
    starts = np.cumsum([0, *(len(case.truth) for case, _ in telling[:-1])])
    of_case = np.array([count for _, count in telling], np.float64)
    shares = np.concatenate([case.truth / case.truth.sum() for case, _ in telling])
    centre = np.array(around.weights) * spreads if around else np.zeros(len(signals))
    fit = _Fit((values - means) / spreads, shares, starts, of_case / of_case.sum(), centre, pull)
    low = np.array([0.0 if name in RISING else -np.inf for name in signals])
    high = np.array([0.0 if name in FALLING else np.inf for name in signals])
    weights = fit.solved(low, high) / spreads
    return Weights(signals, _rounded(weights), around.means if around else _rounded(means))


class _Fit:
    """The likelihood of the truth under weights, its slope, and the way to its top."""

    def __init__(
        self,
        values: Floats,
        shares: Floats,
        starts: npt.NDArray[np.int64],
        of_case: Floats,
        centre: Floats,
        pull: float,
    ) -> None:
        self._values = values
        self._starts = starts
        lengths = np.diff([*starts, len(values)])
        self._case = np.repeat(np.arange(len(starts)), lengths)
        self._row_weights = np.repeat(of_case, lengths)
        self._target = shares
        self._centre = centre
        self._pull = pull

    def solved(self, low: Floats, high: Floats) -> Floats:
        """Return the best weights within bounds, by accelerated steps along the slope (Beck and Teboulle, 2009)."""
        weights = ahead = np.clip(self._centre, low, high)
        step, pace = 1.0, 1.0
        loss, _ = self._loss(weights)
        for _ in range(MAX_STEPS):
            at, slope = self._loss(ahead)
            while True:
                tried = np.clip(ahead - step * slope, low, high)
                moved = tried - ahead
                found, _ = self._loss(tried)
                if found <= at + slope @ moved + moved @ moved / (2 * step) + 1e-12 or step < 1e-6:
                    break
                step /= 2
            onward = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
            ahead = tried + (pace - 1) / onward * (tried - weights) if found <= loss else tried
            pace = onward if found <= loss else 1.0
            done = abs(loss - found) < ENOUGH
            weights, loss = tried, found
            if done:
                break
        return weights

    def _loss(self, weights: Floats) -> tuple[float, Floats]:
        margins = self._values @ weights
        margins -= np.maximum.reduceat(margins, self._starts)[self._case]
        chances = np.exp(margins)
        whole = np.add.reduceat(chances, self._starts)[self._case]
        loss = -float((self._row_weights * self._target * (margins - np.log(whole))).sum())
        slope = self._values.T @ (self._row_weights * (chances / whole - self._target))
        away = weights - self._centre
        return loss + self._pull * float(away @ away), slope + 2 * self._pull * away


def _rounded(numbers: Floats) -> tuple[float, ...]:
    return tuple(float(f"{number:.{DIGITS}g}") + 0.0 for number in numbers)
