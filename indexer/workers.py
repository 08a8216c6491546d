"""Parse workers: one killable process per core, because a grammar may hang and holds the interpreter's lock.

A file that takes too long, or ends its worker, is skipped with the reason; the others go on with a new one.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.facts import Skipped
from bridle.indexer.parse import Job, Parsed, Unread
from bridle.indexer.process import Child, spawn
from bridle.indexer.worker import EndedError, read_frame, write_frame

if TYPE_CHECKING:
    from concurrent.futures import Future

FILE_TIMEOUT_S = 10.0
MAX_FAILED_STARTS = 3
BATCH = 16
CLOSED = "the index was closed"
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT")


class Reply(msgspec.Struct, frozen=True):
    """What a worker said of one file, and the bytes in which it said it."""

    outcome: Parsed | Unread
    data: bytes


_Queued = tuple[Job, "Future[Reply]"]


class ParseWorkers:
    """A pool of worker processes, started when first asked. Thread-safe."""

    def __init__(self, root: Path, n_workers: int | None = None, timeout_s: float = FILE_TIMEOUT_S) -> None:
        n_workers = n_workers or os.cpu_count() or 1
        self._workers = [_Worker(root, timeout_s) for _ in range(n_workers)]
        self._threads: list[threading.Thread] = []
        self._waiting: deque[_Queued] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def submit(self, jobs: Iterable[Job], *, first: bool = False) -> list[Future[Reply]]:
        """Queue `jobs` and return their futures in order; with `first`, ahead of all that wait.

        A future never fails: a file that could not be read has an `Unread` outcome, and so has every file
        that still waits when the pool is closed.
        """
        from concurrent.futures import Future

        queued: list[_Queued] = [(job, Future()) for job in jobs]
        self._put(queued, first=first)
        return [future for _, future in queued]

    def close(self) -> None:
        """Kill the workers and give up what waits. May be called again."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = list(self._waiting), deque()
            self._changed.notify_all()
        _give_up(waiting, CLOSED)
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join(5.0)

    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the workers that run now."""
        return tuple(worker.pid for worker in self._workers if worker.pid)

    def _put(self, queued: Sequence[_Queued], *, first: bool) -> None:
        with self._changed:
            if self._closed:
                _give_up(queued, CLOSED)
                return
            if first:
                self._waiting.extendleft(reversed(queued))
            else:
                self._waiting.extend(queued)
            for worker in self._workers[len(self._threads) :]:
                thread = threading.Thread(target=self._serve, args=(worker,), name="bridle parse", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify_all()

    def _take(self) -> list[_Queued]:
        """Return the next jobs for one worker, waiting for them; none when the pool is closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            fair_share = 1 + len(self._waiting) // (2 * len(self._workers))
            return [self._waiting.popleft() for _ in range(min(BATCH, fair_share, len(self._waiting)))]

    def _serve(self, worker: _Worker) -> None:
        while batch := self._take():
            n_done = 0
            try:
                for reply in worker.converse([job for job, _ in batch]):
                    batch[n_done][1].set_result(reply)
                    n_done += 1
            except (EndedError, OSError, ValueError) as error:
                reason = worker.bury(error)
                _give_up(batch[n_done : n_done + 1], CLOSED if self._closed else reason)
                self._put(batch[n_done + 1 :], first=True)
        worker.kill()


def _give_up(queued: Iterable[_Queued], reason: str) -> None:
    for job, future in queued:
        future.set_result(Reply(Unread(Skipped(job.path, reason)), b""))


class _Worker:
    """One process at a time, and the talk with it. `converse` and `bury` belong to one thread."""

    def __init__(self, root: Path, timeout_s: float) -> None:
        self._argv = [sys.executable, "-P", "-m", "bridle.indexer.worker", str(root), str(timeout_s)]
        self._timeout_s = timeout_s
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._n_failed_starts = 0
        self._decoder = msgspec.msgpack.Decoder(Parsed | Unread)

    @property
    def pid(self) -> int:
        child = self._child
        return child.pid if child else 0

    def converse(self, jobs: list[Job]) -> Iterator[Reply]:
        child = self._child or self._start()
        write_frame(child.stdin, msgspec.msgpack.encode(jobs))
        for _ in jobs:
            data = read_frame(child.stdout)
            yield Reply(self._decoder.decode(data), data)

    def bury(self, error: Exception) -> str:
        """End the process and return why it failed at its file."""
        child = self._child
        exit_code = child.wait(1.0) if child else None
        self.kill()
        if child is None:
            return f"no parse worker could be started: {error}"
        if exit_code == -signal.SIGALRM:
            return f"parsing it took longer than {self._timeout_s:g} s"
        return f"its parse worker ended ({'broken answer' if exit_code is None else exit_code}): {error}"

    def kill(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _start(self) -> Child:
        if self._n_failed_starts >= MAX_FAILED_STARTS:
            raise OSError(f"it failed {MAX_FAILED_STARTS} times in a row")
        self._n_failed_starts += 1
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        child = spawn(self._argv, env=environment, cwd="/")
        try:
            read_frame(child.stdout)
        except (EndedError, OSError, ValueError):
            child.kill()
            raise
        self._n_failed_starts = 0
        self._child = child
        return child
