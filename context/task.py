"""What is wanted, as far as choosing context goes."""

from __future__ import annotations

import re

import msgspec

from bridle.context.weighing import Weights
from bridle.indexer.past import Past

MAX_CHARS = 20_000
"""What a task says beyond this is not read for choosing context."""
_ENDLESS = re.compile(r"[\w./-]{200,}")


class Task(msgspec.Struct, frozen=True):
    """A wish in words and the places that it is about.

    `at` is the selection: path and 0-based, half-open lines. `findings` are places (path, 0-based line) of
    failing tests and other complaints. `n_tokens` is the budget for the whole pack. `rules` are rules files that say
    themselves which paths they are about. `pinned` are places like `at` that are wanted, `excluded` paths and patterns
    of paths that are not.
    """

    instruction: str
    at: tuple[str, int, int] | None = None
    findings: tuple[tuple[str, int], ...] = ()
    open_files: tuple[str, ...] = ()
    n_tokens: int = 4000
    rules: tuple[str, ...] = ()
    pinned: tuple[tuple[str, int, int], ...] = ()
    excluded: tuple[str, ...] = ()


class Beside(msgspec.Struct, frozen=True):
    """What is known beside a snapshot: what past commits tell, and weights of this repository's own.

    Where the past is nothing, the rest speaks alone; without weights those that ship hold.
    """

    past: Past = Past()
    weights: Weights | None = None


NOTHING_BESIDE = Beside()


def readable(instruction: str) -> str:
    """Return what of a task is read: not more than much, and no words without end, so that it takes bounded time."""
    return _ENDLESS.sub(" ", instruction[:MAX_CHARS])
