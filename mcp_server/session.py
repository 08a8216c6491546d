"""One client's session: the root that it works on, its engine, and what each call under way is told meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from bridle.harness import engine as e
from bridle.mcp_server import inputs
from bridle.mcp_server.asking import Answer, Refused, answer_of, request_of
from bridle.mcp_server.tools import Tool

MakeEngine = Callable[[Path, Mapping[str, object]], Awaitable[e.Engine]]
Tell = Callable[[float, float | None, str], None]
"""Takes how far a call is, of how much (None: nobody knows), and in words."""

MAX_CALLS = 16
INDEX_WAIT_S = 20.0
CALL_S = 120.0
VERIFY_S = 3600.0
MAX_ENGINES = 4
"""One that died is made anew by the next call; a workspace that kills each is not tried for ever."""


class Session:
    """What one client asks of one root."""

    def __init__(self, make_engine: MakeEngine, root: Callable[[], Awaitable[Path]]) -> None:
        self._make_engine = make_engine
        self._root = root
        self._engine: e.Engine | None = None
        self._opening = asyncio.Lock()
        self._n_engines = 0
        self._indexed = asyncio.Event()
        self._listeners: list[Callable[[e.EngineEvent], None]] = []
        self._n_calls = 0

    async def call(self, tool: Tool, arguments: object, agent: str, tell: Tell) -> Answer:
        """Answer one call of a tool. Raises Refused, and UserProblem where a person has to act."""
        try:
            given = msgspec.convert(arguments, tool.given)
        except msgspec.ValidationError as error:
            raise Refused(f"{tool.name} cannot be called like that: {error}. Nothing was done.") from error
        request = request_of(given, agent)
        if self._n_calls >= MAX_CALLS:
            raise Refused(f"{MAX_CALLS} calls are under way: wait for one of them.")
        self._n_calls += 1
        listener = _follower(tell)
        self._listeners.append(listener)
        try:
            engine = await self._opened()
            if isinstance(given, inputs.SymbolsInput | inputs.ImpactInput | inputs.ContextInput):
                await self._known()
            reply = await engine.call(request, VERIFY_S if isinstance(given, inputs.VerifyInput) else CALL_S)
        except e.Closed as error:
            raise Refused(f"The engine ended meanwhile ({error}). Call again: it is started anew.") from error
        except TimeoutError as error:
            raise Refused("That took too long and was stopped. Ask for less at once.") from error
        finally:
            self._n_calls -= 1
            self._listeners.remove(listener)
        return answer_of(given, reply)

    async def close(self) -> None:
        """End the engine and everything it started."""
        if self._engine is not None:
            await self._engine.close()

    async def _opened(self) -> e.Engine:
        """Return the engine, made by the first call. Raises UserProblem, Refused."""
        async with self._opening:
            if self._engine is None:
                if self._n_engines >= MAX_ENGINES:
                    raise Refused("The engine died again and again; ask the person to run: bridle doctor")
                root = await self._root()
                self._indexed.clear()
                self._engine = await self._make_engine(root, {})
                self._n_engines += 1
                self._engine.listen(self._hear)
            return self._engine

    async def _known(self) -> None:
        """Wait until all files are known, or long enough: answers then say that they are not complete."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._indexed.wait(), INDEX_WAIT_S)

    def _hear(self, event: e.EngineEvent) -> None:
        if isinstance(event, e.IndexProgress) and event.done:
            self._indexed.set()
        if isinstance(event, e.Lost) and not event.again:
            self._engine = None
        if isinstance(event, e.Lost):
            self._indexed.clear()
        for listener in list(self._listeners):
            listener(event)


def _follower(tell: Tell) -> Callable[[e.EngineEvent], None]:
    """Return what tells a call of what happens, each time a little further on."""
    n_told = 0

    def hear(event: e.EngineEvent) -> None:
        nonlocal n_told
        match event:
            case e.IndexProgress(done=False):
                told, total = f"{event.n_done} of {event.n_files} files read", None
            case e.CheckStarted():
                told, total = f"{event.check} …", None
            case e.CheckFinished():
                told, total = f"{event.verdict.check}: {event.verdict.outcome}", None
            case _:
                return
        n_told += 1
        tell(float(n_told), total, told)

    return hear


def choose_root(given: Path | None, here: Path, uris: Sequence[str], find: Callable[[Path | None], Path]) -> Path:
    """Return the workspace: what the command line says, else the client's root around `here` or its first one, else
    what `find` finds above `here`. Raises UserProblem where that is no workspace but the whole machine or home.
    """
    if given is not None:
        return find(given)
    offered = [path for path in map(_folder, uris) if path is not None]
    around = [path for path in offered if here.is_relative_to(path)]
    root = find((around or offered)[0]) if offered else find(None)
    if root == Path(root.anchor) or root == Path.home():
        raise e.UserProblem(
            f"{str(root)!r} is no workspace, and the client named none",
            "name it in the client's settings: bridle mcp serve --root DIR",
        )
    return root


def _folder(uri: str) -> Path | None:
    """Return the folder that a root's uri names; None for what is none on this machine."""
    try:
        parts = urlsplit(uri)
        path = Path(unquote(parts.path, errors="surrogateescape")).resolve()
        is_here = parts.scheme == "file" and parts.netloc in ("", "localhost")
        return path if is_here and path.is_dir() else None
    except (OSError, ValueError):
        return None
