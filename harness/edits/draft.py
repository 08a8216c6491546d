"""What a call would make of one file: the result, or every reason why not with what could be offered instead.

Anchors are read against the revision that the model saw, placed in the file as it is now, and the result is
judged by the guards. Nothing is written and nothing recorded here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridle.context.readform import Range
from bridle.context.redact import redact
from bridle.harness.edits.drift import Drift
from bridle.harness.edits.ground import Complaint, Ground, Offer
from bridle.harness.edits.placing import LineEndsJoinError, Placed, Result, apply_placed, as_lines
from bridle.harness.edits.request import Wish
from bridle.harness.edits.resolve import Target, Trouble, resolve
from bridle.harness.edits.slips import slip
from bridle.harness.edits.syntax_guard import Broken, syntax_broken
from bridle.indexer.encoding import UndecodableError, decode, encode
from bridle.indexer.text import LineEdit, line_body


class Draft(msgspec.Struct, frozen=True):
    """The outcome for one file. `after` is None where there are complaints; `offers` then has one entry an edit, or
    a single None where nothing can be offered. `edits` are in lines of the file as it is now.
    """

    after: bytes | None
    complaints: tuple[Complaint, ...] = ()
    offers: tuple[Offer, ...] = ()
    edits: tuple[LineEdit, ...] = ()
    inverse: tuple[LineEdit, ...] = ()
    warnings: tuple[str, ...] = ()


def draft(wishes: Sequence[Wish], on: Ground, encoding: str, bom: bool, *, newer_python: bool = False) -> Draft:
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
            f"It meets lines that edit {overlaps + 1} replaces. Make one edit of the two, or send this one "
            "afterwards, in a call of its own."
        )
        return Complaint("E_OVERLAP", message, n), "drop"
    if wish.kind == "after" and not text:
        return Complaint("E_NOOP", 'An insertion without text. A blank line is text: "\\n".', n), "drop"
    placed = _place(target, text, on.drift)
    if placed is None:
        start, end = target.held or (target.start, target.end)
        what = f"Line{'s' if end - start > 1 else ''} {_span(start, end)}"
        unlogged = on.drift.unlogged(start, end)
        doubt = ", or cannot be told apart now: no log says what was done to the file" if unlogged else ""
        message = f"{what} changed since v{on.number}{doubt}."
        offer = _offered(target, text, wish, on)
        return Complaint("E_CONFLICT", message, n, _shown_now((start, end), on), unlogged), offer
    return None, placed


def _place(target: Target, text: tuple[str, ...], drift: Drift) -> Placed | None:
    if target.held is None:
        at = drift.n_now if target.at_end else 0
        return Placed(at, at, text, "$" if target.at_end else "0")
    start = drift.lines(*target.held)
    if start is None:
        return None
    end = start + target.held[1] - target.held[0]
    return Placed(start if target.end > target.start else end, end, text)


def _offered(target: Target, text: tuple[str, ...], wish: Wish, on: Ground) -> Offer:
    """Return the edit at the place that is suggested: where its lines are now, else what stands between their
    neighbours.
    """
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
    judged = [slip(n, edit, placed, on) for n, edit in enumerate(placed)]
    complaints = [found[0] for found in judged if isinstance(found, tuple)]
    if complaints:
        offers: list[Offer] = []
        for edit, found in zip(placed, judged, strict=True):
            offers.append(found[1] if isinstance(found, tuple) else edit)
        return Draft(None, tuple(complaints), tuple(offers))
    try:
        result, data = _result(on.now, [found for found in judged if isinstance(found, Placed)], encoding, bom)
    except _UnfitError as error:
        return Draft(None, (Complaint("E_ENCODING", str(error)),), (None,))
    broken = syntax_broken(on.seen.path, on.now, result.text, newer=newer_python)
    if broken and not broken.only_warns:
        complaint = Complaint("E_SYNTAX", unparsed("The file would no longer parse", broken, result.text))
        return Draft(None, (complaint,), (None,))
    warnings = (unparsed("the syntax check", broken, result.text),) if broken else ()
    return Draft(data, edits=result.edits, inverse=result.inverse, warnings=warnings)


def unparsed(lead: str, broken: Broken, text: str) -> str:
    """Return both readings of a broken text: what would be, with its line, and what is. No secret is told."""
    if broken.line is None:
        return f"{lead}: {broken.what}."
    there = redact(text).lines
    line = f", {line_body(there[broken.line]).strip()[:80]!r}" if broken.line < len(there) else ""
    before = f" {broken.before[:1].upper()}{broken.before[1:]}." if broken.before else ""
    return f"{lead}: line {broken.line + 1}{line}: {broken.what}.{before}"


class _UnfitError(ValueError):
    """The result cannot be written as bytes; the message is for the model."""


def _result(now: str, edits: Sequence[Placed], encoding: str, bom: bool) -> tuple[Result, bytes]:
    try:
        result = apply_placed(now, edits)
        data = encode(result.text, encoding, bom)
        same = decode(data).text == result.text
    except LineEndsJoinError:
        raise _UnfitError("The carriage return of one line would meet the line feed of another.") from None
    except UnicodeEncodeError as error:
        raise _UnfitError(f"{error.object[error.start]!r} has no place in this file's {encoding}.") from None
    except UndecodableError as error:
        raise _UnfitError(f"The file could not be read again: {error}.") from None
    if not same:
        raise _UnfitError("The edit changes what the file says its encoding is; the other lines would break.")
    return result, data


def _span(start: int, end: int) -> str:
    return f"{start + 1}" if end - start <= 1 else f"{start + 1}-{end}"
