"""A run with the live model's client, against a Messages server on this machine that plays the recorded turns."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_driver import Driver

from bridle.harness.asking import NO, YES
from bridle.harness.engine import Ask, ReplyTo, RunEnded, Selection, StartRun
from tests.model.messages_server import MessagesServer, Script, Step

pytestmark = pytest.mark.slow

TEST = "test_half_a_cent_is_rounded_up"
BUG = "        return Money(self.cents * rate // 100)\n"


@pytest.fixture
def server(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    script = Script(otherwise=Step(transcript=os.environ["BRIDLE_TRANSCRIPT"]))
    with MessagesServer(script, home=trusted) as running:
        monkeypatch.delenv("BRIDLE_MODEL")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        yield running


async def fix(door: Driver, answer: str) -> RunEnded:
    verified = await door.verify()
    finding = next(f for v in verified.verdicts for f in v.findings if TEST in f.test)
    running = asyncio.create_task(door.run(StartRun("fix", "", finding=finding)))
    ask = await door.until(Ask)
    assert "money.py" in ask.message
    assert "tokens" in ask.message
    assert "$" in ask.message
    await door.engine.call(ReplyTo(ask.id, answer))
    return await running


async def test_a_live_run_asks_once_then_proves_its_fix_and_counts_its_cost(
    server: Any, opening: Any, trusted: Path
) -> None:
    door = await opening("local")
    ended = await fix(door, YES)
    assert ended.outcome == "succeeded"
    assert ended.usage.cache_write_tokens > 0
    assert ended.usage.cost_usd_micros
    assert ended.usage.cache_read_tokens > 0, "the stable prefix is read from the cache"
    assert not os.environ.get("ANTHROPIC_API_KEY"), "no child process inherits the key"
    asked = [event for event in door.events if isinstance(event, Ask)]
    n_seen = len(server.seen)
    pinned, excluded = (Selection("tests/test_cart.py", 0, 2_000),), ("src/till/cart.py",)
    again = await door.run(StartRun("edit", "round half a cent up", pinned=pinned, excluded=excluded))
    assert again.outcome in ("succeeded", "refused", "failed")
    assert "src/till/cart.py" in str(server.seen[0].body)
    wished = str(server.seen[n_seen].body)
    assert ("src/till/cart.py" in wished, "assert Cart().total() == Money(0)" in wished) == (False, True)
    assert [event for event in door.events if isinstance(event, Ask)] == asked, "the question is asked once"


async def test_nothing_is_sent_where_the_person_says_no(server: Any, opening: Any, trusted: Path) -> None:
    door = await opening("local")
    ended = await fix(door, NO)
    assert ended.outcome == "needs a person"
    assert "not agreed" in ended.reason
    assert len(server.seen) == 0


async def test_a_dead_endpoint_ends_the_run_with_what_to_do(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("BRIDLE_MODEL", "claude-opus-5-5")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{port}")
    door = await opening("local")
    ended = await fix(door, YES)
    assert ended.outcome == "failed"
    assert ended.reason.startswith("the model: ")
    assert BUG in (trusted / "src/till/money.py").read_text()
