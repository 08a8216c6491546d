"""Whether checks may run by themselves where nothing keeps them from the machine: asked once a session, bounded.

A check that a person starts in a folder that they trust runs on every rung, and its verdict names the rung. One that a
save starts runs unasked in a sandbox only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from bridle.harness.asking import Asking
from bridle.harness.shadow.contract import SANDBOXES

YES = "Run them"
NO = "Not on save"


class Unsheltered:
    """The person's answer for one engine's life. `rung` is what this workspace gets."""

    def __init__(self, rung: Awaitable[str], asking: Asking) -> None:
        self._rung = rung
        self._asking = asking
        self._answer: asyncio.Task[bool] | None = None

    async def allowed(self) -> bool:
        """Tell whether checks may run on save; whoever asks while the question is open waits for the same answer."""
        if await self._rung in SANDBOXES:
            return True
        if self._answer is None:
            self._answer = asyncio.create_task(self._ask())
        return await asyncio.shield(self._answer)

    async def _ask(self) -> bool:
        message = (
            f"Bridle: there is no sandbox here ({await self._rung}), so checks can do whatever you can. "
            "Run them on every save all the same? This is asked once a session."
        )
        return await self._asking.ask(message, (YES, NO), NO, "permission") == YES
