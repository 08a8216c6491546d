"""What a run costs and what it is worth: `python bench/runs [--smoke]`; exits 1 on a missed goal.

Cache hits, the harness's own time and the wait for the first hunk, over a scripted run of twenty turns (`turns.py`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import turns


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few turns without a model's pace, wide goals")
    smoke = parser.parse_args().smoke
    with tempfile.TemporaryDirectory() as folder:
        return int(not turns.told(Path(folder).resolve(), smoke=smoke))


if __name__ == "__main__":
    sys.exit(main())
