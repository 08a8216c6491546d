"""Fits the weights that are shipped: `BENCH_REPOS=DIR python bench/context/train.py` writes `context/weights*.json`.

The weights of signals under which what commits touched is the likeliest choice among the candidates of each case (a
softmax over the rows of a table), every repository counting the same. A weight keeps the sign that is known beforehand,
so that a few hundred cases are enough. The same tables give the same file. `python bench/context` gathers the cases and
judges the same fit with whole repositories left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from cases import given_repos, repos
from cursors import Cursor, cursors
from tables import Table, tables

from bridle.context.nearness import NEAR
from bridle.context.signals import SIGNALS
from bridle.context.weighing import FILE, NEAR_FILE, Weights

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "context"
RISING = frozenset({
    "words", "words_raw", "subject", "name", "exact", "owner", "path_words", "owner_words", "called_words",
    "caller_words", "past", "past_file", "churn_file", "named", "path_named", *NEAR,
})  # fmt: skip
FALLING = frozenset({"file_place", "place_in_file", "aside", "age", "variable", "nested"})
"""More of these never makes a candidate worse, or better."""
PENALTY = 0.01
MAX_STEPS = 600
ENOUGH = 1e-7
DIGITS = 5
Floats = npt.NDArray[np.float64]


def train(given: Sequence[Table | Cursor], signals: tuple[str, ...] = SIGNALS) -> Weights:
    """Return the weights that fit these cases, of which a row has `signals`."""
    telling = [table for table in given if table.truth.any()]
    numbers = {repo: sum(one.repo == repo for one in telling) for repo in {table.repo for table in telling}}
    values = np.concatenate([table.values for table in telling]).astype(np.float64)
    means, spreads = values.mean(axis=0), values.std(axis=0)
    spreads[spreads < 1e-9] = 1.0
    starts = np.cumsum([0, *(len(table.names) for table in telling[:-1])])
    case_weights = np.array([1.0 / numbers[table.repo] for table in telling])
    shares = np.concatenate([table.truth / table.truth.sum() for table in telling])
    fit = _Fit((values - means) / spreads, shares, starts, case_weights / case_weights.sum())
    low = np.array([0.0 if name in RISING else -np.inf for name in signals])
    high = np.array([0.0 if name in FALLING else np.inf for name in signals])
    weights = fit.solved(low, high) / spreads
    return Weights(signals, _rounded(weights), _rounded(means))


class _Fit:
    """The likelihood of the truth under weights, its slope, and the way to its top."""

    def __init__(self, values: Floats, shares: Floats, starts: npt.NDArray[np.int64], of_case: Floats) -> None:
        self._values = values
        self._starts = starts
        lengths = np.diff([*starts, len(values)])
        self._case = np.repeat(np.arange(len(starts)), lengths)
        self._row_weights = np.repeat(of_case, lengths)
        self._target = shares

    def solved(self, low: Floats, high: Floats) -> Floats:
        """Return the best weights within bounds, by accelerated steps along the slope (Beck and Teboulle, 2009)."""
        weights = ahead = np.zeros(self._values.shape[1])
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
        return loss + PENALTY * float(weights @ weights), slope + 2 * PENALTY * weights


def _rounded(numbers: Floats) -> tuple[float, ...]:
    return tuple(float(f"{number:.{DIGITS}g}") + 0.0 for number in numbers)


def main() -> int:
    """Fit everything that is gathered and write the file; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=HERE.parents[1] / "build" / "bench-context")
    options = parser.parse_args()
    every = [*given_repos(), *repos()]
    found = tables(options.cache, every)
    if not found:
        print(f"no cases in {options.cache}: run bench/context first", file=sys.stderr)
        return 2
    _write(FILE, train(found))
    near = cursors(options.cache, every)
    _write(NEAR_FILE, train(near, SIGNALS + NEAR))
    print(f"{len(found)} cases, {len(near)} places, of {len({table.repo for table in found})} repositories")
    return 0


def _write(file: str, weights: Weights) -> None:
    (FOLDER / file).write_bytes(msgspec.json.format(msgspec.json.encode(weights), indent=1) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
