"""What the edits of one file stand on, and what can be said against one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from bridle.context.anchors import bodies_of, lines_of
from bridle.context.readform import Range, ReadMode
from bridle.context.redact import Secret, redact
from bridle.harness.edits.drift import Drift
from bridle.harness.edits.placing import Placed
from bridle.harness.edits.problems import Code
from bridle.harness.edits.resolve import Shown
from bridle.harness.edits.revisions import Revision
from bridle.indexer.history import LineMap

Offer = Placed | Literal["drop"] | None
"""What stands in for an edit in the call that is offered: an edit, nothing, or no offer can be made."""


class Complaint(msgspec.Struct, frozen=True):
    """One reason against edit number `edit` (None: the whole file). `show` are lines of the file as it is now.

    `unlogged` says that the lines may well stand: no log tells what became of them.
    """

    code: Code
    message: str
    edit: int | None = None
    show: Range | None = None
    unlogged: bool = False


class Ground(msgspec.Struct, frozen=True):
    """What an edit stands on: the revision as it was shown, the file as it is now, and the way between."""

    seen: Shown
    number: int
    now: str
    bodies: Sequence[str]
    drift: Drift
    secrets: tuple[Secret, ...]


def ground(
    seen: Revision,
    ranges: Sequence[Range],
    now: str,
    moved: Callable[[], LineMap | None],
    mode: ReadMode = "check",
) -> Ground:
    """Put together what the edits of one file stand on. `moved` is asked only where the file is not as it was."""
    lines, bodies = lines_of(seen.text), bodies_of(seen.text)
    there = bodies_of(now)
    drift = Drift(bodies, there, None if bodies == there else moved())
    shown = Shown(seen.path, lines, bodies, tuple(ranges), mode)
    return Ground(shown, seen.number, now, there, drift, redact(now).secrets)
