"""What the sandbox costs and keeps: `python bench/sandbox.py [--smoke]`; exits 1 if a goal is missed.

Five figures: a command on the best rung over a plain spawn (both take turns, so that a busy machine slows them alike);
processes left after rough commands (time-outs, double forks, held pipes); verdicts bound to a tree that never was,
while a writer saves a random file every 50 ms; the opening of a workspace of 100,000 files; and a spawn from a process
of many threads and much memory beside one from a small process.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bridle.harness.nouns import Verdict
from bridle.harness.shadow.shadow import Shadow, open_shadow, probe
from bridle.harness.verify.checks import Check
from bridle.harness.verify.ladder import Witness, verify
from bridle.indexer.files import TreeCache
from bridle.indexer.process import run

GOAL_OVERHEAD_MS = 30.0
GOAL_OPEN_MS = 50.0
SMOKE_SLACK = 4.0
COMMAND = ["/bin/true"]
WRITE_EVERY_S = 0.05

ROUGH = {
    "time-out": ("sleep 63", 0.05),
    "deaf time-out": ("trap '' TERM; sleep 63 & sleep 63", 0.05),
    "double fork": ("(setsid sh -c 'sleep 63' </dev/null >/dev/null 2>&1 &); true", 10.0),
    "held pipe": ("(setsid sh -c 'sleep 63' &); echo held", 10.0),
    "all of it": ("(setsid sh -c '(setsid sleep 63 &) ; sleep 63' &); sleep 63", 0.05),
}
"""Kind → a script that tries to outlive its command, and its time. Survivors are known by their environment."""


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few turns only, and wide goals")
    smoke = parser.parse_args().smoke
    slack = SMOKE_SLACK if smoke else 1.0
    with tempfile.TemporaryDirectory(prefix="bench-sandbox-") as folder:
        place = Path(folder)
        rungs = [tried.name for tried in probe(_made(place / "probe")) if tried.works]
        print(f"rungs that work here: {', '.join(rungs)}; {os.cpu_count()} cores")
        missed = [
            _cost(place / "cost", rungs, 15 if smoke else 200, slack),
            _leftovers(place / "rough", rungs, 10 if smoke else 200),
            _moving_tree(place / "moving", 6 if smoke else 200),
            _opening(place / "many", 2_000 if smoke else 100_000, 5 if smoke else 20, slack),
            _spawning(1 << 28 if smoke else 1 << 31, 60, 20 if smoke else 200, slack),
        ]
    return int(any(missed))


# --- what it costs --------------------------------------------------------------------------------------------------


def _cost(place: Path, rungs: list[str], n_turns: int, slack: float) -> bool:
    root = _workspace(place / "workspace", 50)
    shadows = {name: open_shadow(root, place / "state", rung=name) for name in rungs}
    jobs: dict[str, Callable[[], object]] = {"plain spawn": lambda: run(COMMAND, env={}, timeout_s=60)}
    jobs |= {name: _in(shadow) for name, shadow in shadows.items()}
    took: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(n_turns):
        for name, job in jobs.items():
            took[name].append(_milliseconds(job))
    plain = statistics.median(took["plain spawn"])
    for name, times in took.items():
        median = statistics.median(times)
        print(f"  {name:20} median {median:7.2f} ms, over a plain spawn {median - plain:7.2f} ms ({n_turns} turns)")
    for shadow in shadows.values():
        shadow.close()
    over = statistics.median(took[rungs[0]]) - plain
    return _told(f"{rungs[0]} over a plain spawn", f"{over:.2f} ms", over <= GOAL_OVERHEAD_MS * slack)


def _in(shadow: Shadow) -> Callable[[], object]:
    def once() -> None:
        done = shadow.run(COMMAND, timeout_s=60)
        if done.exit_code != 0:
            raise SystemExit(f"{shadow.rung}: {done.stderr.decode('utf-8', 'replace')}")

    return once


# --- what is left ---------------------------------------------------------------------------------------------------


def _leftovers(place: Path, rungs: list[str], n_runs: int) -> bool:
    worst = 0
    for name in rungs:
        marker = f"bench-survivor-{os.getpid()}-{random.getrandbits(40):x}"
        shadow = open_shadow(_workspace(place / "workspace", 5), place / "state", rung=name)
        for number in range(n_runs):
            script, timeout_s = list(ROUGH.values())[number % len(ROUGH)]
            shadow.run(["/bin/sh", "-c", script], env={"BENCH_MARKER": marker}, timeout_s=timeout_s)
        shadow.close()
        left = _running(marker)
        worst = max(worst, left)
        print(f"  {name:20} {left} processes left after {n_runs} runs of {', '.join(ROUGH)}")
    return _told(f"processes left after {n_runs} rough runs", str(worst), worst == 0)


def _running(marker: str) -> int:
    found = 0
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found += marker.encode() in entry.read_bytes()
    return found


# --- a tree that moves ----------------------------------------------------------------------------------------------


class Writer(threading.Thread):
    """Saves a random file every so often, clean or faulty, and keeps which were faulty in every tree there ever was."""

    def __init__(self, root: Path, pause_s: Callable[[random.Random], float]) -> None:
        super().__init__(daemon=True)
        self.faulty_in: dict[str, frozenset[str]] = {}
        self.over = threading.Event()
        self._root = root
        self._pause_s = pause_s
        self._files = sorted(root.rglob("*.py"))
        self._faulty: set[str] = set()
        self._outside = root.with_name("being-saved")
        self._cache = TreeCache(root)
        self._chance = random.Random(7)  # noqa: S311 - repeatable on purpose
        self._note()

    def run(self) -> None:
        number = 0
        while not self.over.wait(self._pause_s(self._chance)):
            number += 1
            path = self._chance.choice(self._files)
            faulty = self._chance.random() < 0.5  # half of the saves bring a fault, or take one away
            self._outside.write_text(f"{'import os' if faulty else ''}\nVALUE = {number}\n")
            self._outside.replace(path)
            name = path.relative_to(self._root).as_posix()
            self._faulty = self._faulty | {name} if faulty else self._faulty - {name}
            self._note()

    def _note(self) -> None:
        self.faulty_in[self._cache.digest().digest] = frozenset(self._faulty)


def _moving_tree(place: Path, n_checks: int) -> bool:
    """Check under a writer that never rests, and as often under one that rests for a while now and then."""
    never_rests = _checked(place / "steady", n_checks, lambda chance: WRITE_EVERY_S)
    rests = _checked(place / "resting", n_checks, lambda chance: chance.choice((WRITE_EVERY_S, WRITE_EVERY_S, 1.0)))
    wrong = never_rests + rests
    return _told("verdicts on a tree that never was, or that say another tree's findings", str(wrong), wrong == 0)


def _checked(place: Path, n_checks: int, pause_s: Callable[[random.Random], float]) -> int:
    """Return how many verdicts are false: their tree never was, or had other findings."""
    root = _workspace(place / "workspace", 40)
    (root / "pyproject.toml").write_text("[tool.ruff]\n")
    check = Check("ruff", "ruff", "style", (str(Path(sys.executable).with_name("ruff")),), python=sys.executable)
    writer = Writer(root, pause_s)
    verdicts: list[Verdict] = []
    writer.start()
    try:
        while len(verdicts) < n_checks:
            shadow = open_shadow(root, place / "state")
            for _ in range(min(10, n_checks - len(verdicts))):
                verdicts += _judged(shadow, check)
            shadow.close()
    finally:
        writer.over.set()
        writer.join()
    bound = [verdict for verdict in verdicts if verdict.outcome != "unknown"]
    false = [v for v in bound if writer.faulty_in.get(v.tree) != frozenset(finding.path for finding in v.findings)]
    print(
        f"  {place.name:20} {len(verdicts)} checks under {len(writer.faulty_in) - 1} saves: {len(bound)} bound to "
        f"a tree ({len(false)} falsely), {len(verdicts) - len(bound)} unknown because it moved"
    )
    return len(false)


def _judged(shadow: Shadow, check: Check) -> tuple[Verdict, ...]:
    return verify(shadow, [check], Witness(), cancel=threading.Event(), timeout_s=60)


# --- many files -----------------------------------------------------------------------------------------------------


def _opening(place: Path, n_files: int, n_turns: int, slack: float) -> bool:
    """Open a large and a small workspace in turn; the rung is tried at the first opening of each alone."""
    took: dict[int, list[float]] = {50: [], n_files: []}
    roots = {number: _workspace(place / f"workspace-{number}", number) for number in took}
    for _ in range(n_turns):
        for number, root in roots.items():
            begun = time.perf_counter()
            shadow = open_shadow(root, place / "state", {"package_0/module_0.py": b"VALUE = None\n"})
            took[number].append((time.perf_counter() - begun) * 1000)
            shadow.close()
    for number, times in took.items():
        print(f"  {number} files: first {times[0]:.1f} ms, median {statistics.median(times):.1f} ms of {n_turns}")
    median = statistics.median(took[n_files])
    return _told(f"opening {n_files} files", f"{median:.1f} ms", median <= GOAL_OPEN_MS * slack)


# --- a big process --------------------------------------------------------------------------------------------------


def _spawning(n_bytes: int, n_threads: int, n_turns: int, slack: float) -> bool:
    """Compare spawns of this process as it is, and with much memory and many threads."""

    def plain() -> object:
        return run(COMMAND, env={}, timeout_s=60)

    small = [_milliseconds(plain) for _ in range(n_turns)]
    ballast = bytearray(b"x") * n_bytes
    over = threading.Event()
    threads = [threading.Thread(target=over.wait) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    big = [_milliseconds(plain) for _ in range(n_turns)]
    over.set()
    del ballast
    less, more = statistics.median(small), statistics.median(big)
    print(
        f"  a spawn from a small process {less:.2f} ms, from one of {n_bytes >> 20} MiB and {n_threads} threads "
        f"{more:.2f} ms (medians of {n_turns})"
    )
    return _told(
        "a spawn from a big process against one from a small one", f"{more / less:.2f}", more <= 2 * less * slack
    )


def _workspace(root: Path, n_files: int) -> Path:
    for number in range(n_files):
        path = root / f"package_{number // 100}" / f"module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {number}\n")
    return root


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _told(what: str, figure: str, met: bool) -> bool:
    """Print a goal; tell whether it was missed."""
    print(f"goal: {what}: {figure}: {'met' if met else 'missed'}")
    return not met


def _milliseconds(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    sys.exit(main())
