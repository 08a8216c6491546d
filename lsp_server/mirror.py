"""The engine's copy of the open documents, kept in step: a while after the last change, and before every request
that depends on text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bridle.harness.engine import Buffer, Closed, SyncBuffers, UserProblem
from bridle.lsp_server.documents import Document, Documents

logger = logging.getLogger(__name__)

QUIET_S = 0.15
MAX_WAIT_S = 10.0

Send = Callable[[SyncBuffers], Awaitable[object]]


class Mirror:
    """What the engine was not told yet."""

    def __init__(self, documents: Documents, send: Send) -> None:
        self._documents = documents
        self._send = send
        self._changed: set[str] = set()
        self._closed: set[str] = set()
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def touch(self, document: Document) -> None:
        """Note that a document was opened or changed."""
        if document.path is not None:
            self._changed.add(document.path)
            self._closed.discard(document.path)
            self._soon()

    def drop(self, document: Document) -> None:
        """Note that a document was closed."""
        if document.path is not None and self._documents.at(document.path) is None:
            self._changed.discard(document.path)
            self._closed.add(document.path)
            self._soon()

    async def flush(self) -> None:
        """Tell the engine all it does not know yet. Raises Closed, TimeoutError, UserProblem."""
        async with self._turn:
            changed, closed = self._changed, self._closed
            self._changed, self._closed = set(), set()
            if not changed and not closed:
                return
            try:
                async with asyncio.timeout(MAX_WAIT_S):
                    await self._send(self._request(changed, closed))
            except BaseException:
                self._changed |= changed - self._closed
                self._closed |= closed - self._changed
                raise

    def stop(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _request(self, changed: set[str], closed: set[str]) -> SyncBuffers:
        found = (self._documents.at(path) for path in sorted(changed))
        return SyncBuffers(
            changed=tuple(buffer_of(document) for document in found if document is not None),
            closed=tuple(sorted(closed)),
        )

    def _soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._begin)

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._flush_quietly())

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except (Closed, TimeoutError, UserProblem) as problem:
            logger.warning("the engine was not told of changes: %s", problem)


def buffer_of(document: Document) -> Buffer:
    """Return what the engine is told of a document, which must have a path."""
    assert document.path is not None
    return Buffer(document.path, document.revision, whole_characters(str(document.text)))


def whole_characters(text: str) -> str:
    """Return `text` with lone halves of surrogate pairs replaced: no file and no pipe can hold them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
