"""Weights drawn towards a repository's own cases: what is judged, and that few cases move little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from bridle.context.calibration import LEAST_CASES, calibrated, judged
from bridle.context.fitting import FALLING, RISING, fitted
from bridle.context.signals import COLUMN, SIGNALS
from bridle.context.weighing import shipped

N_ROWS = 30


@dataclass
class Made:
    values: npt.NDArray[np.float32]
    truth: npt.NDArray[np.bool_]
    n_truth: int = 1


def cases(n: int, tell: str, noise: float = 0.3, seed: int = 1) -> list[Made]:
    """Cases in which one signal tells the answer, but for some noise, and nothing else does."""
    rng = np.random.default_rng(seed)
    made: list[Made] = []
    for _ in range(n):
        values = np.abs(rng.normal(size=(N_ROWS, len(SIGNALS))).astype(np.float32))
        truth = np.arange(N_ROWS) == rng.integers(N_ROWS)
        values[:, COLUMN[tell]] = truth * 2.0 + noise * rng.normal(size=N_ROWS)
        made.append(Made(values, truth))
    return made


def test_what_tells_the_answer_here_counts_more_and_more_is_found_of_what_was_left_out() -> None:
    found = judged(cases(80, "past"), shipped())
    assert found.n_cases == 80
    assert found.after > found.before
    assert found.low > 0
    assert found.is_better
    known, drawn = (
        weights.weights[COLUMN["past"]] for weights in (shipped(), calibrated(cases(80, "past"), shipped()))
    )
    assert drawn > known


def test_cases_that_tell_nothing_are_no_gain() -> None:
    rng = np.random.default_rng(3)
    made = cases(60, "past")
    for case in made:
        rng.shuffle(case.truth)
    assert not judged(made, shipped()).is_better


def test_the_fewer_cases_the_nearer_to_what_ships() -> None:
    def away(n: int) -> float:
        drawn = calibrated(cases(n, "past"), shipped())
        return sum(abs(a - b) for a, b in zip(drawn.weights, shipped().weights, strict=True))

    assert away(LEAST_CASES) < away(400)


def test_signs_that_are_known_beforehand_hold() -> None:
    made = cases(60, "words")
    for case in made:  # the answer has the fewest words
        case.values[:, COLUMN["words"]] *= -1
    drawn = fitted(made, [1.0] * len(made))
    assert all(drawn.weights[COLUMN[name]] >= 0 for name in RISING & set(SIGNALS))
    assert all(drawn.weights[COLUMN[name]] <= 0 for name in FALLING)


def test_the_same_cases_give_the_same_and_none_give_none() -> None:
    assert calibrated(cases(40, "age"), shipped()) == calibrated(cases(40, "age"), shipped())
    made = cases(3, "age")
    for case in made:
        case.truth[:] = False
    with pytest.raises(ValueError, match="no case"):
        calibrated(made, shipped())
