"""Runs inside a shadow and tries what must not be possible; prints one line of JSON about what was.

Standard library only: its text is handed to an interpreter on the command line.
"""

# ruff: noqa: PTH112, PTH115, PTH123  # a script without a library

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time


def main(nonce: str, home: str, port: str, processes: str, *targets: str) -> None:
    """Try everything: read `home`, connect to `port`, see the processes of a namespace, write to `targets`."""
    leave_a_child_behind()
    for target in targets:
        write(target)
    seen = {
        "home": bool(home) and can_read(home),
        "services": connects(socket.AF_INET, ("127.0.0.1", int(port))) or connects(socket.AF_UNIX, f"\0bridle-{nonce}"),
        "processes": str(os.readlink("/proc/self/ns/pid")) == processes
        or os.readlink("/proc/self") != str(os.getpid()),
        "history": os.path.isdir(".git") and write(f".git/bridle-canary-{nonce}"),
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
