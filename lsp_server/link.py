"""The engine as the door reaches it: started in the background, asked with bounded patience, typed answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from bridle.harness.engine import Closed, Engine, EngineEvent, EngineReply, EngineRequest
from bridle.lsp_server.settings import ClientSettings

MakeEngine = Callable[[Path, dict[str, object]], Awaitable[Engine]]
START_S = 30.0
CLOSE_S = 1.7

Reply = TypeVar("Reply", bound=EngineReply)


class Link:
    """One engine, from its start to its end."""

    def __init__(self, make_engine: MakeEngine, root: str, settings: ClientSettings) -> None:
        self._starting = asyncio.ensure_future(_start(make_engine, root, settings))

    async def listen(self, listener: Callable[[EngineEvent], None]) -> None:
        """Hand over the listener once the engine is there. Raises what kept it from starting."""
        (await self._started()).listen(listener)

    async def ask(self, request: EngineRequest, kind: type[Reply], timeout_s: float = 30.0) -> Reply:
        """Ask, and return the answer, which is a `kind`. Raises UserProblem, Closed, TimeoutError."""
        engine = await self._started()
        reply = await engine.call(request, timeout_s)
        if not isinstance(reply, kind):
            raise Closed(f"{type(reply).__name__} in answer to {type(request).__name__}")
        return reply

    async def close(self) -> None:
        """End the engine, within `CLOSE_S` seconds."""
        self._starting.cancel()  # does nothing once the engine is there
        try:
            async with asyncio.timeout(CLOSE_S):
                await (await self._starting).close()
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 - leaving: what will not end now is ended with us
            return

    async def _started(self) -> Engine:
        async with asyncio.timeout(START_S):
            return await asyncio.shield(self._starting)


async def _start(make_engine: MakeEngine, root: str, settings: ClientSettings) -> Any:
    return await make_engine(Path(root), dict(settings.sent))
