"""One server from its first use to the engine's end: started when it is needed, and again, a few times, when it died.

The connection lives in a task of its own; requests come from others and wait for each other. A server that let a
request time out, or that floods us, is ended: nobody knows what it would answer next.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from bridle.harness.mcp.confine import command_of, environment_of
from bridle.harness.mcp.credentials import Credentials, gather
from bridle.harness.mcp.definition import Server
from bridle.harness.mcp.problems import LinkProblem
from bridle.harness.mcp.stdio import Pipe
from bridle.harness.nouns import UserProblem

if TYPE_CHECKING:
    from bridle.harness.mcp.link import Link

MAX_STARTS = 4
"""The first, and three after it died, within `STARTS_S`."""
STARTS_S = 600.0
IMPORT_S = 60.0
CLOSE_S = 15.0
ERRORS_CHARS = 2_000


class Answered(msgspec.Struct, frozen=True):
    """What came back from one request: the result as it was sent, and what it took.

    `refused` are the requests of the server's own that it made meanwhile, in vain.
    """

    result: dict[str, Any]
    n_bytes: int
    seconds: float
    refused: tuple[str, ...]


class Host:
    """The life of one server. `state` is a folder of ours that it must not see."""

    def __init__(self, server: Server, root: Path, state: Path, ours: Mapping[str, str]) -> None:
        self.server = server
        self.root = root
        self.declared: list[dict[str, Any]] = []
        """Its tools, as it listed them last."""
        self.has_resources = False
        self.errors = ""
        """The end of what the program wrote to its standard error when it was ended last, without secrets."""
        self._state = state
        self._ours = ours
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._link: Link | None = None
        self._credentials: Credentials | None = None
        self._started: deque[float] = deque(maxlen=MAX_STARTS)
        self.pid: int | None = None

    async def list_tools(self) -> list[dict[str, Any]]:
        """Return what it declares now. Raises UserProblem, LinkProblem."""
        async with self._lock:
            before = self._link
            link = await self._linked()
            if link is before:
                await self._listed(link)
            return self.declared

    async def call(self, tool: str, given: Mapping[str, Any], allowed: Callable[[], Awaitable[None]]) -> Answered:
        """Return the result of one call. `allowed` is asked once more when its tools may have changed since.

        Raises:
            UserProblem: it cannot be started, or not any more.
            LinkProblem: the call came to nothing.
        """
        async with self._lock:
            link = await self._linked()
            if link.keeper.list_changed:
                await self._listed(link)
            await allowed()
            return await self._asked(link, lambda: link.call_tool(tool, given, self.server.call_timeout_s))

    async def read(self, uri: str) -> Answered:
        """Return the contents of a resource. Raises as `call` does."""
        async with self._lock:
            link = await self._linked()
            return await self._asked(link, lambda: link.read_resource(uri, self.server.call_timeout_s))

    def strike_out(self, text: str) -> str:
        """Return `text` without the secrets that the server was handed."""
        return self._credentials.strike_out(text) if self._credentials is not None else text

    async def close(self) -> None:
        """End it. May be called again."""
        task, link, self._task, self._link = self._task, self._link, None, None
        if task is None:
            return
        self._stop.set()
        if link is None:  # it still starts, and would only look for the signal afterwards
            task.cancel()
        done, _ = await asyncio.wait([task], timeout=CLOSE_S)
        if not done:
            task.cancel()
            await asyncio.wait([task], timeout=CLOSE_S)

    async def _asked(self, link: Link, ask: Callable[[], Awaitable[dict[str, Any]]]) -> Answered:
        began = time.monotonic()
        try:
            result = await ask()
        except LinkProblem as problem:
            if problem.kind != "refused":
                await self.close()
            raise LinkProblem(problem.kind, self.strike_out(problem.message)) from problem
        return Answered(result, link.keeper.n_bytes, time.monotonic() - began, link.keeper.refused)

    async def _listed(self, link: Link) -> None:
        answered = await self._asked(link, lambda: self._all_tools(link))
        self.declared = answered.result["tools"]

    async def _all_tools(self, link: Link) -> dict[str, Any]:
        return {"tools": await link.list_tools(self.server.start_timeout_s)}

    async def _linked(self) -> Link:
        """Return the connection, made anew when there is none any more. Raises UserProblem, LinkProblem."""
        if self._link is not None and not self._link.keeper.closed:
            return self._link
        await self.close()
        now = time.monotonic()
        if len(self._started) == MAX_STARTS and now - self._started[0] < STARTS_S:
            raise UserProblem(
                f"the MCP server {self.server.name!r} died {MAX_STARTS} times and is not started for a while",
                f"see what it says: bridle mcp tools {self.server.name}",
            )
        self._started.append(now)
        self._stop = asyncio.Event()
        ready: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(ready, self._stop))
        try:
            self._link = await asyncio.wait_for(ready, self.server.start_timeout_s + IMPORT_S)
        except BaseException:
            await self.close()
            raise
        self.has_resources = self._link.has_resources
        await self._listed(self._link)
        return self._link

    async def _live(self, ready: asyncio.Future[Link], stop: asyncio.Event) -> None:
        """Hold one connection open until it is to be closed; what goes wrong before it stands is told by `ready`."""
        problem: Exception = LinkProblem("closed", "it ended before it was ready")
        try:
            async with self._connected() as link:
                if not ready.done():
                    ready.set_result(link)
                await stop.wait()
        except OSError as error:
            problem = UserProblem(f"the MCP server {self.server.name!r} cannot be started: {error}", "mend its command")
        except Exception as error:  # noqa: BLE001 - the border to the SDK, whose task groups wrap what ended them
            problem = self._told(_cause(error))
        finally:
            if not ready.done():
                ready.set_exception(problem)

    def _told(self, problem: Exception) -> Exception:
        """Return a problem that quotes no secret."""
        return (
            LinkProblem(problem.kind, self.strike_out(problem.message)) if isinstance(problem, LinkProblem) else problem
        )

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Link]:
        server = self.server
        self._credentials = await asyncio.to_thread(gather, server, self._ours)
        room = await asyncio.to_thread(_link_room)
        uri = self.root.as_uri()
        if server.url:
            async with room.over_http(server.url, self._credentials.headers, uri, server.start_timeout_s) as link:
                yield link
            return
        argv = await asyncio.to_thread(command_of, server, self.root, self._state, self._ours)
        env = environment_of(self.root, self._ours, self._credentials.env)
        pipe = await Pipe.start(argv, env, self.root)
        self.pid = pipe.pid
        try:
            async with room.over_pipe(pipe, uri, server.start_timeout_s) as link:
                yield link
        finally:
            await pipe.close()
            self.pid = None
            self.errors = self.strike_out(pipe.errors)[-ERRORS_CHARS:]


def _cause(error: BaseException) -> Exception:
    """Return what ended a connection, taken out of its wrappings."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    if isinstance(error, UserProblem | LinkProblem):
        return error
    return LinkProblem("closed", f"{type(error).__name__}: {error}"[:500])


def _link_room() -> Any:
    """Return the module that knows the SDK: importing it takes seconds."""
    from bridle.harness.mcp import link

    return link
