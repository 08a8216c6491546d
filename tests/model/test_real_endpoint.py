"""One small call to the real endpoint, only when asked for: BRIDLE_SMOKE=1 with a key, for less than ten cents."""

from __future__ import annotations

import os

import pytest

from bridle.harness.model.budget import estimate
from bridle.harness.model.choose import live_model
from bridle.harness.model.keys import take_key
from tests.model.asking import Ear, assistant, request, result, user

CHEAP = "claude-haiku-5-5"
CEILING_USD_MICROS = 100_000

pytestmark = pytest.mark.skipif(os.environ.get("BRIDLE_SMOKE") != "1", reason="not run: needs BRIDLE_SMOKE=1 and a key")


async def test_a_tool_call_and_its_result_go_to_the_real_model_and_back() -> None:
    environment = {"BRIDLE_MODEL": CHEAP, **os.environ}
    client = live_model(environment, take_key(os.environ))
    assert client is not None, "no key: set one with `bridle key set`"
    task = user("Call the tool `read` on README.md, then say in one word what colour it names.")
    first_request = request(task, model=client.model, max_tokens=2_000)
    assert 2 * (estimate(first_request).cost_usd_micros or 0) < CEILING_USD_MICROS
    first = await client.reply(first_request, Ear())
    (call,) = [block for block in first.content if block["type"] == "tool_use"]
    answer = request(
        task, assistant(*first.content), result("The door is green.", call["id"]), model=client.model, max_tokens=2_000
    )
    second = await client.reply(answer, Ear())
    await client.close()
    words = " ".join(block["text"] for block in second.content if block["type"] == "text")
    spent = (first.usage.cost_usd_micros or 0) + (second.usage.cost_usd_micros or 0)
    print(f"{client.model}: {words!r}, ${spent / 1_000_000:.4f}")
    assert "green" in words.lower()
    assert 0 < spent < CEILING_USD_MICROS
