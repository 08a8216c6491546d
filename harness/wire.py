"""How requests, replies and events cross from the door's process to the engine's: length-prefixed MessagePack.

A frame is a 4-byte big-endian length and one `Frame`. The pipe is private to the two processes; a frame that
cannot be read is a `Fault`, never skipped.
"""

from __future__ import annotations

import asyncio

import msgspec

from bridle.harness.engine import EngineEvent, EngineReply, EngineRequest, IndexProgress, RunProgress
from bridle.harness.nouns import Fault

MAX_FRAME_BYTES = 256 * 1024 * 1024
SLOW_BYTES = 8 * 1024 * 1024
DEAD_BYTES = 2 * MAX_FRAME_BYTES

PASSING = (RunProgress, IndexProgress)
"""Events that a later one makes good."""


class Problem(msgspec.Struct, frozen=True):
    """A request that failed. `person` tells a UserProblem from a fault of ours."""

    message: str
    next_step: str
    person: bool


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message: a request, its reply or problem (same `id`), or an event (`id` 0).

    `gone` tells that nobody waits for the reply to that `id` any more.
    """

    id: int = 0
    request: EngineRequest | None = None
    reply: EngineReply | None = None
    problem: Problem | None = None
    event: EngineEvent | None = None
    gone: bool = False


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


def pack(frame: Frame) -> bytes:
    """Return the bytes of one frame."""
    body = _encoder.encode(frame)
    return len(body).to_bytes(4, "big") + body


async def read_frame(stream: asyncio.StreamReader) -> Frame | None:
    """Read one frame; None at the end of the stream. Raises Fault on a frame that is too large or garbled."""
    try:
        head = await stream.readexactly(4)
        size = int.from_bytes(head, "big")
        if size > MAX_FRAME_BYTES:
            raise Fault(f"engine frame of {size} bytes; the limit is {MAX_FRAME_BYTES}")
        body = await stream.readexactly(size)
    except asyncio.IncompleteReadError:
        return None
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise Fault(f"engine frame cannot be read: {error}") from error


class Outbox:
    """The engine's way out. Frames that a door does not read wait in bounded memory.

    Past `SLOW_BYTES` unread, events that only show progress are left out: a later one says as much. Past
    `DEAD_BYTES` the door is taken for dead, and nothing more is written.
    """

    def __init__(
        self, writer: asyncio.StreamWriter, slow_bytes: int = SLOW_BYTES, dead_bytes: int = DEAD_BYTES
    ) -> None:
        self._writer = writer
        self._slow_bytes = slow_bytes
        self._dead_bytes = dead_bytes

    def send(self, frame: Frame) -> bool:
        """Write one frame; return whether it was."""
        unread = self._writer.transport.get_write_buffer_size()
        if self._writer.is_closing() or (unread > self._slow_bytes and isinstance(frame.event, PASSING)):
            return False
        if unread > self._dead_bytes:
            self._writer.close()
            return False
        self._writer.write(pack(frame))
        return True
