"""What a run costs and what it is worth: `python bench/runs [--smoke]`; exits 1 on a missed goal, 2 on a bad option.

First cache hits, the harness's own time and the wait for the first hunk over a scripted run of twenty turns
(`turns.py`). Then a weak model on many small tasks (`weakly.py`), in our loop, in bare loops, and in our loop with one
part switched off: its policy is a file (`policy.toml`, or `--policy FILE`), the same for all of them. Results are kept
in the folder of `--state`, where a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import turns
import weakly
from policy import Policy, read_policy
from tasks import Judge, tasks

from bridle.harness.nouns import UserProblem

HERE = Path(__file__).resolve().parent
SMOKE_LOOPS = ("bare, tested", "ours")
SMOKE_PROJECTS, SMOKE_TASKS = ("shelf",), 2


def main() -> int:
    """Measure and print; returns the exit code."""
    options = _options()
    try:
        loops = SMOKE_LOOPS if options.smoke else tuple(weakly.names(options.loops))
        policy = read_policy(options.policy)
    except (UserProblem, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    met = True
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        if options.only in ("", "turns"):
            met = turns.told(place, smoke=options.smoke)
        if options.only in ("", "weak"):
            met = _weak(options, policy, loops, options.state or place / "state") and met
    return int(not met)


def _weak(options: argparse.Namespace, policy: Policy, loops: Sequence[str], state: Path) -> bool:
    """Let the weak model work on what was not done yet, and tell of all that was."""
    judge, kept = Judge(), weakly.Rows(state, policy, options.seed)
    projects, n_tasks = (SMOKE_PROJECTS, SMOKE_TASKS) if options.smoke else ((), options.tasks)
    chosen = tasks(n_tasks, options.seed, judge, projects)
    weakly.rows(chosen, loops, policy, options.seed, kept, judge, options.minutes)
    return weakly.told(kept, chosen, loops)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few turns without a model's pace, a few tasks")
    parser.add_argument("--only", choices=["", "turns", "weak"], default="", help="one of the two parts")
    parser.add_argument("--tasks", type=int, default=200, help="so many tasks")
    parser.add_argument("--minutes", type=float, default=1_000_000.0, help="begin nothing after so long")
    parser.add_argument("--seed", type=int, default=1, help="of the tasks and of the dice")
    parser.add_argument("--policy", type=Path, default=HERE / "policy.toml", help="the weak model's policy")
    parser.add_argument("--loops", default=",".join(weakly.LOOPS).replace("bare, tested", "tested"), help="by comma")
    parser.add_argument("--state", type=Path, help="the folder where results are kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
