"""Landing and taking back: the two halves around what the door does with open documents.

`prepare` checks everything, proves again what moved since the proof, and journals the intent; the door then changes
its documents; `finish` writes the closed files, all or none. An undo is the landing of the inverse.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Literal

import msgspec

from bridle.harness.buffers import encode_or_utf8
from bridle.harness.edits.disk import Write, commit
from bridle.harness.edits.patch import file_patch, invert
from bridle.harness.engine import (
    Buffer,
    FinishLanding,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    PrepareUndo,
    ProposalChanged,
)
from bridle.harness.ground import Ground
from bridle.harness.nouns import FilePatch, Proposal, UserProblem
from bridle.harness.proposals.landing import Counted, Placed, place
from bridle.harness.proposals.ledger import Offer
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.indexer.encoding import decode
from bridle.indexer.text import apply_edits

MAX_PLANS = 50

State = Literal["accepted", "partial", "undone"]

Prove = Callable[[Offer, Sequence[Placed]], Awaitable[Proposal]]
"""Runs the checks on the tree as it is with these files in place; returns the proposal with its new badge."""


class Plan(msgspec.Struct, frozen=True):
    """A landing that was prepared and waits for its documents."""

    id: str
    offer: Offer
    placed: tuple[Placed, ...]
    undo: bool


class Landings:
    """The landings of one engine."""

    def __init__(self, ground: Ground, prove: Prove) -> None:
        self._ground = ground
        self._prove = prove
        self._plans: dict[str, Plan] = {}

    async def prepare(self, request: PrepareLanding) -> LandingPlan:
        """Make a proposal ready to land, proving it again where its ground moved. Raises UserProblem."""
        offer = self._ground.ledger.get(request.proposal)
        if offer.proposal.state != "open":
            raise UserProblem(f"this proposal was {offer.proposal.state} already", "")
        placed = self._place(offer, offer.proposal.files, Counted(offer.engine, offer.openings), request.rebased)
        conflict = _conflict(placed)
        if conflict:
            return LandingPlan("", (), (), refused=conflict, proposal=offer.proposal)
        if offer.proposal.flags and not request.force:
            return LandingPlan("", (), (), refused=offer.proposal.badge.text, proposal=offer.proposal)
        if not request.force:
            proposal = await self._prove(offer, placed)
            offer = self._ground.ledger.get(request.proposal)
            if proposal.badge.state in ("not green", "refused"):
                return LandingPlan("", (), (), refused=proposal.badge.text, proposal=proposal)
        return self._intend(offer, placed, undo=False)

    async def prepare_undo(self, request: PrepareUndo) -> LandingPlan:
        """Make the inverse of a landed change ready. Raises UserProblem when there is nothing to take back."""
        offer = self._landed(request.run)
        files = tuple(_inverse(file) for file in offer.landed)
        placed = self._place(offer, files, Counted(offer.engine, offer.landed_openings), ())
        conflict = _conflict(placed)
        if conflict:
            return LandingPlan("", (), (), refused=conflict, proposal=offer.proposal)
        return self._intend(offer, placed, undo=True)

    async def finish(self, request: FinishLanding) -> LandingResult:
        """Take what became of the documents and write the closed files. Raises UserProblem for an unknown plan."""
        plan = self._plans.pop(request.plan, None)
        if plan is None:
            raise UserProblem("this landing is not under way any more", "run the action again")
        journal = Journal(self._ground.state.journals, plan.offer.proposal.run, self._ground.now)
        try:
            return self._finish(plan, request, journal)
        finally:
            journal.close()

    # --- preparing ------------------------------------------------------------------------------------------

    def _place(
        self, offer: Offer, files: Sequence[FilePatch], counted: Counted, rebased: Sequence[FilePatch]
    ) -> tuple[Placed, ...]:
        carried = {file.path: file for file in rebased}
        ground = self._ground
        placed = (place(file, counted, ground.engine, ground.buffers, ground.blobs.get) for file in files)
        return tuple(self._with_document(one, carried.get(one.path)) for one in placed)

    def _with_document(self, placed: Placed, rebased: FilePatch | None) -> Placed:
        """Work out what an open document will hold, from the door's carried edits where the text moved on."""
        if placed.open is None or placed.conflict:
            return placed
        document = self._ground.buffers.get(placed.path)
        assert document is not None
        edits = rebased or placed.open
        if edits.base_version != document.buffer.version:
            return placed  # the door carries it over by its own log, and tells what came of it
        text = apply_edits(document.buffer.text, edits.edits)
        return msgspec.structs.replace(placed, open=edits, after=_saved(text, placed.before))

    def _intend(self, offer: Offer, placed: tuple[Placed, ...], *, undo: bool) -> LandingPlan:
        plan = Plan(uuid.uuid4().hex[:12], offer, placed, undo)
        journal = Journal(self._ground.state.journals, offer.proposal.run, self._ground.now)
        try:
            undoes = offer.plan if undo else ""
            files = self._changes(placed)
            journal.append(
                "prepared", {"plan": plan.id, "files": files, "proposal": offer.proposal.id, "undoes": undoes}
            )
        finally:
            journal.close()
        while len(self._plans) >= MAX_PLANS:
            self._plans.pop(next(iter(self._plans)))
        self._plans[plan.id] = plan
        return LandingPlan(
            plan.id,
            open_files=tuple(p.open for p in placed if p.open is not None),
            closed_files=tuple(p.path for p in placed if p.open is None),
            proposal=offer.proposal,
            title=("Undo: " if undo else "") + offer.proposal.title,
        )

    def _changes(self, placed: Sequence[Placed]) -> tuple[FileChange, ...]:
        return tuple(
            FileChange(p.path, self._keep(p.before), self._keep(p.after), open=p.open is not None) for p in placed
        )

    def _keep(self, data: bytes | None) -> str | None:
        return None if data is None else self._ground.blobs.put(data)

    def _landed(self, run: str) -> Offer:
        for offer in sorted(self._ground.ledger.newest_first(), key=lambda o: o.landed_at, reverse=True):
            if offer.proposal.state in ("accepted", "partial") and run in ("", offer.proposal.run):
                return offer
        raise UserProblem("there is no landed change to take back" + (f" of run {run!r}" if run else ""), "")

    # --- finishing ------------------------------------------------------------------------------------------

    def _finish(self, plan: Plan, request: FinishLanding, journal: Journal) -> LandingResult:
        confirmed = {buffer.path: buffer for buffer in request.landed}
        plan = msgspec.structs.replace(plan, placed=tuple(_as_confirmed(p, confirmed) for p in plan.placed))
        documents = [p.path for p in plan.placed if p.open is not None]
        missing = sorted({*request.failed, *(path for path in documents if path not in confirmed)})
        if missing:
            return self._short(plan, tuple(sorted(confirmed)), missing, request.reason, journal)
        unsaved = tuple(sorted(confirmed))
        journal.append("confirmed", {"plan": plan.id, "unsaved": unsaved, "files": self._changes(plan.placed)})
        closed = [p for p in plan.placed if p.open is None]
        try:
            self._expect_unopened(closed)
            commit(self._ground.root, [Write(p.path, p.before, p.after) for p in closed], self._ground.state.landings)
        except (UserProblem, OSError) as error:
            return self._short(plan, unsaved, [p.path for p in closed], str(error), journal)
        written = tuple(p.path for p in closed)
        self._keep_landing(plan, "accepted", (*written, *unsaved))
        journal.append("landed", {"plan": plan.id, "written": written, "unsaved": unsaved})
        return LandingResult("applied", written, unsaved)

    def _expect_unopened(self, closed: Sequence[Placed]) -> None:
        """A file that was opened and typed into meanwhile is not written below its editor. Raises UserProblem."""
        typed = [p.path for p in closed if self._ground.buffers.unsaved(p.path) is not None]
        if typed:
            raise UserProblem(f"opened and changed meanwhile: {', '.join(typed)}", "run the action again")

    def _short(
        self, plan: Plan, changed: tuple[str, ...], missing: list[str], reason: str, journal: Journal
    ) -> LandingResult:
        """Not everything could land: nothing did, or a part, which is said and never called done."""
        journal.append("rolled_back", {"plan": plan.id, "reason": reason, "kept": changed})
        if not changed:
            return LandingResult("rolled back", conflicts=tuple(missing), reason=reason)
        self._keep_landing(plan, "partial", changed)
        return LandingResult("partial", unsaved=changed, conflicts=tuple(missing), reason=reason)

    def _keep_landing(self, plan: Plan, state: State, paths: Collection[str]) -> None:
        """Remember what came to stand, for an undo; of an undo, what still stands."""
        if plan.undo:
            left = tuple(file for file in plan.offer.landed if file.path not in paths)
            self._settle(msgspec.structs.replace(plan.offer, landed=left), "partial" if left else "undone")
            return
        landed = tuple(
            file_patch(p.path, p.before, p.after, p.open.base_version if p.open else None)
            for p in plan.placed
            if p.path in paths
        )
        offer = msgspec.structs.replace(
            plan.offer,
            landed=landed,
            landed_openings=self._ground.buffers.openings(),
            engine=self._ground.engine,
            landed_at=self._ground.now(),
            plan=plan.id,
        )
        self._settle(offer, state)

    def _settle(self, offer: Offer, state: State) -> None:
        proposal = msgspec.structs.replace(offer.proposal, state=state)
        self._ground.ledger.put(msgspec.structs.replace(offer, proposal=proposal))
        self._ground.emit(ProposalChanged(proposal))


def _as_confirmed(placed: Placed, confirmed: Mapping[str, Buffer]) -> Placed:
    """Take what a document held after its echo, and the version it had then."""
    buffer = confirmed.get(placed.path)
    if buffer is None or placed.open is None:
        return placed
    opened = msgspec.structs.replace(placed.open, base_version=buffer.version)
    return msgspec.structs.replace(placed, open=opened, after=_saved(buffer.text, placed.before))


def _saved(text: str, before: bytes | None) -> bytes:
    """Return what saving `text` would write in place of `before`."""
    like = decode(before) if before is not None else None
    return encode_or_utf8(text, like.encoding if like else "utf-8", bom=bool(like and like.bom))


def _inverse(file: FilePatch) -> FilePatch:
    return msgspec.structs.replace(invert(file), base_version=file.base_version)


def _conflict(placed: Sequence[Placed]) -> str:
    told = [f"{one.path}: {one.conflict}" for one in placed if one.conflict]
    return "; ".join(told)
