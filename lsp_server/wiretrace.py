"""A copy of all that client and server say to each other, in a file that only the person can read.

One JSON object a line, as the LSP inspector reads them: the type as the client sees it, the message, and when
(milliseconds since the epoch). It holds the texts of open documents: nobody asks for it by default.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import IO, Any, Literal, Protocol

logger = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024 * 1024
Side = Literal["send", "receive"]


class WireTrace:
    """What was said, as it was said. What cannot be written is not kept, and that is logged once."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
        self._file: IO[bytes] | None = os.fdopen(descriptor, "ab", buffering=0)
        self._left = MOST_BYTES

    def keep(self, side: Side, body: bytes) -> None:
        """Keep the body of one message: what the client sends, or receives."""
        if self._file is None:
            return
        try:
            message: Any = json.loads(body)
        except (ValueError, RecursionError):
            message = body.decode("utf-8", "replace")
        line = {"type": f"{side}-{_kind(message)}", "message": message, "timestamp": time.time_ns() // 1_000_000}
        data = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        self._left -= len(data)
        if self._left < 0:
            self._stop(f"more than {MOST_BYTES} bytes")
            return
        try:
            self._file.write(data)
        except OSError as error:
            self._stop(str(error))

    def close(self) -> None:
        """Let the file go."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _stop(self, reason: str) -> None:
        logger.warning("the trace of the wire ends here: %s", reason)
        self.close()


class Writer(Protocol):
    """Where whole messages are written."""

    def write(self, data: bytes) -> None:
        """Take one message with its head."""
        ...

    def close(self) -> None:
        """Take no more."""
        ...


class Traced:
    """A writer that keeps what it passes on."""

    def __init__(self, writer: Writer, trace: WireTrace) -> None:
        self._writer = writer
        self._trace = trace

    def write(self, data: bytes) -> None:
        """Pass one message on."""
        self._trace.keep("receive", data.partition(b"\r\n\r\n")[2])
        self._writer.write(data)

    def close(self) -> None:
        """Close what it passes on to."""
        self._writer.close()


def _kind(message: Any) -> str:
    if not isinstance(message, dict) or "method" not in message:
        return "response"
    return "request" if "id" in message else "notification"
