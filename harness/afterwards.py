"""Proof after the fact: what a person took in their editor's own preview is verified as they chose it."""

from __future__ import annotations

from bridle.harness.engine import LandingPlan, ProveLanded
from bridle.harness.ground import Ground
from bridle.harness.nouns import FilePatch, UserProblem
from bridle.harness.proposals.hunks import HOW_IT_STANDS, told
from bridle.harness.proposals.landing import Placed
from bridle.harness.proposals.proving import Proving


class Afterwards:
    """Proves landings of one root that stand already."""

    def __init__(self, ground: Ground, proving: Proving) -> None:
        self._ground = ground
        self._proving = proving

    async def prove(self, request: ProveLanded) -> LandingPlan:
        """Run checks and gates on a landing as it stands, with what was typed since. Raises UserProblem."""
        offer = self._ground.ledger.get(request.proposal)
        part = next((one for one in reversed(offer.parts) if set(one.hunks) == set(request.hunks)), None)
        if part is None:
            raise UserProblem("no landing of just these hunks stands", HOW_IT_STANDS)
        placed = tuple(map(self._placed, part.files))
        shown = await self._proving.landed(offer, placed, part.hunks)
        return LandingPlan("", (), (), proposal=shown, title=f"{shown.title} {told(part.hunks, shown)}".strip())

    def _placed(self, file: FilePatch) -> Placed:
        before = None if file.before is None else self._ground.blobs.get(file.before)
        return Placed(file.path, before, self._ground.buffers.current(file.path), executable=file.executable)
