"""From a server's bytes to its messages, one line each, in bounded memory: pure.

A line that is longer than any message may be is not kept: its beginning, its end and its length are. From those a
result that was too large is told as far as it goes, instead of being lost.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

import msgspec

from bridle.indexer.linewise import Cut

_TEXT = re.compile(rb'"text"\s*:\s*"')
_FAILED = re.compile(rb'"isError"\s*:\s*true')
_HALF_ESCAPE = re.compile(rb"\\(u[0-9a-fA-F]{0,3})?$")


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
