"""Trains the ranker that is shipped: `BENCH_REPOS=DIR python bench/context/train.py` writes `context/ranker.json`.

LambdaMART over the signals of the cases of all repositories that are gathered (`python bench/context` does that), by
LightGBM, which only this needs: `uv pip install lightgbm`. The same tables give the same file. `python bench/context`
judges the same training with whole repositories left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from cases import given_repos, repos
from tables import Table, tables

from bridle.context.signals import SIGNALS
from bridle.context.trees import FILE, Arrays

HERE = Path(__file__).resolve().parent
RANKER = HERE.parents[1] / "context" / FILE
N_TREES, N_LEAVES, RATE = 200, 10, 0.06
RISING = (
    "words", "words_raw", "subject", "covered", "name", "name_told", "owner", "path_words", "head", "file",
    "owner_words", "near", "near_file", "past", "past_file", "together", "churn", "named", "path_named",
)  # fmt: skip
FALLING = ("words_place", "file_place", "place_in_file", "aside", "age")
"""More of these never makes a candidate worse, or better: what holds everywhere need not be learned."""
PLACES = 6


def train(given: Sequence[Table], seed: int = 1, n_trees: int = N_TREES) -> Arrays:
    """Return the trees that tell best, in these cases, what was touched from what was not."""
    import lightgbm as lgb

    telling = [table for table in given if table.truth.any()]
    numbers = {repo: sum(one.repo == repo for one in telling) for repo in {table.repo for table in telling}}
    weights = [np.full(len(table.names), 30.0 / numbers[table.repo]) for table in telling]
    data = lgb.Dataset(
        np.concatenate([table.values for table in telling]),
        label=np.concatenate([table.truth for table in telling]).astype(int),
        group=[len(table.names) for table in telling],
        weight=np.concatenate(weights),
        feature_name=list(SIGNALS),
        free_raw_data=False,
    )
    settings = {
        "objective": "lambdarank",
        "num_leaves": N_LEAVES,
        "learning_rate": RATE,
        "min_data_in_leaf": 60,
        "lambda_l2": 10.0,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambdarank_truncation_level": 20,
        "monotone_constraints": [(name in RISING) - (name in FALLING) for name in SIGNALS],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    return arrays_of(lgb.train(settings, data, n_trees).dump_model())


def arrays_of(model: dict[str, Any]) -> Arrays:
    """Return a model of LightGBM as plain arrays, numbers rounded to what matters."""
    nodes: list[list[float]] = []
    depth = 0

    def add(node: dict[str, Any], level: int) -> int:
        nonlocal depth
        depth = max(depth, level)
        here = len(nodes)
        nodes.append([0, 0.0, here, here, _rounded(node.get("internal_value", node.get("leaf_value", 0.0)))])
        if "split_feature" in node:
            left, right = add(node["left_child"], level + 1), add(node["right_child"], level + 1)
            nodes[here][:4] = [node["split_feature"], _rounded(node["threshold"]), left, right]
        return here

    roots = [add(tree["tree_structure"], 0) for tree in model["tree_info"]]
    signal, threshold, left, right, worth = zip(*nodes, strict=True)
    whole = [tuple(int(number) for number in column) for column in (signal, left, right)]
    return Arrays(SIGNALS, depth, tuple(roots), whole[0], threshold, whole[1], whole[2], worth)


def _rounded(number: float) -> float:
    return float(f"{number:.{PLACES}g}")


def main() -> int:
    """Train on everything that is gathered and write the file; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=HERE.parents[1] / "build" / "bench-context")
    options = parser.parse_args()
    found = tables(options.cache, [*given_repos(), *repos()])
    if not found:
        print(f"no cases in {options.cache}: run bench/context first", file=sys.stderr)
        return 2
    arrays = train(found)
    RANKER.write_bytes(msgspec.json.encode(arrays) + b"\n")
    print(f"{len(found)} cases of {len({table.repo for table in found})} repositories: {RANKER.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
