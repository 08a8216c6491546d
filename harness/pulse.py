"""Whether a run still lives: each event of it is a beat, and a run without one for too long is left.

What is bounded by a timer of its own, as a check or a command, is given that time on top; a question to the person
waits for as long as it may. Everything here happens on the event loop.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Generator
from contextlib import contextmanager


class Pulse:
    """The heart of one run, which may stand still for `stall_s`."""

    def __init__(self, stall_s: float = math.inf) -> None:
        self.stall_s = stall_s
        self.stopped = False
        self._limit: asyncio.Timeout | None = None
        self._allowed: list[float] = []

    @contextmanager
    def watching(self, limit: asyncio.Timeout) -> Generator[None]:
        """Keep `limit`, a timer around the run's work, ahead of it; afterwards `stopped` says whether it struck."""
        self._limit = limit
        self.beat()
        try:
            yield
        finally:
            self.stopped, self._limit = limit.expired(), None

    def beat(self) -> None:
        """Something happened."""
        limit = self._limit
        if limit is None or limit.expired():
            return
        within_s = self.stall_s + max(self._allowed, default=0.0)
        limit.reschedule(None if math.isinf(within_s) else asyncio.get_running_loop().time() + within_s)

    @contextmanager
    def working(self, seconds: float = math.inf) -> Generator[None]:
        """Be patient for `seconds` more: what is done now ends by itself within them."""
        self._allowed.append(seconds)
        self.beat()
        try:
            yield
        finally:
            self._allowed.remove(seconds)
            self.beat()

    def beating(self, tell: Callable[..., None]) -> Callable[..., None]:
        """Return `tell` with a beat at each call."""

        def told(*what: object) -> None:
            self.beat()
            tell(*what)

        return told
