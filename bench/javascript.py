"""What a check of JavaScript costs beyond its tool run by hand: `python bench/javascript.py [--smoke]`.

Runs the tools of the pnpm monorepo of tests/cases in turns: by hand, by hand in the best shadow that there is, and as
the check. Prints medians; what is ours is the check without the tool in the shadow. Exits 1 if that is more than the
goal for one of them; 2 when the tools are not installed (`make tools`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bridle.harness.shadow.contract import Shadow
from bridle.harness.shadow.shadow import open_shadow
from bridle.harness.verify.checks import Check
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.ladder import Witness, verify
from bridle.harness.verify.needs import access_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.editors.install import npm_program
from tests.verify.install import javascript, lay_out, where_pnpm_keeps

GOAL_MS = 60.0
SMOKE_SLACK = 20.0
BY_HAND = {
    "eslint": ("eslint", "."),
    "tsc:packages/core": ("tsc", "--noEmit"),
    "vitest:packages/core": ("vitest", "run"),
    "node-test:packages/cli": ("node", "--test", "test/shout.test.js"),
}


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="two rounds of two tools, wide goals")
    smoke = parser.parse_args().smoke
    modules = javascript().modules()
    if modules is None:
        print("the JavaScript tools are missing: make tools", file=sys.stderr)
        return 2
    os.environ["PATH"] = f"{Path(npm_program()[0]).parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        root, state = Path(folder).resolve() / "root", Path(folder).resolve() / "state"
        state.mkdir()
        lay_out(root, modules)
        names = ("eslint", "node-test:packages/cli") if smoke else tuple(BY_HAND)
        return _table(root, state, names, 2 if smoke else 15, GOAL_MS * (SMOKE_SLACK if smoke else 1.0))


def _table(root: Path, state: Path, names: tuple[str, ...], n_rounds: int, goal_ms: float) -> int:
    shadow = open_shadow(root, state)
    worst = 0.0
    try:
        needs = where_pnpm_keeps((root / "node_modules" / ".pnpm").resolve().parent)
        checks = {check.name: check for check in discover(root, None, needs)}
        for name in names:
            by_hand, shadowed, checked = _rounds(root, checks[name], shadow, n_rounds)
            own = checked - shadowed
            worst = max(worst, own)
            told = f"by hand {by_hand:5.0f} ms  in the shadow {shadowed:5.0f} ms  as a check {checked:5.0f} ms"
            print(f"{name:24} {told}  ours {own:4.0f} ms")
        print(f"shadow: {shadow.rung}")
    finally:
        shadow.close()
    return 0 if worst <= goal_ms else 1


def _rounds(root: Path, check: Check, shadow: Shadow, n_rounds: int) -> tuple[float, float, float]:
    folder = root / check.package
    tool, *words = BY_HAND[check.name]
    program = "node" if tool == "node" else str(root / "node_modules" / ".bin" / tool)

    def by_hand() -> None:
        subprocess.run([program, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def as_check() -> None:
        [verdict] = verify(shadow, [check], Witness(), cancel=threading.Event(), timeout_s=60)
        if verdict.outcome != "pass":
            raise SystemExit(f"{check.name}: {verdict.outcome}: {verdict.reason}")

    def in_shadow() -> None:
        argv = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", check.package or ".", program, *words]
        if shadow.prove(argv, timeout_s=60, access=access_of(check.needs)).exit_code != 0:
            raise SystemExit(f"{check.name} fails in the shadow")

    kinds = (by_hand, in_shadow, as_check)
    times: dict[Callable[[], None], list[float]] = {kind: [] for kind in kinds}
    for kind in kinds * (n_rounds + 1):
        began = time.perf_counter()
        kind()
        times[kind].append((time.perf_counter() - began) * 1000)
    by_hand_ms, shadowed_ms, checked_ms = (statistics.median(times[kind][1:]) for kind in kinds)
    return by_hand_ms, shadowed_ms, checked_ms


if __name__ == "__main__":
    sys.exit(main())
