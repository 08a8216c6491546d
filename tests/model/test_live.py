"""A live model against a Messages API on loopback: the real library, real SSE, faults on demand."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bridle.harness.model.client import ModelProblem, ModelReply, ModelRequest, Retrying, ToolStarted, ToolWords
from bridle.harness.model.live import Patience
from bridle.harness.model.retry import Patient, Policy
from tests.model.asking import MODEL, QUICK, SECRET, Ear, assistant, live, request, result, use, user
from tests.model.messages_server import FAULTS, CallStep, MessagesServer, Script, Step

pytestmark = pytest.mark.slow

CALL = CallStep("read", {"path": "src/till/cart.py", "start": 1})
GOOD = Step(text="Let me look at the cart.", calls=(CALL,))


async def ask(
    server: MessagesServer, asked: ModelRequest | None = None, patience: Patience | None = None
) -> ModelReply:
    client = live(server, patience)
    try:
        return await client.reply(asked or request(), Ear())
    finally:
        await client.close()


async def test_words_thinking_and_tool_calls_arrive_whole_and_in_order() -> None:
    step = Step(text="Let me look at the cart.", thinking="Where is the total?", calls=(CALL, CALL))
    with MessagesServer(Script((step,))) as server:
        client, ear = live(server), Ear()
        reply = await client.reply(request(), ear)
        await client.close()
    assert [block["type"] for block in reply.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert reply.content[0]["thinking"] == "Where is the total?"
    assert reply.content[0]["signature"]
    assert reply.content[2]["input"] == {"path": "src/till/cart.py", "start": 1}
    assert (reply.stop_reason, reply.model) == ("tool_use", MODEL)
    assert ear.words == "Let me look at the cart."
    assert [event for event in ear.events if not isinstance(event, ToolWords)][-1] == ToolStarted("read")
    words = "".join(event.partial_json for event in ear.events if isinstance(event, ToolWords) and event.index == 2)
    assert json.loads(words) == {"path": "src/till/cart.py", "start": 1}


async def test_what_the_model_said_can_be_sent_back_as_it_is() -> None:
    step = Step(text="Looking.", thinking="Hm.", calls=(CALL,))
    with MessagesServer(Script((step,))) as server:
        first = await ask(server)
        (call,) = [block for block in first.content if block["type"] == "tool_use"]
        await ask(server, request(user("Hello"), assistant(*first.content), result("lines", call["id"])))
    assert [seen.refused for seen in server.seen] == [(), ()]


async def test_getting_ready_beside_the_first_call_makes_one_client_and_sends_nothing() -> None:
    with MessagesServer() as server:
        client = live(server)
        _, reply = await asyncio.gather(client.prepare(), client.reply(request(), Ear()))
        await client.prepare()
        await client.close()
    assert reply.stop_reason == "end_turn"
    assert len(server.seen) == 1


async def test_the_key_travels_as_a_credential_and_nowhere_else() -> None:
    with MessagesServer() as server:
        client = live(server)
        await client.reply(request(), Ear())
        await client.close()
    assert [seen.key for seen in server.seen] == [SECRET]
    assert SECRET not in json.dumps(server.seen[0].body)
    assert SECRET not in repr(client.__dict__)


async def test_the_second_turn_reads_from_the_cache_what_the_first_one_wrote() -> None:
    long = "def total(lines):\n" * 400
    with MessagesServer() as server:
        first = await ask(server, request(user(long)))
        second = await ask(server, request(user(long), assistant(*first.content), user("And now?")))
    assert first.usage.cache_read_tokens == 0
    assert first.usage.cache_write_tokens > 1000
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens
    assert second.usage.input_tokens + second.usage.cache_write_tokens < 200
    assert 0 < (second.usage.cost_usd_micros or 0) < (first.usage.cost_usd_micros or 0)


async def test_a_turn_with_many_results_still_finds_the_turn_before_it_in_the_cache() -> None:
    long = "def total(lines):\n" * 400
    calls = [use("read", {"path": "a"}, f"toolu_{n}") for n in range(30)]
    results = {"role": "user", "content": [result("x", f"toolu_{n}")["content"][0] for n in range(30)]}
    with MessagesServer() as server:
        first = await ask(server, request(user(long)))
        second = await ask(server, request(user(long), assistant(*calls), results))
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens


async def test_a_prompt_below_the_least_length_is_not_cached() -> None:
    with MessagesServer() as server:
        reply = await ask(server)
    assert (reply.usage.cache_read_tokens, reply.usage.cache_write_tokens) == (0, 0)


async def test_an_endpoint_that_counts_no_cache_is_no_problem() -> None:
    with MessagesServer(Script(counts_cache=False)) as server:
        reply = await ask(server)
    assert reply.usage.input_tokens > 0
    assert (reply.usage.cache_read_tokens, reply.usage.cache_write_tokens) == (0, 0)
    assert not any("cache" in name for name in server.seen[0].usage)


async def test_a_model_without_a_price_has_an_unknown_cost() -> None:
    with MessagesServer() as server:
        client = live(server, model="qwen3-coder")
        reply = await client.reply(request(model="qwen3-coder"), Ear())
        await client.close()
    assert reply.usage.cost_usd_micros is None


async def test_thinking_and_effort_are_sent_only_where_they_were_asked_for() -> None:
    with MessagesServer() as server:
        await ask(server, request(thinking={"type": "adaptive"}, effort="low"))
        await ask(server)
    assert server.seen[0].body["thinking"] == {"type": "adaptive"}
    assert server.seen[0].body["output_config"] == {"effort": "low"}
    assert not {"thinking", "output_config"} & set(server.seen[1].body)
    assert [seen.refused for seen in server.seen] == [(), ()]


async def test_the_answer_of_a_check_is_free_and_says_whether_the_key_is_good() -> None:
    with MessagesServer() as server:
        client = live(server)
        assert await client.check() > 0
        await client.close()
    assert [seen.path for seen in server.seen] == ["/v1/messages/count_tokens"]


# --- faults -----------------------------------------------------------------------------------------------

PERMANENT = {
    "bad_request", "unauthorized", "billing", "forbidden", "not_found", "too_large", "spend_limit", "redirect",
    "tier_spend_limit",
}  # fmt: skip
UNKNOWN = {"garbage", "empty", "wrong_type", "bad_tool_json"}
NOT_A_PROBLEM = {"max_tokens_mid_tool", "trickle"}
PASSING = set(FAULTS) - PERMANENT - UNKNOWN - NOT_A_PROBLEM


def test_every_fault_has_its_class() -> None:
    assert {
        "rate_limit", "server_error", "bad_gateway", "overloaded", "stall", "cut_mid_event", "cut_mid_tool",
        "end_early", "error_mid_stream", "slow_headers",
    } == PASSING  # fmt: skip


class Nap:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.naps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)

    def now(self) -> float:
        return sum(self.naps)


def patient(server: MessagesServer, nap: Nap, policy: Policy | None = None) -> Patient:
    return Patient(live(server, QUICK), policy, sleep=nap.sleep, now=nap.now, luck=lambda: 1.0)


@pytest.mark.parametrize("fault", sorted(PERMANENT))
async def test_a_permanent_fault_is_asked_once_and_names_the_next_step(fault: str) -> None:
    with MessagesServer(Script((Step(fault=fault),), GOOD)) as server:
        nap = Nap()
        client = patient(server, nap)
        with pytest.raises(ModelProblem) as caught:
            await client.reply(request(), Ear())
        await client.close()
    assert caught.value.kind == "fatal"
    assert caught.value.next_step
    assert len(server.seen) == 1
    assert nap.naps == []
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("fault", sorted(PASSING))
async def test_a_passing_fault_is_tried_again_until_it_is_over(fault: str) -> None:
    broken = Step(text="Let me look.", calls=(CALL,), fault=fault)
    with MessagesServer(Script((broken, broken), GOOD)) as server:
        nap, ear = Nap(), Ear()
        client = patient(server, nap)
        reply = await client.reply(request(), ear)
        await client.close()
    assert [seen.refused for seen in server.seen] == [(), (), ()]
    assert [block["type"] for block in reply.content] == ["text", "tool_use"]
    assert reply.content[-1]["input"] == CALL.input
    assert [event.attempt for event in ear.events if isinstance(event, Retrying)] == [1, 2]
    assert nap.naps == [1.0, 2.0]


@pytest.mark.parametrize("fault", sorted(UNKNOWN))
async def test_a_fault_nobody_knows_is_tried_once_more_and_not_again(fault: str) -> None:
    broken = Step(text="Let me look.", calls=(CALL,), fault=fault)
    with MessagesServer(Script((), broken)) as server:
        client = patient(server, Nap())
        with pytest.raises(ModelProblem) as caught:
            await client.reply(request(), Ear())
        await client.close()
    assert caught.value.kind == "unknown"
    assert len(server.seen) == 2


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - NOT_A_PROBLEM))
async def test_no_fault_ever_brings_a_reply_or_part_of_one(fault: str) -> None:
    broken = Step(text="Let me look.", calls=(CALL, CALL), fault=fault)
    with MessagesServer(Script((), broken)) as server, pytest.raises(ModelProblem):
        await ask(server, patience=QUICK)
    assert len(server.seen) == 1, "the library makes no attempts of its own"


async def test_a_call_cut_by_the_output_limit_is_not_handed_over() -> None:
    with MessagesServer(Script((Step(text="Look.", calls=(CALL,), fault="max_tokens_mid_tool"),))) as server:
        reply = await ask(server)
    assert reply.stop_reason == "max_tokens"
    assert [block["type"] for block in reply.content] == ["text"]


async def test_a_fault_that_does_not_pass_ends_after_five_attempts() -> None:
    with MessagesServer(Script((), Step(fault="overloaded"))) as server:
        nap = Nap()
        client = patient(server, nap)
        with pytest.raises(ModelProblem, match="overloaded"):
            await client.reply(request(), Ear())
        await client.close()
    assert len(server.seen) == 5
    assert nap.naps == [1.0, 2.0, 4.0, 8.0]


async def test_a_rate_limit_is_waited_out_for_as_long_as_the_endpoint_says() -> None:
    with MessagesServer(Script((Step(fault="rate_limit", retry_after="17"),), GOOD)) as server:
        nap = Nap()
        client = patient(server, nap)
        await client.reply(request(), Ear())
        await client.close()
    assert nap.naps == [17.0]


async def test_a_wait_that_is_too_long_is_not_begun() -> None:
    with MessagesServer(Script((), Step(fault="rate_limit", retry_after="900"))) as server:
        nap = Nap()
        client = patient(server, nap)
        with pytest.raises(ModelProblem, match="rate limit"):
            await client.reply(request(), Ear())
        await client.close()
    assert (nap.naps, len(server.seen)) == ([], 1)


async def test_what_a_cut_attempt_cost_is_counted() -> None:
    broken = Step(text="Let me look.", fault="end_early")
    with MessagesServer(Script((broken,), GOOD)) as server:
        client = patient(server, Nap())
        reply = await client.reply(request(), Ear())
        await client.close()
    once = sum(server.seen[0].usage.values())
    assert reply.usage.input_tokens == 2 * once
    assert reply.usage.turns == 1


async def test_a_dead_endpoint_is_a_clear_problem_and_soon() -> None:
    with MessagesServer() as server:
        client = live(server)
    with pytest.raises(ModelProblem, match="cannot be reached") as caught:
        await client.reply(request(), Ear())
    await client.close()
    assert caught.value.kind == "transient"


@pytest.mark.parametrize("fault", ["stall", "slow_headers"])
async def test_an_endpoint_that_goes_silent_is_given_up_long_before_the_whole_call_is(fault: str) -> None:
    with MessagesServer(Script((), Step(text="Let me look.", fault=fault))) as server:
        client = live(server, Patience(stall_s=0.2, call_s=60.0))
        with pytest.raises(ModelProblem, match="has gone silent"):
            async with asyncio.timeout(10):
                await client.reply(request(), Ear())
        await client.close()


async def test_an_endpoint_that_only_trickles_is_given_up_when_the_call_has_lasted_too_long() -> None:
    step = Step(text="word " * 4_000, fault="trickle")
    with MessagesServer(Script((), step)) as server:
        client = live(server, Patience(stall_s=5.0, call_s=0.5))
        with pytest.raises(ModelProblem, match=r"no whole reply within 0\.5 s") as caught:
            await client.reply(request(), Ear())
        await client.close()
    assert caught.value.kind == "transient"
    assert caught.value.spent.input_tokens > 0


async def test_a_call_can_be_cancelled_while_the_endpoint_is_silent() -> None:
    with MessagesServer(Script((), Step(fault="slow_headers"))) as server:
        client = live(server)
        task = asyncio.create_task(client.reply(request(), Ear()))
        await asyncio.to_thread(server.asked.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.close()


def test_the_library_is_not_imported_until_a_call_is_made(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bridle.harness.model.choose import choose;"
        "from bridle.harness.model.keys import Key;"
        f"choose({{'BRIDLE_MODEL': 'claude-opus-5-5'}}, Path({str(tmp_path)!r}), Key('k', 'environment'));"
        "print([m for m in ('anthropic', 'httpx2', 'pydantic', 'tree_sitter') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_listener_that_breaks_is_not_taken_for_a_broken_model() -> None:
    def broken(event: object) -> None:
        raise ValueError("the listener")

    with MessagesServer(Script((GOOD,))) as server:
        client = live(server)
        with pytest.raises(ValueError, match="the listener"):
            await client.reply(request(), broken)
        await client.close()


async def test_the_server_runs_as_a_program_and_serves_a_script(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text('[[steps]]\nfault = "overloaded"\n[otherwise]\ntext = "Hello."\n')
    program = [sys.executable, str(Path(__file__).with_name("messages_server.py")), "--script", str(script)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        client = live(str(json.loads(process.stdout.readline())["url"]))
        try:
            with pytest.raises(ModelProblem, match="overloaded"):
                await client.reply(request(), Ear())
            assert (await client.reply(request(), Ear())).content[0]["text"] == "Hello."
        finally:
            process.kill()
            await client.close()
