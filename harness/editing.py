"""Edits by an agent that brings a model of its own: shown lines, checked edits, a proposal, and its landing.

Everything goes the way of an edit of ours: the one decision, the checks of hashline edits, the ledger and the journal.
An edit that the rules allow lands at once, unproved, and is taken back like any other; one that they ask about stays
on offer, for an answer that comes by way of the agent's own program would not be the person's.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Sequence
from time import strftime

from bridle.harness.edits.hashline import Plan, PlannedFile, parse, plan
from bridle.harness.edits.links import check_names
from bridle.harness.edits.problems import ToolProblem, ToolProblems
from bridle.harness.edits.readview import ReadView, read, view
from bridle.harness.edits.request import EditRequest, clean_path
from bridle.harness.edits.revisions import Revisions
from bridle.harness.edits.writes import WriteLog
from bridle.harness.engine import FinishLanding, PrepareLanding, ProposalChanged
from bridle.harness.ground import Ground
from bridle.harness.landings import Landings
from bridle.harness.lines import Edited, EditedFile, EditLines, LinesReply, LinesRequest, ReadLines, Refusal, Shown
from bridle.harness.lines import RefusedPlace as Place
from bridle.harness.nouns import Badge, ProposalId, RunId, UserProblem
from bridle.harness.permission.consulting import permit
from bridle.harness.permission.decision import Decision, as_event
from bridle.harness.proposals.ledger import Offer
from bridle.harness.proposals.patches import Changed, unofferable
from bridle.harness.proposals.unproved import named, unproved
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import AGENT
from bridle.harness.verify.python_version import is_newer_than_ours

WORKFLOW = AGENT
UNPROVED = Badge("unverified", "not verified: an agent wrote it")
MAX_LINES = 1_000
MAX_TEXT_CHARS = 200_000
AROUND_LINES = 2


class Editing:
    """What one agent was shown, and what it edits; the agent of one door."""

    def __init__(self, ground: Ground, landings: Landings) -> None:
        self._ground = ground
        self._landings = landings
        self._revisions = Revisions()
        self._log = WriteLog()
        self._turn = asyncio.Lock()

    async def answer(self, request: LinesRequest) -> LinesReply:
        """Show or edit; what the agent can put right is a Refusal. Raises UserProblem for the rest."""
        try:
            if isinstance(request, ReadLines):
                return await self._show(request)
            async with self._turn:
                return await self._edit(request)
        except ToolProblem as problem:
            return _refusal(problem)

    # --- showing --------------------------------------------------------------------------------------------

    async def _show(self, request: ReadLines) -> Shown:
        path = clean_path(request.path)
        check_names(self._ground.root, [path])
        decision = await self._decided("Read", path)
        if decision.verdict != "allow":
            raise ToolProblem("E_PERMISSION", path, f"{decision.reason}. Work without this file.")
        start = max(request.start, 0)
        end = start + MAX_LINES if request.end is None else min(request.end, start + MAX_LINES)
        seen = await asyncio.to_thread(self._read, path, start, end)
        if len(seen.text) > MAX_TEXT_CHARS:
            message = (
                f"These lines have {len(seen.text)} characters, more than {MAX_TEXT_CHARS}: ask for fewer, or leave it."
            )
            raise ToolProblem("E_RANGE", path, message)
        return Shown(path, seen.rev, seen.digest, seen.shown, seen.total, seen.text)

    def _read(self, path: str, start: int, end: int) -> ReadView:
        return read(self._revisions, path, self._ground.buffers.current(path), ((start, end),))

    # --- editing --------------------------------------------------------------------------------------------

    async def _edit(self, request: EditLines) -> Edited:
        asked = parse({"files": request.files, "dry_run": request.dry_run})
        paths = [path for file in asked.files for path in (file.path, file.to) if path]
        check_names(self._ground.root, paths)
        decisions = {path: await self._decided("Edit", path) for path in paths}
        denied = [(path, one) for path, one in decisions.items() if one.verdict == "deny"]
        if denied:
            problems = [ToolProblem("E_PERMISSION", path, f"{one.reason}.") for path, one in denied]
            raise ToolProblems(problems)
        planned = await asyncio.to_thread(self._plan, asked)
        changes = [Changed(f.path, f.before, f.after, source=f.renamed_from) for f in planned.files]
        for one in changes:
            if why := unofferable(one):
                raise ToolProblem("E_PERMISSION", one.path, f"It cannot be put on offer: {why}. Nothing was written.")
        if request.dry_run:
            return Edited("checked", tuple(_told(file) for file in planned.files))
        proposal = await asyncio.to_thread(self._offer, changes, decisions, request.by)
        asks = [f"{path}: {one.reason}" for path, one in decisions.items() if one.verdict == "ask"]
        why = "; ".join(asks) or await self._land(proposal)
        if why:
            return Edited("offered", tuple(_told(file) for file in planned.files), proposal, why)
        return Edited("landed", tuple(map(self._landed, planned.files)), proposal)

    async def _decided(self, tool: str, path: str) -> Decision:
        ground = self._ground
        return await permit(ground.grants.policy, ground.settings.hooks, ground.trusted, tool, path)

    def _plan(self, asked: EditRequest) -> Plan:
        """Plan all edits. Raises ToolProblem with everything that is wrong."""
        current = self._ground.buffers.current
        newer = is_newer_than_ours(self._ground.root, self._ground.settings.python)
        moved = self._log.moved(self._revisions, current)
        return plan(asked, self._revisions, current, moved, newer_python=newer)

    def _offer(self, changes: Sequence[Changed], decisions: dict[str, Decision], by: str) -> ProposalId:
        """Put the changes on offer, journaled as a run of their own."""
        ground = self._ground
        run = RunId(strftime("%Y%m%d-%H%M%S-") + uuid.uuid4().hex[:6])
        said = f"{by or 'an agent'}: {named([one.path for one in changes])}"
        proposal = unproved(run, said, UNPROVED, changes, ground.buffers.versions(), ground.blobs)
        journal = Journal(ground.state.journals, run, ground.now)
        try:
            started = {"workflow": WORKFLOW, "instruction": proposal.title, "pid": os.getpid(), "engine": ground.engine}
            journal.append("started", started)
            for path, decision in decisions.items():
                journal.append("decided", as_event("Edit", path, decision))
            journal.append("proposed", {"proposal": proposal.id, "files": [file.path for file in proposal.files]})
            journal.append("ended", {"outcome": "succeeded", "reason": "the edits stand as a proposal"})
        finally:
            journal.close()
        openings = ground.buffers.openings()
        ground.ledger.put(Offer(proposal, ground={}, engine=ground.engine, openings=openings, created=ground.now()))
        ground.emit(ProposalChanged(proposal))
        return proposal.id

    async def _land(self, proposal: ProposalId) -> str:
        """Land a proposal without proof; returns why that was not possible, "" when it was."""
        try:
            ready = await self._landings.prepare(PrepareLanding(proposal, force=True))
            if ready.refused:
                return ready.refused
            if ready.open_files:
                return f"open in an editor: {', '.join(file.path for file in ready.open_files)}"
            done = await self._landings.finish(FinishLanding(ready.id, ()))
        except UserProblem as problem:
            return problem.message
        return "" if done.outcome == "applied" else done.reason

    def _landed(self, file: PlannedFile) -> EditedFile:
        """Return a file's new revision, with fresh anchors around what changed."""
        told = _told(file)
        self._log.record(file.path, file.before, file.after, file.edits)
        if file.after is None:
            return told
        revision = self._revisions.note(file.path, file.after)
        around = [
            (max(edit.start - AROUND_LINES, 0), max(edit.end, edit.start + 1) + AROUND_LINES) for edit in file.inverse
        ]
        text = view(self._revisions, revision, around).text if revision.text else ""
        return EditedFile(told.path, told.added, told.removed, revision.number, text[:MAX_TEXT_CHARS], told.warnings)


def _told(file: PlannedFile) -> EditedFile:
    added = sum(edit.end - edit.start for edit in file.inverse)
    removed = sum(edit.end - edit.start for edit in file.edits)
    return EditedFile(file.path, added, removed, warnings=file.warnings)


def _refusal(problem: ToolProblem) -> Refusal:
    each = problem.problems if isinstance(problem, ToolProblems) else (problem,)
    return Refusal(str(problem), tuple(Place(p.code, p.path, p.message) for p in each), problem.fragment)
