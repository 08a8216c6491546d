"""The first check: did the model point at a line that we showed it? Everything here means one revision.

What a wish means is worked out from numbers, check words and the record of shown lines. Where they disagree,
the wish is refused with each reading named; one of them may be suggested, none is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridle.context.anchors import Anchor, anchor_at, bodies_of, parse_anchor
from bridle.context.readform import Range, ReadMode, covers
from bridle.context.redact import redact
from bridle.harness.edits.blocks import NoBlockError, block_range
from bridle.harness.edits.problems import Code
from bridle.harness.edits.request import Wish
from bridle.indexer.text import line_body

NEAR = 12
_FORMS = 'Write "41th" or "41th-44qd", as the lines were shown; after "0" and "$" mean the ends of the file.'

_BARE_FORMS = 'Write "41" or "41-44", as the lines were shown; after "0" and "$" mean the ends of the file.'


class Target(msgspec.Struct, frozen=True):
    """Lines ``[start, end)`` of the revision; an insertion has none and stands before line `start`.

    `held` are the lines that must still stand for it to be meant: those replaced, or the one that an
    insertion follows; None for the very ends of the file.
    """

    start: int
    end: int
    held: Range | None
    at_end: bool = False


class Trouble(msgspec.Struct, frozen=True):
    """Why a wish cannot be granted. `show` are lines to print; `suggestion` is the reading that is offered."""

    code: Code
    message: str
    show: Range | None = None
    suggestion: Target | None = None


class Shown(msgspec.Struct, frozen=True):
    """A revision as it was shown: its lines with their ends, the same without, and the ranges that were printed.

    `mode` is how its lines must be named.
    """

    path: str
    lines: Sequence[str]
    bodies: Sequence[str]
    ranges: tuple[Range, ...]
    mode: ReadMode = "check"


def resolve(wish: Wish, seen: Shown) -> Target | Trouble:
    """Return what `wish` means in the revision, or why it cannot be meant."""
    forms = _BARE_FORMS if seen.mode == "plain" else _FORMS
    if wish.kind == "after" and isinstance(wish.place, (str, int)) and str(wish.place).strip() in {"0", "$"}:
        at_end = str(wish.place).strip() == "$"
        return Target(len(seen.lines), len(seen.lines), None, True) if at_end else Target(0, 0, None)
    anchors = parse_anchor(wish.place)
    if anchors is None:
        return Trouble("E_RANGE", f"{wish.place!r} names no line. {forms}")
    first, last = anchors
    if wish.kind == "after":
        first = last
    found = _range(first, last, seen)
    if isinstance(found, Trouble):
        return found
    start, end = found
    if wish.kind == "block":
        block = _block(seen, start, end)
        if isinstance(block, Trouble):
            return block
        start, end = block
    if (doubt := _doubted(wish, start, end, seen)) is not None:
        return doubt
    return Target(end, end, (start, end)) if wish.kind == "after" else Target(start, end, (start, end))


def _doubted(wish: Wish, start: int, end: int, seen: Shown) -> Trouble | None:
    """Return why `was` is not enough: it says something else, or is left out where it must not be."""
    if wish.was is None:
        if seen.mode != "strict" or wish.kind == "after":
            return None
        message = f"Lines {start + 1}-{end} are replaced without 'was': repeat there what stands there now."
        return Trouble("E_ANCHOR", message, (start, end), _replacing(start, end))
    believed = bodies_of(wish.was)
    if _same(believed, seen.bodies[start:end]) or _same(believed, _as_printed(seen, start, end)):
        return None
    return Trouble("E_ANCHOR", f"Lines {start + 1}-{end} do not read as 'was' says.", (start, end))


def _as_printed(seen: Shown, start: int, end: int) -> Sequence[str]:
    return [line_body(line) for line in redact("".join(seen.lines)).lines[start:end]]


def _range(first: Anchor, last: Anchor, seen: Shown) -> Range | Trouble:
    total = len(seen.lines)
    if not total:
        return Trouble("E_RANGE", 'The file is empty: only {"after": "0"} can be used.')
    start, end = first.line - 1, last.line
    for anchor in (first, last):
        if not 1 <= anchor.line <= total:
            return _outside(anchor, seen)
    if start >= end:
        return Trouble(
            "E_RANGE", f"{first}-{last} runs backwards.", (end - 1, start + 1), _replacing(end - 1, start + 1)
        )
    if not covers(seen.ranges, start, end):
        return Trouble(
            "E_UNSEEN",
            f"Lines {first.line}-{last.line} were not all shown to you; here they are.",
            (start, end),
            _replacing(start, end),
        )
    for anchor in (first, last):
        if not _points(anchor, seen):
            return _mispointed(first, last, seen)
    return start, end


def _outside(anchor: Anchor, seen: Shown) -> Trouble:
    total = len(seen.lines)
    place = _by_word(anchor, seen)
    message = f"There is no line {anchor.line}: the file has {total}."
    if place is None:
        return Trouble("E_RANGE", message, (max(0, total - 3), total))
    return Trouble("E_RANGE", f"{message} {anchor.word!r} stands on line {place + 1}.", (place, place + 1))


def _mispointed(first: Anchor, last: Anchor, seen: Shown) -> Trouble:
    """Name both readings of each anchor that does not fit; suggest by word where it stands near, else by number."""
    told: list[str] = []
    places: list[int] = []
    for anchor in dict.fromkeys((first, last)):
        true = anchor_at(seen.bodies, anchor.line - 1)
        points = _points(anchor, seen)
        by_word = None if points else _by_word(anchor, seen)
        if not points and not anchor.word:
            told.append(f"{anchor.line} lacks its check word: that line is {true}.")
        elif not points:
            told.append(f"{anchor} is no line that was shown: line {anchor.line} is {true}")
            told[-1] += f", and {anchor.word!r} stands at {by_word + 1}{anchor.word}." if by_word is not None else "."
        places.append(anchor.line - 1 if by_word is None else by_word)
    start, end = places[0], places[-1] + 1
    suggestion = _replacing(start, end) if start < end and covers(seen.ranges, start, end) else None
    return Trouble("E_ANCHOR", " ".join(told), (min(places), max(places) + 1), suggestion)


def _points(anchor: Anchor, seen: Shown) -> bool:
    """Whether the anchor names its line: by the number alone where lines were shown so, else with its word."""
    bare = seen.mode == "plain" and not anchor.word
    return bare or anchor_at(seen.bodies, anchor.line - 1) == anchor


def _by_word(anchor: Anchor, seen: Shown) -> int | None:
    """Return the one line near `anchor` that was shown with its check word; None where there is none or several."""
    middle = min(anchor.line - 1, len(seen.lines) - 1)
    near = range(max(0, middle - NEAR), min(len(seen.lines), middle + NEAR + 1))
    found = [
        n
        for n in near
        if anchor.word and covers(seen.ranges, n, n + 1) and anchor_at(seen.bodies, n).word == anchor.word
    ]
    return found[0] if len(found) == 1 else None


def _block(seen: Shown, start: int, end: int) -> Range | Trouble:
    if end - start != 1:
        return Trouble("E_RANGE", "'block' takes the anchor of its first line alone.", (start, end))
    try:
        block = block_range(seen.path, seen.lines, start)
    except NoBlockError as error:
        return Trouble("E_RANGE", f"Line {start + 1}: {error}.", (start, end))
    if not covers(seen.ranges, *block):
        return Trouble(
            "E_UNSEEN",
            f"The block is lines {block[0] + 1}-{block[1]}, not all of them shown to you; here they are.",
            block,
            _replacing(*block),
        )
    return block


def _replacing(start: int, end: int) -> Target:
    return Target(start, end, (start, end))


def _same(believed: Sequence[str], there: Sequence[str]) -> bool:
    return [line.rstrip() for line in believed] == [line.rstrip() for line in there]
