"""From a server's bytes to its messages, one line each, in bounded memory: pure.

A line that is longer than any message may be is not kept: its beginning, its end and its length are. From those a
result that was too large is told as far as it goes, instead of being lost.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

import msgspec

MAX_MESSAGE_BYTES = 1024 * 1024
HEAD_BYTES = 128 * 1024
TAIL_BYTES = 1024

_TEXT = re.compile(rb'"text"\s*:\s*"')
_FAILED = re.compile(rb'"isError"\s*:\s*true')
_HALF_ESCAPE = re.compile(rb"\\(u[0-9a-fA-F]{0,3})?$")


class Cut(msgspec.Struct, frozen=True):
    """A line that was too long: its first and last bytes, and how many there were."""

    head: bytes
    tail: bytes
    n_bytes: int


class Lines:
    """Bytes in, whole lines out; never more than `max_bytes` of one line is held. Empty ones count if asked for."""

    def __init__(self, max_bytes: int = MAX_MESSAGE_BYTES, *, keep_empty: bool = False) -> None:
        self._max = max_bytes
        self._keep_empty = keep_empty
        self._line = bytearray()
        self._head = b""
        self._n_bytes = 0

    def feed(self, data: bytes) -> list[bytes | Cut]:
        """Take the next bytes; returns the lines that they end, without their line ends."""
        *whole, rest = data.split(b"\n")
        found: list[bytes | Cut] = []
        for part in whole:
            self._add(part)
            line = self._take()
            if line or self._keep_empty:
                found.append(line)
        self._add(rest)
        return found

    def _add(self, part: bytes) -> None:
        self._n_bytes += len(part)
        self._line += part
        if len(self._line) > self._max:
            self._head = self._head or bytes(self._line[:HEAD_BYTES])
            del self._line[:-TAIL_BYTES]

    def _take(self) -> bytes | Cut:
        line, head, n_bytes = bytes(self._line), self._head, self._n_bytes
        self._line, self._head, self._n_bytes = bytearray(), b"", 0
        return Cut(head, line[-TAIL_BYTES:], n_bytes) if head else line.rstrip(b"\r")


def parsed(line: bytes) -> dict[str, Any] | None:
    """Return the message that a line is, None when it is none."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def told_of(cut: Cut) -> dict[str, Any]:
    """Return what is left of a tool's result that was too large, as a result."""
    begin = _TEXT.search(cut.head)
    text = _readable(cut.head[begin.end() :]) if begin else ""
    left_out = f"[... the result had {cut.n_bytes} bytes; the rest is left out ...]"
    failed = bool(_FAILED.search(cut.head[:256]) or _FAILED.search(cut.tail))
    return {"content": [{"type": "text", "text": f"{text}\n{left_out}".lstrip()}], "isError": failed}


def _readable(cut: bytes) -> str:
    """Return the beginning of a JSON string that was cut off somewhere."""
    end = re.search(rb'(?<!\\)(?:\\\\)*"', cut)
    body = cut[: end.end() - 1] if end else _HALF_ESCAPE.sub(b"", cut)
    try:
        return str(json.loads(b'"' + body.decode("utf-8", "ignore").encode() + b'"', strict=False))
    except ValueError:
        return ""
