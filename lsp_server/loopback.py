"""One client by a socket of this machine, in place of standard input and output.

Whoever connects is the person, with all that they may do: only this machine is listened to, only the first client is
taken, and it has to be a program of the same user (told on Linux) that begins as the protocol does. So a page in a
browser, which can send to any port of this machine, gets nothing.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from bridle.harness.engine import UserProblem

WAIT_S = 120.0
"""So long a client may take to connect."""
FIRST_WORD_S = 1.0
LOOK_S = 0.02
_FIRST = b"content-"
_ENTRIES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def address_of(words: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT`` or ``PORT``; port 0 is any that is free. Raises UserProblem."""
    host, _, number = words.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not number.isascii() or not number.isdigit() or int(number) > 65_535:
        raise UserProblem(f"{words!r} is no address", "name HOST:PORT, such as 127.0.0.1:7998")
    if host == "localhost":
        host = "127.0.0.1"
    try:
        is_near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_near = False
    if not is_near:
        raise UserProblem(f"{host!r} is not this machine alone", "name 127.0.0.1, ::1 or localhost")
    return host, int(number)


def take_client(words: str, say: Callable[[str], object], wait_s: float = WAIT_S) -> tuple[int, int]:
    """Listen at an address, and return descriptors for input from and output to the first client.

    `say` is told where it listens, as ``listening on HOST:PORT``, and who was refused. Raises UserProblem.
    """
    host, port = address_of(words)
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UserProblem(f"cannot listen on {words}: {error.strerror}", "name another port, or 0 for any") from error
    deadline = time.monotonic() + wait_s
    with listener:
        shown = f"[{host}]" if ":" in host else host
        say(f"listening on {shown}:{listener.getsockname()[1]}")
        while (left := deadline - time.monotonic()) > 0:
            listener.settimeout(left)
            try:
                client, _ = listener.accept()
            except TimeoutError:
                break
            why = _objection(client)
            if not why:
                client.settimeout(None)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                source = client.detach()
                return source, os.dup(source)
            say(f"refused {why}")
            client.close()
    raise UserProblem(f"no client came within {wait_s:.0f} s", "start this first, then the client")


def _objection(client: socket.socket) -> str:
    """Return who a client is that is not served, "" for one of this user that begins as the protocol does."""
    if _user_of(client) not in (None, os.getuid()):
        return "a client of another user"
    begun = b""
    deadline = time.monotonic() + FIRST_WORD_S
    while _FIRST.startswith(begun.lower()) and (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            begun = client.recv(len(_FIRST), socket.MSG_PEEK)
        except OSError:
            break
        if begun.lower() == _FIRST:
            return ""
        time.sleep(LOOK_S)  # the rest of the word is on its way, or never comes
    return "a client that does not begin with a header of the protocol"


def _user_of(client: socket.socket) -> int | None:
    """Return the user whose socket is at the other end, None where the system does not tell.

    Format: proc_pid_net(5), the addresses in hexadecimal in the byte order of this machine.
    """
    port_there, port_here = client.getpeername()[1], client.getsockname()[1]
    for table in _ENTRIES:
        try:
            rows = table.read_text().splitlines()[1:]
        except OSError:
            return None
        for row in rows:
            _, local, remote, _, _, _, _, user, *_ = row.split()
            ports = int(local.rpartition(":")[2], 16), int(remote.rpartition(":")[2], 16)
            if ports == (port_there, port_here):
                return int(user)
    return None
