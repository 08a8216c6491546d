"""The proposals as the door knows them, and where each of their hunks stands in an open document now."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bridle.harness.engine import FilePatch, Proposal, UserProblem
from bridle.indexer.text import LineEdit
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.landing import carry, line_map

MAX_PROPOSALS = 200
MAX_REMEMBERED_RUNS = 8


class Hunks(msgspec.Struct, frozen=True):
    """A proposal's edits of one document, in its lines as they are; `conflict` when not all could be carried there."""

    edits: tuple[LineEdit, ...]
    conflict: bool


class Offers:
    """All proposals of one root, and the texts that the latest runs began from."""

    def __init__(self) -> None:
        self._proposals: dict[str, Proposal] = {}
        self._texts: dict[str, Mapping[str, str]] = {}

    def put(self, proposal: Proposal) -> None:
        """Take a proposal as it is now."""
        self._proposals[proposal.id] = proposal
        while len(self._proposals) > MAX_PROPOSALS:
            del self._proposals[next(iter(self._proposals))]

    def remember(self, run: str, texts: Mapping[str, str]) -> None:
        """Keep the texts of the open documents that a run begins from."""
        self._texts[run] = texts
        while len(self._texts) > MAX_REMEMBERED_RUNS:
            del self._texts[next(iter(self._texts))]

    def open(self) -> list[Proposal]:
        """Return the proposals that wait for a decision, the newest first."""
        return [p for p in reversed(self._proposals.values()) if p.state == "open"]

    def landed(self) -> bool:
        """Tell whether there is a change to take back."""
        return any(p.state in ("accepted", "partial") for p in self._proposals.values())

    def get(self, proposal: str) -> Proposal:
        """Return a proposal by its id, the newest open one for "". Raises UserProblem."""
        if proposal:
            found = self._proposals.get(proposal)
            if found is None:
                raise UserProblem(f"there is no proposal {proposal!r}", "run the action again to get one")
            return found
        waiting = self.open()
        if not waiting:
            raise UserProblem("there is no proposal to decide on", "run an action to get one")
        return waiting[0]

    def hunks(self, proposal: Proposal, patch: FilePatch, document: Document) -> Hunks:
        """Return where a patch of a proposal stands in its document now."""
        moved = line_map(document, patch, self._texts.get(proposal.run, {}).get(patch.path))
        if moved is None:
            return Hunks((), conflict=True)
        carried = carry(patch.edits, moved, document)
        return Hunks(carried.edits, conflict=bool(carried.conflicts))


def texts_of(documents: Documents) -> dict[str, str]:
    """Return path → text of the open documents."""
    return {document.path: str(document.text) for document in documents if document.path is not None}
