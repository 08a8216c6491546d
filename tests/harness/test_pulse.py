"""A run in which nothing happens is left and can be taken up again; what ends by itself is waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.asking import YES
from bridle.harness.engine import Ask, ReplyTo, ResumeRun, RunEnded, Selection, StartRun
from bridle.harness.permission.trust import Trust
from bridle.harness.pulse import Pulse
from tests.model.messages_server import MessagesServer, Script, Step

SOON_S = 0.1


async def left(pulse: Pulse, work: Any) -> bool:
    """Do some work under the timer; returns whether it was left."""
    try:
        async with asyncio.timeout(20), asyncio.timeout(None) as limit:
            with pulse.watching(limit):
                await work()
    except TimeoutError:
        return pulse.stopped
    return False


async def test_what_never_says_anything_is_left() -> None:
    assert await left(Pulse(SOON_S), asyncio.Event().wait)


async def test_what_keeps_saying_something_is_not() -> None:
    pulse = Pulse(SOON_S)
    heard: list[str] = []
    tell = pulse.beating(heard.append)

    async def work() -> None:
        for _ in range(6):
            await asyncio.sleep(SOON_S / 2)
            tell("more")

    assert not await left(pulse, work)
    assert len(heard) == 6


async def test_what_ends_within_a_time_of_its_own_is_given_that_on_top_and_no_more() -> None:
    pulse = Pulse(SOON_S)

    async def checked() -> None:
        with pulse.working(SOON_S * 10), pulse.working(SOON_S):
            await asyncio.sleep(SOON_S * 3)

    async def hung() -> None:
        with pulse.working(SOON_S):
            await asyncio.Event().wait()

    assert not await left(pulse, checked)
    assert await left(pulse, hung)


async def test_a_question_to_the_person_is_waited_for_and_silence_after_it_is_not() -> None:
    pulse = Pulse(SOON_S)

    async def asking() -> None:
        with pulse.working():
            await asyncio.sleep(SOON_S * 3)

    async def then_silent() -> None:
        await asking()
        await asyncio.Event().wait()

    assert not await left(pulse, asking)
    assert await left(pulse, then_silent)


async def test_another_timer_that_strikes_is_not_taken_for_a_standstill() -> None:
    pulse = Pulse(60.0)

    async def overall() -> None:
        async with asyncio.timeout(SOON_S):
            await asyncio.Event().wait()

    assert not await left(pulse, overall)
    assert not pulse.stopped


@pytest.mark.slow
async def test_a_run_that_stands_still_is_parked_as_stalled_and_goes_on_when_taken_up(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trusted / "bridle.toml").write_text("[budget]\nstall_s = 1.5\n")
    Trust(trusted).say(trusted=True)
    with MessagesServer(Script((Step(fault="slow_headers"),), Step(text="It adds cents."))) as server:
        monkeypatch.setenv("BRIDLE_MODEL", "claude-opus-5-5")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        door = await opening("local")
        running = asyncio.create_task(door.run(StartRun("explain", "", Selection("src/till/money.py", 0, 5))))
        ask = await door.until(Ask)
        await door.engine.call(ReplyTo(ask.id, YES))
        ended: RunEnded = await running
        assert (ended.outcome, ended.resumable) == ("stalled", True)
        assert "nothing happened for 1.5 s at 'waiting for the model'; it can be resumed" in ended.reason
        door.events.clear()
        again = await door.run(ResumeRun(ended.run))
    assert (again.outcome, again.reason) == ("succeeded", "It adds cents.")
