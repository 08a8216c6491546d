"""The order asked of a small model, against a Messages server on this machine: what it moves, and what never does."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridle.cli.main import main
from bridle.harness import reranking
from bridle.harness.asking import NO, YES, Consent
from bridle.harness.engine import Ask, GetContext, PackView, ReplyTo, StartRun, expect
from bridle.harness.nouns import UserProblem
from bridle.harness.session.state import State
from bridle.harness.settings import load
from tests.model.messages_server import CallStep, MessagesServer, Script, Step

pytestmark = pytest.mark.slow

SMALL = "claude-haiku-5-5"
TASK = "round half a cent up in the percent of an amount"
KEY = "sk-ant-" + "z9Y8x7W6v5" * 4
Serving = Callable[..., MessagesServer]


@pytest.fixture
def serving(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """Starts a server whose first answers are given, sets it up as the model, and the re-rank with it."""
    running: list[MessagesServer] = []

    def start(*steps: Step, agreed: bool = True, settings: str = '[context]\nrerank = "model"\n') -> MessagesServer:
        script = Script(steps, otherwise=Step(transcript=os.environ["BRIDLE_TRANSCRIPT"]))
        server = MessagesServer(script, home=trusted).__enter__()
        running.append(server)
        monkeypatch.delenv("BRIDLE_MODEL")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        config = trusted.parent / "config/bridle/config.toml"
        config.write_text(f'{config.read_text()}{settings}[models]\nsmall = "{SMALL}"\n')
        if agreed:
            (State(trusted).folder / "consent.json").write_bytes(msgspec.json.encode(Consent([server.url])))
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


def order(*numbers: int) -> Step:
    return Step(calls=(CallStep(reranking.TOOL, {"order": list(numbers)}),))


async def bill(opening: Any, request: GetContext | None = None) -> PackView:
    door = await opening("local")
    return expect(await door.engine.call(request or GetContext(TASK), 60.0), PackView)


def asked(server: MessagesServer) -> dict[str, Any]:
    return server.seen[0].body


def listing(server: MessagesServer) -> list[str]:
    text: str = asked(server)["messages"][0]["content"][0]["text"]
    return text.partition("<candidates>\n")[2].partition("\n</candidates>")[0].splitlines()


async def test_without_the_setting_nobody_is_asked_and_the_bytes_are_the_same(serving: Serving, opening: Any) -> None:
    server = serving(order(2, 1), settings="")
    one = await bill(opening)
    other = await bill(opening)
    assert server.seen == []
    assert one == other
    assert one.notes == ()


async def test_one_call_of_the_small_model_orders_names_and_the_bill_names_it(
    serving: Serving, opening: Any, trusted: Path
) -> None:
    server = serving(order(9, 2))
    view = await bill(opening)
    assert len(server.seen) == 1
    assert server.seen[0].refused == ()
    body = asked(server)
    assert body["model"] == SMALL
    (tool,) = body["tools"]
    assert tool["strict"]
    assert tool["input_schema"]["additionalProperties"] is False
    assert "return Money(" not in json.dumps(body), "no body is sent"
    number, path, *_ = listing(server)[8].split()
    assert number == "9"
    (note,) = view.notes
    assert note.startswith(f"re-ranked by {SMALL}: {len(listing(server))} names, ")
    assert "tokens, $0.0" in note
    moved = [piece for piece in view.pieces if f"{SMALL} put it at 1, not 9" in piece.reason]
    assert [piece.path for piece in moved] == [path]


async def test_what_the_call_took_is_counted_with_everything_else(
    serving: Serving, opening: Any, trusted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serving(order(1, 2))
    await bill(opening)
    assert main(["cost", "--root", str(trusted), "--by", "model", "--json"]) == 0
    assert SMALL in capsys.readouterr().out
    assert main(["audit", "show", "--root", str(trusted)]) == 0
    assert "put candidates in order" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (order(2, 999), "candidate 999"),
        (order(3, 3), "twice"),
        (order(), "length >= 1"),
        (Step(calls=(CallStep(reranking.TOOL, {"order": ["money.py"]}),)), "Expected `int`"),
        (Step(calls=(CallStep(reranking.TOOL, {"best": 1}),)), "unknown field"),
        (Step(text="The best is money.py."), "0 times"),
        (Step(calls=(CallStep("read", {"path": "a"}),)), "0 times"),
        (Step(text="No.", stop_reason="refusal"), "declined"),
        (Step(fault="bad_request"), "refuses the request"),
        (Step(fault="bad_tool_json"), SMALL),
    ],
)
async def test_an_answer_without_sense_leaves_the_order_and_says_why(
    serving: Serving, opening: Any, step: Step, why: str
) -> None:
    serving(step)
    off = await bill(opening)
    assert off.notes[0].startswith(f"not re-ranked, {reranking.STAYS}: ")
    assert why in off.notes[0]
    assert not any("put it at" in piece.reason for piece in off.pieces)


async def test_a_model_that_says_nothing_is_not_waited_for(
    serving: Serving, opening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "TIMEOUT_S", 0.5)
    serving(Step(fault="slow_headers"))
    (note,) = (await bill(opening)).notes
    assert "gave no answer within 0.5 s" in note


async def test_a_call_that_does_not_fit_into_the_budget_is_not_made(serving: Serving, opening: Any) -> None:
    server = serving(order(1), settings='[budget]\ntokens = 500\n[context]\nrerank = "model"\n')
    (note,) = (await bill(opening)).notes
    assert "0 of 500 tokens are spent" in note
    assert server.seen == []


async def test_a_bill_sends_nothing_to_an_endpoint_that_was_not_agreed_to(serving: Serving, opening: Any) -> None:
    server = serving(order(1), agreed=False)
    (note,) = (await bill(opening)).notes
    assert f"not agreed to yet that code goes to {server.url}" in note
    assert server.seen == []


async def test_secrets_and_files_that_may_not_be_read_are_not_named(
    serving: Serving, opening: Any, trusted: Path
) -> None:
    rules = '[permission]\ndeny = ["Read(src/till/receipt.py)"]\nask = ["Read(src/till/cart.py)"]\n'
    server = serving(order(1), settings=rules + '[context]\nrerank = "model"\n')
    (trusted / "src/till/fee.py").write_text(f'def percent_fee(amount, key="{KEY}"):\n    return amount\n')
    (trusted / ".env").write_text("TOKEN=a8Xk2hunter2Qw9zLp\n")
    (trusted / "src/till/other.py").write_text("def a8Xk2hunter2Qw9zLp(cent):\n    return cent\n")
    await bill(opening, GetContext(f"{TASK}, fee, a8Xk2hunter2Qw9zLp", excluded=("src/till/catalogue.py",)))
    told = json.dumps(server.seen[0].body)
    assert "percent_fee" in told
    assert KEY not in told
    assert "a8Xk2hunter2Qw9zLp" not in told
    assert [path for path in ("receipt.py", "cart.py", "catalogue.py") if f"till/{path}" in told] == []


def test_the_command_prints_how_the_order_came_about(
    serving: Serving, trusted: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    serving(order(2), order(2))
    assert main(["context", TASK, "--root", str(trusted)]) == 0
    assert f"\nre-ranked by {SMALL}: " in capsys.readouterr().out
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)  # an engine takes it out
    assert main(["context", TASK, "--root", str(trusted), "--json"]) == 0
    (note,) = json.loads(capsys.readouterr().out)["notes"]
    assert note.startswith(f"re-ranked by {SMALL}: ")


@pytest.mark.parametrize("value", ["model", "off"])
def test_no_project_has_a_say_in_it(trusted: Path, value: str) -> None:
    (trusted / "bridle.toml").write_text(f'[context]\nrerank = "{value}"\n')
    with pytest.raises(UserProblem, match="'context' may not be set here"):
        load(trusted)


async def test_a_recording_is_not_asked_for_an_order(opening: Any, trusted: Path) -> None:
    config = trusted.parent / "config/bridle/config.toml"
    config.write_text(config.read_text() + '[context]\nrerank = "model"\n')
    (note,) = (await bill(opening)).notes
    assert "a recording gives no order" in note


async def test_a_run_asks_for_the_order_first_after_the_persons_yes(serving: Serving, opening: Any) -> None:
    server = serving(order(4, 1), agreed=False)
    door = await opening("local")
    running = asyncio.create_task(door.run(StartRun("edit", TASK)))
    ask = await door.until(Ask)
    assert server.seen == []
    await door.engine.call(ReplyTo(ask.id, YES))
    ended = await running
    first, second, *_ = server.seen
    assert first.body["model"] == SMALL
    assert [tool["name"] for tool in first.body["tools"]] == [reranking.TOOL]
    assert second.body["model"] != SMALL
    assert ended.usage.turns == len(server.seen)
    assert len([event for event in door.events if isinstance(event, Ask)]) == 1


async def test_a_run_whose_person_says_no_sends_no_name(serving: Serving, opening: Any) -> None:
    server = serving(order(1), agreed=False)
    door = await opening("local")
    running = asyncio.create_task(door.run(StartRun("edit", TASK)))
    ask = await door.until(Ask)
    await door.engine.call(ReplyTo(ask.id, NO))
    assert "not agreed" in (await running).reason
    assert server.seen == []
