"""The pipes of a program, served without blocking, and what is kept of its output: both ends, in bounded memory."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from typing import IO

DRAIN_S = 1.0
CHUNK_BYTES = 64 * 1024


class CappedOutput:
    """The first and the last half of a stream, in bounded memory."""

    def __init__(self, cap_bytes: int) -> None:
        self._half = max(1, cap_bytes // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._n_left_out = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            self._trim()

    def value(self) -> bytes:
        """Return what was kept."""
        self._trim()
        gap = b"\n[... %d bytes left out ...]\n" % self._n_left_out if self._n_left_out else b""
        return bytes(self._head) + gap + bytes(self._tail)

    @property
    def truncated(self) -> bool:
        """Whether anything was left out."""
        self._trim()
        return self._n_left_out > 0

    def _trim(self) -> None:
        surplus = len(self._tail) - self._half
        if surplus > 0:
            del self._tail[:surplus]
            self._n_left_out += surplus


class Streams:
    """The pipes of one program, served without blocking by one selector."""

    def __init__(self, stdout: IO[bytes], stderr: IO[bytes], cap_bytes: int) -> None:
        self.stdout = CappedOutput(cap_bytes)
        self.stderr = CappedOutput(cap_bytes)
        self._selector = selectors.DefaultSelector()
        self._open: dict[int, IO[bytes]] = {}
        self._unsent = memoryview(b"")
        self._register(stdout, selectors.EVENT_READ, self.stdout)
        self._register(stderr, selectors.EVENT_READ, self.stderr)

    def write(self, stdin: IO[bytes], data: bytes) -> None:
        """Send `data` as the program takes it, then close its input."""
        self._unsent = memoryview(data)
        self._register(stdin, selectors.EVENT_WRITE, None)

    def watch(self, fd: int) -> None:
        """Wake up when `fd` becomes readable too."""
        self._selector.register(fd, selectors.EVENT_READ)

    def serve(self, timeout_s: float) -> bool:
        """Move bytes for one turn; return whether there were any to move."""
        moved = False
        for key, _ in self._selector.select(max(0.0, timeout_s)):
            if key.fd in self._open:
                moved = True
                self._receive(key.fd, key.data) if key.data is not None else self._send(key.fd)
        return moved

    def drain(self) -> None:
        """Take what is already in the pipes; whoever keeps writing into them is not waited for."""
        deadline = time.monotonic() + DRAIN_S
        while self._open and self.serve(0) and time.monotonic() < deadline:
            pass

    def close(self) -> None:
        """Close our ends."""
        self._selector.close()
        for file in self._open.values():
            with contextlib.suppress(OSError):
                file.close()

    def _register(self, file: IO[bytes], event: int, into: CappedOutput | None) -> None:
        os.set_blocking(file.fileno(), False)
        self._open[file.fileno()] = file
        self._selector.register(file.fileno(), event, into)

    def _receive(self, fd: int, into: CappedOutput) -> None:
        data = os.read(fd, CHUNK_BYTES)
        into.feed(data) if data else self._drop(fd)

    def _send(self, fd: int) -> None:
        try:
            self._unsent = self._unsent[os.write(fd, self._unsent[:CHUNK_BYTES]) :]
        except BrokenPipeError:
            self._unsent = memoryview(b"")
        if not self._unsent:
            self._drop(fd)

    def _drop(self, fd: int) -> None:
        self._selector.unregister(fd)
        with contextlib.suppress(OSError):
            self._open.pop(fd).close()
