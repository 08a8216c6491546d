"""What a change opens, as data, and which lines of it are new. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

Kind = Literal["secret", "execution", "shell", "sql", "egress", "weakened", "deserialisation", "markup", "dependency"]

Files = Mapping[str, tuple[str | None, str | None]]
"""Path to a file's text before and after, None where it is not there."""


class Concern(msgspec.Struct, frozen=True):
    """One thing that somebody has to look at: 0-based lines ``[start_line, end_line)`` of the text after.

    `said` is the code that it is about, in one line; `message` says what is wrong with it, `remedy` what to do.
    """

    kind: Kind
    code: str
    path: str
    start_line: int
    end_line: int
    said: str
    message: str
    remedy: str


class NewLines:
    """Which lines of a patch are new: those that it does not only move, in all of its files."""

    def __init__(self, files: Files) -> None:
        left = Counter(line.strip() for before, _ in files.values() for line in (before or "").splitlines())
        self._new: dict[str, frozenset[int]] = {}
        for path in sorted(files):
            fresh: set[int] = set()
            for number, line in enumerate((files[path][1] or "").splitlines()):
                if left[line.strip()] > 0:
                    left[line.strip()] -= 1
                elif line.strip():
                    fresh.add(number)
            self._new[path] = frozenset(fresh)

    def of(self, path: str) -> frozenset[int]:
        """Return the new lines of a file."""
        return self._new.get(path, frozenset())

    def touches(self, concern: Concern) -> bool:
        """Tell whether a concern stands on a new line."""
        new = self.of(concern.path)
        return any(line in new for line in range(concern.start_line, concern.end_line))


def unlike(after: Iterable[Concern], before: Iterable[Concern]) -> list[Concern]:
    """Return the concerns that there were not as many of before, told alike by what they say."""
    known = Counter((concern.code, concern.said) for concern in before)
    fresh: list[Concern] = []
    for concern in after:
        known[concern.code, concern.said] -= 1
        if known[concern.code, concern.said] < 0:
            fresh.append(concern)
    return fresh
