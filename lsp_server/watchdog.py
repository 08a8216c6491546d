"""Notices when the editor's process is gone, for when the end of the input does not tell."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

EVERY_S = 0.5


async def watch(process_id: int, on_gone: Callable[[], None]) -> None:
    """Call `on_gone` once the process has ended; a process that cannot be seen from here is not watched."""
    if not _lives(process_id):
        return
    while _lives(process_id):  # noqa: ASYNC110 - no event tells of another's process
        await asyncio.sleep(EVERY_S)
    on_gone()


def _lives(process_id: int) -> bool:
    if process_id <= 0:
        return False
    try:
        os.kill(process_id, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
