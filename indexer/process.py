"""Starts programs: the only module that does.

A program gets an argument list (never a shell string), exactly the environment it is handed, and a process
group of its own. Every wait is bounded, output is capped as it arrives, and the group is dead when the call
returns, even when somebody that left the group still holds the pipes. What may be started is decided above;
this module holds no policy and never reads our own environment.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol

import msgspec

from bridle.indexer.streams import Streams

if TYPE_CHECKING:
    import asyncio  # a fortieth of a second, for whoever has a loop alone

Ending = Literal["ended", "timed out", "cancelled", "limited"]

CAP_BYTES = 128 * 1024
TICK_S = 0.05
TERMINATE_S = 1.0
KILLED_S = 2.0
KILLED_TICK_S = 0.002
RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


class Completed(msgspec.Struct, frozen=True):
    """How a program ended.

    `exit_code` is None when we ended it (`timed_out`, `cancelled`, at a `limit`), and minus the signal when one did.
    Output is the first and the last half of the cap, with a line between that counts the bytes left out.
    `limit` names a limit that it ran into, "" for none. `cpu_s` and `peak_bytes` (of its largest process) are of the
    program and of those of its children that it waited for.
    """

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False
    cancelled: bool = False
    truncated: bool = False
    limit: str = ""
    cpu_s: float = 0.0
    peak_bytes: int = 0


Watch = Callable[[], str]
"""Asked every few hundredths of a second while a program runs: the limit that it went over, "" while all is well."""


class Cancel(Protocol):
    """What a caller hands in to stop a program: a `threading.Event` will do."""

    def is_set(self) -> bool:
        """Tell whether the program is to be stopped."""
        ...


def run(  # noqa: PLR0913 - what is said of one program, each by its name
    argv: Sequence[str],
    *,
    cwd: Path | str | None = None,
    env: Mapping[str, str],
    timeout_s: float,
    stdin: bytes = b"",
    cap_bytes: int = CAP_BYTES,
    cancel: Cancel | None = None,
    watch: Watch | None = None,
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run a program to its end, or to `timeout_s`, or until `cancel` is set or `watch` names a limit.

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
    streams = Streams(_pipe(process.stdout), _pipe(process.stderr), cap_bytes)
    if process.stdin is not None:
        streams.write(process.stdin, stdin)
    program = _Program(process)
    try:
        why, limit = _attend(program, streams, started + timeout_s, cancel, watch)
    finally:
        _end_group(program)
        streams.drain()
        streams.close()
    return Completed(
        exit_code=program.exit_code if why == "ended" else None,
        stdout=streams.stdout.value(),
        stderr=streams.stderr.value(),
        seconds=time.monotonic() - started,
        timed_out=why == "timed out",
        cancelled=why == "cancelled",
        truncated=streams.stdout.truncated or streams.stderr.truncated,
        limit=limit,
        cpu_s=program.cpu_s,
        peak_bytes=program.peak_bytes,
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
    import asyncio

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


class _Program:
    """A child of ours that is reaped here, so that what it used is known."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid
        self.exit_code: int | None = None
        self.cpu_s = 0.0
        self.peak_bytes = 0

    def poll(self) -> bool:
        """Tell whether it has ended."""
        if self.exit_code is None:
            self._take(os.WNOHANG)
        return self.exit_code is not None

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end, `timeout_s` at most; tell whether it has ended."""
        deadline = time.monotonic() + timeout_s
        with _exit_signal(self.pid) as exited:
            while not self.poll() and (left := deadline - time.monotonic()) > 0:
                if exited is None:
                    time.sleep(min(left, KILLED_TICK_S))
                else:
                    _await_readable(exited, left)
        return self.poll()

    def reap(self) -> None:
        """Wait for its end, which is certain."""
        if self.exit_code is None:
            self._take(0)

    def _take(self, options: int) -> None:
        pid, status, usage = os.wait4(self.pid, options)
        if pid == self.pid:
            self.exit_code = self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_s = usage.ru_utime + usage.ru_stime
            self.peak_bytes = usage.ru_maxrss * RSS_UNIT_BYTES


def _attend(
    program: _Program, streams: Streams, deadline: float, cancel: Cancel | None, watch: Watch | None
) -> tuple[Ending, str]:
    """Serve the pipes until the program has ended or must be stopped; name the limit that stopped it."""
    patient = cancel is None and watch is None
    looked = 0.0
    with _exit_signal(program.pid) as exited:
        if exited is not None:
            streams.watch(exited)
        while not program.poll():
            now = time.monotonic()
            if now >= deadline:
                return "timed out", ""
            if cancel is not None and cancel.is_set():
                return "cancelled", ""
            if watch is not None and now - looked >= TICK_S:
                looked = now
                if limit := watch():
                    return "limited", limit
            left = deadline - now
            streams.serve(left if exited is not None and patient else min(left, TICK_S))
    return "ended", ""


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


def _await_readable(fd: int, timeout_s: float) -> None:
    ready = select.poll()
    ready.register(fd, select.POLLIN)
    ready.poll(timeout_s * 1000)


def _end_group(program: _Program) -> None:
    """Ask a program that still runs to end, then kill whatever is left of its group."""
    if not program.poll():
        _signal_group(program.pid, signal.SIGTERM)
        program.wait(TERMINATE_S)
    killed = _signal_group(program.pid, signal.SIGKILL)
    program.reap()
    if killed:
        _await_group_end(program.pid)


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
