"""The server: the official SDK speaks the protocol, the bytes are ours. The only module here that knows the SDK.

What a client sends is bounded: a line that is too long, or is no message, is answered with an error and costs no more.
Standard output has nothing but messages. When the input ends, all calls end, and the engine with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import msgspec
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from bridle.harness.engine import Fault, UserProblem
from bridle.indexer.linewise import Cut, Lines
from bridle.indexer.stdio import CHUNK_BYTES, Outlet, pump, take_stdio
from bridle.mcp_server.asking import Answer, Refused
from bridle.mcp_server.session import MakeEngine, Session, choose_root
from bridle.mcp_server.tools import BY_NAME, INSTRUCTIONS, TOOLS, Tool

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
ROOTS_S = 5.0
MAX_AGENT_CHARS = 60
_ID = re.compile(rb'"id"\s*:\s*(-?\d{1,15}|"[^"\\]{1,100}")')

logger = logging.getLogger(__name__)

_Context = ServerRequestContext[Any, Any]
_Incoming = MemoryObjectSendStream[SessionMessage | Exception]
_Outgoing = MemoryObjectReceiveStream[SessionMessage]


def serve(make_engine: MakeEngine, find_root: Callable[[Path | None], Path], root: Path | None = None) -> int:
    """Serve on standard input and output until the client is gone; returns the exit code."""
    source, sink = take_stdio()
    here = Path.cwd()
    asyncio.run(_serve(Door(make_engine, find_root, root, here), source, sink))
    return 0


class Door:
    """What the SDK calls: two handlers, and the session behind them."""

    def __init__(
        self, make_engine: MakeEngine, find_root: Callable[[Path | None], Path], given: Path | None, here: Path
    ) -> None:
        self._find_root = find_root
        self._given = given
        self._here = here
        self._uris: list[str] | None = None
        self.session = Session(make_engine, self._root)

    def server(self) -> Server[Any]:
        """Return the server with its tools."""
        made: Server[Any] = Server(
            "bridle",
            version=version("bridle"),
            title="Bridle",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )
        made.middleware.clear()  # of traces that nobody here collects
        return made

    async def _list_tools(
        self, context: _Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_declared(tool) for tool in TOOLS])

    async def _call_tool(self, context: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            known = ", ".join(BY_NAME)
            raise MCPError(code=types.INVALID_PARAMS, message=f"there is no tool {params.name!r}: there are {known}")
        await self._learn_roots(context)
        async with _Progress(context) as progress:
            try:
                arguments = params.arguments or {}
                return _result(await self.session.call(tool, arguments, _agent(context), progress.tell))
            except Refused as refused:
                return _failed(str(refused))
            except UserProblem as problem:
                step = f"\nThe person's next step: {problem.next_step}" if problem.next_step else ""
                return _failed(f"{problem.message}{step}")
            except (Fault, OSError) as fault:
                logger.exception("a call of %s failed", tool.name)
                return _failed(f"A fault of Bridle's, not of your call: {fault}")

    async def _root(self) -> Path:
        return await asyncio.to_thread(choose_root, self._given, self._here, self._uris or (), self._find_root)

    async def _learn_roots(self, context: _Context) -> None:
        """Ask the client for its roots, once, where nobody named one and it has some."""
        able = context.session.client_capabilities
        if self._given is not None or self._uris is not None or able is None or able.roots is None:
            return
        self._uris = []
        with warnings.catch_warnings(), contextlib.suppress(TimeoutError, MCPError, ValidationError, RuntimeError):
            warnings.simplefilter("ignore", MCPDeprecationWarning)  # older clients have nothing newer
            async with asyncio.timeout(ROOTS_S):
                listed = await context.session.list_roots()  # pyright: ignore[reportDeprecated]  # see above
                self._uris = [str(root.uri) for root in listed.roots]


class _Progress:
    """Tells a call how far it is, the newest word alone: who reads slowly misses some and holds up nothing."""

    def __init__(self, context: _Context) -> None:
        self._session = context.session
        self._newest: tuple[float, float | None, str] | None = None
        self._news = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None

    def tell(self, progress: float, total: float | None, message: str) -> None:
        self._newest = progress, total, message
        self._news.set()

    async def __aenter__(self) -> _Progress:
        self._telling = asyncio.create_task(self._tell_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._telling is not None
        self._telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._telling

    async def _tell_on(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._newest is not None:
                await self._session.report_progress(*self._newest)


def _declared(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        title=tool.title,
        read_only_hint=not tool.changes,
        destructive_hint=tool.changes,
        idempotent_hint=tool.again,
        open_world_hint=False,
    )
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=hints,
    )


def _agent(context: _Context) -> str:
    """Return who calls, as the journal is to name them; what a client says of itself is a stranger's text."""
    client = context.session.client_params
    if client is None:
        return ""
    said = f"{client.client_info.name} {client.client_info.version}".strip()
    return "".join(character for character in said if character.isprintable())[:MAX_AGENT_CHARS]


def _result(answer: Answer) -> types.CallToolResult:
    text = types.TextContent(type="text", text=answer.text)
    return types.CallToolResult(content=[text], structured_content=msgspec.to_builtins(answer.data))


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


# --- bytes ------------------------------------------------------------------------------------------------------


async def _serve(door: Door, source: int, sink: int) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    gone = asyncio.Event()

    def is_gone() -> None:
        loop.call_soon_threadsafe(gone.set)

    outlet = Outlet(sink, is_gone)
    pump(source, reader, loop)
    os.close(source)
    into, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, out = anyio.create_memory_object_stream[SessionMessage](0)
    server = door.server()
    serving = asyncio.create_task(server.run(read, write, server.create_initialization_options()))
    pumps = [asyncio.create_task(_receive(reader, into, outlet)), asyncio.create_task(_send(out, outlet))]
    leaving = asyncio.create_task(_wait(gone))
    try:
        await asyncio.wait([serving, leaving], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        tasks = [serving, leaving, *pumps]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await door.session.close()
        outlet.close()


async def _wait(gone: asyncio.Event) -> None:
    await gone.wait()


async def _receive(reader: asyncio.StreamReader, into: _Incoming, outlet: Outlet) -> None:
    """Hand messages on until the input ends; what is none is answered here."""
    lines = Lines(MAX_MESSAGE_BYTES)
    async with into:
        while data := await reader.read(CHUNK_BYTES):
            for line in lines.feed(data):
                message = _message(line)
                if isinstance(message, SessionMessage):
                    with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                        await into.send(message)
                else:
                    outlet.write(message)


async def _send(out: _Outgoing, outlet: Outlet) -> None:
    async for item in out:
        outlet.write(item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")


def _message(line: bytes | Cut) -> SessionMessage | bytes:
    """Return the message that a line is, else the answer to what is none."""
    if isinstance(line, Cut):
        said = f"the message had {line.n_bytes} bytes, more than {MAX_MESSAGE_BYTES}: send it in several calls"
        return _error(types.INVALID_REQUEST, said, line.head)
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except (ValidationError, RecursionError, ValueError):
        pass
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _error(types.PARSE_ERROR, "this line is not JSON", b"")
    return _error(types.INVALID_REQUEST, "this is no JSON-RPC message", line[:CHUNK_BYTES])


def _error(code: int, message: str, of: bytes) -> bytes:
    """Return the answer to a broken message; its id is what can be read of it, else null."""
    found = _ID.search(of)
    number = found[1].decode("utf-8", "replace") if found else "null"
    body = msgspec.json.encode({"code": code, "message": message}).decode()
    return f'{{"jsonrpc":"2.0","id":{number},"error":{body}}}\n'.encode()
