"""What a server may send besides its answers: nothing but a few questions, and only so many of them.

Servers may ask whether we are there and which folder they work on. Everything else that they ask for is refused: to let
the model write something, to ask the person. Notices are dropped; that the list of tools changed is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

MAX_MESSAGES = 2_000
MAX_BYTES = 256 * 1024 * 1024
MAX_GARBAGE = 200
KEPT_REFUSALS = 20

GRANTED = ("ping", "roots/list")
LIST_CHANGED = "notifications/tools/list_changed"
REFUSED_CODE = -32601

Ruling = Literal["pass", "drop", "refuse"]


class FloodError(Exception):
    """A server sends more than anybody can want; it has to be ended."""


class Keeper:
    """Looks at every message of one server; counts since the last `begin`."""

    def __init__(self) -> None:
        self.list_changed = False
        self.closed = False
        """Whether the server is gone, by itself or because it flooded us."""
        self.n_bytes = 0
        """Bytes received since the last `begin`."""
        self._n_messages = self._n_garbage = 0
        self._refused: dict[str, None] = {}

    def begin(self) -> None:
        """Begin to count anew: something was asked of the server."""
        self.n_bytes = self._n_messages = self._n_garbage = 0
        self._refused.clear()

    @property
    def refused(self) -> tuple[str, ...]:
        """What the server asked for in vain since the last `begin`."""
        return tuple(self._refused)

    def received(self, n_bytes: int) -> None:
        """Count bytes. Raises FloodError."""
        self.n_bytes += n_bytes
        if self.n_bytes > MAX_BYTES:
            raise FloodError(f"it sent more than {MAX_BYTES} bytes for one request")

    def garbage(self) -> None:
        """Count a line that is no message. Raises FloodError."""
        self._n_garbage += 1
        if self._n_garbage > MAX_GARBAGE:
            raise FloodError("it writes something other than messages to its standard output")

    def judge(self, message: Mapping[str, Any]) -> Ruling:
        """Return what to do with a message. Raises FloodError."""
        self._n_messages += 1
        if self._n_messages > MAX_MESSAGES:
            raise FloodError(f"it sent more than {MAX_MESSAGES} messages for one request")
        method = message.get("method")
        if method is None:
            return "pass" if isinstance(message.get("id"), int | str) else "drop"
        if "id" not in message:
            self.list_changed = self.list_changed or method == LIST_CHANGED
            return "drop"
        if method in GRANTED:
            return "pass"
        if len(self._refused) < KEPT_REFUSALS:
            self._refused[str(method)[:80]] = None
        return "refuse"


def refusal(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request that is refused."""
    said = f"Bridle does not do {str(message.get('method'))[:80]!r} for servers"
    return {"jsonrpc": "2.0", "id": message.get("id"), "error": {"code": REFUSED_CODE, "message": said}}
