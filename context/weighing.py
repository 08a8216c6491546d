"""From signals to one score for each candidate, with its parts in words: what matched, what was before.

The weights were fitted by `bench/context/train.py` on commits of public repositories.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from operator import mul, sub
from typing import Final

import msgspec

from bridle.context.nearness import NEAR
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
_NEAR_GROUPS: Final = {
    "stands": ("near_file", "beside"),
    "tied": ("called", "shares_user"),
    "alike": ("like_name", "like_words"),
    "together": ("together", "together"),
    "namesake": ("same_name", "same_name"),
}
NEAR_SLICES: Final[Mapping[str, slice]] = {
    group: slice(len(SIGNALS) + NEAR.index(first), len(SIGNALS) + NEAR.index(last) + 1)
    for group, (first, last) in _NEAR_GROUPS.items()
}
"""The groups of what is near a place that is known, behind those of a row."""
_ALL_SLICES: Final[Mapping[str, slice]] = {**SLICES, **NEAR_SLICES}
_WORDS_TOLD = 5
FILE, NEAR_FILE = "weights.json", "weights_near.json"
SOFTNESS = 2.0
"""A candidate that is so much behind the best has the e-th part of its score."""


class Weights(msgspec.Struct, frozen=True):
    """What each signal weighs, and what it is of the average candidate."""

    signals: tuple[str, ...]
    weights: tuple[float, ...]
    means: tuple[float, ...]


class Share(msgspec.Struct, frozen=True, gc=False):
    """A part of a score, and why it was given. `kind` names the group of signals that it comes from."""

    score: float
    why: str
    kind: str = ""


def shared(row: Row, score: float, weights: Weights | None = None) -> tuple[Share, ...]:
    """Return `score` in shares by groups of signals, in proportion to what of each speaks for the row."""
    is_near = len(row.values) > len(SIGNALS)
    parts = _parts(row, weights or (shipped_near() if is_near else shipped()))
    groups = _ALL_SLICES if is_near else SLICES
    speaking = [(group, part) for group, columns in groups.items() if (part := sum(parts[columns])) > 0.0]
    whole = sum([part for _, part in speaking])
    if not whole:
        return (Share(score, _why("form", row), "form"),)
    return tuple([Share(score * part / whole, _why(group, row), group) for group, part in speaking])


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
    "stands": "stands near the place",
    "tied": "calls tie it to the place",
    "alike": "reads like the place",
    "together": "was changed together with the place",
    "namesake": "has the same name as the place",
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
    return tuple(map(mul, known.weights, map(sub, row.values, known.means)))


@cache
def shipped() -> Weights:
    """Return the weights that come with us. Raises ValueError when they are of other signals than ours."""
    return _read(FILE, SIGNALS)


@cache
def shipped_near() -> Weights:
    """Return those of rows that tell what is near a place, too. Raises ValueError like `shipped`."""
    return _read(NEAR_FILE, SIGNALS + NEAR)


def _read(file: str, signals: tuple[str, ...]) -> Weights:
    known = msgspec.json.decode((files("bridle.context") / file).read_bytes(), type=Weights)
    if known.signals != signals:
        raise ValueError(f"the weights in {file} are of other signals: run bench/context/train.py")
    return known
