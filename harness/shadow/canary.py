"""Runs inside a shadow and tries what must not be possible; prints one line of JSON about what was.

Standard library only: its text is handed to an interpreter on the command line.
"""

# ruff: noqa: PTH112, PTH115, PTH120, PTH123  # a script without a library

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import sys
import time

CLONE_NEWUSER = 0x10000000
SETTINGS = ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/sys/kernel/uevent_helper")


def main(nonce: str, home: str, port: str, processes: str, history: str, *targets: str) -> None:
    """Try everything: read `home`, connect to `port`, see the processes of a namespace, write to the others."""
    leave_a_child_behind()
    for target in targets:
        write(target)
    seen = {
        "home": bool(home) and can_read(home),
        "services": connects(socket.AF_INET, ("127.0.0.1", int(port))) or connects(socket.AF_UNIX, f"\0bridle-{nonce}"),
        "processes": str(os.readlink("/proc/self/ns/pid")) == processes
        or os.readlink("/proc/self") != str(os.getpid()),
        "history": os.path.isdir(os.path.dirname(history)) and write(history),
        "namespaces": makes_a_namespace(),
        "powers": has_powers(),
        "settings": any(opens(path) for path in SETTINGS),
        "variables": sorted(os.environ),
    }
    sys.stdout.write(json.dumps(seen))


def leave_a_child_behind() -> None:
    """Start a process that has left our group and session when this returns, and holds our pipes."""
    between = os.fork()
    if between == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    os.waitpid(between, 0)


def write(path: str) -> bool:
    """Tell whether a file can be made at `path`."""
    with contextlib.suppress(OSError), open(path, "w") as file:
        file.write("canary")
        return True
    return False


def makes_a_namespace() -> bool:
    """Tell whether a child of ours can make a user namespace, in which it would be root."""
    child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def has_powers() -> bool:
    """Tell whether we have capabilities, or could gain them by a program that has."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        lines = dict(line.split(":\t", 1) for line in file if line.startswith(("NoNewPrivs", "CapEff")))
        return int(lines["NoNewPrivs"]) != 1 or int(lines["CapEff"], 16) != 0
    return True


def opens(path: str) -> bool:
    """Tell whether `path` can be opened for writing; nothing is written."""
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_WRONLY))
        return True
    return False


def can_read(path: str) -> bool:
    """Tell whether the file at `path` can be read."""
    with contextlib.suppress(OSError), open(path) as file:
        return bool(file.read())
    return False


def connects(family: int, address: tuple[str, int] | str) -> bool:
    """Tell whether somebody answers at `address`."""
    with contextlib.suppress(OSError), socket.socket(family) as client:
        client.settimeout(2)
        client.connect(address)
        return True
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])
