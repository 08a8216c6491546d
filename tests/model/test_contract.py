"""One contract for every model client: live against a Messages API on loopback, and replay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bridle.context.anchors import bodies_of
from bridle.context.readform import render
from bridle.harness.model.client import ModelClient, ModelProblem, ModelReply, TextDelta, ToolStarted
from bridle.harness.model.prices import price_of
from bridle.harness.model.replay import Replay
from bridle.harness.model.retry import Patient
from bridle.harness.model.transcript import load
from tests.model.asking import Ear, assistant, live, request, result, user
from tests.model.messages_server import MessagesServer, Script, Step

TRANSCRIPT = """
workspace = { name = "anywhere", files = {} }
turns = [
  { text = "Let me look.", calls = [{ tool = "read", input = { path = "a.py" } }] },
  { text = "Two at once.", calls = [
    { tool = "edit", input = { at = '{anchor path="a.py" line="x = 1"}', rev = '{rev path="a.py"}' } },
    { tool = "read", input = { path = "a.py" } },
  ] },
  { text = "Done." },
]
"""
CODE = "import os\nx = 1\n"


@pytest.fixture(params=["live", "replay"])
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ModelClient]:
    path = tmp_path / "transcript.toml"
    path.write_text(TRANSCRIPT)
    async with AsyncExitStack() as stack:
        made: ModelClient
        if request.param == "live":
            script = Script(otherwise=Step(transcript=path.name))
            made = Patient(live(stack.enter_context(MessagesServer(script, home=tmp_path))))
        else:
            made = Replay(load(path), tmp_path)
        stack.push_async_callback(made.close)
        yield made


async def conversation(client: ModelClient, ear: Ear) -> list[ModelReply]:
    """Three turns, with the results that a run would give."""
    lines = bodies_of(CODE)
    talk, replies = [user("Task")], []
    for _ in range(3):
        reply = await client.reply(request(*talk, model=client.model), ear)
        replies.append(reply)
        talk.append(assistant(*reply.content))
        ids = [block["id"] for block in reply.content if block["type"] == "tool_use"]
        text = render("a.py", 3, lines, ((0, len(lines)),))
        talk.append({"role": "user", "content": [block for each in ids for block in result(text, each)["content"]]})
    return replies


async def test_a_conversation_comes_out_the_same_whatever_the_client(client: ModelClient) -> None:
    first, second, third = await conversation(client, Ear())
    anchor = render("a.py", 3, bodies_of(CODE), ((1, 2),)).split("\n")[2].partition("\t")[0]
    assert [block["type"] for block in first.content] == ["text", "tool_use"]
    assert [block.get("input") for block in second.content] == [None, {"at": anchor, "rev": 3}, {"path": "a.py"}]
    assert [block.get("text") for block in third.content] == ["Done."]
    assert [reply.stop_reason for reply in (first, second, third)] == ["tool_use", "tool_use", "end_turn"]


async def test_every_call_has_an_id_of_its_own(client: ModelClient) -> None:
    replies = await conversation(client, Ear())
    ids = [block["id"] for reply in replies for block in reply.content if block["type"] == "tool_use"]
    assert len(set(ids)) == len(ids) == 3


async def test_the_listener_hears_the_words_and_each_tool_in_order(client: ModelClient) -> None:
    ear = Ear()
    await conversation(client, ear)
    assert ear.words == "Let me look.Two at once.Done."
    assert [event.name for event in ear.events if isinstance(event, ToolStarted)] == ["read", "edit", "read"]
    assert isinstance(ear.events[0], TextDelta)


async def test_usage_is_counted_and_priced(client: ModelClient) -> None:
    replies = await conversation(client, Ear())
    assert all(reply.usage.input_tokens + reply.usage.cache_write_tokens > 0 for reply in replies)
    assert all(reply.usage.output_tokens > 0 for reply in replies)
    assert all(reply.usage.turns == 1 for reply in replies)
    assert price_of(client.model) is not None
    assert all(reply.usage.cost_usd_micros is not None for reply in replies)


async def test_the_client_says_what_it_is_and_where_words_go(client: ModelClient) -> None:
    assert client.model
    assert client.endpoint


async def test_closing_twice_is_no_error(client: ModelClient) -> None:
    await client.close()
    await client.close()


async def test_a_problem_has_a_kind_a_message_and_a_next_step(tmp_path: Path) -> None:
    with MessagesServer(Script(otherwise=Step(fault="unauthorized"))) as server:
        clients: list[ModelClient] = [live(server), Replay((), tmp_path)]
        for client in clients:
            with pytest.raises(ModelProblem) as caught:
                await client.reply(request(), Ear())
            await client.close()
            assert caught.value.kind == "fatal"
            assert caught.value.message
            assert caught.value.next_step
