"""Parsing on somebody else's workers: any `concurrent.futures.Executor`, so that a cluster's serves as well.

Such workers may see other disks: a job carries the bytes of its file. What they fail at is that file's alone; nothing
here can kill one that hangs, so whoever waits for a reply waits within limits of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path

import msgspec

from bridle.indexer.facts import Skipped
from bridle.indexer.files import read_bounded
from bridle.indexer.parse import Job, Parsed, Unread, encoded, parse
from bridle.indexer.workers import CLOSED, Reply


class ExecutorWorkers:
    """Parses on `executor`, which stays its owner's to shut down. Thread-safe."""

    def __init__(self, root: Path, executor: Executor) -> None:
        self._root = root
        self._executor = executor
        self._open: set[Future[bytes]] = set()
        self._closed = False

    def submit(self, jobs: Iterable[Job], *, first: bool = False) -> list[Future[Reply]]:
        """Hand `jobs` over and return their futures in order, as `ParseWorkers.submit` does."""
        del first  # an executor knows no order but its own
        return [self._submit(job) for job in jobs]

    def close(self) -> None:
        """Give up what waits. May be called again."""
        self._closed = True
        for future in tuple(self._open):
            future.cancel()

    def _submit(self, job: Job) -> Future[Reply]:
        answer: Future[Reply] = Future()
        if self._closed:
            answer.set_result(_unread(job, CLOSED))
            return answer
        try:
            future = self._executor.submit(parse_encoded, str(self._root), self._encoded(job))
        except (OSError, RuntimeError) as error:
            answer.set_result(_unread(job, f"no parse worker took it: {error}"))
            return answer
        self._open.add(future)
        future.add_done_callback(lambda done: self._answer(job, done, answer))
        return answer

    def _encoded(self, job: Job) -> bytes:
        if job.text is None and job.data is None:
            with contextlib.suppress(OSError):  # whoever parses it says why it cannot be read
                job = msgspec.structs.replace(job, data=read_bounded(self._root / job.path))
        return msgspec.msgpack.encode(job)

    def _answer(self, job: Job, done: Future[bytes], answer: Future[Reply]) -> None:
        self._open.discard(done)
        try:
            data = done.result()
            answer.set_result(Reply(msgspec.msgpack.decode(data, type=Parsed | Unread), data))
        except CancelledError:
            answer.set_result(_unread(job, CLOSED))
        except Exception as error:  # noqa: BLE001 - whatever a stranger's worker ends with costs one file
            answer.set_result(_unread(job, f"its parse worker ended: {type(error).__name__}: {error}"))


def parse_encoded(root: str, job: bytes) -> bytes:
    """Parse one file, from and to MessagePack. Runs on the executor's side."""
    return encoded(parse(Path(root), msgspec.msgpack.decode(job, type=Job)))


def _unread(job: Job, reason: str) -> Reply:
    return Reply(Unread(Skipped(job.path, reason)), b"")
