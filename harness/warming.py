"""Uses the time in which nobody works to find out what the checks say of the tree, before it is asked for.

The next run then begins with the change and not with the ground. Any request ends it; it never runs on battery, never
without trust, and gives up a tree whose checks take too long.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable

import psutil

from bridle.harness.engine import EngineRequest, GetStatus

IDLE_S = 20.0
LONGEST_S = 120.0
MAX_TRIES = 3
"""How often it begins anew without having come to an end; then it waits for the next engine."""


class Warming:
    """The idle work of one root. `warm` does it and tells whether it came to an end; `allowed` says if it may."""

    def __init__(
        self, warm: Callable[[threading.Event], Awaitable[bool]], allowed: Callable[[], bool], idle_s: float = IDLE_S
    ) -> None:
        self._warm = warm
        self._allowed = allowed
        self._idle_s = idle_s
        self._cancel = threading.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._n_cut_short = 0

    def touched(self, request: EngineRequest) -> None:
        """Somebody works: stop, and begin anew when it has been quiet for a while. Asking for the status is no work."""
        if isinstance(request, GetStatus) and self._timer is not None:
            return
        self._cancel.set()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._begin)

    async def close(self) -> None:
        """Stop for good."""
        self._cancel.set()
        self._n_cut_short = MAX_TRIES
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            with contextlib.suppress(Exception):
                await self._task

    def _begin(self) -> None:
        if self._n_cut_short >= MAX_TRIES or (self._task is not None and not self._task.done()):
            return
        if self._allowed() and not on_battery():
            self._cancel = threading.Event()
            self._task = asyncio.create_task(self._work(self._cancel))

    async def _work(self, cancel: threading.Event) -> None:
        limit = asyncio.get_running_loop().call_later(LONGEST_S, cancel.set)
        try:
            ended = await self._warm(cancel)
        finally:
            limit.cancel()
        self._n_cut_short = 0 if ended else self._n_cut_short + 1


def on_battery() -> bool:
    """Tell whether this machine is known to run on its battery."""
    battery = psutil.sensors_battery()
    return battery is not None and battery.power_plugged is False
