"""Instructions that a person writes where the work is: a comment ``# bridle: make this retry``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

HOW = "write it as a comment there (# bridle: what should change), or call bridle.edit with an instruction"

_COMMENT = re.compile(r"(?:^|\s)(?:#|//|--|;|%|/\*)\s*bridle:\s*(\S.*?)\s*(?:\*/\s*)?$")
MARK = "bridle:"


def instructions(lines: Sequence[str], start: int = 0, end: int | None = None) -> Iterator[tuple[int, str]]:
    """Yield line number and instruction of every such comment in ``[start, end)``."""
    for number in range(start, len(lines) if end is None else min(end, len(lines))):
        line = lines[number]
        if MARK in line and (found := _COMMENT.search(line)):
            yield number, found[1]


def instruction_at(lines: Sequence[str], start: int, end: int) -> str:
    """Return the first instruction in ``[start, end)``, "" when there is none."""
    return next((text for _, text in instructions(lines, start, end)), "")
