"""From signals to one score for each candidate, with its parts in words: what matched, what was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from bridle.context.signals import SIGNALS, Row

_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "words": ("words", "words_raw", "words_place", "subject", "rarest", "covered", "head", "query_terms"),
    "name": ("name", "name_told"),
    "place": ("owner", "path_words", "file", "file_place", "place_in_file", "owner_words", "in_file"),
    "around": ("called_words", "caller_words", "two_hops", "used_by", "uses"),
    "meaning": ("near", "near_file"),
    "past": ("past", "past_file", "together"),
    "churn": ("churn", "churn_file", "age", "age_file"),
    "named": ("named", "path_named"),
    "form": ("size", "aside", "kind", "inside", "private", "dunder"),
}
GROUP_OF: Final[Mapping[str, str]] = {signal: group for group, signals in _GROUPS.items() for signal in signals}
_WORDS_TOLD = 5


WEIGHTS: Final[Mapping[str, float]] = {
    "words": 1.0,
    "name_told": 0.3,
    "file": 0.4,
    "near": 0.2,
    "past": 0.2,
    "past_file": 0.1,
    "named": 0.3,
    "path_named": 0.25,
    "owner_words": 0.1,
    "caller_words": 0.05,
    "called_words": 0.05,
}
ASIDE_FACTOR = 0.4


class Share(msgspec.Struct, frozen=True):
    """A part of a score, and why it was given. `kind` names the group of signals that it comes from."""

    score: float
    why: str
    kind: str = ""


def shared(row: Row, score: float, parts: Sequence[float]) -> tuple[Share, ...]:
    """Return `score` in shares by groups of signals, in proportion to what of `parts`, one a signal, speaks for it."""
    groups = dict.fromkeys(_GROUPS, 0.0)
    for signal, part in zip(SIGNALS, parts, strict=True):
        groups[GROUP_OF[signal]] += part
    speaking = {group: part for group, part in groups.items() if part > 0.0}
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
    "meaning": "alike in meaning",
    "past": "past commits like this touched its file",
    "churn": "it is changed often, or was lately",
    "named": "its file is named in the task",
    "form": "what it is: its kind and size",
}


def weigh(rows: Sequence[Row]) -> list[tuple[float, tuple[float, ...]]]:
    """Return for each row its score and what each signal has a part in it."""
    weights = [WEIGHTS.get(signal, 0.0) for signal in SIGNALS]
    weighed: list[tuple[float, tuple[float, ...]]] = []
    for row in rows:
        factor = ASIDE_FACTOR if row["aside"] else 1.0
        parts = tuple(factor * weight * value for weight, value in zip(weights, row.values, strict=True))
        weighed.append((sum(parts), parts))
    return weighed
