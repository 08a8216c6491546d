"""The proposals that are on offer while the ground under them moves: their badges say so, and are earned again."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from bridle.harness.buffers import Buffers
from bridle.harness.engine import EngineEvent, ProposalChanged
from bridle.harness.nouns import Proposal, ProposalId, UserProblem
from bridle.harness.proposals.badge import as_chosen, stale
from bridle.harness.proposals.hunks import HOW_IT_STANDS, chosen, decided, ids_of
from bridle.harness.proposals.ledger import Ledger, Offer
from bridle.indexer.digest import digest


class Standing:
    """The open proposals of one root."""

    def __init__(self, ledger: Ledger, buffers: Buffers, emit: Callable[[EngineEvent], None]) -> None:
        self._ledger = ledger
        self._buffers = buffers
        self._emit = emit

    def reject(self, proposal: ProposalId, hunks: Collection[str] = ()) -> None:
        """Leave these hunks with their groups, all that are open for none.

        Raises UserProblem when they are not there, or were decided already.
        """
        offer = self._ledger.get(proposal)
        if offer.proposal.state != "open":
            raise UserProblem(f"this proposal was {offer.proposal.state} already", HOW_IT_STANDS)
        left = decided(offer.proposal, ids_of(chosen(offer.proposal, hunks)), "rejected")
        self._change(offer, msgspec.structs.replace(left, badge=as_chosen(left, offer.proved, offer.earned)))

    def ground_moved(self, paths: Collection[str]) -> None:
        """Say on every open proposal which of `paths` no longer hold what it was verified on."""
        for offer in self._ledger.newest_first():
            if offer.proposal.state != "open" or not offer.ground:
                continue
            moved = {path for path in paths if self._moved(offer, path)}
            changed = tuple(sorted((set(offer.proposal.changed_since) - set(paths)) | moved))
            if changed != offer.proposal.changed_since:
                badge = stale(as_chosen(offer.proposal, offer.proved, offer.earned), changed)
                self._change(offer, msgspec.structs.replace(offer.proposal, badge=badge, changed_since=changed))

    def _moved(self, offer: Offer, path: str) -> bool:
        if path not in offer.ground:
            return self._buffers.unsaved(path) is not None
        now = self._buffers.current(path)
        return (None if now is None else digest(now)) != offer.ground[path]

    def _change(self, offer: Offer, proposal: Proposal) -> None:
        self._ledger.put(msgspec.structs.replace(offer, proposal=proposal))
        self._emit(ProposalChanged(proposal))
