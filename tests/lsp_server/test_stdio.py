"""The door's input, whatever becomes of the descriptor that it was given."""

from __future__ import annotations

import asyncio
import os

from bridle.indexer.stdio import pump


async def test_a_descriptor_that_was_closed_and_given_out_again_is_not_read() -> None:
    source, client = os.pipe()
    reader = asyncio.StreamReader()
    pump(source, reader, asyncio.get_running_loop())
    os.write(client, b"first\n")
    assert await asyncio.wait_for(reader.readline(), 5) == b"first\n"
    os.close(source)
    other_source, other_client = os.pipe()
    assert other_source == source
    os.write(other_client, b"another's\n")
    os.write(client, b"second\n")
    os.close(client)
    assert await asyncio.wait_for(reader.read(), 5) == b"second\n"
    assert os.read(other_source, 100) == b"another's\n"
    for descriptor in (other_source, other_client):
        os.close(descriptor)
