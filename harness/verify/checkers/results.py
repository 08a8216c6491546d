"""The tests that a report names, whichever format it has: what its reader hands to its judge. Frozen data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

Ending = Literal["passed", "failed", "skipped", "flaky"]

MAX_MESSAGE = 2_000
MAX_DETAIL = 8_000


class Case(msgspec.Struct, frozen=True):
    """One test, with how it ended.

    `group` is the class, package or file that it belongs to, as the tool says it; `path` and `line` (1-based, 0 for
    none) are where the tool says that it failed, or, where they are not `exact`, where it begins.
    """

    name: str
    ending: Ending
    group: str = ""
    message: str = ""
    detail: str = ""
    error: str = ""
    path: str = ""
    line: int = 0
    exact: bool = False

    @property
    def id(self) -> str:
        """The test's full name."""
        return f"{self.group}::{self.name}" if self.group else self.name


class Results(msgspec.Struct, frozen=True):
    """The tests of a whole report. `doubt` says why it proves nothing all the same, `told` what else it says."""

    cases: tuple[Case, ...]
    doubt: str = ""
    told: tuple[str, ...] = ()

    def count(self, ending: Ending) -> int:
        """Return how many tests ended so."""
        return Counter(case.ending for case in self.cases)[ending]


class UnreadableError(Exception):
    """A report is not one: the text says why."""


def merged(parts: Iterable[Results]) -> Results:
    """Return several reports of one run as one."""
    whole = tuple(parts)
    return Results(
        tuple(case for part in whole for case in part.cases),
        next((part.doubt for part in whole if part.doubt), ""),
        tuple(dict.fromkeys(word for part in whole for word in part.told)),
    )


def several(number: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def cut(text: str, limit: int) -> str:
    """Return text within a limit, its beginning and its end kept."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"
