"""Talks with an endpoint that fails in every way that is known, through the real SDK: what was run, asked and spent.

`strike` holds one such talk; `wrong` says what of it is not as promised.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import msgspec

from bridle.harness.model.budget import BudgetReached, Meter, Reserved, counted
from bridle.harness.model.client import ModelProblem
from bridle.harness.model.live import Patience
from bridle.harness.model.profiles import shipped
from bridle.harness.model.retry import Patient, Policy
from bridle.harness.nouns import Budget, RunId
from bridle.harness.session.events import ModelCalled
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.tools.toolbox import Input, Tool, Toolbox
from bridle.harness.workflow.conversation import Conversation, Sitting
from tests.model.asking import MODEL, live
from tests.model.messages_server import CallStep, MessagesServer, Script, Step, events

FIRST = {"path": "a.py", "text": "x = 1\n" * 20}
SECOND = {"path": "b.py", "text": "y = 2\n" * 40}
TASK = "Write two files. " * 600
CALL_AT = 900
"""Where in the stream of the second call its tool call has begun."""
END_BYTES = 40
"""What a whole stream may lack at its end and still not be whole."""

PERMANENT = (
    "bad_request", "unauthorized", "billing", "forbidden", "not_found", "too_large", "spend_limit", "tier_spend_limit",
    "redirect",
)  # fmt: skip
PASSING = (
    "rate_limit", "rate_limit_with_a_time", "server_error", "bad_gateway", "overloaded", "error_mid_stream",
    "cut_at_a_byte", "cut_inside_a_call", "end_early", "stall", "slow_headers",
)  # fmt: skip
ODD = ("garbage", "empty", "wrong_type", "bad_tool_json", "trickle", "max_tokens_mid_tool")
KINDS = (*PERMANENT, *PASSING, *ODD)
SLOW = ("stall", "slow_headers", "trickle")

SMALL = msgspec.structs.replace(
    shipped(), model={MODEL: msgspec.structs.replace(shipped().of(MODEL), max_output_tokens=2_000)}
)
"""Short replies, so that what is sent is most of what a call may take."""
SPEC: dict[str, Any] = {
    "name": "write",
    "description": "Write a file.",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}, "text": {"type": "string"}}},
}


class Outcome(msgspec.Struct, frozen=True):
    """One talk: what was run, how often was asked since the fault, how often for the same, its end, its cost."""

    kind: str
    ran: tuple[dict[str, Any], ...]
    asked: int
    repeated: int
    ended: str
    spent: int
    limit: int
    reserved: int


def step_of(kind: str, dice: random.Random) -> Step:
    """The faulty answer of a kind, cut where the dice say."""
    words = Step(text="I write the second file.", calls=(CallStep("write", SECOND),))
    match kind:
        case "rate_limit_with_a_time":
            return msgspec.structs.replace(words, fault="rate_limit", retry_after=str(dice.randint(0, 20)))
        case "cut_at_a_byte":
            return msgspec.structs.replace(words, cut_at=dice.randint(1, size_of(words)))
        case "cut_inside_a_call":
            return msgspec.structs.replace(words, cut_at=dice.randint(CALL_AT, size_of(words)))
        case _:
            return msgspec.structs.replace(words, fault=kind)


def size_of(step: Step) -> int:
    """How many bytes of a whole answer can be sent without its being whole."""
    told = events(step, {"model": MODEL}, {}, 1)
    return sum(len(json.dumps(data)) + 2 * len(name) for name, data in told) - END_BYTES


async def strike(kind: str, dice: random.Random, folder: Path) -> Outcome:
    """Talk with an endpoint that answers once, fails, and for passing faults comes back after a while, or never."""
    first = Step(text="I write the first file.", calls=(CallStep("write", FIRST),))
    fault, good = step_of(kind, dice), Step(text="Again.", calls=(CallStep("write", SECOND),))
    comes_back = kind not in PERMANENT and dice.random() < 0.7
    faults = (fault,) * dice.randint(1, 2)
    script = Script((first, *faults, good)) if comes_back else Script((first,), fault)
    script = msgspec.structs.replace(script, counts_cache=dice.random() < 0.5)
    ran: list[dict[str, Any]] = []

    async def write(given: Input) -> str:
        ran.append(dict(given))
        return "written"

    budget = Budget(tokens=dice.randint(8_000, 40_000), turns=12)
    journal = Journal(folder, RunId("r"), time.time)
    meter = Meter(budget, time.monotonic)
    with MessagesServer(script) as server:
        client = patient(server, slow=kind in SLOW)
        sitting = Sitting(client, "You change code.", "build", profiles=SMALL)
        talk = Conversation(sitting, Toolbox([Tool("write", SPEC, write)]), journal, meter)
        talk.tell(TASK)
        try:
            ended = await talk.talk(lambda line: None)
        except (ModelProblem, BudgetReached) as problem:
            ended = f"{type(problem).__name__}: {problem}"
        finally:
            await client.close()
            journal.close()
    calls = [record.event() for record in read_journal(folder, RunId("r")).records]
    sums = [msgspec.convert(one.reserved, Reserved) for one in calls if isinstance(one, ModelCalled)]
    reserved = max((one.tokens for one in sums), default=0)
    asked = [msgspec.json.encode(seen.body) for seen in server.seen]
    return Outcome(
        kind=kind,
        ran=tuple(ran),
        asked=len(asked) - 1,
        repeated=len(asked) - len(set(asked)),
        ended=ended,
        spent=counted(meter.usage),
        limit=budget.tokens,
        reserved=reserved,
    )


def patient(server: MessagesServer, *, slow: bool) -> Patient:
    """A client that naps without waiting; it gives a slow endpoint little time."""
    napped: list[float] = []

    async def nap(seconds: float) -> None:
        napped.append(seconds)

    patience = Patience(connect_s=10.0, stall_s=0.2, call_s=0.4) if slow else Patience(10.0, 20.0, 40.0)
    return Patient(live(server, patience), Policy(), sleep=nap, now=lambda: sum(napped), luck=lambda: 1.0)


def wrong(outcome: Outcome) -> list[str]:
    """What of a talk is not as promised; empty where all is."""
    found: list[str] = []
    partial = [one for one in outcome.ran if one not in (FIRST, SECOND)]
    if partial:
        found.append(f"a partial call was run: {partial}")
    if outcome.ran.count(FIRST) > 1 or outcome.ran.count(SECOND) > 1:
        found.append("a call was run twice")
    if outcome.kind in PERMANENT and (outcome.repeated or SECOND in outcome.ran):
        found.append(f"after a permanent fault the same was asked again {outcome.repeated} times")
    if outcome.repeated >= Policy().attempts:
        found.append(f"the same was asked again {outcome.repeated} times")
    if outcome.spent > outcome.limit + outcome.reserved:
        found.append(f"{outcome.spent} of {outcome.limit} tokens were spent, {outcome.reserved} for the dearest call")
    return found
