"""The doors of one command: what it was granted of this machine's loopback and of the network, and nothing more.

A door is a socket that listens inside the sandbox and is answered here. A granted port is joined to the same port of
this machine; the proxy's port speaks HTTP, `CONNECT` and absolute addresses, and lets through the hosts on its list.
"""

from __future__ import annotations

import array
import contextlib
import select
import socket
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path

from bridle.harness.shadow.contract import Access, Passage
from bridle.harness.shadow.egress import serve_proxy
from bridle.harness.shadow.joining import CONNECT_S, join

DOORWAY = Path(__file__).with_name("doorway.py")
PROXY_PORTS = range(3128, 3228)
MAX_CALLERS = 32
BIRTH_S = 20.0
TICK_S = 0.1
LEAVE_S = 2.0

Tell = Callable[[Passage], None]
Answer = Callable[[socket.socket], None]


class Doorway:
    """What a command needs for its doors: words before its own, descriptors, variables. Empty without any."""

    def __init__(self, descriptor: int | None, ports: Sequence[int], variables: Mapping[str, str]) -> None:
        self.descriptors = () if descriptor is None else (descriptor,)
        self.variables = variables
        self._ports = ports

    def lead(self, argv: Sequence[str]) -> list[str]:
        """Return the command with what opens its doors before it."""
        if not self.descriptors:
            return list(argv)
        ports = ",".join(map(str, self._ports))
        code = DOORWAY.read_text("utf-8")
        return [sys.executable, "-I", "-S", "-c", code, str(self.descriptors[0]), ports, *argv]


@contextlib.contextmanager
def doors(access: Access, tell: Tell) -> Generator[Doorway]:
    """Yield the doorway of one command and answer at its doors while it runs."""
    ports = tuple(dict.fromkeys(access.ports))
    answers: list[Answer] = [partial(_answer_port, port) for port in ports]
    variables: dict[str, str] = {}
    if access.hosts:
        port = next(port for port in PROXY_PORTS if port not in ports)
        ports = (*ports, port)
        answers.append(partial(serve_proxy, hosts=access.hosts, tell=tell))
        variables = _proxy_variables(port)
    if not ports:
        yield Doorway(None, (), {})
        return
    ours, theirs = socket.socketpair()
    porter = _Porter(ours, answers)
    porter.start()
    try:
        yield Doorway(theirs.fileno(), ports, variables)
    finally:
        theirs.close()
        porter.leave()


class _Porter(threading.Thread):
    """Takes the listening sockets over and answers whoever knocks, a bounded number at a time."""

    def __init__(self, birth: socket.socket, answers: Sequence[Answer]) -> None:
        super().__init__(name="bridle-doors", daemon=True)
        self._birth = birth
        self._answers = answers
        self._leaving = threading.Event()
        self._callers: set[socket.socket] = set()
        self._lock = threading.Lock()

    def leave(self) -> None:
        """Close every door and end every conversation."""
        self._leaving.set()
        with contextlib.suppress(OSError):
            self._birth.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for caller in self._callers:
                with contextlib.suppress(OSError):
                    caller.shutdown(socket.SHUT_RDWR)
        self.join(LEAVE_S)

    def run(self) -> None:
        with self._birth:
            handed = _received(self._birth, len(self._answers))
        with contextlib.ExitStack() as stack:
            listeners = {handle: stack.enter_context(socket.socket(fileno=handle)) for handle in handed}
            known = dict(zip(listeners, self._answers, strict=False))
            waiting = select.poll()
            for handle, listener in listeners.items():
                listener.setblocking(False)
                waiting.register(handle, select.POLLIN)
            while listeners and not self._leaving.is_set():
                for handle, _ in waiting.poll(TICK_S * 1000):
                    with contextlib.suppress(OSError):
                        self._admit(listeners[handle].accept()[0], known[handle])

    def _admit(self, caller: socket.socket, answer: Answer) -> None:
        with self._lock:
            full = len(self._callers) >= MAX_CALLERS
            if not full:
                self._callers.add(caller)
        if full:
            caller.close()
            return
        threading.Thread(target=self._attend, args=(caller, answer), name="bridle-door", daemon=True).start()

    def _attend(self, caller: socket.socket, answer: Answer) -> None:
        try:
            with caller, contextlib.suppress(OSError):
                answer(caller)
        finally:
            with self._lock:
                self._callers.discard(caller)


def _received(birth: socket.socket, n_doors: int) -> list[int]:
    """Return the descriptors of the doors, empty when the command never came so far."""
    birth.settimeout(BIRTH_S)
    handles = array.array("i")
    with contextlib.suppress(OSError):
        _, extra, _, _ = birth.recvmsg(16, socket.CMSG_SPACE(n_doors * handles.itemsize))
        for level, kind, data in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                handles.frombytes(data[: len(data) - len(data) % handles.itemsize])
        birth.send(b"!")
    return list(handles)


def _answer_port(port: int, caller: socket.socket) -> None:
    with socket.create_connection(("127.0.0.1", port), CONNECT_S) as service:
        join(caller, service)


def _proxy_variables(port: int) -> dict[str, str]:
    address = f"http://127.0.0.1:{port}"
    far: dict[str, str] = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), address)
    near: dict[str, str] = dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost,127.0.0.1,::1")
    return far | near
