"""What is wanted, as far as choosing context goes."""

from __future__ import annotations

import msgspec

from bridle.indexer.past import Past


class Task(msgspec.Struct, frozen=True):
    """A wish in words and the places that it is about.

    `at` is the selection: path and 0-based, half-open lines. `findings` are places (path, 0-based line) of
    failing tests and other complaints. `n_tokens` is the budget for the whole pack.
    """

    instruction: str
    at: tuple[str, int, int] | None = None
    findings: tuple[tuple[str, int], ...] = ()
    open_files: tuple[str, ...] = ()
    n_tokens: int = 4000


class Beside(msgspec.Struct, frozen=True):
    """What is known beside a snapshot: what past commits tell. Where that is nothing, the rest speaks alone."""

    past: Past = Past()


NOTHING_BESIDE = Beside()
