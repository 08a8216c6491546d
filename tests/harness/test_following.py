"""The engine's index follows what other programs do to the files, without being asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bridle.harness.engine import EngineEvent, IndexProgress
from bridle.harness.knowing import Knowing
from bridle.harness.session.lock import WorkspaceLock

pytestmark = pytest.mark.slow


async def test_what_another_program_writes_is_known_without_a_question(tmp_path: Path) -> None:
    root, events = tmp_path / "tree", list[EngineEvent]()
    root.mkdir()
    (root / "a.py").write_text("def first(): pass\n")
    knowing = Knowing(root, tmp_path / "index.db", WorkspaceLock(tmp_path / "lock"), events.append)
    try:
        knowing.start()
        assert (await knowing.snapshot()).named("first")
        await asyncio.sleep(0.5)
        before = len(events)
        (root / "a.py").write_text("def second(): pass\n")
        async with asyncio.timeout(20):
            while not knowing.now.named("second"):
                await asyncio.sleep(0.02)
        assert not knowing.now.named("first")
        shown = [event for event in events[before:] if isinstance(event, IndexProgress) and not event.done]
        assert shown == []
    finally:
        await knowing.close()


async def test_indexing_pauses_when_told_to_and_goes_on_where_it_was(tmp_path: Path) -> None:
    root, events = tmp_path / "tree", list[EngineEvent]()
    root.mkdir()
    for n in range(1_500):
        (root / f"m{n}.py").write_text(f"def f{n}(): pass\n")
    begun = asyncio.Event()

    def listen(event: EngineEvent) -> None:
        events.append(event)
        if isinstance(event, IndexProgress) and not event.done:
            begun.set()

    knowing = Knowing(root, tmp_path / "index.db", WorkspaceLock(tmp_path / "lock"), listen)
    try:
        knowing.start()
        await asyncio.wait_for(begun.wait(), 60)
        knowing.pause(paused=True)
        stopped = await knowing.snapshot()
        assert not stopped.complete
        assert isinstance(events[-1], IndexProgress)
        assert events[-1].paused
        assert (await knowing.snapshot()).stats.files == stopped.stats.files < 1_500
        await knowing.set_buffer("m1499.py", "def typed(): pass\n")
        assert knowing.now.named("typed")
        knowing.pause(paused=False)
        whole = await knowing.snapshot()
        assert (whole.complete, whole.stats.files) == (True, 1_500)
        assert whole.stats.parsed < 1_500
    finally:
        await knowing.close()
