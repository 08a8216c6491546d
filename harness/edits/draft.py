"""What a call would make of one file: the result, or every reason why not with what could be offered instead.

Anchors are read against the revision that the model saw, placed in the file as it is now, and the result is judged
by the guards. Nothing is written and nothing recorded here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from bridle.context.anchors import bodies_of, lines_of
from bridle.context.readform import Range
from bridle.context.redact import Secret, SecretElsewhereError, redact, restore
from bridle.harness.edits.drift import Drift
from bridle.harness.edits.guards import conflict_markers, echo, pasted_anchors, syntax_broken
from bridle.harness.edits.placing import LineEndsJoinError, Placed, apply_placed, as_lines
from bridle.harness.edits.problems import Code
from bridle.harness.edits.request import Wish
from bridle.harness.edits.resolve import Shown, Target, Trouble, resolve
from bridle.harness.edits.revisions import Revision
from bridle.indexer.encoding import UndecodableError, decode, encode
from bridle.indexer.history import LineMap

Offer = Placed | Literal["drop"] | None
"""What stands in for an edit in the call that is offered: an edit, nothing, or no offer can be made."""


class Complaint(msgspec.Struct, frozen=True):
    """One reason against edit number `edit` (None: the whole file). `show` are lines of the file as it is now."""

    code: Code
    message: str
    edit: int | None = None
    show: Range | None = None


class Draft(msgspec.Struct, frozen=True):
    """The outcome for one file. `after` is None where there are complaints; `offers` has one entry an edit."""

    after: bytes | None
    complaints: tuple[Complaint, ...]
    offers: tuple[Offer, ...]
    warnings: tuple[str, ...] = ()


class Ground(msgspec.Struct, frozen=True):
    """What an edit stands on: the revision as it was shown, the file as it is now, and the way between."""

    seen: Shown
    number: int
    now: str
    bodies: Sequence[str]
    drift: Drift
    secrets: tuple[Secret, ...]


def ground(seen: Revision, ranges: Sequence[Range], now: str, moved: Callable[[], LineMap | None]) -> Ground:
    """Put together what the edits of one file stand on. `moved` is asked only where the file is not as it was."""
    lines, bodies = lines_of(seen.text), bodies_of(seen.text)
    there = bodies_of(now)
    drift = Drift(bodies, there, None if bodies == there else moved())
    shown = Shown(seen.path, lines, bodies, tuple(ranges))
    return Ground(shown, seen.number, now, there, drift, redact(now).secrets)


def draft(
    wishes: Sequence[Wish], on: Ground, encoding: str, bom: bool, *, newer_python: bool = False
) -> Draft:
    """Return what `wishes` make of the file, or all complaints about them."""
    targets = [resolve(wish, on.seen) for wish in wishes]
    complaints: list[Complaint] = []
    offers: list[Offer] = []
    overlapping = _overlapping(targets)
    for n, (wish, target) in enumerate(zip(wishes, targets, strict=True)):
        complaint, offer = _judged(n, wish, target, on, overlapping.get(n))
        complaints += [complaint] if complaint else []
        offers.append(offer)
    if complaints:
        return Draft(None, tuple(complaints), tuple(offers))
    placed = [offer for offer in offers if isinstance(offer, Placed)]
    return _guarded(placed, on, encoding, bom, newer_python)


def _judged(
    n: int, wish: Wish, target: Target | Trouble, on: Ground, overlaps: int | None
) -> tuple[Complaint | None, Offer]:
    text = as_lines(wish.text)
    if isinstance(target, Trouble):
        offer = _offered(target.suggestion, text, wish, on) if target.suggestion else None
        return Complaint(target.code, target.message, n, _shown_now(target.show, on)), offer
    if overlaps is not None:
        message = (
            f"Lines {target.start + 1}-{max(target.end, target.start + 1)} meet edit {overlaps + 1}. Make one edit of "
            "the two, or send this one in a call of its own afterwards."
        )
        return Complaint("E_OVERLAP", message, n), "drop"
    if wish.kind == "after" and not text:
        return Complaint("E_NOOP", 'An insertion without text. A blank line is text: "\\n".', n), "drop"
    placed = _place(target, text, on.drift)
    if placed is None:
        start, end = target.held or (target.start, target.end)
        message = f"Line{'s' if end - start > 1 else ''} {_span(start, end)} changed since v{on.number}, or cannot be told apart now."
        return Complaint("E_CONFLICT", message, n, _shown_now((start, end), on)), _offered(
            target, text, wish, on
        )
    return None, placed


def _place(target: Target, text: tuple[str, ...], drift: Drift) -> Placed | None:
    if target.held is None:
        at = drift.n_now if target.at_end else 0
        return Placed(at, at, text, "$" if target.at_end else "0")
    start = drift.lines(*target.held)
    if start is None:
        return None
    size = target.held[1] - target.held[0]
    return (
        Placed(start, start + size, text)
        if target.end > target.start
        else Placed(start + size, start + size, text)
    )


def _offered(target: Target, text: tuple[str, ...], wish: Wish, on: Ground) -> Offer:
    """Return the edit at the place that is suggested: where its lines are now, else what stands between their neighbours."""
    if wish.kind == "after" and target.held is not None:
        target = msgspec.structs.replace(target, start=target.held[1], end=target.held[1])
    placed = _place(target, text, on.drift)
    if placed is not None or target.held is None:
        return placed
    there = on.drift.between(*target.held)
    if there is None:
        return None
    if wish.kind == "after" or there[0] == there[1]:
        return Placed(there[1], there[1], text) if text else "drop"
    return Placed(*there, text)


def _shown_now(lines: Range | None, on: Ground) -> Range | None:
    """Return where to look now for lines of the revision."""
    if lines is None:
        return None
    start = on.drift.lines(*lines)
    if start is not None:
        return start, start + lines[1] - lines[0]
    return on.drift.between(*lines) or (on.drift.near(lines[0]), on.drift.near(lines[1] - 1) + 1)


def _overlapping(targets: Sequence[Target | Trouble]) -> dict[int, int]:
    """Return edit → earlier edit (in the file) whose lines it meets; an insertion may touch, not enter."""
    found: dict[int, int] = {}
    order = [(t.start, t.end, n) for n, t in enumerate(targets) if isinstance(t, Target)]
    reach, holder, begin = 0, -1, 0
    for start, end, n in sorted(order):
        if start < reach and (end > start or start > begin):
            found[n] = holder
        elif end > start:
            reach, holder, begin = end, n, start
    return found


def _guarded(placed: Sequence[Placed], on: Ground, encoding: str, bom: bool, newer_python: bool) -> Draft:
    judged = [_slip(n, edit, placed, on) for n, edit in enumerate(placed)]
    complaints = [found[0] for found in judged if isinstance(found, tuple)]
    if complaints:
        offers = (
            found[1] if isinstance(found, tuple) else edit for edit, found in zip(placed, judged, strict=True)
        )
        return Draft(None, tuple(complaints), tuple(offers))
    real = [found for found in judged if isinstance(found, Placed)]
    plain = tuple(placed)
    try:
        text = apply_placed(on.now, real)
        data = encode(text, encoding, bom)
        if decode(data).text != text:
            return _refused("E_ENCODING", "The edit changes what the file says its encoding is.", plain)
    except LineEndsJoinError:
        return _refused(
            "E_ENCODING", "A carriage return and a line feed of two lines would meet; leave one out.", plain
        )
    except UnicodeEncodeError as error:
        return _refused(
            "E_ENCODING", f"{error.object[error.start]!r} has no place in this file's {encoding}.", plain
        )
    except UndecodableError as error:
        return _refused("E_ENCODING", f"The file could not be read again: {error}.", plain)
    broken = syntax_broken(on.seen.path, on.now, text, newer=newer_python)
    if broken and not broken[1]:
        return _refused("E_SYNTAX", f"The file would no longer parse: {broken[0]}.", plain)
    return Draft(data, (), plain, (f"our parser objects, {broken[0]}",) if broken else ())


def _slip(n: int, edit: Placed, edits: Sequence[Placed], on: Ground) -> Placed | tuple[Complaint, Offer]:
    """Return the edit with its secrets restored; else the first slip of the hand and what could stand in for it."""
    replaced = tuple(on.bodies[edit.start : edit.end])
    bare = pasted_anchors(edit.text, on.seen.bodies)
    if bare is not None:
        return Complaint("E_ECHO", "The text holds anchors of the read form; leave them out.", n), _with(
            edit, bare
        )
    if marker := conflict_markers(edit.text, replaced):
        return Complaint("E_SYNTAX", f"The text holds a merge conflict marker, {marker[:40]!r}.", n), None
    try:
        text = _restored(edit, on)
    except SecretElsewhereError as error:
        message = (
            f"{error.placeholder} may only stand where that secret stood; keep it there, or leave it out."
        )
        return Complaint("E_SECRET", message, n), None
    if text == replaced:
        return Complaint("E_NOOP", f"Lines {_span(edit.start, edit.end)} already read so.", n), "drop"
    head, tail = echo(text, replaced, *_neighbours(edit, edits, on.bodies))
    if head or tail:
        return _echoed(n, edit, head, tail), _with(edit, edit.text[head : len(edit.text) - tail])
    return _with(edit, text)


def _echoed(n: int, edit: Placed, head: int, tail: int) -> Complaint:
    told: list[str] = []
    if head:
        told.append(f"the first line of the text repeats line {edit.start}, which stands right above")
    if tail:
        told.append(f"the last line of the text repeats line {edit.end + 1}, which stands right below")
    message = (
        f"{' and '.join(told).capitalize()} and would stay. Leave it out of the text, or (if it shall stand twice, or "
        "was meant to be replaced) take that line into the range."
    )
    return Complaint("E_ECHO", message, n, (max(0, edit.start - head), edit.end + tail))


def _neighbours(
    edit: Placed, edits: Sequence[Placed], bodies: Sequence[str]
) -> tuple[str | None, str | None]:
    """Return the lines that will stand beside the edit's text, None where another edit of the call has a say."""
    others = [other for other in edits if other is not edit]
    above = edit.start - 1
    below = edit.end
    free_above = above >= 0 and not any(
        o.start <= above < o.end or o.start == o.end == edit.start for o in others
    )
    free_below = below < len(bodies) and not any(
        o.start <= below < o.end or o.start == o.end == below for o in others
    )
    return bodies[above] if free_above else None, bodies[below] if free_below else None


def _restored(edit: Placed, on: Ground) -> tuple[str, ...]:
    if not any("«" in line for line in edit.text):
        return edit.text
    held = [secret for secret in on.secrets if edit.start <= secret.line < edit.end]
    return tuple(restore(line, held) for line in edit.text)


def _refused(code: Code, message: str, offers: tuple[Offer, ...]) -> Draft:
    return Draft(None, (Complaint(code, message),), tuple(None for _ in offers))


def _with(edit: Placed, text: Sequence[str]) -> Placed:
    return msgspec.structs.replace(edit, text=tuple(text))


def _span(start: int, end: int) -> str:
    return f"{start + 1}" if end - start <= 1 else f"{start + 1}-{end}"
