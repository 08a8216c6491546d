"""Whether a path matches a pattern as JavaScript's tools write them: `*`, `**`, `?`, `[ab]`, `{a,b}`. Pure.

Patterns are a stranger's: how long they are and how many they stand for is bounded, and no pattern takes long.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

MAX_PATTERN = 500
MAX_ALTERNATIVES = 64
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")


def matches(path: str, pattern: str) -> bool:
    """Tell whether a whole path, "/" separated, matches; a pattern that is too long matches nothing."""
    parts = tuple(path.split("/"))
    return len(pattern) <= MAX_PATTERN and any(_fits(parts, one) for one in _alternatives(pattern))


def is_pattern(text: str) -> bool:
    """Tell whether a word names more than one path."""
    return any(sign in text for sign in "*?{[")


@functools.lru_cache(maxsize=256)
def _alternatives(pattern: str) -> tuple[tuple[str, ...], ...]:
    """Return what a pattern stands for, each as its parts, a bounded number; several ``**`` in a row are one."""
    waiting, whole = [pattern], list[str]()
    while waiting and len(waiting) + len(whole) <= MAX_ALTERNATIVES:
        one = waiting.pop()
        braces = _BRACES.search(one)
        if braces is None:
            whole.append(one)
        else:
            waiting += [one[: braces.start()] + choice + one[braces.end() :] for choice in braces[1].split(",")]
    return tuple(tuple(_collapsed(one.split("/"))) for one in whole)


def _collapsed(parts: Sequence[str]) -> list[str]:
    return [part for at, part in enumerate(parts) if part != "**" or at == 0 or parts[at - 1] != "**"]


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Tell whether the parts fit, by how much of the path each beginning of the pattern can take."""
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(path) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(path) and fnmatchcase(path[at], part)}
        if not reached:
            return False
    return len(path) in reached
