"""What it costs to have Bridle: `python bench/install.py [--smoke]`; exits 1 if the goal is missed.

The long form installs a fresh wheel with plain pip and nothing cached, from the index that this machine's pip uses. The
smoke form installs the wheel alone, so it needs no network, and says nothing about the libraries.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL_WHEEL_MB = 1.5
GOAL_START_S = 0.15
SMOKE_SLACK = 4.0
N_STARTS = 10
INSTALL_S, START_S = 900.0, 20.0


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel in it: what pip added there, and its seconds."""

    program: str
    mb: float
    n_packages: int
    seconds: float


def megabytes(place: Path) -> float:
    """A file, or all files of a folder."""
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6


def run(command: list[str], timeout_s: float, cwd: Path | None = None) -> float:
    """Run it and return its seconds; what it said is shown only when it fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout_s, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - begun


def build_wheel(into: Path) -> Path:
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)], START_S, cwd=ROOT)
    return next(into.glob("*.whl"))


def install(wheel: Path, into: Path, *, alone: bool) -> Installed:
    """Make an environment and install the wheel with its own pip."""
    venv.create(into, with_pip=True)
    (site,) = into.glob("lib/python*/site-packages")
    before = {entry.name for entry in site.iterdir()}
    how = ["--no-deps", "--no-index"] if alone else ["--no-cache-dir"]
    pip = [str(into / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    seconds = run([*pip, *how, str(wheel)], INSTALL_S)
    added = [entry for entry in site.iterdir() if entry.name not in before]
    n_packages = sum(entry.suffix == ".dist-info" for entry in added)
    return Installed(str(into / "bin" / "bridle"), sum(map(megabytes, added)), n_packages, seconds)


def main() -> int:
    """Print seconds and megabytes; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="the wheel alone, without its libraries")
    smoke = parser.parse_args().smoke
    with tempfile.TemporaryDirectory(prefix="bridle-install-") as made:
        wheel = build_wheel(Path(made) / "dist")
        wheel_mb = megabytes(wheel)
        installed = install(wheel, Path(made) / "venv", alone=smoke)
        command = [installed.program, "--version"]
        first_s = run(command, START_S)
        start_s = statistics.median(run(command, START_S) for _ in range(N_STARTS))
        what = "the wheel alone" if smoke else f"{installed.n_packages} packages from the index"
        print(f"wheel {wheel_mb:.2f} MB; installed {installed.mb:.1f} MB ({what}) in {installed.seconds:.1f} s")
        print(f"bridle --version: first {first_s:.2f} s, then median of {N_STARTS} {start_s:.3f} s")
    start_goal_s = GOAL_START_S * (SMOKE_SLACK if smoke else 1.0)
    missed = wheel_mb > GOAL_WHEEL_MB or start_s > start_goal_s
    goal = f"wheel <= {GOAL_WHEEL_MB} MB, bridle --version <= {start_goal_s} s"
    print(f"goal: {goal}: {'missed' if missed else 'met'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
