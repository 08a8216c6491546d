"""Idle work: begun when nobody works, ended by whoever does, never on battery."""

from __future__ import annotations

import asyncio
import threading
from collections import namedtuple

import psutil
import pytest

from bridle.harness.engine import GetStatus, SyncBuffers
from bridle.harness.warming import MAX_TRIES, Warming, on_battery

Battery = namedtuple("Battery", ("percent", "secsleft", "power_plugged"))
SOON_S = 0.01


class Work:
    """Idle work that ends when it is told to, or at once."""

    def __init__(self, *, endless: bool = False) -> None:
        self.n_begun = 0
        self.n_cancelled = 0
        self.begun = asyncio.Event()
        self._endless = endless

    async def __call__(self, cancel: threading.Event) -> bool:
        self.n_begun += 1
        self.begun.set()
        if self._endless:
            await asyncio.to_thread(cancel.wait, 10)
        self.n_cancelled += cancel.is_set()
        return not cancel.is_set()


async def past() -> None:
    """Wait until whatever was to begin by now has begun: the loop's timers run in the order of their times."""
    await asyncio.sleep(5 * SOON_S)


@pytest.fixture(autouse=True)
def _plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None)


async def begun(work: Work) -> None:
    async with asyncio.timeout(30):
        await work.begun.wait()
    work.begun.clear()


async def test_it_begins_once_nobody_has_worked_for_a_while() -> None:
    work = Work()
    warming = Warming(work, lambda: True, SOON_S)
    warming.touched(SyncBuffers())
    assert work.n_begun == 0
    await begun(work)
    await warming.close()
    assert (work.n_begun, work.n_cancelled) == (1, 0)


async def test_any_request_but_that_for_the_status_ends_it_and_begins_the_wait_anew() -> None:
    work = Work(endless=True)
    warming = Warming(work, lambda: True, SOON_S)
    warming.touched(SyncBuffers())
    await begun(work)
    warming.touched(GetStatus())
    await asyncio.sleep(0)
    assert work.n_cancelled == 0
    warming.touched(SyncBuffers())
    await past()
    assert work.n_cancelled >= 1
    await warming.close()


async def test_what_never_comes_to_its_end_is_given_up() -> None:
    work = Work(endless=True)
    warming = Warming(work, lambda: True, SOON_S)
    for _ in range(MAX_TRIES):
        warming.touched(SyncBuffers())
        await begun(work)
    for _ in range(3):
        warming.touched(SyncBuffers())
        await past()
    assert work.n_begun == MAX_TRIES
    await warming.close()


@pytest.mark.parametrize(("plugged", "n_begun"), [(False, 0), (True, 1), (None, 1)])
async def test_it_never_runs_on_battery(plugged: bool | None, n_begun: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: Battery(50, 3600, plugged))
    assert on_battery() is (plugged is False)
    work = Work()
    warming = Warming(work, lambda: True, SOON_S)
    warming.touched(SyncBuffers())
    await past()
    await warming.close()
    assert work.n_begun == n_begun


async def test_it_does_nothing_where_it_is_not_allowed_or_after_its_end() -> None:
    work = Work()
    forbidden = Warming(work, lambda: False, SOON_S)
    forbidden.touched(SyncBuffers())
    ended = Warming(work, lambda: True, SOON_S)
    ended.touched(SyncBuffers())
    await ended.close()
    await past()
    await forbidden.close()
    assert work.n_begun == 0
