"""The learned ranker: regression trees as plain arrays. Tells of every score which signals made it.

They were trained by `bench/context/train.py` on commits of public repositories.

A node is a row of the arrays. An inner node sends a row of signals left where its signal is at most the threshold; a
leaf points at itself. `worth` is what the rows that came to a node in training were worth on the whole, so that each
step down is the doing of the signal that was asked there (Saabas, 2014).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
import numpy.typing as npt

from bridle.context.signals import SIGNALS

FILE = "ranker.json"
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Arrays(msgspec.Struct, frozen=True):
    """The trees as they are kept. `signals` are the columns by name; `roots` the first node of each tree."""

    signals: tuple[str, ...]
    depth: int
    roots: tuple[int, ...]
    signal: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    worth: tuple[float, ...]


class Trees:
    """Trees that are ready to be asked. Frozen."""

    def __init__(self, arrays: Arrays) -> None:
        if arrays.signals != SIGNALS:
            raise ValueError("the ranker was trained on other signals: run bench/context/train.py")
        self._depth = arrays.depth
        self._roots: Ints = np.array(arrays.roots, np.int64)
        self._signal: Ints = np.array(arrays.signal, np.int64)
        self._threshold: Floats = np.array(arrays.threshold, np.float64)
        self._left: Ints = np.array(arrays.left, np.int64)
        self._right: Ints = np.array(arrays.right, np.int64)
        self._worth: Floats = np.array(arrays.worth, np.float64)

    def parts(self, values: Floats) -> Floats:
        """Return what each signal adds to the worth of each row; a row's worth is the sum over its signals."""
        n_rows, n_signals = values.shape
        at = np.broadcast_to(self._roots, (n_rows, len(self._roots))).copy()
        rows = np.arange(n_rows)[:, None]
        parts = np.zeros(n_rows * n_signals)
        for _ in range(self._depth):
            signal = self._signal[at]
            onward = np.where(values[rows, signal] <= self._threshold[at], self._left[at], self._right[at])
            gained = self._worth[onward] - self._worth[at]
            parts += np.bincount((rows * n_signals + signal).ravel(), gained.ravel(), n_rows * n_signals)
            at = onward
        return parts.reshape(n_rows, n_signals)


@cache
def shipped() -> Trees:
    """Return the ranker that comes with us."""
    return Trees(msgspec.json.decode((files("bridle.context") / FILE).read_bytes(), type=Arrays))
