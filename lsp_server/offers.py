"""The proposals as the door knows them, and where each of their hunks stands in an open document now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from bridle.harness.engine import FilePatch, Hunk, Proposal, UserProblem
from bridle.indexer.history import LineMap
from bridle.indexer.text import LineEdit
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.landing import carry, line_map

MAX_PROPOSALS = 200
MAX_REMEMBERED_RUNS = 8


class Stand(msgspec.Struct, frozen=True):
    """An open hunk of a proposal where it stands in a document now.

    `edits` are in the lines as they are. `broken` says that lines it was made for were changed: it is never applied,
    only asked for again; `edits` are then empty ones that mark the place.
    """

    hunk: Hunk
    edits: tuple[LineEdit, ...]
    broken: bool

    @property
    def first(self) -> int:
        """The line where it begins."""
        return self.edits[0].start if self.edits else 0

    def touches(self, start: int, end: int) -> bool:
        """Whether it stands on lines ``[start, end)``."""
        return any(edit.start < end and max(edit.end, edit.start + 1) > start for edit in self.edits)


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
        return any(hunk.state == "accepted" for p in self._proposals.values() for hunk in p.hunks)

    def stands_of(self, run: str) -> bool:
        """Tell whether something that a run landed still stands."""
        return any(h.state == "accepted" for p in self._proposals.values() if p.run == run for h in p.hunks)

    def knows(self, proposal: str) -> bool:
        """Tell whether a proposal is one of these."""
        return proposal in self._proposals

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

    def stands(self, proposal: Proposal, document: Document) -> tuple[Stand, ...]:
        """Return where the open hunks of a proposal stand in a document now, in order of their ids."""
        found: list[Stand] = []
        for patch in proposal.files:
            if patch.path == document.path:
                moved = line_map(document, patch, self._texts.get(proposal.run, {}).get(patch.path))
                found += [_stand(hunk, patch, moved, document) for hunk in proposal.taking() if hunk.path == patch.path]
        return tuple(found)

    def broken(self, proposal: Proposal, documents: Iterable[Document]) -> frozenset[str]:
        """Return the open hunks that cannot be taken any more: a line of their group was changed in a document."""
        there = [stand.hunk for document in documents for stand in self.stands(proposal, document) if stand.broken]
        return frozenset(hunk.id for hunk in proposal.taking([hunk.id for hunk in there])) if there else frozenset()


def as_made(proposal: Proposal, path: str) -> tuple[Stand, ...]:
    """Return where the open hunks of a closed file stood when they were made."""
    patches = [patch for patch in proposal.files if patch.path == path]
    open_hunks = [hunk for hunk in proposal.taking() if hunk.path == path]
    return tuple(Stand(hunk, edits_of(patch, hunk), broken=False) for patch in patches for hunk in open_hunks)


def edits_of(patch: FilePatch, hunk: Hunk) -> tuple[LineEdit, ...]:
    """Return the edits of a patch that a hunk is made of."""
    return patch.edits if hunk.edit is None else (patch.edits[hunk.edit],)


def _stand(hunk: Hunk, patch: FilePatch, moved: LineMap | None, document: Document) -> Stand:
    edits = edits_of(patch, hunk)
    if moved is None:
        return Stand(hunk, (LineEdit(0, 0, ""),), broken=True)
    carried = carry(edits, moved, document)
    if not carried.conflicts:
        return Stand(hunk, carried.edits, broken=False)
    return Stand(hunk, tuple(LineEdit(_near(moved, edit.start), _near(moved, edit.start), "") for edit in edits), True)


def _near(moved: LineMap, line: int) -> int:
    """Return about where a line that changed would be now; for showing the place, never for editing it."""
    for above in range(line, -1, -1):
        place = moved.line(above)
        if place is not None:
            return place + (above < line)
    return 0


def texts_of(documents: Documents) -> dict[str, str]:
    """Return path → text of the open documents."""
    return {document.path: str(document.text) for document in documents if document.path is not None}
