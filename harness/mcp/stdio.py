"""A server that is a program: its pipes, in bounded memory, and its end with everything that it started.

What it started is its process group, and whatever left that but still has the mark that its environment was given; in
the sandbox nothing outlives it anyway.

Its errors are kept up to a cap and shown to nobody but the person. Nothing of it reaches our own standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridle.indexer.linewise import Cut, Lines
from bridle.indexer.process import spawn_async

CHUNK_BYTES = 64 * 1024
ERRORS_BYTES = 32 * 1024
MAX_UNSENT_BYTES = 4 * 1024 * 1024
SEND_S = 10.0
LEAVE_S = 1.0
TERMINATE_S = 1.0
KILLED_S = 5.0
MARK = "BRIDLE_MCP_SERVER"
KILLED_TICK_S = 0.005


class Pipe:
    """One running server. `start` it, and `close` it whatever happens."""

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        self._process = process
        self._mark = mark
        self._lines = Lines()
        self._ready: list[bytes | Cut] = []
        self._errors = bytearray()
        self._listening = asyncio.create_task(self._hear_errors())

    @classmethod
    async def start(cls, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Pipe:
        """Start the program. Raises OSError."""
        mark = uuid.uuid4().hex
        marked = {**env, MARK: mark}
        return cls(await spawn_async(argv, env=marked, cwd=cwd, hear_errors=True, limit_bytes=CHUNK_BYTES), mark)

    @property
    def pid(self) -> int:
        """The id of the program and of its group."""
        return self._process.pid

    @property
    def errors(self) -> str:
        """The last of what it wrote to its standard error."""
        return bytes(self._errors).decode("utf-8", "replace")

    async def receive(self) -> tuple[list[bytes | Cut], int] | None:
        """Return the next lines and how many bytes were read for them; None when there will be no more."""
        assert self._process.stdout is not None
        data = await self._process.stdout.read(CHUNK_BYTES)
        return (self._lines.feed(data), len(data)) if data else None

    async def send(self, line: bytes) -> None:
        """Write one message. Raises OSError when the program is gone or takes no more."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        if self._process.stdin.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            raise OSError("it does not read its standard input")
        try:
            async with asyncio.timeout(SEND_S):
                await self._process.stdin.drain()
        except TimeoutError as error:
            raise OSError("it does not read its standard input") from error

    async def close(self) -> None:
        """End the program: close its input, then ask, then kill its whole group. May be called again."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, RuntimeError):
            self._process.stdin.close()
        drained = asyncio.create_task(self._drain())
        ended = await self._ends_within(LEAVE_S)
        if not ended:
            self._signal(signal.SIGTERM)
            ended = await self._ends_within(TERMINATE_S)
        self._signal(signal.SIGKILL)
        if not ended:
            await self._ends_within(KILLED_S)
        await asyncio.to_thread(_kill_marked, f"{MARK}={self._mark}".encode())
        for task in (drained, self._listening):
            task.cancel()
        await asyncio.gather(drained, self._listening, return_exceptions=True)
        self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - a survivor may hold the pipes

    async def _ends_within(self, seconds: float) -> bool:
        """Wait for the program itself; `wait` would also wait for whoever inherited its pipes."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._process.returncode is None:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(0.01)
        return True

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _drain(self) -> None:
        """Take what is still written, so that a program that flushes can end."""
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, RuntimeError):
            while await self._process.stdout.read(CHUNK_BYTES):
                pass

    async def _hear_errors(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(CHUNK_BYTES):
            self._errors += data
            del self._errors[:-ERRORS_BYTES]


def _kill_marked(mark: bytes) -> None:
    """Kill every process that has `mark` in its environment, and wait within bounds until there is none any more."""
    deadline = time.monotonic() + KILLED_S
    while marked := [pid for pid in _processes() if mark in _environment(pid).split(b"\0")]:
        for pid in marked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(KILLED_TICK_S)


def _processes() -> list[int]:
    try:
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    except OSError:
        return []


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
