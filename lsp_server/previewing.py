"""A proposal in the editor's own preview of edits: the person ticks parts, and what then stands is what landed.

The whole is proved before it is shown. What comes back is read from the documents alone: all of it is the landing that
was proved; a part is a choice that nothing vouches for until it is proved as it stands. Nobody waits for the person:
while they look, everything else is answered, and another landing is refused with the way out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bridle.harness.engine import FinishLanding, LandingPlan, LandingResult, Proposal, UserProblem
from bridle.indexer.text import LineEdit, apply_edits
from bridle.lsp_server.accept import KEPT, Conflict, Landing
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.editor import Applied, Editor
from bridle.lsp_server.landing import annotated_edit
from bridle.lsp_server.mirror import Mirror
from bridle.lsp_server.offers import Offers, edits_of
from bridle.lsp_server.places import Places
from bridle.lsp_server.ticked import Part, Ticked

PREVIEW_S = 3600.0
ECHO_S = 3.0
OPENED_S = 5.0
MAX_PARTS = 200
GIVEN_UP = Applied("unknown", "given up")


class Taken(NamedTuple):
    """What came of a preview: the hunks that stand now, whether that is all of them, where was typed meanwhile."""

    proposal: Proposal
    title: str
    badge: str
    hunks: tuple[str, ...]
    whole: bool
    typed: tuple[str, ...]
    result: LandingResult
    reason: str

    @property
    def proved(self) -> bool:
        """Whether exactly what stands was verified."""
        return self.whole and not self.typed


def previewable(proposal: Proposal) -> bool:
    """Tell whether an editor can show all that is open of a proposal as edits, each a part of its own."""
    patches = {patch.path: patch for patch in proposal.files}
    parts = [(patches[hunk.path], hunk) for hunk in proposal.taking() if hunk.path in patches]
    plain = all(one.in_lines and one.before is not None and one.after is not None for one, _ in parts)
    return plain and 0 < len(parts) <= MAX_PARTS and all(len(edits_of(one, hunk)) == 1 for one, hunk in parts)


class Previewing:
    """The previews of one root, one at a time."""

    def __init__(
        self, landing: Landing, documents: Documents, mirror: Mirror, offers: Offers, editor: Editor, places: Places
    ) -> None:
        self._landing = landing
        self._documents = documents
        self._mirror = mirror
        self._offers = offers
        self._editor = editor
        self._places = places
        self._given_up = asyncio.Event()

    @property
    def open(self) -> bool:
        """Whether a preview waits for the person."""
        return bool(self._landing.previewed)

    def give_up(self) -> None:
        """Wait no longer for the person."""
        self._given_up.set()

    async def review(self, proposal: str) -> Taken:
        """Show what is open of a proposal in the editor's preview; returns what stands then. Raises UserProblem."""
        if not self._editor.client.confirms_edits:
            raise UserProblem("this editor has no preview of edits", "take the proposal whole or hunk by hunk")
        async with self._landing.turn():
            found = self._offers.get(proposal)
            if found.state != "open":
                raise UserProblem(f"this proposal was {found.state} already", "run the action again to get a new one")
            if not previewable(found):
                raise UserProblem("an editor's preview shows changes of lines only", "bridle.show shows all of it")
            self._landing.previewed, self._landing.under_way = found.title, found.id
            self._given_up.clear()
        try:
            return await self._review(found)
        finally:
            self._landing.previewed = self._landing.under_way = ""

    async def _review(self, found: Proposal) -> Taken:
        await self._open_files(found)
        broken = self._offers.broken(found, self._documents)
        hunks = tuple(hunk.id for hunk in found.taking() if hunk.id not in broken)
        if not hunks:
            raise UserProblem("nothing was changed: you changed its lines since", KEPT)
        plan = await self._landing.prepare(found, hunks, tuple(found.outside), force=False)
        if plan.refused:
            raise UserProblem(f"nothing was changed: {plan.refused}", "look at it; its parts can still be taken alone")
        ticked: Ticked | None = None
        reason = "the preview was interrupted"
        try:
            ticked = Ticked(self._documents, self._laid_out(found, hunks, plan))
            reason = (await self._chosen(found, ticked, plan)).reason
            await self._mirror.flush()
        except Conflict as conflict:
            reason = str(conflict)
        finally:
            if ticked is not None:
                ticked.stop()
            result = await self._landing.finish(_finish(plan, ticked, reason))
        badge = plan.proposal.badge.text if plan.proposal is not None else ""
        taken = tuple(one for one in hunks if ticked is not None and one in ticked.taken)
        typed = {*(ticked.typed() if ticked is not None else ()), *self._moved(found)}
        return Taken(found, plan.title, badge, taken, taken == hunks, tuple(sorted(typed)), result, reason)

    def _moved(self, found: Proposal) -> set[str]:
        """Return the files beside the proposal's own that are not any more what it was proved on."""
        return {*self._offers.get(found.id).changed_since} - {patch.path for patch in found.files}

    async def _chosen(self, found: Proposal, ticked: Ticked, plan: LandingPlan) -> Applied:
        """Send the edit and wait for the person, until they gave it up; returns what the client says."""
        said = plan.proposal or found
        groups = {hunk.id: hunk.group for hunk in found.taking()}
        parts = [
            (one.document, [edit for _, edit in one.parts], [groups[mark] for mark, _ in one.parts])
            for one in ticked.choices.values()
        ]
        edit = annotated_edit(parts, _notes(said))
        answering = asyncio.ensure_future(self._editor.apply(edit, f"Bridle: {found.title}", PREVIEW_S))
        leaving = asyncio.ensure_future(self._given_up.wait())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            answer = answering.result() if answering.done() else GIVEN_UP
        finally:
            answering.cancel()
            leaving.cancel()
        await ticked.settle(ECHO_S if answer.said == "yes" else 0.0)
        return answer

    def _laid_out(
        self, found: Proposal, hunks: Sequence[str], plan: LandingPlan
    ) -> dict[str, tuple[Document, Sequence[Part]]]:
        """Return each document's parts as they stand now, which together are what was proved. Raises Conflict."""
        if plan.closed_files:
            raise Conflict(f"open {', '.join(plan.closed_files)} first: the preview shows open files")
        laid: dict[str, tuple[Document, Sequence[Part]]] = {}
        for file in plan.open_files:
            document, proved = self._landing.edits_now(file)
            stands = [one for one in self._offers.stands(found, document) if one.hunk.id in hunks and not one.broken]
            parts = sorted(((one.hunk.id, edit) for one in stands for edit in one.edits), key=_place)
            text = str(document.text)
            if apply_edits(text, [edit for _, edit in parts]) != apply_edits(text, proved):
                raise Conflict(f"the parts of {file.path} are not what was proved together; take it whole")
            laid[file.path] = (document, parts)
        return laid

    async def _open_files(self, found: Proposal) -> None:
        """Have the editor open the files of a proposal: a preview shows, and versions, what is open."""
        closed = [path for path in {h.path: None for h in found.taking()} if self._documents.at(path) is None]
        for path in closed:
            await self._editor.open(self._places.uri(path), focus=False)
        opened = asyncio.Event()

        def look(_: Document) -> None:
            if all(self._documents.at(path) is not None for path in closed):
                opened.set()

        self._documents.listeners.append(look)
        try:
            async with asyncio.timeout(OPENED_S):
                while any(self._documents.at(path) is None for path in closed):
                    opened.clear()  # one may have been closed again since it was set
                    await opened.wait()
        except TimeoutError:
            pass  # what is still closed is named where the parts are laid out
        finally:
            self._documents.listeners.remove(look)


def _finish(plan: LandingPlan, ticked: Ticked | None, reason: str) -> FinishLanding:
    landed = ticked.landed if ticked is not None else {}
    if ticked is None or not landed:
        paths = tuple(file.path for file in plan.open_files)
        return FinishLanding(plan.id, (), paths or plan.closed_files, reason or "nothing was taken in the preview")
    buffers = tuple(one.buffer for one in landed.values())
    inverses = {path: one.inverse for path, one in landed.items()}
    return FinishLanding(plan.id, buffers, (), "", inverses, tuple(sorted(ticked.taken)))


def _notes(said: Proposal) -> Mapping[str, tuple[str, str]]:
    """Return label and description of each group of hunks."""
    groups: dict[str, list[str]] = {}
    for hunk in said.taking():
        groups.setdefault(hunk.group, []).append(hunk.id)
    notes: dict[str, tuple[str, str]] = {}
    for group, ids in groups.items():
        part = f"hunk{'s' * (len(ids) > 1)} {', '.join(ids)} of {len(said.hunks)}"
        together = "; they stand or fall together" if len(ids) > 1 else ""
        outside = [why for hunk in said.hunks if hunk.id in ids and (why := said.outside.get(hunk.path))]
        why = f"; {outside[0]}" if outside else ""
        notes[group] = (f"{said.badge.state}: {part}", f"as a whole {said.badge.text}{together}{why}")
    return notes


def _place(part: Part) -> tuple[int, int]:
    edit: LineEdit = part[1]
    return edit.start, edit.end
