"""The index as the engine keeps it: built in the background, told of open buffers, asked for snapshots.

One engine on a root owns the index's store; any other follows: it reads the store, writes none, and takes over
when the owner is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from bridle.harness.engine import EngineEvent, IndexProgress
from bridle.harness.session.lock import WorkspaceLock
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

FIRST_WAIT_S = 30.0
TAKE_OVER_EVERY_S = 2.0
REPORT_EVERY = 50


class Knowing:
    """The index of one root."""

    def __init__(self, root: Path, store: Path, lock: WorkspaceLock, emit: Callable[[EngineEvent], None]) -> None:
        self._lock = lock
        self._emit = emit
        self._index = Index(root, store, read_only=not lock.try_take())
        self._cancel = threading.Event()
        self._refreshing: asyncio.Task[Snapshot] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def role(self) -> Literal["owner", "follower"]:
        """Whether this engine owns the index's store."""
        return self._lock.role

    @property
    def now(self) -> Snapshot:
        """What is known at this moment, complete or not."""
        return self._index.snapshot

    def start(self) -> None:
        """Begin to index; a follower begins to wait for its turn."""
        self._refresh()
        if self._lock.role == "follower":
            self._watching = asyncio.create_task(self._wait_for_turn())

    async def snapshot(self) -> Snapshot:
        """Return what is known, brought up to date; past `FIRST_WAIT_S` what is known by then."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self._refresh()), FIRST_WAIT_S)
        return self.now

    async def set_buffer(self, path: str, text: str | None) -> None:
        """Take an open buffer's text in place of the disk's; None when it was closed."""
        await asyncio.to_thread(self._index.set_buffer, path, text)

    async def close(self) -> None:
        """Stop indexing and give the store up."""
        self._cancel.set()
        for task in (self._watching, self._refreshing):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
        await asyncio.to_thread(self._index.close)
        self._lock.release()

    def _refresh(self) -> asyncio.Task[Snapshot]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._build())
        return self._refreshing

    async def _build(self) -> Snapshot:
        loop = asyncio.get_running_loop()

        def progress(n_done: int, n_files: int) -> None:
            if n_done % REPORT_EVERY == 0 or n_done == n_files:
                loop.call_soon_threadsafe(self._emit, IndexProgress(n_done, n_files, done=False))

        snapshot = await asyncio.to_thread(self._index.refresh, progress, self._cancel)
        self._emit(IndexProgress(len(snapshot.digests), len(snapshot.digests), done=True))
        return snapshot

    async def _wait_for_turn(self) -> None:
        while not self._lock.try_take():  # noqa: ASYNC110 - another process holds it: nobody here could set an event
            await asyncio.sleep(TAKE_OVER_EVERY_S)
        await asyncio.to_thread(self._index.own)
        self._refresh()
