"""One measurement is one process (`probe.py`, `aider_probe.py`); figures are gathered by what was measured."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WAIT_S = 1_800.0
Told = dict[str, float]


def measured(what: str, tree: Path, *more: Path, python: Path | None = None) -> Told:
    """Return what a process says of one tree, with the `seconds` from its start to what it was asked for."""
    program = HERE / ("aider_probe.py" if what == "aider" else "probe.py")
    argv = [str(python or sys.executable), str(program), what, str(tree), *map(str, more)]
    began = time.time()
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=WAIT_S)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    told: Told = json.loads(done.stdout.splitlines()[-1])
    return {**told, "seconds": told["at"] - began}


class Figures:
    """What was measured, by name, round by round."""

    def __init__(self) -> None:
        self._told: dict[str, list[Told]] = {}

    def add(self, name: str, told: Told) -> None:
        """Take one measurement."""
        self._told.setdefault(name, []).append(told)

    def median(self, name: str, what: str) -> float:
        """Return the median of one thing."""
        return statistics.median(told[what] for told in self._told[name])

    def last(self, name: str, what: str) -> float:
        """Return one thing as it was measured last."""
        return self._told[name][-1][what]

    def table(self, what: str) -> None:
        """Print the median and the range of one thing, for all that have it."""
        for name, rounds in self._told.items():
            values = [told[what] for told in rounds if what in told]
            if values:
                print(f"  {name:12} {what:8} {statistics.median(values):9.2f}  ({min(values):.2f}-{max(values):.2f})")

    def goal(self, name: str, value: float, goal: float, *, least: bool = False) -> bool:
        """Print one goal; returns whether it is met."""
        met = value >= goal if least else value <= goal
        print(
            f"  {name}: {value:.2f}, goal {'at least' if least else 'at most'} {goal:g}: {'met' if met else 'missed'}"
        )
        return met
