"""Runs inside a sandbox, before a command that was granted more: opens its doors, then becomes the command.

Each door is a listening socket in the command's own network, handed out through a socket that we were born with; who
knocks is answered by the harness, outside. Nothing of ours stays inside.

Standard library only, and little of it: its text is handed to an interpreter on the command line.
"""

from __future__ import annotations

import array
import os
import socket
import sys
from typing import NoReturn

BACKLOG = 64


def main(descriptor: int, ports: list[int], argv: list[str]) -> NoReturn:
    """Listen on `ports` of 127.0.0.1, hand the sockets out, become the command."""
    doors = [socket.create_server(("127.0.0.1", port), backlog=BACKLOG) for port in ports]
    with socket.socket(fileno=descriptor) as out:
        handles = array.array("i", [door.fileno() for door in doors])
        out.sendmsg([b"open"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
        out.recv(1)
    for door in doors:
        door.close()
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - this is the point of it
    except OSError as error:
        sys.stderr.write(f"bridle: {argv[0]!r} cannot be started: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(127)


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(port) for port in sys.argv[2].split(",")], sys.argv[3:])
