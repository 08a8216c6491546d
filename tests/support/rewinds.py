"""A root whose run lands parts by hand, in files of every kind and in open documents, and goes back to any step."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
from engine_driver import Document
from offers import Table

from bridle.harness.edits.patch import any_patch
from bridle.harness.engine import Buffer, FinishLanding, LandingPlan, LandingResult, PrepareRewind, SyncBuffers
from bridle.harness.nouns import Badge, Proposal, ProposalId, RunId
from bridle.harness.order import Order
from bridle.harness.proposals.hunks import hunks_of
from bridle.harness.proposals.ledger import Offer
from bridle.harness.proposals.patches import Changed
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.symlinks import as_bytes, read_link
from bridle.harness.workflow.offering import Offering


class After(NamedTuple):
    """What a change makes of one path: bytes or a link's target, None for no file; and its executable bit."""

    data: bytes | None = None
    link: str = ""
    executable: bool | None = None


class Lab(Table):
    """A table with documents, and with changes of every kind."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.documents: dict[str, Document] = {}

    def open(self, path: str, text: str) -> Document:
        """Open a document that holds this text, saved or not."""
        self.documents[path] = Document(text)
        self.sync(path)
        return self.documents[path]

    def sync(self, path: str) -> Buffer:
        """Tell the engine what a document holds."""
        document = self.documents[path]
        buffer = Buffer(path, document.version, str(document.text))
        self.buffers.sync(SyncBuffers((buffer,)))
        return buffer

    def run(self, name: str, changes: Mapping[str, After], *, said: int = 1) -> Proposal:
        """Journal a run that says something and puts its change on offer."""
        journal = Journal(self.state.journals, RunId(name), self.now)
        journal.append("started", {"workflow": "edit", "instruction": name, "pid": 0, "engine": "e1"})
        for n in range(said):
            journal.append("told", {"message": {"role": "user", "content": f"word {n}"}, "talk": "build"})
        files = tuple(self._patch(path, after) for path, after in sorted(changes.items()))
        journal.append("proposed", {"proposal": name, "files": [file.path for file in files]})
        journal.append("ended", {"outcome": "succeeded", "reason": ""})
        journal.close()
        hunks = hunks_of(files, self.blobs.get)
        proposal = Proposal(
            ProposalId(name), RunId(name), name, files, Badge("unverified", "not verified yet"), hunks=hunks
        )
        self.ledger.put(Offer(proposal, {}, "e1", self.buffers.openings(), created=self.now()))
        return proposal

    def offer_again(self, name: str, changes: Mapping[str, After]) -> None:
        """Put another change on offer as the run that goes on would, by the room that does it there."""
        files = [(path, _bytes(self.root / path), after.data) for path, after in changes.items()]
        stands = [Changed(path, before, after) for path, before, after in files]
        bench: Any = SimpleNamespace(changed=lambda: stands, ground_digests={}, baseline=(), openings={})
        journal = Journal(self.state.journals, RunId(name), self.now)
        try:
            Offering(self.ground, RunId(name), Order("edit", name), journal).show(bench)
        finally:
            journal.close()

    def n_steps(self, name: str) -> int:
        return len(read_journal(self.state.journals, RunId(name)).records)

    async def rewind(self, name: str, to: int, only: Any = "", choices: Any = {}) -> LandingPlan:  # noqa: B006 - read only
        request = PrepareRewind(RunId(name), to, only, choices)
        return await self._land(await self.landings.prepare_rewind(request))

    async def _land(self, plan: LandingPlan) -> LandingPlan:
        """Play the editor: change the documents, then finish."""
        if plan.refused:
            return plan
        landed: list[Buffer] = []
        for file in plan.open_files:
            assert self.documents[file.path].land(file)
            landed.append(self.sync(file.path))
        result: LandingResult = await self.landings.finish(FinishLanding(plan.id, tuple(landed)))
        assert result.outcome == "applied", result
        return plan

    def stands(self) -> dict[str, tuple[object, ...]]:
        """Return all that a person could see: bytes, modes and links of the files, and the texts of the documents."""
        found: dict[str, tuple[object, ...]] = {}
        for place in sorted(self.root.rglob("*")):
            name = place.relative_to(self.root).as_posix()
            if place.is_symlink():
                found[name] = ("link", str(place.readlink()))
            elif place.is_file():
                found[name] = (stat.S_IMODE(place.stat().st_mode), place.read_bytes())
        return found | {f"{path} (open)": (str(document.text),) for path, document in self.documents.items()}

    def _patch(self, path: str, after: After) -> Any:
        place = self.root / path
        before = self.buffers.current(path) if path in self.documents else _bytes(place)
        data = as_bytes(after.link) if after.link else after.data
        was = bool(place.is_file() and place.stat().st_mode & stat.S_IXUSR)
        bit = None if after.executable is None else (was, after.executable)
        version = self.documents[path].version if path in self.documents else None
        for kept in (before, data):
            if kept is not None:
                self.blobs.put(kept)
        return msgspec.structs.replace(any_patch(path, before, data, version, bit))


def _bytes(place: Path) -> bytes | None:
    return read_link(place) or (place.read_bytes() if place.is_file() else None)
