"""When a phase is entered: a condition over numbers that the harness counted, nothing that a model wrote. Pure.

``change.lines > 100 and order.finding == 0``: names, comparisons and whole numbers, joined by ``and``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

import msgspec

NAMES = {
    "change.files": "files that the change touches",
    "change.lines": "lines that it adds and removes",
    "order.finding": "1 where the run started from a finding",
    "order.selection": "1 where it started from selected lines",
    "order.words": "words of the instruction",
    "checks": "checks that this project has",
    "steps": "steps of the plan",
    "rounds": "how often the checks spoke",
}
"""What a condition may name, and what it counts."""

_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PART = re.compile(r"\s*(?P<name>[a-z][a-z._]*)\s*(?P<sign>==|!=|<=|>=|<|>)\s*(?P<number>\d{1,9})\s*\Z")


class Comparison(msgspec.Struct, frozen=True):
    """One comparison of a counted number."""

    name: str
    sign: str
    number: int


def parse(text: str) -> tuple[Comparison, ...]:
    """Return the comparisons that all have to hold. Raises ValueError, which says what is allowed."""
    if not text.strip():
        return ()
    return tuple(map(_comparison, re.split(r"\band\b", text)))


def holds(comparisons: tuple[Comparison, ...], counted: Mapping[str, int]) -> bool:
    """Tell whether all comparisons hold of what was counted."""
    return all(_OPERATORS[one.sign](counted[one.name], one.number) for one in comparisons)


def _comparison(part: str) -> Comparison:
    found = _PART.match(part)
    if found is None:
        raise ValueError(f"{part.strip()!r} is no comparison of a counted number with a whole number")
    if found["name"] not in NAMES:
        raise ValueError(f"nothing is counted as {found['name']!r}; counted are {', '.join(NAMES)}")
    return Comparison(found["name"], found["sign"], int(found["number"]))
