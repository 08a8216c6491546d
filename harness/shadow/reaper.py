"""Runs one command and sees to it that none of its children outlives it, whatever group they moved to.

For machines without namespaces. Orphans come to this process (a subreaper); when the command has ended, or when this
process is asked to end, all of its descendants are killed. A command that kills this very process escapes.

Standard library only, and little of it: it runs as a script before every command.
"""

# ruff: noqa: PTH123, PTH208  # pathlib costs more than the rest of it

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from typing import NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
KILL_S = 0.8


LIMITS = {"core": 4, "data": 2, "fsize": 1, "nofile": 7}
"""Linux's numbers. The number of processes would be that of all the person's, so it is left to a control group."""


def main(arguments: list[str]) -> NoReturn:
    """Run the command and end as it ended.

    The arguments: a count, as many files to enter groups by, limits as --NAME=FIGURE, the command.
    """
    n_entries = int(arguments[0])
    entries, argv = arguments[1 : n_entries + 1], arguments[n_entries + 1 :]
    limits: list[str] = []
    while argv[0].startswith("--"):
        limits.append(argv.pop(0))
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda number, frame: _end(128 + number))
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        accept_limits(entries, limits)
        try:
            os.execvp(argv[0], argv)  # noqa: S606 - this is the point of it
        except OSError as error:
            os.write(2, f"bridle: {argv[0]!r} cannot be started: {error.strerror}\n".encode())
            os._exit(127)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            _end(code if code >= 0 else 128 - code)


def accept_limits(entries: list[str], limits: list[str]) -> None:
    """Enter control groups, and take limits for ourselves and all that we start."""
    for entry in entries:
        with open(entry, "w") as file:
            file.write("0")
    for limit in limits:
        name, _, figure = limit[2:].partition("=")
        if name in LIMITS:
            resource.setrlimit(LIMITS[name], (int(figure), int(figure)))


def descendants(pid: int) -> list[int]:
    """Return all processes below `pid`, nearest first."""
    found: list[int] = []
    for task in _listing(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
            found += [int(child) for child in file.read().split()]
    return found + [below for child in found for below in descendants(child)]


def _end(code: int) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    deadline = time.monotonic() + KILL_S
    while time.monotonic() < deadline:
        alive = descendants(os.getpid())
        for pid in alive:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, os.WNOHANG if alive else 0)
        except ChildProcessError:
            break
    os._exit(code)


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


if __name__ == "__main__":
    main(sys.argv[1:])
