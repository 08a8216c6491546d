"""From a stream of bytes to the bodies of messages, and on after anything that is none.

Header names are read in any case; lines that are no header are skipped. Knows no JSON.
"""

from __future__ import annotations

import asyncio
import re

MAX_BODY_BYTES = 256 * 1024 * 1024
LONGEST_HEADER_BYTES = 1 << 16
_LENGTH = re.compile(rb"content-length\s*:\s*(\d{1,18})\s*$", re.IGNORECASE)


class TooLarge(Exception):
    """A message was skipped unread because it claims more than `MAX_BODY_BYTES`."""


async def read_body(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next message's body, None at the end of the stream. Raises TooLarge."""
    length = await _read_head(reader)
    if length is None:
        return None
    try:
        if length > MAX_BODY_BYTES:
            await _skip(reader, length)
            raise TooLarge(f"a message of {length} bytes; the limit is {MAX_BODY_BYTES}")
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


async def _read_head(reader: asyncio.StreamReader) -> int | None:
    """Return the body length that the next complete head gives, None at the end of the stream."""
    length = 0
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # a line without end: what was read of it is dropped
            continue
        if not line:
            return None
        if found := _LENGTH.search(line):
            length = int(found[1])
        elif length and not line.strip():
            return length


async def _skip(reader: asyncio.StreamReader, length: int) -> None:
    while length > 0:
        chunk = await reader.read(min(length, LONGEST_HEADER_BYTES))
        if not chunk:
            return
        length -= len(chunk)
