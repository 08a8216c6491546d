"""Slips of the model's hand in one placed edit: each is named and refused, with what could replace it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridle.context.redact import SecretElsewhereError, restore
from bridle.harness.edits.ground import Complaint, Ground, Offer
from bridle.harness.edits.guards import conflict_markers, echo, pasted_anchors, pasted_numbers
from bridle.harness.edits.placing import Placed


def slip(n: int, edit: Placed, edits: Sequence[Placed], on: Ground) -> Placed | tuple[Complaint, Offer]:
    """Return the edit with its secrets restored; else its first slip and what could stand in for it."""
    replaced = tuple(on.bodies[edit.start : edit.end])
    bare = pasted_anchors(edit.text, on.seen.bodies)
    if bare is None and on.seen.mode == "plain":
        bare = pasted_numbers(edit.text, on.seen.bodies)
    if bare is not None:
        complaint = Complaint("E_ECHO", "The text holds anchors of the read form; leave them out.", n)
        return complaint, _with(edit, bare)
    if marker := conflict_markers(edit.text, replaced):
        return Complaint("E_SYNTAX", f"The text holds a merge conflict marker, {marker[:40]!r}.", n), None
    try:
        text = _restored(edit, on)
    except SecretElsewhereError as error:
        message = f"{error.placeholder} may stand only where that secret stood: keep it there, or leave it out."
        return Complaint("E_SECRET", message, n), None
    if text == replaced:
        return Complaint("E_NOOP", f"Lines {edit.start + 1}-{edit.end} already read so.", n), "drop"
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
        f"{' and '.join(told).capitalize()} and would stay. Leave it out of the text; or, if it shall stand "
        "twice or was meant to be replaced, take that line into the range."
    )
    return Complaint("E_ECHO", message, n, (max(0, edit.start - head), edit.end + tail))


def _neighbours(edit: Placed, edits: Sequence[Placed], bodies: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the lines above and below the edit's text, None where another edit of the call has a say."""
    others = [other for other in edits if other is not edit]

    def beside(line: int, seam: int) -> str | None:
        touched = any(o.start <= line < o.end or o.start == o.end == seam for o in others)
        return bodies[line] if 0 <= line < len(bodies) and not touched else None

    return beside(edit.start - 1, edit.start), beside(edit.end, edit.end)


def _restored(edit: Placed, on: Ground) -> tuple[str, ...]:
    if not any("«" in line for line in edit.text):
        return edit.text
    held = [secret for secret in on.secrets if edit.start <= secret.line < edit.end]
    return tuple(restore(line, held) for line in edit.text)


def _with(edit: Placed, text: Sequence[str]) -> Placed:
    return msgspec.structs.replace(edit, text=tuple(text))
