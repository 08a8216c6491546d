"""What has to land for a run's files to stand as they did after an earlier record of it; and what becomes of its offer.

Pure. What landed since is taken back, the newest first, and what was taken back since lands again, the oldest first,
each on what the one before leaves: nothing that a person typed meanwhile is lost, and they are asked where it is met.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from bridle.harness.edits.patch import any_patch, invert
from bridle.harness.nouns import FilePatch, Proposal
from bridle.harness.proposals.badge import as_chosen
from bridle.harness.proposals.hunks import decided, ids_of
from bridle.harness.proposals.landing import Content, Counted, Turn
from bridle.harness.proposals.ledger import Offer, Part
from bridle.harness.proposals.parts import with_part, without_part
from bridle.harness.session.events import FileChange
from bridle.harness.session.fold import Landing, RunState


class Course(msgspec.Struct, frozen=True):
    """The way back: landings to take back, the newest first, and those to land again, the oldest first."""

    back: tuple[Part, ...] = ()
    again: tuple[Part, ...] = ()

    def paths(self) -> set[str]:
        """Return the files that it is about."""
        return {file.path for part in (*self.back, *self.again) for file in part.files}

    def turns(self) -> dict[str, list[Turn]]:
        """Return the changes of each file, in order."""
        found: dict[str, list[Turn]] = {}
        for part in self.back:
            for file in part.files:
                counted = Counted(part.engine, part.openings)
                found.setdefault(file.path, []).append(Turn(inverse(file), counted))
        for part in self.again:
            for file in part.files:
                found.setdefault(file.path, []).append(Turn(file, Counted("", {})))
        return found


def course_of(
    then: RunState, stands: Sequence[Part], content: Content, of_older_offers: Collection[str] = ()
) -> Course:
    """Return what leads from the landings that stand to those that stood `then`.

    Hunks of landings `of_older_offers` are none of the offer as it is now.
    """
    # of one that was rolled back a part may have come to stand all the same: what did is told by the offer alone
    stood = {plan for plan, landing in then.landings.items() if landing.state in ("landed", "rolled back")}
    here = {part.plan for part in stands}
    back = sorted((part for part in stands if part.plan not in stood), key=lambda part: part.at, reverse=True)
    missing = (one for plan, one in then.landings.items() if plan not in here and _stood(one))
    again = (_part(one, content, () if one.plan in of_older_offers else one.hunks) for one in missing)
    return Course(tuple(back), tuple(again))


def after_course(offer: Offer, course: Course, paths: Collection[str], at: float) -> Offer:
    """Return the offer once those files of a course came to stand."""
    for part in course.back:
        offer = without_part(offer, part.plan, paths)
    for part in course.again:
        files = tuple(file for file in part.files if file.path in paths)
        if files:
            offer = with_part(offer, msgspec.structs.replace(part, files=files, at=at))
    return offer


def withdrawn(offer: Offer) -> Offer:
    """Return the offer with all that is open of it left: the conversation that made it went back to before it."""
    return _shown(offer, decided(offer.proposal, ids_of(offer.proposal.taking()), "rejected"))


def reopened(offer: Offer, course: Course) -> Offer:
    """Return the offer with what was taken back of it on offer again: the run stands where it had not landed yet."""
    ids = {hunk for part in course.back for hunk in part.hunks}
    back = ids_of(hunk for hunk in offer.proposal.hunks if hunk.id in ids and hunk.state == "undone")
    return _shown(offer, decided(offer.proposal, back, "open"))


def inverse(file: FilePatch) -> FilePatch:
    """Return the patch that takes a landed one back, counting as that one counts."""
    return msgspec.structs.replace(invert(file), base_version=file.base_version)


def patch_of(file: FileChange, content: Content) -> FilePatch:
    """Return a journaled change as a patch."""
    before, after = (None if name is None else content(name) for name in (file.before, file.after))
    return msgspec.structs.replace(any_patch(file.path, before, after, executable=file.executable), mode=file.mode)


def _shown(offer: Offer, proposal: Proposal) -> Offer:
    badge = as_chosen(proposal, offer.proved, offer.earned)
    return msgspec.structs.replace(offer, proposal=msgspec.structs.replace(proposal, badge=badge))


def _stood(landing: Landing) -> bool:
    return landing.state == "landed" and not landing.undoes and not landing.rewinds


def _part(landing: Landing, content: Content, hunks: tuple[str, ...]) -> Part:
    stood = {*landing.written, *landing.unsaved}
    files = tuple(patch_of(file, content) for file in landing.files if file.path in stood)
    return Part(landing.plan, files, hunks)
