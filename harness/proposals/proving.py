"""Earning a badge again: when the ground under a proposal moved, its checks run on the tree as it is now."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from bridle.harness.buffers import Buffers
from bridle.harness.checking import Checking
from bridle.harness.engine import EngineEvent, ProposalChanged
from bridle.harness.nouns import Badge, Flag, Proposal, ProposalId, Verdict
from bridle.harness.proposals.badge import badge
from bridle.harness.proposals.hunks import told
from bridle.harness.proposals.landing import Placed
from bridle.harness.proposals.ledger import Ledger, Offer
from bridle.harness.verify.objections import objections
from bridle.indexer.encoding import text_of


class Proving:
    """Proves proposals again before they land."""

    def __init__(
        self, checking: Checking, ledger: Ledger, buffers: Buffers, emit: Callable[[EngineEvent], None]
    ) -> None:
        self._checking = checking
        self._ledger = ledger
        self._buffers = buffers
        self._emit = emit

    async def __call__(self, offer: Offer, placed: Sequence[Placed], hunks: Collection[str]) -> Proposal:
        """Return the proposal with the badge that these hunks of it have on the tree as it is now.

        What was proved is kept with the offer where it is all that is open of it; the badge of a lesser part belongs
        to this landing alone.
        """
        dirty = self._buffers.dirty()
        ground = await self._checking.ground(dirty)
        if ground == offer.ground and offer.earned is not None and set(hunks) == set(offer.proved):
            return offer.proposal
        before = offer.proposal.badge
        self._show(offer.proposal.id, Badge("checking", "the text moved on; checking again …"))
        cancel = threading.Event()
        try:
            earned, verdicts, flags = await self._earn(offer, placed, hunks, dirty, cancel)
        except BaseException:
            cancel.set()
            self._show(offer.proposal.id, before)
            raise
        if set(hunks) != {hunk.id for hunk in offer.proposal.taking()}:
            shown = self._show(offer.proposal.id, before)
            return msgspec.structs.replace(shown, badge=earned, verdicts=verdicts, flags=flags)
        offer = self._ledger.get(offer.proposal.id)
        proposal = msgspec.structs.replace(offer.proposal, verdicts=verdicts, flags=flags, changed_since=())
        offer = msgspec.structs.replace(offer, proposal=proposal, ground=ground, earned=earned, proved=tuple(hunks))
        self._ledger.put(offer)
        return self._show(proposal.id, earned)

    async def landed(self, offer: Offer, placed: Sequence[Placed], hunks: Collection[str]) -> Proposal:
        """Return the proposal with the badge that hunks of it have which landed; what is on offer keeps its own."""
        cancel = threading.Event()
        try:
            earned, verdicts, flags = await self._earn(offer, placed, hunks, self._buffers.dirty(), cancel)
        except BaseException:
            cancel.set()
            raise
        return msgspec.structs.replace(offer.proposal, badge=earned, verdicts=verdicts, flags=flags)

    async def _earn(
        self,
        offer: Offer,
        placed: Sequence[Placed],
        hunks: Collection[str],
        dirty: Mapping[str, bytes],
        cancel: threading.Event,
    ) -> tuple[Badge, tuple[Verdict, ...], tuple[Flag, ...]]:
        """Run the checks and the gates on what would land."""
        changes = {one.path: one.after for one in placed}
        executable = {one.path: one.executable[1] for one in placed if one.executable is not None}
        run = offer.proposal.run
        _, verdicts = await self._checking.prove(dirty, changes, offer.baseline, cancel, run=run, executable=executable)
        texts = {one.path: (text_of(one.before), text_of(one.after)) for one in placed}
        flags = await asyncio.to_thread(objections, texts, lambda path: text_of(self._buffers.current(path)))
        part = told(hunks, offer.proposal)
        wanted = None if part else offer.wanted
        earned = badge(verdicts, flags, wanted)
        if earned.state == "verified":
            sides = {one.path: (one.before, one.after) for one in placed}
            before = await self._checking.prove_as_before(dirty, sides, verdicts, cancel)
            earned = badge(verdicts, flags, wanted, before)
        if part:
            earned = msgspec.structs.replace(earned, text=f"{earned.text} ({part})")
        return earned, verdicts, flags

    def _show(self, proposal: ProposalId, to: Badge) -> Proposal:
        """Put a badge on the proposal as it is now."""
        offer = self._ledger.get(proposal)
        shown = msgspec.structs.replace(offer.proposal, badge=to)
        self._ledger.put(msgspec.structs.replace(offer, proposal=shown))
        self._emit(ProposalChanged(shown))
        return shown
