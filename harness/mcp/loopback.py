"""HTTP to a server on this machine and to nothing else: no proxy, no cookie, no login file, no way off its address.

What comes back is counted and cut as it arrives, and is never unpacked, so that no answer is larger than it says. A
failure becomes an answer that says so: the SDK would end everything on an exception.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import msgspec

from bridle.harness.mcp.framing import parsed, told_of
from bridle.harness.mcp.keeper import FloodError, Keeper
from bridle.indexer.linewise import Cut, Lines

CONNECT_S = 10.0
SILENCE_S = 600.0
UNAVAILABLE = 503
GONE_CODE = -32098
"""Our own code for an answer that did not come from the server: the connection is of no use any more."""


def loopback_client(url: str, headers: Mapping[str, str], keeper: Keeper) -> httpx2.AsyncClient:
    """Return a client for one server: `url` is an address of this machine, `headers` are the person's for it."""
    return httpx2.AsyncClient(
        transport=_Loopback(httpx2.URL(url), keeper),
        headers=dict(headers),
        timeout=httpx2.Timeout(CONNECT_S, read=SILENCE_S),
        follow_redirects=False,
        trust_env=False,
    )


class _Loopback(httpx2.AsyncBaseTransport):
    """Sends to one origin; `keeper` counts what comes back."""

    def __init__(self, origin: httpx2.URL, keeper: Keeper) -> None:
        self._origin = origin.scheme, origin.host, origin.port
        self._keeper = keeper
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and return its answer, cut to size."""
        asked = _asked(request)
        if (request.url.scheme, request.url.host, request.url.port) != self._origin:
            return _failure(request, asked, f"it leads away from this machine: {request.url.host!r}")
        request.headers["accept-encoding"] = "identity"
        request.headers.pop("cookie", None)
        try:
            response = await self._inner.handle_async_request(request)
            if response.headers.get("content-encoding", "identity") != "identity":
                await response.aclose()
                return _failure(request, asked, "its answer is packed, which nobody asked for")
            kind = response.headers.get("content-type", "").lower()
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            if kind.startswith("text/event-stream"):
                stream: httpx2.AsyncByteStream = _Events(response.stream, self._keeper, asked)
            else:
                try:
                    stream = httpx2.ByteStream(await _body(response.stream, self._keeper, asked))
                finally:
                    await response.aclose()
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            return _failure(request, asked, f"nothing answers at {request.url}: {type(error).__name__}")
        except FloodError as error:
            return _failure(request, asked, str(error))
        kept = [(name, value) for name, value in response.headers.multi_items() if name != "content-length"]
        return httpx2.Response(response.status_code, headers=kept, stream=stream, request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Events(httpx2.AsyncByteStream):
    """A stream of events whose lines are all of a bearable length."""

    def __init__(self, inner: httpx2.AsyncByteStream, keeper: Keeper, asked: Mapping[str, Any]) -> None:
        self._inner = inner
        self._keeper = keeper
        self._asked = asked

    async def __aiter__(self) -> AsyncIterator[bytes]:
        lines = Lines(keep_empty=True)
        try:
            async for chunk in self._inner:
                self._keeper.received(len(chunk))
                for line in lines.feed(chunk):
                    yield (b"data: " + _answer(self._asked, line) if isinstance(line, Cut) else line) + b"\n"
        except (FloodError, httpx2.HTTPError, httpx2.StreamError):
            return

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _body(stream: httpx2.AsyncByteStream, keeper: Keeper, asked: Mapping[str, Any]) -> bytes:
    """Return a whole body; its line ends mean nothing in JSON, so it is one line that may be too long."""
    lines = Lines()
    async for chunk in stream:
        keeper.received(len(chunk))
        lines.feed(chunk.replace(b"\n", b" "))
    found = lines.feed(b"\n")
    whole = found[0] if found else b""
    return _answer(asked, whole) if isinstance(whole, Cut) else whole


def _asked(request: httpx2.Request) -> Mapping[str, Any]:
    """Return the message that a request carries, an empty one for none."""
    try:
        return parsed(request.content) or {}
    except httpx2.RequestNotRead:
        return {}


def _answer(asked: Mapping[str, Any], cut: Cut) -> bytes:
    """Return the answer to `asked` of which only a part was kept."""
    if asked.get("method") == "tools/call":
        return msgspec.json.encode({"jsonrpc": "2.0", "id": asked.get("id"), "result": told_of(cut)})
    return _error(asked, f"the answer had {cut.n_bytes} bytes, more than is taken")


def _error(asked: Mapping[str, Any], said: str, code: int = -32603) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": asked.get("id"), "error": {"code": code, "message": said}})


def _failure(request: httpx2.Request, asked: Mapping[str, Any], said: str) -> httpx2.Response:
    headers = {"content-type": "application/json"}
    return httpx2.Response(UNAVAILABLE, headers=headers, content=_error(asked, said, GONE_CODE), request=request)
