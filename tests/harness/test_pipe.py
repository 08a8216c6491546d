"""The pipe between door and engine: a listener that breaks and a door that does not read harm nobody else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.engine import Done, EngineEvent, GetStatus, IndexProgress, Note, Status, expect
from bridle.harness.wire import Frame, Outbox, read_frame

SLOW, DEAD = 100_000, 400_000


@pytest.mark.slow
async def test_a_listener_that_breaks_misses_one_event_and_the_engine_goes_on(opening: Any, trusted: Path) -> None:
    door = await opening("child")
    heard: list[EngineEvent] = []

    def break_once(event: EngineEvent) -> None:
        heard.append(event)
        if len(heard) == 1:
            raise RuntimeError("a fault in the door")

    door.engine.listen(break_once)
    async with asyncio.timeout(30):
        while len(heard) < 2:
            assert expect(await door.engine.call(GetStatus()), Status).trusted
            await asyncio.sleep(0.01)


async def test_a_door_that_does_not_read_costs_bounded_memory() -> None:
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(writing, "wb"))
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    outbox = Outbox(writer, SLOW, DEAD)
    note, progress = Frame(event=Note("information", "x" * 10_000)), Frame(event=IndexProgress(1, 2, done=False))
    assert outbox.send(progress)
    sent = 0
    while transport.get_write_buffer_size() <= SLOW:
        assert outbox.send(note)
        sent += 1
    assert not outbox.send(progress), "what a later event makes good is left out"
    while outbox.send(note):
        sent += 1
        assert transport.get_write_buffer_size() < 2 * DEAD
    assert writer.is_closing(), "a door that reads nothing at all is taken for dead"
    assert not outbox.send(Frame(id=1, reply=Done()))
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb"))
    whole = [frame async for frame in _frames(reader)]
    assert len(whole) == sent + 1, "what was written before arrives whole"


async def _frames(reader: asyncio.StreamReader) -> Any:
    async with asyncio.timeout(10):
        while (frame := await read_frame(reader)) is not None:
            yield frame
