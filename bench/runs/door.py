"""A door without an editor: one engine on one root, every question answered, every event kept with its time."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bridle.harness.engine import Ask, Engine, EngineEvent, ReplyTo, RunAccepted, RunEnded, StartRun, expect
from bridle.harness.permission.trust import Trust
from bridle.harness.workspace import open_engine

MODEL = "claude-opus-5-5"
LONGEST_S = 600.0

Watching = Callable[[Engine, EngineEvent], Awaitable[None]]


class Heard(NamedTuple):
    """One event, and when it came by the machine's steady clock."""

    at: float
    event: EngineEvent


class Followed(NamedTuple):
    """One run: its end, when it was asked for, and all that was heard of it."""

    ended: RunEnded
    began: float
    heard: tuple[Heard, ...]

    @property
    def wall_s(self) -> float:
        """How long it took from the request to its end."""
        return self.heard[-1].at - self.began


async def _nothing(engine: Engine, event: EngineEvent) -> None:
    """Watch without doing anything."""


async def follow(engine: Engine, request: StartRun, watching: Watching = _nothing) -> Followed:
    """Run to the end, with yes to what is asked before the first call and the default to all else."""
    heard: list[Heard] = []
    ended: asyncio.Future[RunEnded] = asyncio.get_running_loop().create_future()
    working: set[asyncio.Task[object]] = set()

    def listen(event: EngineEvent) -> None:
        if ended.done():
            return
        heard.append(Heard(time.monotonic(), event))
        if isinstance(event, Ask):
            answer = event.choices[0] if event.about == "consent" else event.default
            working.add(asyncio.ensure_future(engine.call(ReplyTo(event.id, answer))))
        elif isinstance(event, RunEnded):
            ended.set_result(event)
        else:
            working.add(asyncio.ensure_future(watching(engine, event)))

    engine.listen(listen)
    began = time.monotonic()
    expect(await engine.call(request), RunAccepted)
    end = await asyncio.wait_for(ended, LONGEST_S)
    await asyncio.gather(*working)
    return Followed(end, began, tuple(heard))


@contextmanager
def home(place: Path, address: str, settings: str = "") -> Iterator[None]:
    """Give engines of this process a home of their own below `place`, and the model at `address`."""
    file = place / "config" / "bridle" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'python = "{sys.executable}"\nvectors = "off"\nchecks_on_save = false\n{settings}', "utf-8")
    said = {f"XDG_{name.upper()}_HOME": str(place / name) for name in ("state", "config", "cache")}
    said |= {"BRIDLE_MODEL": MODEL, "ANTHROPIC_API_KEY": "sk-ant-" + "x" * 40, "ANTHROPIC_BASE_URL": address}
    before = {key: os.environ.get(key) for key in said}
    os.environ |= said
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


async def opened(root: Path, settings: Mapping[str, object] | None = None) -> Engine:
    """Open an engine on a root that the person trusts."""
    Trust(root).say(trusted=True)
    return await open_engine(root, settings or {})
