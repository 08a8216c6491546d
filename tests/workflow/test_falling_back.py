"""What is asked of a model that takes less, costs too much, or does not answer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bridle.harness.model.budget import BudgetReached, Meter, estimate
from bridle.harness.model.client import Listener, ModelProblem, ModelReply, ModelRequest
from bridle.harness.model.profiles import Effort
from bridle.harness.nouns import Budget, RunId, Usage
from bridle.harness.session.events import ModelCalled
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.tools.toolbox import Toolbox
from bridle.harness.workflow.conversation import MAX_OUTPUT_TOKENS, Conversation, Sitting
from tests.model.asking import request, user

DEAR, CHEAP = "claude-opus-5-5", "claude-haiku-5-5"
RUN = RunId("r1")


class Picky:
    """A model that answers, unless it is asked for what it does not take."""

    model = DEAR
    endpoint = "https://somewhere.example"

    def __init__(self, *, effort: bool = True, down: tuple[str, ...] = ()) -> None:
        self.seen: list[tuple[str, Effort]] = []
        self._takes_effort = effort
        self._down = down

    async def prepare(self) -> None: ...

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        self.seen.append((request.model, request.effort))
        if request.effort and not self._takes_effort:
            raise ModelProblem("fatal", "the endpoint refuses the request (400)", refused=True)
        if request.model in self._down:
            raise ModelProblem("transient", "the endpoint is overloaded")
        return ModelReply(({"type": "text", "text": "Done."},), "end_turn", Usage(turns=1), request.model)

    async def close(self) -> None: ...


async def ask(
    folder: Path, model: Picky, budget: Budget | None = None, *, effort: Effort = "", fallback: str = ""
) -> list[str]:
    """Talk once; returns what was said on the way."""
    said: list[str] = []
    journal = Journal(folder, RUN, time.time)
    try:
        seat = Sitting(model, "You change code.", "build", effort=effort, fallback=fallback)
        talk = Conversation(seat, Toolbox([]), journal, Meter(budget or Budget(), time.monotonic))
        talk.tell("mend it")
        assert await talk.talk(said.append) == "Done."
    finally:
        journal.close()
    return said


def asked(folder: Path) -> list[str]:
    events = (record.event() for record in read_journal(folder, RUN).records)
    return [event.model for event in events if isinstance(event, ModelCalled)]


async def test_a_model_that_takes_no_effort_is_asked_without_one(tmp_path: Path) -> None:
    model = Picky(effort=False)
    await ask(tmp_path, model, effort="high")
    assert model.seen == [(DEAR, "high"), (DEAR, "")]


async def test_where_the_money_is_too_little_the_smaller_model_is_asked(tmp_path: Path) -> None:
    wanted = [estimate(request(user("mend it"), model=name, max_tokens=MAX_OUTPUT_TOKENS)) for name in (DEAR, CHEAP)]
    dear, cheap = (one.cost_usd_micros or 0 for one in wanted)
    assert cheap < dear
    between = Budget(cost_usd_micros=(cheap + dear) // 2)
    model = Picky()
    said = await ask(tmp_path, model, between, fallback=CHEAP)
    assert model.seen == [(CHEAP, "")]
    assert asked(tmp_path) == [CHEAP], "the journal tells which model was asked"
    assert f"the money is too little: asking {CHEAP} from now on" in said


async def test_without_another_model_a_limit_is_a_limit(tmp_path: Path) -> None:
    model = Picky()
    with pytest.raises(BudgetReached):
        await ask(tmp_path, model, Budget(cost_usd_micros=1))
    with pytest.raises(BudgetReached):
        await ask(tmp_path, model, Budget(cost_usd_micros=1), fallback=CHEAP)
    assert model.seen == []


async def test_a_model_that_is_down_for_good_is_left_for_the_other_once(tmp_path: Path) -> None:
    model = Picky(down=(DEAR,))
    said = await ask(tmp_path, model, fallback=CHEAP)
    assert model.seen == [(DEAR, ""), (CHEAP, "")]
    assert any("the endpoint is overloaded: asking" in line for line in said)
    model = Picky(down=(DEAR, CHEAP))
    with pytest.raises(ModelProblem, match="overloaded"):
        await ask(tmp_path, model, fallback=CHEAP)
    assert model.seen == [(DEAR, ""), (CHEAP, "")]
