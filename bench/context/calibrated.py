"""Calibration: of each repository, weights fitted on the others are drawn towards three quarters of its own commits.

Judged on the fourth quarter in turn, commits in the order of their time, as `bridle context --calibrate` does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cases import Git
from tables import Table
from train import train

from bridle.context.calibration import judged


@dataclass
class _Timed:
    values: npt.NDArray[np.float32]
    truth: npt.NDArray[np.bool_]
    n_truth: int


def order_of(folder: str, repos: Sequence[str]) -> dict[str, int]:
    """Return the place of each case in its history."""
    found: dict[str, int] = {}
    for repo in repos:
        name = repo.partition("/")[2]
        for n, commit in enumerate(reversed(Git(folder, repo)("rev-list", "--all").split())):
            found[f"{name}-{commit[:8]}"] = n
    return found


def told_calibrated(given: Sequence[Table], order: Mapping[str, int]) -> None:
    """Print what it comes to; `order` tells the place of each case in its history. Nothing of it is a goal."""
    repos = list(dict.fromkeys(table.repo for table in given))
    print("calibrated on its own commits: recall@10 before / after, gain of the log chance, kept or not")
    sums = [0.0, 0.0, 0]
    for repo in repos:
        own = sorted((one for one in given if one.repo == repo), key=lambda one: (order.get(one.id, 0), one.id))
        base = train([one for one in given if one.repo != repo])
        found = judged([_Timed(one.values, one.truth, one.n_truth) for one in own], base)
        kept = found.is_better
        sums = [sums[0] + found.before * len(own), sums[1] + (found.after if kept else found.before) * len(own),
                sums[2] + len(own)]  # fmt: skip
        gain = f"{found.gain:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
        shares = f"{found.before:5.1f} / {found.after:5.1f}"
        print(f"{repo:22} {found.n_cases:3}  {shares}   {gain}  {'kept' if kept else '-'}")
    print(f"{'all, where kept':22} {sums[2]:3}  {sums[0] / sums[2]:5.1f} / {sums[1] / sums[2]:5.1f}")
