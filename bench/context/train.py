"""Fits the weights that are shipped: `BENCH_REPOS=DIR python bench/context/train.py` writes `context/weights*.json`.

How is told in `bridle.context.fitting`; every repository counts the same. The same tables give the same file. `python
bench/context` gathers the cases and judges the same fit with whole repositories left out.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cases import given_repos, repos
from cursors import Cursor, cursors
from tables import Table, tables

from bridle.context.fitting import fitted
from bridle.context.nearness import NEAR
from bridle.context.signals import SIGNALS
from bridle.context.weighing import FILE, NEAR_FILE, Weights

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "context"


def train(given: Sequence[Table | Cursor], signals: tuple[str, ...] = SIGNALS) -> Weights:
    """Return the weights that fit these cases, of which a row has `signals`."""
    numbers = Counter(one.repo for one in given if one.truth.any())
    return fitted(given, [1.0 / max(1, numbers[one.repo]) for one in given], signals)


def main() -> int:
    """Fit everything that is gathered and write the file; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=HERE.parents[1] / "build" / "bench-context")
    options = parser.parse_args()
    every = [*given_repos(), *repos()]
    found = tables(options.cache, every)
    if not found:
        print(f"no cases in {options.cache}: run bench/context first", file=sys.stderr)
        return 2
    _write(FILE, train(found))
    near = cursors(options.cache, every)
    _write(NEAR_FILE, train(near, SIGNALS + NEAR))
    print(f"{len(found)} cases, {len(near)} places, of {len({table.repo for table in found})} repositories")
    return 0


def _write(file: str, weights: Weights) -> None:
    (FOLDER / file).write_bytes(msgspec.json.format(msgspec.json.encode(weights), indent=1) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
