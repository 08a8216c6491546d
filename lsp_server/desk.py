"""Where one folder's commands find what they work with, and what several of them do: begin a run, check again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bridle.harness.engine import RunAccepted, RunId, StartRun
from bridle.lsp_server import asks
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.happenings import Happenings
from bridle.lsp_server.offers import texts_of
from bridle.lsp_server.session import Session
from bridle.lsp_server.verifying import Verifying

START_S = 8.0

Json = dict[str, Any]


class Desk:
    """One session with its checks and its events."""

    def __init__(self, session: Session, verifying: Verifying, happenings: Happenings) -> None:
        self.session = session
        self.verifying = verifying
        self.happenings = happenings

    async def begin(self, request: StartRun, title: str) -> Json:
        """Begin a run and answer with its id; when trust has to be asked for first, the answer is empty."""
        session = self.session
        request = session.choices.wishes(request)
        if session.status is not None and not session.trusted:

            async def later() -> None:
                if await asks.ensure_trust(session):
                    await self._start(request, title)

            session.spawn(later())
            return {}
        async with asyncio.timeout(START_S):
            return {"run": await self._start(request, title)}

    async def _start(self, request: StartRun, title: str) -> RunId:
        session = self.session
        await session.mirror.flush()
        texts = texts_of(session.documents)
        accepted = await session.link.ask(request, RunAccepted)
        session.offers.remember(accepted.run, texts)
        self.happenings.begin_run(accepted.run, title)
        return accepted.run

    def check_again(self, paths: list[str]) -> None:
        """Something landed or was taken back: have its files checked."""
        self.session.tell_runs()
        if self.session.trusted:
            self.verifying.begin(paths, "accept")


CommandOf = Callable[[Desk, Argument], Json | Awaitable[Json]]
"""A command that stands in a table of its own."""
