"""One connection to a server, by the official SDK: the only module that knows it.

The SDK speaks the protocol. What it leaves open is bounded here: every message goes through the keeper, a line that is
too long is cut, only an address of this machine is spoken to. Its own check of results against a server's schema is
left out, since a schema may hold a pattern that never ends.

Importing this module takes seconds: it is imported on a thread when the first server is started.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.session import ClientRequestContext, ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from pydantic import BaseModel, ConfigDict, ValidationError

from bridle.harness.mcp.framing import parsed, told_of
from bridle.harness.mcp.keeper import FloodError, Keeper, refusal
from bridle.harness.mcp.loopback import GONE_CODE, loopback_client
from bridle.harness.mcp.problems import LinkProblem
from bridle.harness.mcp.stdio import Pipe
from bridle.indexer.linewise import MAX_LINE_BYTES, Cut

MAX_PAGES = 16
MAX_LIST_BYTES = 1024 * 1024
"""Every word of it is looked through, which takes up to 10 ms for each kilobyte of the worst kind."""
MAX_ERROR_CHARS = 2_000
ENDED = "Session terminated"
"""How the SDK says that a server by HTTP knows nothing of our session any more: it was started anew."""

for _name in ("mcp", "client"):  # what the SDK logs may quote a server, and it would go to our standard error
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

_Incoming = MemoryObjectSendStream[SessionMessage | Exception]
_Outgoing = MemoryObjectReceiveStream[SessionMessage]


class _Page(BaseModel):
    """A result as it was sent, whatever is in it."""

    model_config = ConfigDict(extra="allow")


class Link:
    """What may be asked of a server."""

    def __init__(self, session: ClientSession, keeper: Keeper, *, has_resources: bool) -> None:
        self._session = session
        self.keeper = keeper
        self.has_resources = has_resources

    async def list_tools(self, timeout_s: float) -> list[dict[str, Any]]:
        """Return the declarations of all tools, as they were sent. Raises LinkProblem."""
        tools: list[dict[str, Any]] = []
        cursor: str | None = None
        n_bytes = 0
        for _ in range(MAX_PAGES):
            asked = types.ListToolsRequest(params=types.PaginatedRequestParams(cursor=cursor) if cursor else None)
            page = await self._ask(asked, timeout_s)
            n_bytes += self.keeper.n_bytes
            if n_bytes > MAX_LIST_BYTES:
                raise LinkProblem("nonsense", f"its list of tools has more than {MAX_LIST_BYTES} bytes")
            tools += [tool for tool in page.get("tools", ()) if isinstance(tool, dict)]
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                self.keeper.list_changed = False
                return tools
        raise LinkProblem("nonsense", f"its list of tools has more than {MAX_PAGES} pages")

    async def call_tool(self, tool: str, given: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Return the result of one call, as it was sent. Raises LinkProblem."""
        params = types.CallToolRequestParams(name=tool, arguments=dict(given))
        return await self._ask(types.CallToolRequest(params=params), timeout_s)

    async def read_resource(self, uri: str, timeout_s: float) -> dict[str, Any]:
        """Return the contents of a resource, as they were sent. Raises LinkProblem."""
        params = types.ReadResourceRequestParams(uri=uri)
        return await self._ask(types.ReadResourceRequest(params=params), timeout_s)

    async def _ask(self, request: types.ClientRequest, timeout_s: float) -> dict[str, Any]:
        self.keeper.begin()
        try:
            async with asyncio.timeout(timeout_s):
                reply = await self._session.send_request(request, _Page)
        except TimeoutError as error:
            raise LinkProblem("timed out", f"it did not answer within {timeout_s:g} s") from error
        except MCPError as error:
            closed = error.error.code in (types.CONNECTION_CLOSED, GONE_CODE) or error.error.message == ENDED
            said = error.error.message[:MAX_ERROR_CHARS]
            raise LinkProblem("closed" if closed else "refused", said) from error
        except (ValidationError, ValueError, RecursionError) as error:
            raise LinkProblem("nonsense", "its answer is not what the protocol says") from error
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, RuntimeError) as error:
            raise LinkProblem("closed", "the connection is closed") from error
        return reply.model_dump(by_alias=True)


@asynccontextmanager
async def over_pipe(pipe: Pipe, root_uri: str, start_timeout_s: float) -> AsyncGenerator[Link]:
    """Speak with a program that was started. Raises LinkProblem when it does not answer as a server."""
    keeper = Keeper()
    pending: dict[Any, str] = {}
    into, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, out = anyio.create_memory_object_stream[SessionMessage](0)
    async with into, read, write, out, anyio.create_task_group() as pumps:
        pumps.start_soon(_pump_in, pipe, into, keeper, pending)
        pumps.start_soon(_pump_out, pipe, out, into, pending)
        try:
            async with _session(read, write, keeper, root_uri, start_timeout_s) as link:
                yield link
        finally:
            pumps.cancel_scope.cancel()


@asynccontextmanager
async def over_http(
    url: str, headers: Mapping[str, str], root_uri: str, start_timeout_s: float
) -> AsyncGenerator[Link]:
    """Speak with a server on this machine. Raises LinkProblem when it does not answer as a server."""
    keeper = Keeper()
    into, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    async with (
        loopback_client(url, headers, keeper) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=2 * MAX_LINE_BYTES) as (theirs, write),
        into,
        read,
        anyio.create_task_group() as pumps,
    ):

        async def sift() -> None:
            async with _ending(into, keeper):
                async for item in theirs:
                    if isinstance(item, Exception):
                        keeper.garbage()
                        continue
                    plain = item.message.model_dump(by_alias=True, exclude_unset=True)
                    ruling = keeper.judge(plain)
                    if ruling == "pass":
                        await into.send(item)
                    elif ruling == "refuse":
                        await write.send(_message(refusal(plain)))

        pumps.start_soon(sift)
        try:
            async with _session(read, write, keeper, root_uri, start_timeout_s) as link:
                yield link
        finally:
            pumps.cancel_scope.cancel()


@asynccontextmanager
async def _session(
    read: Any, write: Any, keeper: Keeper, root_uri: str, start_timeout_s: float
) -> AsyncGenerator[Link]:
    async def roots(context: ClientRequestContext) -> types.ListRootsResult:
        return types.ListRootsResult.model_validate({"roots": [{"uri": root_uri, "name": "workspace"}]})

    info = types.Implementation(name="bridle", version=version("bridle"))
    async with ClientSession(read, write, list_roots_callback=roots, client_info=info) as session:
        keeper.begin()
        try:
            async with asyncio.timeout(start_timeout_s):
                its = await session.initialize()
        except TimeoutError as error:
            raise LinkProblem("timed out", f"it was not ready within {start_timeout_s:g} s") from error
        except MCPError as error:
            raise LinkProblem("closed", f"it did not start: {error.error.message[:MAX_ERROR_CHARS]}") from error
        except (ValidationError, RuntimeError, ValueError) as error:
            raise LinkProblem("nonsense", "it does not speak the protocol, or no version of it that we do") from error
        yield Link(session, keeper, has_resources=its.capabilities.resources is not None)


@asynccontextmanager
async def _ending(into: _Incoming, keeper: Keeper) -> AsyncGenerator[None]:
    """Whatever ends the way in, the session is told that it is over."""
    try:
        async with into:
            with contextlib.suppress(FloodError, OSError, anyio.ClosedResourceError, anyio.BrokenResourceError):
                yield
    finally:
        keeper.closed = True


async def _pump_in(pipe: Pipe, into: _Incoming, keeper: Keeper, pending: dict[Any, str]) -> None:
    """Hand messages on until the program ends or floods."""
    async with _ending(into, keeper):
        while (received := await pipe.receive()) is not None:
            lines, n_bytes = received
            keeper.received(n_bytes)
            for line in lines:
                message = _whole(line, keeper, pending)
                if message is None:
                    continue
                ruling = keeper.judge(message)
                if ruling == "refuse":
                    await pipe.send(_bytes(_message(refusal(message))))
                elif ruling == "pass":
                    await _hand_on(message, into, keeper, pending)


async def _hand_on(message: dict[str, Any], into: _Incoming, keeper: Keeper, pending: dict[Any, str]) -> None:
    try:
        item = _message(message)
    except (ValidationError, RecursionError):
        keeper.garbage()
        return
    if "method" not in message and pending.pop(message.get("id"), None) is None:
        keeper.garbage()
        return
    await into.send(item)


async def _pump_out(pipe: Pipe, out: _Outgoing, into: _Incoming, pending: dict[Any, str]) -> None:
    """Write messages as they come; a program that takes no more ends the session."""
    try:
        async for item in out:
            message = item.message
            if isinstance(message, types.JSONRPCRequest):
                pending[message.id] = message.method
            elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
                pending.pop((message.params or {}).get("requestId"), None)
            await pipe.send(_bytes(item))
    except (OSError, RuntimeError):
        await into.aclose()


def _bytes(item: SessionMessage) -> bytes:
    return item.message.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _whole(line: bytes | Cut, keeper: Keeper, pending: dict[Any, str]) -> dict[str, Any] | None:
    """Return a line as a message; what was too long becomes the answer to what was asked, as far as it goes."""
    if isinstance(line, Cut):
        asked = next(iter(pending.items()), None)
        if asked is None:
            keeper.garbage()
            return None
        number, method = asked
        if method == "tools/call":
            return {"jsonrpc": "2.0", "id": number, "result": told_of(line)}
        said = f"the answer had {line.n_bytes} bytes, more than {MAX_LINE_BYTES}"
        return {"jsonrpc": "2.0", "id": number, "error": {"code": types.INTERNAL_ERROR, "message": said}}
    message = parsed(line)
    if message is None:
        keeper.garbage()
    return message


def _message(plain: Mapping[str, Any]) -> SessionMessage:
    return SessionMessage(types.jsonrpc_message_adapter.validate_python(plain, by_name=False))
