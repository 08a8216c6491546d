"""Earning a badge again: when the ground under a proposal moved, its checks run on the tree as it is now."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import msgspec

from bridle.harness.buffers import Buffers
from bridle.harness.checking import Checking
from bridle.harness.engine import EngineEvent, ProposalChanged
from bridle.harness.nouns import Badge, Proposal
from bridle.harness.proposals.badge import badge
from bridle.harness.proposals.landing import Placed
from bridle.harness.proposals.ledger import Ledger, Offer


class Proving:
    """Proves proposals again before they land."""

    def __init__(
        self, checking: Checking, ledger: Ledger, buffers: Buffers, emit: Callable[[EngineEvent], None]
    ) -> None:
        self._checking = checking
        self._ledger = ledger
        self._buffers = buffers
        self._emit = emit

    async def __call__(self, offer: Offer, placed: Sequence[Placed]) -> Proposal:
        """Return the proposal with the badge that it has on the tree as it is now."""
        dirty = self._buffers.dirty()
        ground = await self._checking.ground(dirty)
        if ground == offer.ground and offer.earned is not None:
            return offer.proposal
        self._change(offer, Badge("checking", "the text moved on; checking again …"))
        changes = {one.path: one.after for one in placed}
        cancel = threading.Event()
        try:
            _, verdicts = await self._checking.prove(dirty, changes, offer.baseline, cancel, run=offer.proposal.run)
        except asyncio.CancelledError:
            cancel.set()
            raise
        earned = badge(verdicts, offer.proposal.flags, offer.wanted)
        proposal = msgspec.structs.replace(offer.proposal, verdicts=verdicts, changed_since=())
        fresh = msgspec.structs.replace(offer, proposal=proposal, ground=ground, earned=earned)
        return self._change(fresh, earned)

    def _change(self, offer: Offer, to: Badge) -> Proposal:
        proposal = msgspec.structs.replace(offer.proposal, badge=to)
        self._ledger.put(msgspec.structs.replace(offer, proposal=proposal))
        self._emit(ProposalChanged(proposal))
        return proposal
