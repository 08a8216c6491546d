"""What a shadow costs: `python bench/shadow.py [--smoke]`; exits 1 if the goal is missed.

Plain spawns and spawns in every rung take turns, so that a busy machine slows all alike; the figures are medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.shadow import RUNGS, Shadow, open_shadow
from bridle.indexer.process import run

GOAL_OVERHEAD_MS = 30.0
SMOKE_SLACK = 3.0
COMMAND = ["/bin/true"]
COPY = "scratch copy"
COPY_EVERY = 20


def main() -> int:
    """Print the medians; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few turns only, and a wide goal")
    smoke = parser.parse_args().smoke
    n_files, n_turns = (200, 15) if smoke else (10_000, 200)
    with tempfile.TemporaryDirectory(prefix="bench-shadow-") as folder:
        root = _workspace(Path(folder, "workspace"), n_files)
        opened = {name: _open(root, Path(folder, "state"), name) for name in RUNGS}
        jobs = {"plain spawn": _plain} | {name: _in(shadow) for name, shadow in opened.items() if shadow}
        took = _take_turns(jobs, n_turns)
        plain = statistics.median(took["plain spawn"])
        print(f"{n_files} files, {n_turns} turns of {COMMAND[0]}")
        for name, times in took.items():
            median = statistics.median(times)
            print(
                f"{name:22} {len(times):3} turns, median {median:8.2f} ms, over a plain spawn {median - plain:8.2f} ms"
            )
        shadows = [shadow for shadow in opened.values() if shadow]
        _print_costs_of_opening(root, Path(folder, "state"), n_turns // 5)
        for shadow in shadows:
            shadow.close()
    best = next((name for name in RUNGS if name in took), None)
    overhead = statistics.median(took[best]) - plain if best else float("inf")
    goal = GOAL_OVERHEAD_MS * (SMOKE_SLACK if smoke else 1)
    missed = overhead > goal
    print(f"goal: {best} over a plain spawn <= {goal:.0f} ms: {'missed' if missed else 'met'}")
    return int(missed)


def _workspace(root: Path, n_files: int) -> Path:
    for number in range(n_files):
        path = root / f"package_{number // 100}" / f"module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {number}\n")
    return root


def _open(root: Path, state: Path, rung: str) -> Shadow | None:
    try:
        return open_shadow(root, state, rung=rung)
    except UserProblem as problem:
        print(f"{rung:22} not here: {problem.message}")
        return None


def _plain() -> None:
    run(COMMAND, env=dict(os.environ), timeout_s=60)


def _in(shadow: Shadow) -> Callable[[], None]:
    return lambda: _succeed(shadow)


def _succeed(shadow: Shadow) -> None:
    done = shadow.run(COMMAND, timeout_s=60)
    if done.exit_code != 0:
        raise SystemExit(f"{shadow.rung}: {done.stderr.decode('utf-8', 'replace')}")


def _take_turns(jobs: dict[str, Callable[[], None]], n_turns: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(n_turns):
        for name, job in jobs.items():
            if name != COPY or turn % COPY_EVERY == 0:
                took[name].append(_milliseconds(job))
    return took


def _print_costs_of_opening(root: Path, state: Path, n_turns: int) -> None:
    opening, tree = [], []
    for _ in range(n_turns):
        begun = time.perf_counter()
        shadow = open_shadow(root, state, {"package_0/module_0.py": b"VALUE = None\n"})
        opening.append((time.perf_counter() - begun) * 1000)
        tree.append(_milliseconds(shadow.tree))
        shadow.close()
    print(f"{'open (trial included)':22} median {statistics.median(opening):8.2f} ms")
    print(f"{'digest of the tree':22} median {statistics.median(tree):8.2f} ms")


def _milliseconds(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    sys.exit(main())
