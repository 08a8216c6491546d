"""What a ranking is worth on one case, and whether one is better than another (paired bootstrap over cases).

- recall@10: the share of what the commit touched that is among the first ten
- coverage@4k: the share whose own lines are shown where bodies fill 4,000 tokens as they fill a pack
- outline@4k: the share that is named when signatures alone fill 4,000 tokens

Own lines of a definition are those of none of its parts, blank ones left out; nine tenths of them are enough.
A token is four letters, a range of lines costs twelve more. Modules are no answer and stand in no ranking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tables import Table

from bridle.context.filling import ONE_BODY_SHARE, Filling, Prices
from bridle.context.filling import worth as body_worth
from bridle.context.shapes import CALLABLE, has_shell, least_bytes, shell
from bridle.context.weighing import SOFTNESS
from bridle.indexer.facts import Symbol

BUDGET = 4_000.0
RANGE_TOKENS = 12
OWN_SHARE = 0.9
LEAST = 20.0
MOST_BYTES = 4
N_FIRST = 10
N_RESAMPLED = 4_000
MEASURES = ("recall@10", "coverage@4k", "outline@4k")

Order = Callable[[Table], npt.NDArray[np.int64]]
Worth = npt.NDArray[np.float64]


def worth(table: Table, order: Sequence[int], bodies: Sequence[int] | None = None) -> tuple[float, float, float]:
    """Return the three measures of an order of the rows of a table; `bodies` is the one to take bodies in."""
    order = np.asarray(order, np.int64)
    found = table.truth[order]
    recall = found[:N_FIRST].sum() / table.n_truth
    named, left, paths = 0, BUDGET, set[str]()
    for n in order:
        path = table.symbols[n].span.path
        cost = float(table.head[n]) + (0.0 if path in paths else len(path) / 4 + 1)
        if cost <= left:
            left -= cost
            paths.add(path)
            named += bool(table.truth[n])
    covered = _covered(table, order if bodies is None else bodies)
    return float(recall), covered / table.n_truth, named / table.n_truth


def _covered(table: Table, order: Sequence[int]) -> int:
    filling = Filling(Prices(lambda _: 0.0, RANGE_TOKENS))
    left = BUDGET
    for n in order:
        symbol = table.symbols[n]
        path = symbol.span.path
        if least_bytes(symbol, table.in_file[path]) > left * MOST_BYTES:
            continue
        offer = filling.fitting(symbol, table.in_file[path], table.files[path], BUDGET * ONE_BODY_SHARE)
        if offer is not None and offer.cost <= left:
            left -= offer.cost
            filling.take(offer)
            if left < LEAST:
                break
    return sum(_is_shown(symbol, table, filling) for symbol in table.asked)


def _is_shown(symbol: Symbol, table: Table, filling: Filling) -> bool:
    path = symbol.span.path
    file = table.files[path]
    inner = table.in_file[path] if has_shell(symbol) or symbol.kind not in CALLABLE else ()
    own = shell(symbol, inner, lambda line: line >= file.n_lines or file.is_blank(line))
    shown = filling.ranges.get(path, ())
    lines = [line for start, end in own for line in range(start, end)]
    held = sum(any(start <= line < end for start, end in shown) for line in lines)
    return bool(lines) and held >= OWN_SHARE * len(lines)


def listed(table: Table, names: Sequence[str]) -> tuple[float, float, float]:
    """Return the measures of a ranking by names, of which those that are no rows count as found nowhere but in rank."""
    at = {name: n for n, name in enumerate(table.names)}
    recall = len(set(names[:N_FIRST]) & set(table.truth_names)) / table.n_truth
    _, covered, named = worth(table, [at[name] for name in names if name in at])
    return recall, covered, named


def bodies_by(table: Table, margins: npt.NDArray[np.float64]) -> Sequence[int]:
    """Return the order in which bodies are taken by their margins, as a pack does."""
    best = float(margins.max(initial=0.0))
    scores = [math.exp((float(one) - best) / SOFTNESS) for one in margins]
    pairs = zip(scores, table.symbols, strict=True)
    worths = [-body_worth(score, symbol, table.in_file[symbol.span.path]) for score, symbol in pairs]
    return sorted(range(len(worths)), key=lambda n: (worths[n], table.names[n]))


def worths(tables: Sequence[Table], order: Order) -> Worth:
    """Return the measures of all cases, one row a case, in percent."""
    return np.array([worth(table, order(table)) for table in tables]) * 100


def by(score: Callable[[Table], Any]) -> Order:
    """Return the order by falling score, ties by name."""

    def order(table: Table) -> npt.NDArray[np.int64]:
        return np.lexsort((np.array(table.names), -np.asarray(score(table), np.float64))).astype(np.int64)

    return order


def gain(one: Worth, other: Worth) -> list[tuple[float, float, float]]:
    """Return by how much `one` is better than `other`, and the middle 95 % of that over resampled cases."""
    difference = one - other
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(difference), (N_RESAMPLED, len(difference)))
    means = difference[picks].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return list(zip(difference.mean(axis=0).tolist(), low.tolist(), high.tolist(), strict=True))
