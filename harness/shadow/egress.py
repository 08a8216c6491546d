"""The proxy that a command with granted hosts finds on its loopback: who is on the list passes, and it is told.

It speaks `CONNECT` (what comes after is the command's own TLS, which nobody opens here) and plain HTTP with an absolute
address. A name on the list that means an address of this machine or of a private network is refused: the list names
hosts of the outside, and what is near is granted by its port or by its address.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from bridle.harness.shadow.contract import Passage
from bridle.harness.shadow.joining import CONNECT_S, join

MAX_HEAD_BYTES = 16 * 1024
HEAD_S = 15.0
USUAL_PORTS = (80, 443)
_ONE_HOP = re.compile(rb"(?im)^(?:proxy-[a-z-]+|connection|keep-alive):.*\r\n")


class Refusal(Exception):
    """Why a caller is not let through: the status that it is told, and the reason."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def serve_proxy(caller: socket.socket, *, hosts: Sequence[str], tell: Callable[[Passage], None]) -> None:
    """Answer one caller."""
    host, port = "", 0
    try:
        head, rest = _head(caller)
        method, host, port, forwarded = read_request(head)
        check_host(hosts, host, port)
        with _connected(hosts, host, port) as service:
            if method == "CONNECT":
                caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            service.sendall(forwarded + rest)
            sent, received = join(caller, service)
            tell(Passage(host, port, "", sent + len(forwarded) + len(rest), received))
    except Refusal as refusal:
        tell(Passage(host, port, refusal.reason))
        with contextlib.suppress(OSError):
            told = f"bridle: {refusal.reason}\n".encode()
            caller.sendall(
                b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                % (refusal.status.encode(), len(told), told)
            )


def read_request(head: bytes) -> tuple[str, str, int, bytes]:
    """Return method, host and port of a request, and what of its head goes on to the host. Raises Refusal."""
    line, _, fields = head.partition(b"\r\n")
    try:
        method, address, version = line.decode("ascii").split(" ")
        parts = urlsplit(f"//{address}" if method == "CONNECT" else address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refusal("400 Bad Request", "this is no request that a proxy understands") from error
    if method == "CONNECT" and host and port:
        return method, host, port, b""
    if parts.scheme != "http" or not host:
        raise Refusal("400 Bad Request", "this proxy takes CONNECT, and addresses that begin with http://")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = _ONE_HOP.sub(b"", fields).lstrip(b"\r\n") if fields.strip() else b"\r\n"
    return method, host, port or 80, f"{method} {path} {version}\r\nConnection: close\r\n".encode("ascii") + kept


def check_host(hosts: Sequence[str], host: str, port: int) -> None:
    """Raise Refusal when no entry (`host`, `*.host`, each with or without `:port`) names this place."""
    for entry in hosts:
        name, said, number = entry.rpartition(":") if re.search(r":\d+$", entry) else (entry, "", "")
        fits = host.endswith(name[1:]) if name.startswith("*.") else host == name.strip("[]")
        if fits and (port == int(number) if said else port in USUAL_PORTS):
            return
    raise Refusal("403 Forbidden", f"{host}:{port} was not granted to this command")


def _connected(hosts: Sequence[str], host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Refusal("502 Bad Gateway", f"{host} is not known: {error.strerror}") from error
    for family, kind, protocol, _, address in found:
        if not (_is_address(host) or ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global):
            raise Refusal("403 Forbidden", f"{host} means {address[0]}, which is near: grant that by its address")
        service = socket.socket(family, kind, protocol)
        service.settimeout(CONNECT_S)
        try:
            service.connect(address)
        except OSError:
            service.close()
            continue
        return service
    raise Refusal("502 Bad Gateway", f"{host}:{port} does not answer")


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


def _head(caller: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of a request and what came after it."""
    caller.settimeout(HEAD_S)
    data = b""
    while b"\r\n\r\n" not in data:
        more = caller.recv(4096)
        if not more or len(data) > MAX_HEAD_BYTES:
            raise Refusal("400 Bad Request", "the head of the request does not end")
        data += more
    head, end, rest = data.partition(b"\r\n\r\n")
    return head + end[:2] + end[2:], rest
