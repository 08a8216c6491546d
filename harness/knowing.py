"""The index as the engine keeps it: built in the background, told of open buffers, asked for snapshots.

One engine on a root owns the index's store; any other follows: it reads the store, writes none, and takes over
when the owner is gone. The owner alone makes vectors, once the index is usable and the first seconds are over. What
past commits tell is read after each look at the disk, behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bridle.context.task import Beside
from bridle.harness.calibrated import Calibration
from bridle.harness.engine import EngineEvent, IndexProgress
from bridle.harness.remembering import Remembering
from bridle.harness.session.lock import WorkspaceLock
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.watching import watch

if TYPE_CHECKING:
    from bridle.indexer.vectors.vectors import Vectors
    from bridle.indexer.vectors.view import Similar

logger = logging.getLogger(__name__)

FIRST_WAIT_S = 30.0
TAKE_OVER_EVERY_S = 2.0
REPORT_EVERY = 50
VECTORS_AFTER_S = 3.0
SIMILAR_WAIT_S = 5.0
PAST_WAIT_S = 10.0


class Knowing:
    """The index of one root."""

    def __init__(
        self,
        root: Path,
        store: Path,
        lock: WorkspaceLock,
        emit: Callable[[EngineEvent], None],
        vectors: Callable[[], Vectors] | None = None,
        remembering: Remembering | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self._calibration = calibration
        self._lock = lock
        self._remembering = remembering
        self._recalling: asyncio.Task[None] | None = None
        self._has_recalled = asyncio.Event()
        self._open_vectors = vectors
        self._vectors: Vectors | None = None
        self._beginning: asyncio.TimerHandle | None = None
        self._emit = emit
        self._index = Index(root, store, read_only=not lock.try_take())
        self._cancel = threading.Event()
        self._paused = False
        self._refreshing: asyncio.Task[Snapshot] | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._root = root

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
        self._watching = asyncio.create_task(self._watch())
        if self._lock.role == "follower":
            self._waiting = asyncio.create_task(self._wait_for_turn())

    async def snapshot(self) -> Snapshot:
        """Return what is known, brought up to date; past `FIRST_WAIT_S` what is known by then."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self._refresh()), FIRST_WAIT_S)
        return self.now

    async def beside(self) -> Beside:
        """Return what is known beside the snapshot.

        Only the first look at the past is waited for, `PAST_WAIT_S` at most; later ones come when they come.
        """
        weights = None if self._calibration is None else self._calibration.weights
        if self._remembering is None:
            return Beside(weights=weights)
        if not self._has_recalled.is_set():
            self._recall()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._has_recalled.wait(), PAST_WAIT_S)
        return Beside(self._remembering.past, weights)

    async def set_buffer(self, path: str, text: str | None) -> None:
        """Take an open buffer's text in place of the disk's; None when it was closed."""
        await asyncio.to_thread(self._index.set_buffer, path, text)
        if self._vectors is not None:
            self._vectors.follow(self.now)

    async def similar(self, text: str, limit: int) -> Similar:
        """Return what is most like `text` now, with what is missing and why. No index run is waited for."""
        from bridle.indexer.vectors.view import Similar

        vectors, snapshot = self._vectors, self.now
        if vectors is None:
            why = "they are off" if self._open_vectors is None else f"this engine is the {self.role} and has none yet"
            return Similar(missing=len(snapshot.symbols), problem=f"no vectors: {why}")
        try:
            return await asyncio.wait_for(asyncio.to_thread(vectors.similar, snapshot, text, limit), SIMILAR_WAIT_S)
        except TimeoutError:
            return Similar(missing=len(snapshot.symbols), problem=f"no answer within {SIMILAR_WAIT_S:g} s")

    def pause(self, *, paused: bool) -> None:
        """Stop reading files, or go on; open documents are followed all the same, and questions are answered."""
        if paused == self._paused:
            return
        self._paused = paused
        if paused:
            self._cancel.set()
            if self._vectors is not None:
                self._vectors.pause()
            self._emit(IndexProgress(len(self.now.digests), len(self.now.digests), done=True, paused=True))
            return
        self._cancel = threading.Event()
        if self._vectors is not None:
            self._vectors.resume()
        self._refreshing = asyncio.create_task(self._after(self._refreshing))

    async def _after(self, before: asyncio.Task[Snapshot] | None) -> Snapshot:
        """Look at the disk once a look that was stopped is over."""
        if before is not None:
            await asyncio.wait([before])
        return await self._build(quiet=False)

    async def close(self) -> None:
        """Stop indexing and give the store up."""
        self._cancel.set()
        for task in (self._watching, self._waiting, self._refreshing, self._recalling):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
        if self._beginning is not None:
            self._beginning.cancel()
        if self._vectors is not None:
            await asyncio.to_thread(self._vectors.close)
        await asyncio.to_thread(self._index.close)
        self._lock.release()

    async def _watch(self) -> None:
        """Follow the disk: branches that are switched, files that other programs write."""
        await asyncio.shield(self._refresh())
        await asyncio.to_thread(self._index.prepare)
        await watch(self._root, lambda: self._index.folders, self._follow, self._polling)

    async def _follow(self) -> None:
        """Look at the disk again, after what is under way: that may have looked too early."""
        try:
            if self._refreshing is not None and not self._refreshing.done():
                await asyncio.shield(self._refreshing)
            await asyncio.shield(self._refresh(quiet=True))
            await asyncio.to_thread(self._index.prepare)
        except Exception:  # one look that failed ends no watch; whoever asks for a snapshot is told
            logger.exception("the files on disk could not be looked at")

    def _polling(self, reason: str) -> None:
        logger.warning("files are looked at every few seconds, since they cannot be watched: %s", reason)

    def _refresh(self, *, quiet: bool = False) -> asyncio.Task[Snapshot]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._build(quiet=quiet))
        return self._refreshing

    async def _build(self, *, quiet: bool) -> Snapshot:
        if self._paused:
            return self.now
        loop, cancel = asyncio.get_running_loop(), self._cancel
        began = loop.time()

        def progress(n_done: int, n_files: int) -> None:
            if n_done % REPORT_EVERY == 0 or (n_done == n_files and not quiet):
                rate = round(n_done / max(loop.time() - began, 0.001))
                told = IndexProgress(n_done, n_files, done=False, per_second=rate)
                loop.call_soon_threadsafe(self._emit_unless, cancel, told)

        if self._vectors is not None:
            self._vectors.pause()
        try:
            snapshot = await asyncio.to_thread(self._index.refresh, progress, cancel)
        finally:
            if self._vectors is not None and not cancel.is_set():
                self._vectors.resume()
        if snapshot.work.unkept:
            logger.warning("the index could not be kept for the next start: %s", snapshot.work.unkept)
        if cancel.is_set():
            return snapshot
        self._emit(IndexProgress(len(snapshot.digests), len(snapshot.digests), done=True))
        self._embed(loop)
        self._recall()
        return snapshot

    def _emit_unless(self, cancel: threading.Event, told: IndexProgress) -> None:
        """Tell how far it is, but for work that was stopped meanwhile."""
        if not cancel.is_set():
            self._emit(told)

    def _recall(self) -> None:
        """Look at the past, unless somebody does."""
        if self._remembering is not None and (self._recalling is None or self._recalling.done()):
            self._recalling = asyncio.create_task(self._read_past(self._remembering))

    async def _read_past(self, remembering: Remembering) -> None:
        try:
            await asyncio.to_thread(remembering.refresh, self._cancel, keep=self._lock.role == "owner")
        except Exception:  # without a past the rest speaks alone
            logger.exception("the past commits could not be read")
        finally:
            self._has_recalled.set()

    def _embed(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell the vectors of what is new; the first time, after a while."""
        if self._vectors is not None:
            self._vectors.follow(self.now)
        elif self._open_vectors is not None and self._beginning is None and self._lock.role == "owner":
            self._beginning = loop.call_later(VECTORS_AFTER_S, self._begin_vectors)

    def _begin_vectors(self) -> None:
        assert self._open_vectors is not None
        self._vectors = self._open_vectors()
        self._vectors.follow(self.now)

    async def _wait_for_turn(self) -> None:
        while not self._lock.try_take():  # noqa: ASYNC110 - another process holds it: nobody here could set an event
            await asyncio.sleep(TAKE_OVER_EVERY_S)
        await asyncio.to_thread(self._index.own)
        self._refresh()
