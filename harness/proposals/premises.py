"""Whether the lines that a proposal was made for still stand: a hunk whose premise broke needs to be asked for again.

Of documents that the door follows by its own log the door tells; here are closed files, and documents opened anew.
"""

from __future__ import annotations

import msgspec

from bridle.harness.nouns import Proposal
from bridle.harness.proposals.hunks import part_of
from bridle.harness.proposals.landing import Counted, Scene, place
from bridle.harness.proposals.ledger import Offer
from bridle.indexer.digest import digest


def with_premises(offer: Offer, scene: Scene) -> Proposal:
    """Return the proposal, its open hunks that cannot be placed any more marked with their groups."""
    counted = Counted(offer.engine, offer.openings)
    broken: set[str] = set()
    for file in offer.proposal.files:
        now = scene.buffers.current(file.path)
        if (None if now is None else digest(now)) == file.before:
            continue
        for hunk in offer.proposal.taking():
            part = part_of(file, [hunk], scene.content)
            if part is not None and place(part, counted, scene).conflict:
                broken.add(hunk.group)
    hunks = tuple(
        msgspec.structs.replace(hunk, state="needs refresh") if hunk.state == "open" and hunk.group in broken else hunk
        for hunk in offer.proposal.hunks
    )
    return msgspec.structs.replace(offer.proposal, hunks=hunks)
