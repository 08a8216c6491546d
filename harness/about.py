"""What a door may ask of one place for a person who points at it: who calls it, its tests, its last change, and which
run wrote its line. Request and reply, frozen.

Texts that come from elsewhere (names, subjects of commits, orders of runs) are one line each, without control
characters, secrets and what is too long; a door still has to quote them. Lines are 0-based.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bridle.harness.navigation import Spot
from bridle.harness.nouns import ReachRow, RunId


class GetAbout(msgspec.Struct, frozen=True, tag=True):
    """→ About. Nothing is run for it, and no indexing waited for; what is not known in time is left out."""

    at: Spot


class Caller(msgspec.Struct, frozen=True):
    """A definition that calls another one: where it begins, and how sure that is."""

    name: str
    path: str
    line: int
    confidence: float
    is_test: bool = False


class Change(msgspec.Struct, frozen=True):
    """The last commit that changed lines of a definition; all "" where none of them was ever committed.

    `open` says that lines were changed since, and not committed: none of them, "some" or "all".
    """

    commit: str = ""
    subject: str = ""
    author: str = ""
    seconds_ago: float = 0.0
    open: Literal["", "some", "all"] = ""


class Author(msgspec.Struct, frozen=True):
    """The run that wrote lines which stand here, and who let them in.

    `lines` of the `of` lines that were asked about are its; `edited` says that the line stands in place of one that the
    run wrote. `accepted` is "person", "unproved" for a person who waved objections through or did not wait for a proof,
    "rules" where rules of the person let an agent's edit in, and "" where that is not known any more.
    """

    run: RunId
    workflow: str
    task: str
    seconds_ago: float
    accepted: Literal["", "person", "unproved", "rules"] = ""
    badge: str = ""
    model: str = ""
    lines: int = 1
    of: int = 1
    edited: bool = False


class About(msgspec.Struct, frozen=True, tag=True):
    """What is known of a place: of the definition that is meant there, "" for none, and of the line itself.

    `callers` are the surest of `n_callers`, of which `n_tests` are tests; not `complete` while files are still to be
    read. `change` is None where there is no git, or no answer of it in time.
    """

    name: str = ""
    callers: tuple[Caller, ...] = ()
    n_callers: int = 0
    n_tests: int = 0
    complete: bool = True
    reach: ReachRow | None = None
    change: Change | None = None
    author: Author | None = None
