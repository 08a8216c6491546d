"""How things stand, in one answer: for status lines, for `doctor`, and for the context bill."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from bridle.context.pack import pack
from bridle.context.task import Task
from bridle.harness.buffers import Buffers
from bridle.harness.engine import GetContext, PackPiece, PackView, Status
from bridle.harness.knowing import Knowing
from bridle.harness.permission.trust import Trust
from bridle.harness.runs import Runs
from bridle.harness.settings import Settings
from bridle.harness.verify.finders.discover import discover
from bridle.indexer.encoding import UndecodableError, decode


class Overview:
    """What the engine can say of itself without running anything of the repository."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        buffers: Buffers,
        trust: Trust,
        knowing: Knowing,
        runs: Runs,
        rung: Awaitable[str],
        model: Callable[[], str],
    ) -> None:
        self._root = root
        self._settings = settings
        self._buffers = buffers
        self._trust = trust
        self._knowing = knowing
        self._runs = runs
        self._rung = rung
        self._model = model

    async def status(self) -> Status:
        """Return the state of this workspace."""
        snapshot = self._knowing.now
        model = self._model()
        trusted = self._trust.trusted
        return Status(
            root=str(self._root),
            trusted=trusted,
            rung=await self._rung,
            model=model,
            checks=tuple(check.name for check in discover(self._root, self._settings.python or None)),
            n_files=len(snapshot.digests),
            n_symbols=len(snapshot.symbols),
            role=self._knowing.role,
            resumable=tuple(row.id for row in self._runs.sessions().sessions if row.resumable),
            lint_on_save=self._settings.checks_on_save,
            next_step=_next_step(trusted=trusted, model=model),
        )

    async def close(self) -> None:
        """Wait for what is still being found out."""
        await self._rung

    async def context(self, request: GetContext) -> PackView:
        """Return the context bill of a task."""
        snapshot = await self._knowing.snapshot()
        at = request.at
        task = Task(
            instruction=request.instruction,
            at=None if at is None else (at.path, at.start_line, at.end_line),
            open_files=tuple(sorted(self._buffers.versions())),
            n_tokens=request.n_tokens,
        )
        chosen = await asyncio.to_thread(pack, task, snapshot, self._read)
        return PackView(
            n_tokens=chosen.n_tokens,
            budget=chosen.budget,
            pieces=tuple(
                PackPiece(p.span.path, p.span.start_line, p.span.end_line, p.detail, p.n_tokens, p.reason, p.score)
                for p in chosen.pieces
            ),
            left_out=chosen.left_out,
            text=chosen.text(None),
        )

    def _read(self, path: str) -> str | None:
        data = self._buffers.current(path)
        try:
            return None if data is None else decode(data).text
        except UndecodableError:
            return None


def _next_step(*, trusted: bool, model: str) -> str:
    if not trusted:
        return "trust this folder: 'bridle trust', or answer the question in the editor"
    return "" if model else "set up a model: 'bridle key set'; everything else works without one"
