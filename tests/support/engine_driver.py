"""Drives an engine as a door would: keeps its events, waits for them within bounds, plays the editor's part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from bridle.harness.engine import (
    Buffer,
    Engine,
    EngineEvent,
    FilePatch,
    FinishLanding,
    GetProposals,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    PrepareUndo,
    Proposal,
    Proposals,
    ResumeRun,
    RunAccepted,
    RunEnded,
    StartRun,
    SyncBuffers,
    Verified,
    Verify,
    expect,
)
from bridle.indexer.history import ChangeLog, rebase
from bridle.indexer.text import LineEdit, Place, Text, apply_edits

Event = TypeVar("Event")
WAIT_S = 90.0


class Driver:
    """One door without an editor: documents it holds are open, everything else is closed."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine = engine
        self.root = root
        self.events: list[EngineEvent] = []
        self.documents: dict[str, Document] = {}
        self._news = asyncio.Event()
        engine.listen(self._take)

    def _take(self, event: EngineEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, kind: type[Event], wanted: Callable[[Event], bool] = lambda event: True) -> Event:
        """Return the first such event, waiting for it."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and wanted(event):
                        return event
                self._news.clear()
                await self._news.wait()

    async def open(self, path: str, text: str | None = None) -> Document:
        """Open a document."""
        document = Document(text if text is not None else (self.root / path).read_bytes().decode())
        self.documents[path] = document
        await self.sync(path)
        return document

    async def sync(self, *paths: str) -> None:
        """Tell the engine of these documents."""
        changed = tuple(Buffer(p, self.documents[p].version, str(self.documents[p].text)) for p in paths)
        await self.engine.call(SyncBuffers(changed))

    async def verify(self) -> Verified:
        return expect(await self.engine.call(Verify(), WAIT_S), Verified)

    async def run(self, request: StartRun | ResumeRun) -> RunEnded:
        run = expect(await self.engine.call(request), RunAccepted).run
        return await self.until(RunEnded, lambda event: event.run == run)

    async def fix(self, test: str) -> RunEnded:
        """Run the checks and fix the finding of `test`."""
        verified = await self.verify()
        finding = next(f for v in verified.verdicts for f in v.findings if test in f.test)
        return await self.run(StartRun("fix", "", finding=finding))

    async def proposal(self, ended: RunEnded) -> Proposal:
        known = expect(await self.engine.call(GetProposals()), Proposals)
        return next(p for p in known.proposals if p.id == ended.proposal)

    def rebased(self, proposal: Proposal) -> tuple[FilePatch, ...]:
        """Return the proposal's patches of open documents as they are against the text now."""
        found = []
        for file in proposal.files:
            document = self.documents.get(file.path)
            edits = document.carried(file) if document else None
            if document is not None and edits is not None:
                found.append(msgspec.structs.replace(file, edits=edits, base_version=document.version))
        return tuple(found)

    async def land(self, request: PrepareLanding | PrepareUndo) -> tuple[LandingPlan, LandingResult | None]:
        """Prepare, change the open documents through their logs, finish."""
        plan = expect(await self.engine.call(request, WAIT_S), LandingPlan)
        if plan.refused:
            return plan, None
        landed, failed = [], []
        for file in plan.open_files:
            document = self.documents[file.path]
            if document.land(file):
                landed.append(Buffer(file.path, document.version, str(document.text)))
            else:
                failed.append(file.path)
        await self.sync(*(buffer.path for buffer in landed))
        finish = FinishLanding(plan.id, tuple(landed), tuple(failed), "the same lines were changed" if failed else "")
        return plan, expect(await self.engine.call(finish, WAIT_S), LandingResult)


class Document:
    """An open document with its change log."""

    def __init__(self, text: str) -> None:
        self.version = 1
        self.text = Text(text)
        self.log = ChangeLog(1)

    def insert(self, line: int, text: str) -> None:
        """Type `text` at the start of a line."""
        self.version += 1
        self.log.record(self.version, self.text.replace(Place(line, 0), Place(line, 0), text))

    def replace_line(self, line: int, text: str) -> None:
        """Type over a line."""
        self.version += 1
        self.log.record(self.version, self.text.replace(Place(line, 0), Place(line + 1, 0), text))

    def carried(self, file: FilePatch) -> tuple[LineEdit, ...] | None:
        """Return a patch's edits on the text as it is now; None when their lines changed."""
        assert file.base_version is not None
        moved = self.log.since(file.base_version)
        assert moved is not None
        n_lines = len(self.text.lines)
        found = rebase(file.edits, moved, 1 + max((e.end for e in file.edits), default=0), n_lines)
        return None if found.conflicts else found.edits

    def land(self, file: FilePatch) -> bool:
        """Change the text by a patch, as an editor would by the server's edit."""
        edits = self.carried(file)
        if edits is None:
            return False
        self.version += 1
        self.log.record(self.version, self.text.replace_all(apply_edits(str(self.text), edits)))
        return True
