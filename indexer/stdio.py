"""Standard input and output as the door's own: taken before anything else can write there, never blocking the loop.

File descriptor 1 points to standard error afterwards and 0 to nothing, so that neither a stray print nor a child
program reaches the stream. Knows bytes, not messages.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable

CHUNK_BYTES = 1 << 16
MAX_UNREAD_BYTES = 64 * 1024 * 1024
FLUSH_S = 1.0
POLL_S = 1.0


def take_stdio() -> tuple[int, int]:
    """Return private descriptors for input and output; the public ones lead nowhere and to standard error."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def pump(source: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    """Feed `reader` from descriptor `source` until its end, from a thread of its own.

    A thread reads whatever the descriptor is: a pipe, a socket, a terminal, a file. It waits until the loop has
    taken each chunk, so that no more than one is ever held here. It reads from a descriptor of its own: the caller
    may close `source`, whose number may then be another stream's.
    """
    taken = threading.Event()
    own = os.dup(source)

    def take(chunk: bytes) -> None:
        if chunk:
            reader.feed_data(chunk)
        else:
            reader.feed_eof()
        taken.set()

    def read() -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(own, CHUNK_BYTES)
            except OSError:
                chunk = b""
            taken.clear()
            try:
                loop.call_soon_threadsafe(take, chunk)
            except RuntimeError:  # the loop is closed: nobody reads any more
                return
            while not taken.wait(POLL_S):
                if loop.is_closed():
                    return

    def read_and_close() -> None:
        try:
            read()
        finally:
            os.close(own)

    threading.Thread(target=read_and_close, name="bridle-input", daemon=True).start()


class Outlet:
    """Writes to a descriptor from a thread of its own; calls `on_gone` there when nobody reads any more.

    Has the shape of a pygls writer.
    """

    def __init__(self, sink: int, on_gone: Callable[[], None]) -> None:
        self._sink = sink
        self._on_gone = on_gone
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unread = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._drain, name="bridle-output", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Hand `data` over; a client that leaves too much unread counts as gone."""
        with self._lock:
            self._unread += len(data)
            full = self._unread > MAX_UNREAD_BYTES
        if full:
            self._on_gone()
        else:
            self._queue.put(data)

    def close(self) -> None:
        """Write what is left, for at most `FLUSH_S` seconds."""
        self._queue.put(None)
        self._thread.join(FLUSH_S)

    def _drain(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                _write_all(self._sink, data)
            except OSError:
                self._on_gone()
                return
            with self._lock:
                self._unread -= len(data)


def _write_all(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]
