"""The engine in a child process: the same protocol, over a pipe.

A child that dies is started once more, is told the open buffers again, and the listener hears of it. Calls that
were under way raise `Closed`; what was journaled is still there. This module decides nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from bridle.harness.engine import (
    ENDED_BY_LEAVING,
    Buffer,
    Closed,
    EngineEvent,
    EngineReply,
    EngineRequest,
    Lost,
    SyncBuffers,
    UserProblem,
)
from bridle.harness.nouns import Fault
from bridle.harness.wire import Frame, pack, read_frame
from bridle.indexer.process import spawn_async

logger = logging.getLogger(__name__)

SHUTDOWN_S = 1.5


def engine_command(root: Path, settings: Mapping[str, object]) -> list[str]:
    """Return the command that starts an engine; the interpreter is ours, the workspace is never on its path."""
    config = msgspec.json.encode(dict(settings)).decode()
    return [sys.executable, "-P", "-m", "bridle.harness.child", "--root", str(root), "--settings", config]


class ChildEngine:
    """An engine in a process of its own."""

    def __init__(self, root: Path, settings: Mapping[str, object], log: Path | None = None) -> None:
        self._command = engine_command(root, settings)
        self._log = log
        self._listener: Callable[[EngineEvent], None] = lambda event: None
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._pending: dict[int, asyncio.Future[EngineReply]] = {}
        self._last_id = 0
        self._buffers: dict[str, Buffer] = {}
        self._restarts_left = 1
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        return self._process.pid if self._process else None

    async def start(self) -> ChildEngine:
        """Start the child. Raises Fault when it cannot be started."""
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        try:
            self._process = await spawn_async(self._command, env=env, log=self._log)
        except OSError as error:
            raise Fault(f"the engine cannot be started: {error}") from error
        self._reader = asyncio.create_task(self._read(self._process))
        return self

    def listen(self, listener: Callable[[EngineEvent], None]) -> None:
        """Hand over the listener."""
        self._listener = listener

    async def call(self, request: EngineRequest, timeout_s: float = 30.0) -> EngineReply:
        """Ask the child. Raises UserProblem, Fault, Closed, TimeoutError."""
        if isinstance(request, SyncBuffers):
            self._remember(request)
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise Closed("the engine is not running")
        self._last_id += 1
        number = self._last_id
        future: asyncio.Future[EngineReply] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        try:
            async with asyncio.timeout(timeout_s):
                process.stdin.write(pack(Frame(id=number, request=request)))
                await process.stdin.drain()
                return await future
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed("the engine is gone") from error
        except (asyncio.CancelledError, TimeoutError):
            if isinstance(request, ENDED_BY_LEAVING) and not process.stdin.is_closing():
                process.stdin.write(pack(Frame(id=number, gone=True)))
            raise
        finally:
            self._pending.pop(number, None)

    async def close(self) -> None:
        """End the child: first by closing its input, then by force."""
        self._closing = True
        await self._end_child()
        if self._reader is not None:
            await self._reader

    async def _end_child(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), SHUTDOWN_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _remember(self, sync: SyncBuffers) -> None:
        for buffer in sync.changed:
            self._buffers[buffer.path] = buffer
        for path in sync.closed:
            self._buffers.pop(path, None)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        reason = "the engine ended"
        try:
            while (frame := await read_frame(process.stdout)) is not None:
                self._take(frame)
        except Fault as fault:
            reason = str(fault)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        code = await process.wait()
        self._fail_pending(reason)
        if not self._closing:
            await self._lost(f"{reason} (exit code {code})")

    def _take(self, frame: Frame) -> None:
        if frame.event is not None:
            self._tell(frame.event)
            return
        future = self._pending.get(frame.id)
        if future is None or future.done():
            return
        if frame.reply is not None:
            future.set_result(frame.reply)
        elif frame.problem is not None and frame.problem.person:
            future.set_exception(UserProblem(frame.problem.message, frame.problem.next_step))
        elif frame.problem is not None:
            future.set_exception(Fault(frame.problem.message))

    def _tell(self, event: EngineEvent) -> None:
        """Hand one event over; a listener that breaks on it misses this one and no other."""
        try:
            self._listener(event)
        except Exception:
            logger.exception("the listener broke on %s", type(event).__name__)

    def _fail_pending(self, reason: str) -> None:
        for future in self._pending.values():
            if not future.done():
                future.set_exception(Closed(reason))

    async def _lost(self, reason: str) -> None:
        again = self._restarts_left > 0
        if not again:
            self._process = None
            self._tell(Lost(reason, again=False))
            return
        self._restarts_left -= 1
        try:
            await self.start()
            if self._closing:
                await self._end_child()
                return
            if self._buffers:
                await self.call(SyncBuffers(changed=tuple(self._buffers.values())))
        except (Fault, Closed, TimeoutError, UserProblem) as error:
            self._tell(Lost(f"{reason}; starting it again failed: {error}", again=False))
            return
        self._tell(Lost(reason, again=True))
