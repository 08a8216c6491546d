"""What a line of shell would do, as far as it can be told: its parts, and of each what it runs, reads and writes.

Nothing is decided here and nothing is looked at on the disk: `decide` judges, `looking` says where paths lead. What a
part surely is (`argv`) is for rules that allow; what it may come to (`suspects`, `hidden`) is for rules that forbid.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bridle.harness.permission.paths import Target

ANYWHERE = 1 << 30
"""The place of a hazard that no rule can spell out."""


class Hazard(msgspec.Struct, frozen=True):
    """Why a part is more than its rule says. A rule whose own words reach beyond `at` has said it too."""

    at: int
    reason: str
    effect: Literal["ask", "deny"] = "ask"
    name: str = "built in: not known to be harmless"


class Place(msgspec.Struct, frozen=True):
    """A path that a part touches.

    A `mild` one may be no path at all, so that only what is surely wrong with it counts. A `pattern` stands for the
    files that it finds. `below` are the patterns of the names that are read when it is a folder. `target` is where it
    leads, told by `looking`.
    """

    at: int
    tool: Literal["Read", "Edit"]
    path: str
    mild: bool = False
    pattern: bool = False
    below: tuple[str, ...] = ()
    target: Target | None = None


class Part(msgspec.Struct, frozen=True):
    """One command of a line, or one redirect.

    `argv` is what is run in the end; () for what needs no rule of its own: a redirect, or a wrapper whose command is
    another part. `suspects` are all the commands that it may come to, `hidden` are texts in which the name of one may
    stand. `enters` is the folder that becomes the current one.
    """

    text: str
    argv: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    places: tuple[Place, ...] = ()
    suspects: tuple[tuple[str, ...], ...] = ()
    hidden: tuple[str, ...] = ()
    network: bool = False
    enters: str | None = None


class Reading(msgspec.Struct, frozen=True):
    """All parts of a line; `oddities` are what of it is more than plain commands: what, and how it is written."""

    parts: tuple[Part, ...]
    oddities: tuple[tuple[str, str], ...] = ()
