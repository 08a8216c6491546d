"""The weak model at the local Messages server, with its account of what a run sent and got back."""

from __future__ import annotations

from typing import Any

import msgspec
from weak import Weak

from tests.model.messages_server import Cache, MessagesServer, Step, n_tokens


class Tokens(msgspec.Struct, frozen=True):
    """What was sent (anew, read from the cache, written to it) and said."""

    new: int = 0
    read: int = 0
    written: int = 0
    said: int = 0

    @property
    def all(self) -> int:
        """All of them."""
        return self.new + self.read + self.written + self.said

    def and_one(self, usage: dict[str, int], step: Step) -> Tokens:
        """Return these and those of one more reply."""
        return Tokens(
            self.new + usage.get("input_tokens", 0),
            self.read + usage.get("cache_read_input_tokens", 0),
            self.written + usage.get("cache_creation_input_tokens", 0),
            self.said + n_tokens([step.text, step.thinking, [call.input for call in step.calls]]),
        )


class Asked(MessagesServer):
    """Answers for a weak model."""

    def __init__(self, weak: Weak) -> None:
        super().__init__()
        self._weak = weak
        self.tokens = Tokens()
        self.turns = 0

    def resolve(self, step: Step, body: dict[str, Any]) -> Step:
        """Return what the model says next."""
        said = self._weak.step(body)
        self.tokens = self.tokens.and_one(self.seen[-1].usage, said)
        self.turns += 1
        return said


class Account:
    """The same account for a loop that asks the model without a server between."""

    def __init__(self, weak: Weak) -> None:
        self._weak = weak
        self._cache = Cache()
        self.tokens = Tokens()
        self.turns = 0

    def step(self, body: dict[str, Any]) -> Step:
        """Return what the model says next."""
        said = self._weak.step(body)
        self.tokens = self.tokens.and_one(self._cache.usage(body), said)
        self.turns += 1
        return said
