"""Whether a run can go back to an earlier record of its own, and what that comes to. It writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bridle.harness.engine import PrepareRewind
from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.proposals.landing import Content
from bridle.harness.proposals.ledger import Offer
from bridle.harness.proposals.rewinding import Course, after_course, course_of, reopened, withdrawn
from bridle.harness.session import events
from bridle.harness.session.fold import RunState, fold
from bridle.harness.session.journal import Reading, read_journal
from bridle.harness.session.records import Record
from bridle.harness.session.runs import NO_TALK

What = Literal["both", "files", "conversation"]


class WayBack(msgspec.Struct, frozen=True):
    """What leads back: the landings of `offer` that change, and whether what is open of it falls with the talk."""

    what: What = "both"
    offer: Offer | None = None
    course: Course = Course()
    withdraws: bool = False
    title: str = ""


def way_back(journals: Path, offer: Offer | None, content: Content, request: PrepareRewind) -> WayBack:
    """Return the way back to a record of the run that made `offer`.

    Raises UserProblem when the run cannot go there, with what can be done.
    """
    run = request.run
    records = read_still(journals, run).records
    at_step(records, run, request.to)
    now = fold(records)
    what = _what(now, request)
    title = offer.proposal.title if offer else now.instruction.partition("\n")[0][:100] or run
    if offer is not None:
        return msgspec.structs.replace(course_back(records, request.to, what, offer, content), title=title)
    if what != "conversation" and any(landing.state == "landed" for landing in now.landings.values()):
        raise UserProblem(f"what run {run!r} landed is not known any more", "--only conversation goes back without it")
    return WayBack(what, None, title=title)


def course_back(records: Sequence[Record], to: int, what: What, offer: Offer, content: Content) -> WayBack:
    """Return what has to land, and what becomes of the offer, for a run with these records to go back."""
    offered = [record.seq for record in records if record.kind == "proposed"]
    withdraws = what != "files" and any(seq > to for seq in offered)
    if what == "conversation":
        return WayBack(what, offer, withdraws=withdraws)
    older = _prepared_before(records, max(offered, default=0))
    return WayBack(what, offer, course_of(fold(records[:to]), offer.parts, content, older), withdraws)


def gone_back(offer: Offer, way: WayBack, meant: Collection[str], stand: Collection[str], at: float) -> Offer:
    """Return the offer once those of the files that were `meant` to land `stand`; others stood right already.

    Where all do, what was taken back is on offer again as it was at that step, or falls with the talk that made it.
    """
    offer = after_course(offer, way.course, {*(way.course.paths() - set(meant)), *stand}, at)
    if way.what == "files" or not set(meant) <= set(stand):
        return offer
    return withdrawn(offer) if way.withdraws else reopened(offer, way.course)


def read_still(journals: Path, run: RunId) -> Reading:
    """Read the journal of a run that nobody has in hand, and that is whole. Raises UserProblem."""
    reading = read_journal(journals, run)
    if reading.live:
        raise UserProblem(
            f"run {run!r} is under way, or in the hands of another Bridle", "cancel it, or end that one, and ask again"
        )
    if reading.damage:
        raise UserProblem(
            f"the journal of run {run!r} is damaged: {reading.damage}", "'bridle audit verify' tells of all of them"
        )
    return reading


def at_step(records: Sequence[Record], run: RunId, step: int) -> Sequence[Record]:
    """Return the records up to `step`, itself included. Raises UserProblem when there is no such step to go back to."""
    if not 1 <= step < len(records):
        there = f"its steps are 1 to {len(records) - 1}" if len(records) > 1 else "it has only begun"
        raise UserProblem(
            f"run {run!r} has no step {step} to go back to: {there}",
            f"'bridle sessions show {run}' tells what they are",
        )
    return records[:step]


def _what(now: RunState, request: PrepareRewind) -> What:
    if now.workflow not in NO_TALK:
        return request.only or "both"
    if request.only == "conversation":
        raise UserProblem(f"run {request.run!r} talked to nobody ({now.workflow})", "without --only its files go back")
    return "files"


def _prepared_before(records: Sequence[Record], seq: int) -> set[str]:
    """Return the landings that began before a record."""
    found = (record.event() for record in records[:seq] if record.kind == "prepared")
    return {event.plan for event in found if isinstance(event, events.Prepared)}
