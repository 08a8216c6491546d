"""From signals to one score for each candidate, with its parts in words: what matched, what was before.

The weights were fitted by `bench/context/train.py` on commits of public repositories.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from operator import mul
from typing import Final

import msgspec

from bridle.context.signals import COLUMN, SIGNALS, Row

_GROUPS: Final = {
    "words": ("words", "rarest"),
    "name": ("name", "exact"),
    "place": ("owner", "in_file"),
    "around": ("called_words", "uses"),
    "past": ("past", "past_file"),
    "churn": ("churn_file", "age"),
    "named": ("named", "path_named"),
    "form": ("size", "nested"),
}
"""The groups of signals that have one reason in common: the first and the last of each, as they stand in a row."""
SLICES: Final[Mapping[str, slice]] = {
    group: slice(COLUMN[first], COLUMN[last] + 1) for group, (first, last) in _GROUPS.items()
}
_WORDS_TOLD = 5
FILE = "weights.json"
SOFTNESS = 2.0
"""A candidate that is so much behind the best has the e-th part of its score."""


class Weights(msgspec.Struct, frozen=True):
    """What each signal weighs, and what it is of the average candidate."""

    signals: tuple[str, ...]
    weights: tuple[float, ...]
    means: tuple[float, ...]


class Share(msgspec.Struct, frozen=True):
    """A part of a score, and why it was given. `kind` names the group of signals that it comes from."""

    score: float
    why: str
    kind: str = ""


def shared(row: Row, score: float) -> tuple[Share, ...]:
    """Return `score` in shares by groups of signals, in proportion to what of each speaks for the row."""
    parts = _parts(row, shipped())
    speaking = {group: part for group, columns in SLICES.items() if (part := sum(parts[columns])) > 0.0}
    whole = sum(speaking.values())
    if not whole:
        return (Share(score, _why("form", row), "form"),)
    return tuple(Share(score * part / whole, _why(group, row), group) for group, part in speaking.items())


def _why(group: str, row: Row) -> str:
    """Return a group's reason in words."""
    if group == "words" and row.words:
        return f"words matched: {', '.join(row.words[:_WORDS_TOLD])}"
    if group == "past" and row.past:
        return f"past commits about {', '.join(row.past)} touched it"
    if group == "named" and row["named"]:
        return f"named in the task: {row.symbol.name}"
    return _REASONS[group]


_REASONS: Final[Mapping[str, str]] = {
    "words": "few other words match",
    "name": "its name",
    "place": "its file and what it stands in",
    "around": "what it uses or is used by matches",
    "past": "past commits like this touched its file",
    "churn": "it is changed often, or was lately",
    "named": "its file is named in the task",
    "form": "what it is: its kind and size",
}


def weigh(rows: Sequence[Row], weights: Weights | None = None) -> list[float]:
    """Return the score of each row, 1 for the best."""
    known = weights or shipped()
    margins = [math.fsum(map(mul, known.weights, row.values)) for row in rows]
    best = max(margins, default=0.0)
    return [math.exp((margin - best) / SOFTNESS) for margin in margins]


def _parts(row: Row, known: Weights) -> tuple[float, ...]:
    """Return what each signal adds to a row or takes from it.

    A signal speaks for a candidate by as much as it is more than of the average candidate.
    """
    each = zip(known.weights, row.values, known.means, strict=True)
    return tuple(weight * (value - mean) for weight, value, mean in each)


@cache
def shipped() -> Weights:
    """Return the weights that come with us. Raises ValueError when they are of other signals than ours."""
    known = msgspec.json.decode((files("bridle.context") / FILE).read_bytes(), type=Weights)
    if known.signals != SIGNALS:
        raise ValueError("the weights are of other signals: run bench/context/train.py")
    return known
