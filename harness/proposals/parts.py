"""What a landing makes of its offer, and what its undo makes of it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from bridle.harness.proposals.badge import as_chosen
from bridle.harness.proposals.hunks import decided
from bridle.harness.proposals.ledger import Offer, Part


def with_part(offer: Offer, part: Part) -> Offer:
    """Return the offer after `part` came to stand: hunks of the files that landed are accepted, others stay open.

    A part that was remembered before a crash is not remembered a second time.
    """
    if offer.part(part.plan) is not None:
        return offer
    landed = {file.path for file in part.files}
    ids = [hunk.id for hunk in offer.proposal.hunks if hunk.id in part.hunks and hunk.path in landed]
    part = msgspec.structs.replace(part, hunks=tuple(ids))
    return _settled(msgspec.structs.replace(offer, parts=(*offer.parts, part)), ids, "accepted")


def without_part(offer: Offer, plan: str, paths: Collection[str]) -> Offer:
    """Return the offer after the landing of `plan` was taken back in `paths`; what still stands stays a part."""
    parts: list[Part] = []
    gone: list[str] = []
    for part in offer.parts:
        if part.plan != plan:
            parts.append(part)
            continue
        left = tuple(file for file in part.files if file.path not in paths)
        kept = {file.path for file in left}
        gone += [h.id for h in offer.proposal.hunks if h.id in part.hunks and h.path not in kept]
        if left:
            still = tuple(name for name in part.hunks if name not in gone)
            parts.append(msgspec.structs.replace(part, files=left, hunks=still))
    return _settled(msgspec.structs.replace(offer, parts=tuple(parts)), gone, "undone")


def _settled(offer: Offer, ids: Collection[str], state: Literal["accepted", "undone"]) -> Offer:
    proposal = decided(offer.proposal, ids, state)
    badge = as_chosen(proposal, offer.proved, offer.earned)
    return msgspec.structs.replace(offer, proposal=msgspec.structs.replace(proposal, badge=badge))
