"""Landing a proposal in the editor, and taking it back: flush, prepare, send, confirm by echo, finish.

All documents or none: what landed before another failed is taken back. A conflict keeps the proposal on offer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple

import msgspec

from bridle.harness.engine import (
    Clash,
    FilePatch,
    FinishLanding,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    PrepareRewind,
    PrepareUndo,
    Proposal,
    UserProblem,
)
from bridle.indexer.history import between
from bridle.indexer.text import LineEdit
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.echo import Echo, Landed
from bridle.lsp_server.editor import Applied, Editor
from bridle.lsp_server.landing import Ready, carry, line_map, ready, rebased_patch, workspace_edit
from bridle.lsp_server.link import Link
from bridle.lsp_server.mirror import Mirror
from bridle.lsp_server.offers import Offers

PREPARE_S = 900.0
FINISH_S = 60.0
ECHO_S = 3.0
MAX_TRIES = 3
KEPT = "the proposal is kept; look at it, or run the action again"


Choice = Literal["keep", "take"]
Choose = Callable[[Clash], Awaitable[Choice]]
"""Asks the person about one clash. Raises UserProblem when they do not say."""


Confirm = Callable[[str, str], Awaitable[bool]]
"""Asks the person about one file, for the reason given: whether its change is taken too. Raises UserProblem."""


class Outcome(NamedTuple):
    """A landing that is over: its title, what may be said of it, what became of the files."""

    title: str
    badge: str
    result: LandingResult


class Conflict(Exception):
    """An edit that cannot go where it was meant."""


class Confirmed(NamedTuple):
    """What the documents hold: those that landed, and why others did not ("" when all did)."""

    landed: dict[str, Landed]
    reason: str


class Landing:
    """The landings of one root, one at a time."""

    def __init__(self, link: Link, documents: Documents, mirror: Mirror, offers: Offers, editor: Editor) -> None:
        self._link = link
        self._documents = documents
        self._mirror = mirror
        self._offers = offers
        self._editor = editor
        self._turn = asyncio.Lock()
        self.under_way = ""
        """The proposal that is being landed."""
        self.previewed = ""
        """The title of the proposal that waits in the editor's own preview: nothing else lands meanwhile."""

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Land while nothing else does. Raises UserProblem where the person has a preview to decide on first."""
        async with self._turn:
            if self.previewed:
                step = (
                    "apply or discard it there, or give it up: 'Bridle: Give Up the Open Preview' (bridle.endPreview)"
                )
                raise UserProblem(f"nothing was changed: the preview of {self.previewed!r} is open in the editor", step)
            yield

    async def accept(self, proposal: str, hunks: Sequence[str], confirm: Confirm, *, force: bool) -> Outcome:
        """Land hunks of a proposal with their groups, all that are open for none.

        `confirm` is asked about each file that leaves what the run was started on.

        Raises UserProblem when nothing, or not everything, landed.
        """
        async with self.turn():
            found = self._offers.get(proposal)
            if found.state != "open":
                raise UserProblem(f"this proposal was {found.state} already", "run the action again to get a new one")
            self.under_way = found.id
            try:
                return await self._accept(found, tuple(hunks), confirm, force=force)
            finally:
                self.under_way = ""

    async def undo(self, run: str, choose: Choose) -> Outcome:
        """Take a landed change back, and nothing that was typed since. Raises UserProblem."""
        async with self.turn():
            return await self._undo(PrepareUndo(run), choose)

    async def rewind(self, request: PrepareRewind, choose: Choose) -> Outcome:
        """Bring a run back to an earlier step, and nothing that was typed since. Raises UserProblem."""
        async with self.turn():
            return await self._undo(request, choose)

    async def _accept(self, proposal: Proposal, hunks: tuple[str, ...], confirm: Confirm, *, force: bool) -> Outcome:
        plan = await self.prepare(proposal, hunks, (), force=force)
        if plan.confirm:
            left = [path for path, why in plan.confirm.items() if not await confirm(path, why)]
            plan = await self.prepare(proposal, _without(proposal, hunks, left), tuple(plan.confirm), force=force)
        if plan.refused:
            anyway = "" if force else "look at it; to take it all the same, choose accept anyway"
            raise UserProblem(f"nothing was changed: {plan.refused}", anyway)
        badge = plan.proposal.badge.text if plan.proposal else ""
        return Outcome(plan.title, badge, await self._land(plan.id, plan.open_files, plan.title))

    async def prepare(
        self, proposal: Proposal, hunks: tuple[str, ...], confirmed: tuple[str, ...], *, force: bool
    ) -> LandingPlan:
        """Have hunks of a proposal proved and made ready to land. Raises UserProblem."""
        await self._mirror.flush()
        rebased = tuple(self._rebased(proposal, hunks))
        request = PrepareLanding(proposal.id, rebased, force, hunks, confirmed)
        return await self._link.ask(request, LandingPlan, PREPARE_S)

    async def _undo(self, request: PrepareUndo | PrepareRewind, choose: Choose) -> Outcome:
        await self._mirror.flush()
        while True:
            plan = await self._link.ask(request, LandingPlan, PREPARE_S)
            waiting = [clash for clash in plan.clashes if not clash.choice]
            if not waiting:
                break
            choices = {**request.choices, **{clash.id: await choose(clash) for clash in waiting}}
            request = msgspec.structs.replace(request, choices=choices)
        if plan.refused:
            raise UserProblem(
                f"nothing was changed: {plan.refused}", "take it back by hand, or with the editor's own undo"
            )
        files = [await self._undone(file, choose) for file in plan.open_files]
        return Outcome(plan.title, "taken back", await self._land(plan.id, files, plan.title))

    async def _undone(self, file: FilePatch, choose: Choose) -> FilePatch:
        """Return what taking back means in a document: where it meets the person's lines, what they choose."""
        document = self._documents.at(file.path)
        moved = None if document is None or file.base_version is None else document.log.since(file.base_version)
        if document is None or moved is None or not (carried := carry(file.edits, moved, document)).conflicts:
            return file
        edits, revision = list(carried.edits), document.revision
        for edit in carried.conflicts:
            there = between(moved, edit.start, edit.end, edit.end + 1, len(document.text.lines))
            if there is None:
                continue  # nothing bounds the place any more: the person's lines are kept
            mine = "".join(document.text.lines[slice(*there)])
            clash = Clash(f"{file.path}:{file.edits.index(edit) + 1}", file.path, *there, mine, edit.text)
            if await choose(clash) == "take":
                edits.append(LineEdit(*there, edit.text))
        edits.sort(key=lambda edit: (edit.start, edit.end))
        return FilePatch(file.path, file.before, file.after, tuple(edits), (), revision)

    def _rebased(self, proposal: Proposal, hunks: Sequence[str]) -> list[FilePatch]:
        """Return the chosen patches of open documents that moved on since. Raises UserProblem."""
        found: list[FilePatch] = []
        taken = {hunk.id for hunk in proposal.taking(hunks)}
        for patch in proposal.files:
            document = self._documents.at(patch.path)
            if document is None or patch.after is None or patch.base_version == document.revision:
                continue
            if line_map(document, patch) is None:
                continue  # the engine has the texts of both sides, and carries it over by them
            stands = [stand for stand in self._offers.stands(proposal, document) if stand.hunk.id in taken]
            if any(stand.broken for stand in stands):
                raise UserProblem(f"nothing was changed: you changed the same lines of {patch.path} since", KEPT)
            if stands:
                edits = sorted((edit for stand in stands for edit in stand.edits), key=lambda e: (e.start, e.end))
                found.append(rebased_patch(patch, tuple(edits), document))
        return found

    async def _land(self, plan: str, files: Sequence[FilePatch], title: str) -> LandingResult:
        confirmed = Confirmed({}, "the landing was interrupted")
        try:
            confirmed = await self._change_documents(files, title)
            await self._mirror.flush()
        finally:
            failed = tuple(file.path for file in files if file.path not in confirmed.landed)
            buffers = tuple(landed.buffer for landed in confirmed.landed.values())
            inverses = {path: landed.inverse for path, landed in confirmed.landed.items()}
            finish = FinishLanding(plan, buffers, failed, confirmed.reason, inverses)
            result = await self.finish(finish)
        if result.outcome != "applied":
            raise UserProblem(_told(result), KEPT)
        return result

    async def finish(self, request: FinishLanding) -> LandingResult:
        """Tell the engine what became of the documents. Raises UserProblem."""
        return await self._link.ask(request, LandingResult, FINISH_S)

    async def _change_documents(self, files: Sequence[FilePatch], title: str) -> Confirmed:
        """Change all documents, or none as far as that can be had."""
        try:
            for file in files:
                self.edits_now(file)
        except Conflict as conflict:
            return Confirmed({}, str(conflict))
        batches = [[file] for file in files] if self._editor.client.one_edit_per_document else [files]
        landed: dict[str, Landed] = {}
        for batch in filter(None, batches):
            confirmed = await self._send(batch, title)
            landed |= confirmed.landed
            if confirmed.reason:
                return Confirmed(await self._take_back(landed, title), confirmed.reason)
        return Confirmed(landed, "")

    async def _take_back(self, landed: Mapping[str, Landed], title: str) -> dict[str, Landed]:
        """Undo what landed before another failed; returns where that did not succeed."""
        kept: dict[str, Landed] = {}
        for path, one in landed.items():
            back = FilePatch(path, None, None, one.inverse, (), one.buffer.version)
            if (await self._send([back], f"take back {title}")).reason:
                kept[path] = one
        return kept

    async def _send(self, files: Sequence[FilePatch], title: str) -> Confirmed:
        """Send one edit and look for its echo; worked out anew, a few times, when the text moved on meanwhile."""
        client = self._editor.client
        landed: dict[str, Landed] = {}
        reason = ""
        for _ in range(MAX_TRIES):
            try:
                wanted = {file.path: self.edits_now(file) for file in files if file.path not in landed}
            except Conflict as conflict:
                return Confirmed(landed, str(conflict))
            echo = Echo(self._documents, wanted)
            parts = [ready(document, edits) for document, edits in wanted.values() if edits]
            try:
                answer = await self._applied(parts, title)
                landed |= await echo.wait(ECHO_S if answer.said == "yes" else 0.0)
            finally:
                echo.stop()
            if len(landed) == len(files):
                return Confirmed(landed, "")
            if answer.said == "yes" and echo.misplaced:
                reason = "you were typing while the change was on its way"
                if stuck := await self._take_back(echo.misplaced, title):
                    return Confirmed(landed, f"it is at a wrong place in {', '.join(stuck)}: undo it there")
                continue
            reason = answer.reason or "the editor says that it applied the change, but the document does not show it"
            surely_dropped = answer.said == "no" or (answer.said == "yes" and client.document_changes)
            if not surely_dropped or echo.untouched:
                break  # sent again, it might land twice
        return Confirmed(landed, reason)

    async def _applied(self, parts: Sequence[Ready], title: str) -> Applied:
        """Send an edit; one that changes nothing is not sent."""
        if not parts:
            return Applied("yes", "")
        return await self._editor.apply(workspace_edit(parts, self._editor.client), f"Bridle: {title}")

    def edits_now(self, file: FilePatch) -> tuple[Document, tuple[LineEdit, ...]]:
        """Return a file's edits in the lines of its document as it is now. Raises Conflict."""
        document = self._known(file)
        moved = document.log.since(document.revision if file.base_version is None else file.base_version)
        if moved is None:
            raise Conflict(f"{file.path} was opened again meanwhile")
        carried = carry(file.edits, moved, document)
        if carried.conflicts:
            raise Conflict(f"the same lines of {file.path} were changed meanwhile")
        return document, carried.edits

    def _known(self, file: FilePatch) -> Document:
        document = self._documents.at(file.path)
        if document is None:
            raise Conflict(f"{file.path} was closed meanwhile")
        return document


def _without(proposal: Proposal, hunks: tuple[str, ...], paths: Sequence[str]) -> tuple[str, ...]:
    """Return the hunks that are taken when `paths` are left, with all that stands or falls with them."""
    if not paths:
        return hunks
    taken = proposal.taking(hunks)
    groups = {hunk.group for hunk in taken if hunk.path in paths}
    left = tuple(hunk.id for hunk in taken if hunk.group not in groups)
    if not left:
        raise UserProblem("nothing was changed: nothing is left without what you left out", KEPT)
    return left


def _told(result: LandingResult) -> str:
    reason = result.reason or "a document did not take its change"
    if result.outcome == "rolled back":
        return f"nothing was changed: {reason}"
    changed = ", ".join((*result.written, *result.unsaved)) or "nothing"
    return f"only a part was changed ({changed}), not {', '.join(result.conflicts)}: {reason}"
