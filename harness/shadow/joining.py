"""Two sockets made one: bytes pass both ways until either side has had enough, in bounded memory and time."""

from __future__ import annotations

import contextlib
import select
import socket

CONNECT_S = 10.0
IDLE_S = 120.0
CHUNK_BYTES = 64 * 1024


def join(one: socket.socket, other: socket.socket) -> tuple[int, int]:
    """Pass bytes between both until both have ended or nothing moves for long; return how many went each way."""
    passed = {one: 0, other: 0}
    peer = {one: other, other: one}
    by_handle = {side.fileno(): side for side in peer}
    waiting = select.poll()
    for side in peer:
        side.settimeout(IDLE_S)
        waiting.register(side.fileno(), select.POLLIN)
    listening = 2
    with contextlib.suppress(OSError):
        while listening and (ready := waiting.poll(IDLE_S * 1000)):
            for handle, _ in ready:
                side = by_handle[handle]
                data = side.recv(CHUNK_BYTES)
                if data:
                    peer[side].sendall(data)
                    passed[side] += len(data)
                else:
                    waiting.unregister(handle)
                    listening -= 1
                    with contextlib.suppress(OSError):
                        peer[side].shutdown(socket.SHUT_WR)
    return passed[one], passed[other]
