"""A call that brought no answer is paid all the same: what it is known to have cost is in the journal and the sums."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bridle.harness.audit.spending import spending
from bridle.harness.model.budget import Meter
from bridle.harness.model.client import (
    Charged,
    Listener,
    ModelProblem,
    ModelReply,
    ModelRequest,
    Retrying,
    StreamEvent,
    TextDelta,
)
from bridle.harness.model.live import Patience
from bridle.harness.model.retry import Patient, Policy
from bridle.harness.nouns import Budget, RunId, Usage
from bridle.harness.session.fold import fold
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.tools.toolbox import Toolbox
from bridle.harness.workflow.conversation import Conversation, Sitting
from bridle.harness.workflow.ending import Ended
from tests.model.asking import live, request
from tests.model.messages_server import MessagesServer, Script, Step

RUN = RunId("r1")
FIRST, SECOND = Usage(100, 1, cost_usd_micros=420), Usage(100, 30, cost_usd_micros=1_000, turns=1)


class Unlucky:
    """A model that begins to answer, and then does as it is told."""

    model = "claude-opus-5-5"
    endpoint = "https://somewhere.example"

    def __init__(self, end: str) -> None:
        self._end = end

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        if self._end == "fails":
            raise ModelProblem("fatal", "the key was revoked", spent=FIRST)
        if self._end == "declines":
            return ModelReply((), "refusal", FIRST, request.model)
        try:
            await asyncio.Event().wait()
        finally:
            on_event(Charged(SECOND))
            on_event(Charged(FIRST))
        raise AssertionError("nobody waits for this")

    async def prepare(self) -> None: ...

    async def close(self) -> None: ...


async def talk(folder: Path, end: str) -> Meter:
    meter = Meter(Budget(), time.monotonic)
    journal = Journal(folder, RUN, time.time)
    try:
        conversation = Conversation(Sitting(Unlucky(end), "You change code.", "build"), Toolbox([]), journal, meter)
        conversation.tell("mend it")
        async with asyncio.timeout(0.05 if end == "is broken off" else 20):
            await conversation.talk(lambda line: None)
    except (ModelProblem, Ended, TimeoutError):
        pass
    finally:
        journal.close()
    return meter


@pytest.mark.parametrize(("end", "micros"), [("fails", 420), ("declines", 420), ("is broken off", 1_420)], ids=str)
async def test_what_it_cost_is_in_the_budget_the_journal_and_the_sums(tmp_path: Path, end: str, micros: int) -> None:
    meter = await talk(tmp_path, end)
    reading = read_journal(tmp_path, RUN)
    (spent,) = spending(reading)
    assert meter.usage.cost_usd_micros == micros
    assert spent.usage.cost_usd_micros == micros
    assert spent.model == "claude-opus-5-5"
    assert fold(reading.records).usage.cost_usd_micros == micros
    assert [message["role"] for message in fold(reading.records).messages] == ["user"], "nothing of it is gone on with"


async def test_a_call_that_was_refused_outright_cost_nothing_and_is_in_no_sum(tmp_path: Path) -> None:
    class Closed(Unlucky):
        async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
            raise ModelProblem("fatal", "no such key")

    journal = Journal(tmp_path, RUN, time.time)
    meter = Meter(Budget(), time.monotonic)
    conversation = Conversation(Sitting(Closed(""), "You change code.", "build"), Toolbox([]), journal, meter)
    conversation.tell("mend it")
    with pytest.raises(ModelProblem):
        await conversation.talk(lambda line: None)
    journal.close()
    assert list(spending(read_journal(tmp_path, RUN))) == []


@pytest.mark.slow
async def test_a_live_call_that_is_broken_off_tells_what_all_attempts_at_it_cost() -> None:
    cut, still = Step(text="word " * 200, fault="end_early"), Step(text="word " * 400, fault="stall")
    with MessagesServer(Script((cut, still))) as server:
        heard = asyncio.Event()
        said: list[StreamEvent] = []

        def hear(event: StreamEvent) -> None:
            said.append(event)
            if any(isinstance(one, Retrying) for one in said) and isinstance(event, TextDelta):
                heard.set()

        client = Patient(live(server, Patience()), Policy(first_s=0.01))
        call = asyncio.create_task(client.reply(request(), hear))
        async with asyncio.timeout(20):
            await heard.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await client.close()
    charged = [event.usage for event in said if isinstance(event, Charged)]
    assert [usage.input_tokens for usage in charged] == [seen.usage["input_tokens"] for seen in server.seen]
    assert sum(usage.output_tokens for usage in charged) > 300, "what was heard counts, though nothing was told of it"
    assert all(usage.cost_usd_micros for usage in charged)
