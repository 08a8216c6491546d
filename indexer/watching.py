"""Tells when files that the index reads may have changed on disk: by the system's events, else by looking.

Only the folders that the index looks into are watched, each by itself: what git ignores costs no watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bridle.indexer.files import GIT_RULES, OWN_RULES
from bridle.indexer.parse import has_language
from bridle.indexer.script_projects import is_config

MAX_WATCHED = 50_000
QUIET_MS = 100
LOOK_AGAIN_MS = 5_000
POLL_S = 5.0
_NAMES = frozenset((*GIT_RULES, OWN_RULES, "pyproject.toml"))
_NEVER = frozenset(("__pycache__", "node_modules", ".git", ".venv"))


async def watch(
    root: Path,
    folders: Callable[[], Sequence[str]],
    refresh: Callable[[], Awaitable[object]],
    on_polling: Callable[[str], None],
) -> None:
    """Call `refresh` after each burst of changes below `root`, until cancelled.

    `folders` are those to watch, asked again after each refresh. Where the system cannot watch them, `on_polling` is
    told why, once, and `refresh` is called every `POLL_S` seconds or so: at most a fortieth of the time goes into it.
    """
    try:
        while True:
            await _watch(root, tuple(folders()), folders, refresh)
    except (OSError, RuntimeError) as error:  # the second is watchfiles' own
        on_polling(str(error))
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await refresh()
        await asyncio.sleep(max(POLL_S, 40 * (loop.time() - began)))


async def _watch(
    root: Path,
    watched: tuple[str, ...],
    folders: Callable[[], Sequence[str]],
    refresh: Callable[[], Awaitable[object]],
) -> None:
    """Watch until the folders are others. Raises OSError where the system cannot watch so many."""
    from watchfiles import Change, awatch  # pyright: ignore[reportUnknownVariableType]  # it may stop by an event of trio

    if len(watched) > MAX_WATCHED:
        raise OSError(f"{len(watched)} folders are too many to watch")
    places = [place for place in (root / folder for folder in watched) if place.is_dir()]
    if not places:
        await asyncio.sleep(POLL_S)
        await refresh()
        return

    def matters(change: Change, path: str) -> bool:
        name = path.rpartition("/")[2]
        if has_language(name) or is_config(name) or name in _NAMES:
            return True
        if change is Change.added:
            return name not in _NEVER and Path(path).is_dir()
        return change is Change.deleted and "." not in name

    is_new = True  # between the last look and the first event something may have changed unseen
    batches = awatch(
        *places,
        watch_filter=matters,
        recursive=False,
        debounce=QUIET_MS,
        step=QUIET_MS // 2,
        rust_timeout=LOOK_AGAIN_MS,
        yield_on_timeout=True,
    )
    async for changes in batches:
        if changes or is_new:
            await refresh()
        is_new = is_new and bool(changes)
        if tuple(folders()) != watched:
            return
