"""Starts programs: the only module that does.

A program gets an argument list (never a shell string), exactly the environment it is handed, and a process
group of its own. Every wait is bounded, output is capped as it arrives, and the group is dead when the call
returns, even when somebody that left the group still holds the pipes. What may be started is decided above;
this module holds no policy and never reads our own environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO, Literal, Protocol

import msgspec

Ending = Literal["ended", "timed out", "cancelled"]

CAP_BYTES = 128 * 1024
TICK_S = 0.05
TERMINATE_S = 1.0
DRAIN_S = 1.0
KILLED_S = 2.0
KILLED_TICK_S = 0.002
CHUNK_BYTES = 64 * 1024


class Completed(msgspec.Struct, frozen=True):
    """How a program ended.

    `exit_code` is None when we ended it (`timed_out`, `cancelled`), and minus the signal when a signal did.
    Output is the first and the last half of the cap, with a line between that counts the bytes left out.
    """

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False
    cancelled: bool = False
    truncated: bool = False


class Cancel(Protocol):
    """What a caller hands in to stop a program: a `threading.Event` will do."""

    def is_set(self) -> bool:
        """Tell whether the program is to be stopped."""
        ...


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


def run(
    argv: Sequence[str],
    *,
    cwd: Path | str | None = None,
    env: Mapping[str, str],
    timeout_s: float,
    stdin: bytes = b"",
    cap_bytes: int = CAP_BYTES,
    cancel: Cancel | None = None,
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run a program to its end, or to `timeout_s`, or until `cancel` is set.

    A program that is stopped is asked first (SIGTERM) and killed after a second, with its whole group.

    Raises:
        OSError: the program could not be started.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )
    streams = _Streams(_pipe(process.stdout), _pipe(process.stderr), cap_bytes)
    if process.stdin is not None:
        streams.write(process.stdin, stdin)
    try:
        why = _attend(process, streams, started + timeout_s, cancel)
    finally:
        _end_group(process)
        streams.drain()
        streams.close()
    stopped = why != "ended"
    return Completed(
        exit_code=None if stopped else process.returncode,
        stdout=streams.stdout.value(),
        stderr=streams.stderr.value(),
        seconds=time.monotonic() - started,
        timed_out=why == "timed out",
        cancelled=why == "cancelled",
        truncated=streams.stdout.truncated or streams.stderr.truncated,
    )


class Child:
    """A long-lived program with binary pipes, in a group of its own. Not thread-safe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.stdin = _pipe(process.stdin)
        self.stdout = _pipe(process.stdout)

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while it runs; minus the signal that ended it."""
        return self._process.poll()

    def wait(self, timeout_s: float) -> int | None:
        """Return the exit code, or None when it still runs after `timeout_s`."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """Kill the whole group, reap the child and close the pipes. May be called again."""
        _signal_group(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(TERMINATE_S)
        for pipe in (self.stdin, self.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def spawn(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | str | None = None, log: Path | None = None
) -> Child:
    """Start a long-lived program. Its errors are appended to `log`, or go where ours go.

    Raises:
        OSError: the program could not be started, or the log not be opened.
    """
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("ab")) if log else None
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    return Child(process)


async def spawn_async(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | str | None = None,
    log: Path | None = None,
    hear_errors: bool = False,
    limit_bytes: int = 1 << 20,
) -> asyncio.subprocess.Process:
    """Start a long-lived program for the running event loop; otherwise as `spawn`.

    With `hear_errors` its errors come through a pipe of their own, which the caller has to empty.

    Raises:
        OSError: the program could not be started, or the log not be opened.
    """
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("ab")) if log else None
        return await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if hear_errors else errors,
            start_new_session=True,
            limit=limit_bytes,
        )


def _pipe(file: IO[bytes] | None) -> IO[bytes]:
    if file is None:
        raise ValueError("the program was started without this pipe")
    return file


class _Streams:
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


def _attend(process: subprocess.Popen[bytes], streams: _Streams, deadline: float, cancel: Cancel | None) -> Ending:
    """Serve the pipes until the program has ended or must be stopped."""
    with _exit_signal(process.pid) as exited:
        if exited is not None:
            streams.watch(exited)
        while process.poll() is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return "timed out"
            if cancel is not None and cancel.is_set():
                return "cancelled"
            streams.serve(left if exited is not None and cancel is None else min(left, TICK_S))
    return "ended"


@contextlib.contextmanager
def _exit_signal(pid: int) -> Generator[int | None]:
    """Yield a descriptor that becomes readable when the program ends; None where the system has none."""
    if not hasattr(os, "pidfd_open"):
        yield None
        return
    fd = os.pidfd_open(pid)
    try:
        yield fd
    finally:
        os.close(fd)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask a program that still runs to end, then kill whatever is left of its group."""
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TERMINATE_S)
    killed = _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    if killed:
        _await_group_end(process.pid)


def _signal_group(group: int, number: int) -> bool:
    """Signal a group; return whether there was anybody to take it."""
    # A group whose leader was reaped keeps its id while members live, so this cannot reach a stranger's group
    # unless it is empty and the id was given out again within these microseconds.
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _await_group_end(group: int) -> None:
    """Wait, within bounds, until every killed member is gone: a signal is delivered some time after it was sent."""
    deadline = time.monotonic() + KILLED_S
    while _signal_group(group, 0) and _has_living(group) and time.monotonic() < deadline:
        time.sleep(KILLED_TICK_S)


def _has_living(group: int) -> bool:
    """Whether a member of a group runs; those that only wait to be reaped do not. True where nothing tells."""
    try:
        pids = [name for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - called in a tight loop
    except OSError:
        return True
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - called in a tight loop
                state, _, its_group = file.read().rpartition(b")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(its_group) == group and state not in (b"Z", b"X"):
            return True
    return False
