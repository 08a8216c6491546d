"""Landing and taking back: the two halves around what the door does with open documents.

`prepare` checks everything, proves again what moved since the proof, and journals the intent; the door then changes
its documents; `finish` writes the closed files, all or none. An undo is the landing of the inverse.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence

import msgspec

from bridle.harness.buffers import encode_or_utf8
from bridle.harness.edits.disk import Write, commit, remove_empty
from bridle.harness.edits.patch import any_patch
from bridle.harness.engine import (
    Buffer,
    FinishLanding,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    PrepareRewind,
    PrepareUndo,
    ProposalChanged,
    Proposals,
)
from bridle.harness.ground import Ground
from bridle.harness.nouns import Badge, FilePatch, Hunk, Proposal, ProposalId, RunId, UserProblem
from bridle.harness.proposals.hunks import HOW_IT_STANDS, chosen, ids_of, part_of, told
from bridle.harness.proposals.landing import Counted, Placed, Scene, place, place_in_turn
from bridle.harness.proposals.ledger import Offer, Part
from bridle.harness.proposals.parts import with_part, without_part
from bridle.harness.proposals.premises import with_premises
from bridle.harness.proposals.rewinding import inverse
from bridle.harness.rewinding import WayBack, gone_back, way_back
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.indexer.encoding import decode
from bridle.indexer.text import LineEdit, apply_edits

MAX_PLANS = 50

Prove = Callable[[Offer, Sequence[Placed], Collection[str]], Awaitable[Proposal]]
"""Runs the checks on the tree as it is with these files in place; returns the proposal with these hunks' badge."""


class Plan(msgspec.Struct, frozen=True):
    """A landing that was prepared and waits for its documents: which hunks it takes, or which landing it takes back.

    One that brings a run back to its record `rewinds` says on which `way`; without an offer `proposal` is "".
    """

    id: str
    run: RunId
    proposal: ProposalId
    placed: tuple[Placed, ...]
    hunks: tuple[str, ...] = ()
    undoes: str = ""
    rewinds: int = 0
    way: WayBack = WayBack()


class Landings:
    """The landings of one engine."""

    def __init__(self, ground: Ground, prove: Prove) -> None:
        self._ground = ground
        self._prove = prove
        self._plans: dict[str, Plan] = {}

    def proposals(self) -> Proposals:
        """Return all proposals, the newest first, with the hunks that need to be asked for again."""
        ground = self._ground
        found: list[Proposal] = []
        for offer in ground.ledger.newest_first():
            scene = Scene(ground.engine, ground.buffers, self._content, offer.parts)
            found.append(with_premises(offer, scene) if offer.proposal.state == "open" else offer.proposal)
        return Proposals(tuple(found))

    async def prepare(self, request: PrepareLanding) -> LandingPlan:
        """Make hunks of a proposal ready to land, proving them where that was not done. Raises UserProblem."""
        offer = self._ground.ledger.get(request.proposal)
        if offer.proposal.state != "open":
            raise UserProblem(f"this proposal was {offer.proposal.state} already", HOW_IT_STANDS)
        hunks = chosen(offer.proposal, request.hunks)
        wanted = {hunk.path for hunk in hunks} - set(request.confirmed)
        confirm = {path: why for path, why in offer.proposal.outside.items() if path in wanted}
        if confirm:
            reason = f"{', '.join(confirm)}: outside of what the run was started on"
            return LandingPlan("", (), (), refused=reason, proposal=offer.proposal, confirm=confirm)
        placed = self._place_hunks(offer, hunks, request.rebased)
        conflict = _conflict(placed)
        if conflict:
            return LandingPlan("", (), (), refused=conflict, proposal=offer.proposal)
        ids = ids_of(hunks)
        if request.force:
            self._override(offer, ids)
            said = Badge("unverified", f"taken without proof; it said: {offer.proposal.badge.text}")
            shown = msgspec.structs.replace(offer.proposal, badge=said)
        else:
            shown = await self._prove(offer, placed, ids)
            if any(flag.blocks for flag in shown.flags) or shown.badge.state in ("not green", "refused"):
                return LandingPlan("", (), (), refused=shown.badge.text, proposal=shown)
            self._expect_open(request.proposal, ids)
        plan = Plan(_new_id(), offer.proposal.run, offer.proposal.id, placed, ids)
        return self._intend(plan, shown, _with_part(offer.proposal, ids))

    async def prepare_undo(self, request: PrepareUndo) -> LandingPlan:
        """Make the inverse of a landed change ready. Raises UserProblem when there is nothing to take back."""
        offer, part = self._landed(request.run)
        ground = self._ground
        scene = Scene(ground.engine, ground.buffers, self._content, offer.parts, choices=request.choices)
        counted = Counted(part.engine, part.openings)
        placed = tuple(self._with_document(place(inverse(file), counted, scene)) for file in part.files)
        conflict = _conflict(placed)
        if conflict:
            clashes = tuple(clash for one in placed for clash in one.clashes)
            return LandingPlan("", (), (), refused=conflict, proposal=offer.proposal, clashes=clashes)
        plan = Plan(_new_id(), offer.proposal.run, offer.proposal.id, placed, part.hunks, undoes=part.plan)
        return self._intend(plan, offer.proposal, f"Undo: {_with_part(offer.proposal, part.hunks)}")

    async def prepare_rewind(self, request: PrepareRewind) -> LandingPlan:
        """Make a run ready to stand as it did after an earlier record. Raises UserProblem."""
        ground = self._ground
        offer = ground.ledger.of_run(request.run)
        way = await asyncio.to_thread(way_back, ground.state.journals, offer, self._content, request)
        parts = way.offer.parts if way.offer else ()
        scene = Scene(ground.engine, ground.buffers, self._content, parts, choices=request.choices)
        placed = tuple(self._with_document(place_in_turn(turns, scene)) for turns in way.course.turns().values())
        shown = way.offer.proposal if way.offer else None
        conflict = _conflict(placed)
        if conflict:
            clashes = tuple(clash for one in placed for clash in one.clashes)
            return LandingPlan("", (), (), refused=conflict, proposal=shown, clashes=clashes)
        plan = Plan(
            _new_id(),
            request.run,
            ProposalId(shown.id if shown else ""),
            tuple(one for one in placed if one.changes),
            rewinds=request.to,
            way=way,
        )
        return self._intend(plan, shown, f"Back to step {request.to}: {way.title}")

    async def finish(self, request: FinishLanding) -> LandingResult:
        """Take what became of the documents and write the closed files. Raises UserProblem for an unknown plan."""
        plan = self._plans.pop(request.plan, None)
        if plan is None:
            raise UserProblem("this landing is not under way any more", "run the action again")
        journal = Journal(self._ground.state.journals, plan.run, self._ground.now)
        try:
            return self._finish(plan, request, journal)
        finally:
            journal.close()

    def _override(self, offer: Offer, hunks: tuple[str, ...]) -> None:
        """Journal that a person takes these hunks without proof, and what was said against them."""
        proposal = offer.proposal
        journal = Journal(self._ground.state.journals, proposal.run, self._ground.now)
        try:
            journal.append("overridden", _against(proposal, hunks), sync=True)
        finally:
            journal.close()

    # --- preparing ------------------------------------------------------------------------------------------

    def _place_hunks(self, offer: Offer, hunks: Collection[Hunk], rebased: Sequence[FilePatch]) -> tuple[Placed, ...]:
        """Return where the chosen part of each file goes."""
        scene = Scene(
            self._ground.engine,
            self._ground.buffers,
            self._content,
            offer.parts,
            carried={file.path: file for file in rebased},
        )
        counted = Counted(offer.engine, offer.openings)
        parts = (part_of(file, hunks, self._content) for file in offer.proposal.files)
        return tuple(self._with_document(place(part, counted, scene)) for part in parts if part is not None)

    def _content(self, mark: str) -> bytes:
        return self._ground.blobs.get(mark)

    def _with_document(self, placed: Placed) -> Placed:
        """Work out what an open document will hold; of an undo that is carried by the door's log, the door tells."""
        if placed.open is None or placed.conflict:
            return placed
        document = self._ground.buffers.get(placed.path)
        assert document is not None
        if placed.open.base_version != document.buffer.version:
            return placed
        text = apply_edits(document.buffer.text, placed.open.edits)
        return msgspec.structs.replace(placed, after=_saved(text, placed.before))

    def _intend(self, plan: Plan, shown: Proposal | None, title: str) -> LandingPlan:
        """Journal that a landing is about to begin; one that changes no file needs no intent."""
        if plan.placed or not plan.rewinds:
            journal = Journal(self._ground.state.journals, plan.run, self._ground.now)
            try:
                self._journal_intent(plan, journal)
            finally:
                journal.close()
        for older in [one for one in self._plans.values() if one.run == plan.run]:
            del self._plans[older.id]  # the newest wins: two landings of one run are never under way at once
        while len(self._plans) >= MAX_PLANS:
            self._plans.pop(next(iter(self._plans)))
        self._plans[plan.id] = plan
        return LandingPlan(
            plan.id,
            open_files=tuple(p.open for p in plan.placed if p.open is not None),
            closed_files=tuple(p.path for p in plan.placed if p.open is None),
            proposal=shown,
            title=title,
            clashes=tuple(clash for one in plan.placed for clash in one.clashes),
        )

    def _journal_intent(self, plan: Plan, journal: Journal) -> None:
        said: dict[str, object] = {"plan": plan.id, "files": self._changes(plan.placed), "proposal": plan.proposal}
        if plan.rewinds:
            said |= {"rewinds": plan.rewinds, "what": plan.way.what}
        journal.append("prepared", {**said, "hunks": plan.hunks, "undoes": plan.undoes})

    def _changes(self, placed: Sequence[Placed]) -> tuple[FileChange, ...]:
        return tuple(
            FileChange(
                p.path,
                self._keep(p.before),
                self._keep(p.after),
                open=p.open is not None,
                executable=p.executable,
                mode=p.mode,
            )
            for p in placed
        )

    def _keep(self, data: bytes | None) -> str | None:
        return None if data is None else self._ground.blobs.put(data)

    def _landed(self, run: str) -> tuple[Offer, Part]:
        standing = [
            (part.at, offer, part)
            for offer in self._ground.ledger.newest_first()
            if run in ("", offer.proposal.run)
            for part in offer.parts
        ]
        if not standing:
            raise UserProblem(
                "there is no landed change to take back" + (f" of run {run!r}" if run else ""),
                "'bridle proposals list' shows what landed",
            )
        _, offer, part = max(standing, key=lambda one: one[0])
        return offer, part

    def _expect_open(self, proposal: ProposalId, ids: Collection[str]) -> None:
        """Refuse hunks that were decided on while they were being proved. Raises UserProblem."""
        chosen(self._ground.ledger.get(proposal).proposal, ids)

    # --- finishing ------------------------------------------------------------------------------------------

    def _as_taken(self, plan: Plan, hunks: Collection[str], journal: Journal) -> Plan:
        """Return the landing of what the person took in the editor, journaled in place of what was prepared.

        Nothing vouches for just these hunks together, and the record says so. Raises UserProblem.
        """
        proposal = self._ground.ledger.get(plan.proposal).proposal
        if not set(hunks) <= set(plan.hunks):
            raise UserProblem(f"other hunks were prepared: {', '.join(plan.hunks)}", HOW_IT_STANDS)
        ids = tuple(one for one in plan.hunks if one in hunks)
        paths = {hunk.path for hunk in proposal.hunks if hunk.id in ids}
        taken = Plan(_new_id(), plan.run, plan.proposal, tuple(p for p in plan.placed if p.path in paths), ids)
        journal.append("rolled_back", {"plan": plan.id, "reason": "the person took a part of it", "kept": ()})
        journal.append("overridden", _against(proposal, ids), sync=True)
        self._journal_intent(taken, journal)
        return taken

    def _finish(self, plan: Plan, request: FinishLanding, journal: Journal) -> LandingResult:
        if request.hunks and set(request.hunks) != set(plan.hunks):
            plan = self._as_taken(plan, request.hunks, journal)
        confirmed = {buffer.path: buffer for buffer in request.landed}
        inverses = request.inverses
        placed = tuple(_as_confirmed(p, confirmed.get(p.path), inverses.get(p.path)) for p in plan.placed)
        plan = msgspec.structs.replace(plan, placed=placed)
        documents = [p.path for p in plan.placed if p.open is not None]
        missing = sorted({*request.failed, *(path for path in documents if path not in confirmed)})
        if missing:
            return self._short(plan, tuple(sorted(confirmed)), missing, request.reason, journal)
        unsaved = tuple(sorted(confirmed))
        if plan.placed:
            journal.append("confirmed", {"plan": plan.id, "unsaved": unsaved, "files": self._changes(plan.placed)})
        closed = [p for p in plan.placed if p.open is None]
        try:
            self._expect_unopened(closed)
            writes = [
                Write(p.path, p.before, p.after, executable=p.executable and p.executable[1], mode=p.mode)
                for p in closed
            ]
            folders = commit(self._ground.root, writes, self._ground.state.landings)
        except (UserProblem, OSError) as error:
            return self._short(plan, unsaved, [p.path for p in closed], str(error), journal)
        written = tuple(p.path for p in closed)
        self._keep_landing(plan, (*written, *unsaved), folders)
        if plan.rewinds:
            said = {"to": plan.rewinds, "what": plan.way.what, "plan": plan.id if plan.placed else ""}
            journal.append("rewound", {**said, "written": written, "unsaved": unsaved})
        else:
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
        self._keep_landing(plan, changed)
        return LandingResult("partial", unsaved=changed, conflicts=tuple(missing), reason=reason)

    def _keep_landing(self, plan: Plan, paths: Collection[str], folders: tuple[str, ...] = ()) -> None:
        """Remember what came to stand, for an undo, and the `folders` made for it; of an undo, what still stands.

        What goes back takes the folders along that landings of this offer made, where nothing is left in them.
        """
        if not plan.proposal:
            return
        ground = self._ground
        offer = ground.ledger.get(plan.proposal)
        if plan.rewinds or plan.undoes:
            remove_empty(ground.root, sorted({folder for part in offer.parts for folder in part.folders}))
        if plan.rewinds:
            self._settle(gone_back(offer, plan.way, [one.path for one in plan.placed], paths, ground.now()))
            return
        if plan.undoes:
            self._settle(without_part(offer, plan.undoes, paths))
            return
        files = tuple(_landed_patch(p) for p in plan.placed if p.path in paths)
        part = Part(plan.id, files, plan.hunks, ground.engine, ground.buffers.openings(), ground.now(), folders)
        self._settle(with_part(offer, part))

    def _settle(self, offer: Offer) -> None:
        self._ground.ledger.put(offer)
        self._ground.emit(ProposalChanged(offer.proposal))


def _as_confirmed(placed: Placed, buffer: Buffer | None, inverse: Sequence[LineEdit] | None) -> Placed:
    """Take what a document held after its echo, the version it had then, and what it held right before."""
    if buffer is None or placed.open is None:
        return placed
    opened = msgspec.structs.replace(placed.open, base_version=buffer.version)
    before = placed.before if inverse is None else _saved(apply_edits(buffer.text, inverse), placed.before)
    return msgspec.structs.replace(placed, open=opened, before=before, after=_saved(buffer.text, placed.before))


def _saved(text: str, before: bytes | None) -> bytes:
    """Return what saving `text` would write in place of `before`."""
    like = decode(before) if before is not None else None
    return encode_or_utf8(text, like.encoding if like else "utf-8", bom=bool(like and like.bom))


def _landed_patch(placed: Placed) -> FilePatch:
    version = placed.open.base_version if placed.open else None
    patch = any_patch(placed.path, placed.before, placed.after, version, placed.executable)
    return msgspec.structs.replace(patch, mode=placed.mode)


def _against(proposal: Proposal, hunks: tuple[str, ...]) -> dict[str, object]:
    """Return what is journaled where hunks are taken without proof: what was said of the whole."""
    return {"proposal": proposal.id, "badge": proposal.badge, "flags": proposal.flags, "hunks": hunks}


def _with_part(proposal: Proposal, hunks: Collection[str]) -> str:
    """Return a proposal's title, with the part of it that is meant."""
    part = told(hunks, proposal)
    return proposal.title + (f" ({part})" if part else "")


def _new_id() -> str:
    return uuid.uuid4().hex[:12]


def _conflict(placed: Sequence[Placed]) -> str:
    told = [f"{one.path}: {one.conflict}" for one in placed if one.conflict]
    return "; ".join(told)
