"""Which landing wrote the lines of a text that stand there now, told by comparing texts alone. Pure.

A landing wrote the lines that its patch put in. Those that stand in the text now are its; where a line of it was
replaced since, what stands in its place is its no more, and is said to be edited. The newest landing counts; one that
was taken back is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridle.context.anchors import bodies_of
from bridle.harness.nouns import FilePatch
from bridle.harness.proposals.ledger import Offer, Part
from bridle.indexer.alignment import NOWHERE, Alignment

Content = Callable[[str], str | None]
"""The text of stored bytes by their digest; None where they are no text, or not kept any more."""

MAX_LANDINGS = 50
"""So many landings of one file are looked at, the newest first."""


class Landed(NamedTuple):
    """A landing that stands, and the patch of one file that it made."""

    offer: Offer
    part: Part
    file: FilePatch


class Wrote(NamedTuple):
    """Lines of a text that one landing wrote, and those that stand in place of such."""

    landed: Landed
    lines: frozenset[int]
    edited: frozenset[int]


def landings_of(offers: Sequence[Offer], path: str) -> list[Landed]:
    """Return the landings of a file that stand, the newest first."""
    found = [
        Landed(offer, part, file)
        for offer in offers
        for part in offer.parts
        for file in part.files
        if file.path == path and file.after is not None and not file.whole
    ]
    return sorted(found, key=lambda one: one.part.at, reverse=True)[:MAX_LANDINGS]


def wrote(landed: Landed, text: str, content: Content) -> Wrote:
    """Return what a landing wrote of `text`, nothing where what it left is not kept."""
    after = content(landed.file.after) if landed.file.after is not None else None
    if after is None:
        return Wrote(landed, frozenset(), frozenset())
    left, now = bodies_of(after), bodies_of(text)
    places = Alignment(left, now).places
    own = _written(landed, left, content)
    lines = frozenset(places[number] for number in own if places[number] != NOWHERE)
    return Wrote(landed, lines, _replaced(own, places, len(now)) - lines)


def _written(landed: Landed, left: Sequence[str], content: Content) -> set[int]:
    """Return the lines of what a landing left that it put in; those that it only moved from another file are not."""
    file = landed.file
    own = {number for edit in file.inverse for number in range(edit.start, min(edit.end, len(left)))}
    if file.before is None:
        for gone in landed.part.files:
            text = content(gone.before) if gone.before is not None and gone.after is None else None
            if text is not None:
                own -= set(Alignment(bodies_of(text), left).places)
    return own


def _replaced(own: set[int], places: Sequence[int], n_lines: int) -> frozenset[int]:
    """Return the lines of the text that stand between kept ones where only lines of `own` stood.

    Where others went with them, nobody can tell which of the new lines are in whose place.
    """
    found: set[int] = set()
    above, lost = -1, list[int]()
    for number, place in enumerate([*places, n_lines]):
        if place == NOWHERE:
            lost.append(number)
            continue
        if own.issuperset(lost) and lost:
            found.update(range(above + 1, place))
        above, lost = place, []
    return frozenset(found)
