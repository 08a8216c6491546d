"""How things stand is told as of when all of it is known, so that no older answer says other than a newer one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine_driver import Driver

from bridle.harness.engine import GetStatus, SetTrust, Status, expect

Opening = Callable[[str], Awaitable[Driver]]


async def test_a_status_that_was_asked_for_before_a_yes_and_told_after_it_says_yes(
    opening: Opening, till: Path
) -> None:
    door = await opening("local")
    await door.engine.call(GetStatus())
    older = asyncio.ensure_future(door.engine.call(GetStatus()))
    await asyncio.sleep(0)
    newer = asyncio.ensure_future(door.engine.call(SetTrust(trusted=True)))
    told = [expect(one, Status).trusted for one in await asyncio.gather(older, newer)]
    assert told == [True, True]
