"""What the rules, or a hook, do not let be read is in no pack, no bill, no search, and named to no model."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.asking import YES
from bridle.harness.engine import (
    Ask,
    FindSymbols,
    GetContext,
    GetImpact,
    Impact,
    PackView,
    ReplyTo,
    Selection,
    StartRun,
    Symbols,
    expect,
)
from bridle.indexer.resolve import path_of
from tests.model.messages_server import CallStep, MessagesServer, Script, Step

pytestmark = pytest.mark.slow

TASK = "round half a cent up in the percent of an amount, on the receipt and in the cart"
RULES = '[permission]\ndeny = ["Read(src/till/receipt.py)"]\nask = ["Read(src/till/cart.py)"]\n'
DENIED, ASKED = "src/till/receipt.py", "src/till/cart.py"


def set_up(trusted: Path, more: str) -> None:
    config = trusted.parent / "config/bridle/config.toml"
    config.write_text(f"{config.read_text()}\n{more}")


async def bill(opening: Any, request: GetContext) -> PackView:
    door = await opening("local")
    return expect(await door.engine.call(request, 60.0), PackView)


def shown(view: PackView) -> set[str]:
    return {piece.path for piece in view.pieces}


async def test_without_a_rule_all_of_it_is_shown(opening: Any, trusted: Path) -> None:
    assert {DENIED, ASKED} <= shown(await bill(opening, GetContext(TASK)))


async def test_what_may_not_be_read_is_left_out_and_the_bill_says_by_which_rule(opening: Any, trusted: Path) -> None:
    set_up(trusted, RULES)
    view = await bill(opening, GetContext(TASK))
    assert not {DENIED, ASKED} & shown(view)
    assert [path for path in ("receipt.py", "cart.py") if f"till/{path}" in view.text] == []
    reasons = {what.partition("::")[0]: why for what, why in view.left_out}
    assert reasons[DENIED] == f"Read '{DENIED}' is denied by a rule"
    assert f"Read '{ASKED}'" in reasons[ASKED]


async def test_what_a_rule_asks_about_is_shown_where_the_person_points_at_it_and_what_it_denies_never(
    opening: Any, trusted: Path
) -> None:
    set_up(trusted, RULES)
    pinned = (Selection(DENIED, 0, 2_000), Selection(ASKED, 0, 2_000))
    view = await bill(opening, GetContext(TASK, pinned=pinned))
    assert ASKED in shown(view)
    assert DENIED not in shown(view)


async def test_a_hook_that_refuses_reading_is_heard(opening: Any, trusted: Path, tmp_path: Path) -> None:
    hook = tmp_path / "quiet.py"
    hook.write_text(
        "import sys\nif 'receipt' in sys.stdin.read():\n    sys.stderr.write('not that one')\n    sys.exit(2)\n"
    )
    argv = json.dumps([sys.executable, "-I", str(hook)])
    set_up(trusted, f'[[hook]]\nname = "quiet"\ntools = ["Read"]\nargv = {argv}\n')
    view = await bill(opening, GetContext(TASK))
    assert ASKED in shown(view)
    assert DENIED not in shown(view)


@pytest.mark.parametrize(
    ("by_model", "limit", "paths"), [(False, 40, {DENIED, ASKED}), (True, 40, set()), (True, 1, set())]
)
async def test_a_model_that_looks_for_names_finds_none_of_it_and_a_person_does(
    opening: Any, trusted: Path, by_model: bool, limit: int, paths: set[str]
) -> None:
    set_up(trusted, RULES)
    door = await opening("local")
    await door.engine.call(GetContext(TASK), 60.0)
    found = expect(await door.engine.call(FindSymbols("t", "utf-8", limit=limit, by_model=by_model), 60.0), Symbols)
    told = {row.path for row in found.rows}
    assert {DENIED, ASKED} & told == paths
    assert told - {DENIED, ASKED}, "the names of other files are told"


@pytest.mark.parametrize("by_model", [False, True])
async def test_a_model_that_asks_what_a_change_reaches_is_told_of_nothing_there_and_a_person_is(
    opening: Any, trusted: Path, by_model: bool
) -> None:
    set_up(trusted, RULES)
    door = await opening("local")
    await door.engine.call(GetContext(TASK), 60.0)
    asked = GetImpact("Money.percent", by_model=by_model)
    found = expect(await door.engine.call(asked, 60.0), Impact)
    told = {path_of(one) for row in found.rows for one in (row.id, *row.way)}
    assert ({DENIED, ASKED} & told == set()) == by_model
    assert told - {DENIED, ASKED}
    assert found.total == len(found.rows)
    hidden = expect(await door.engine.call(GetImpact(f"{DENIED}:1", by_model=by_model), 60.0), Impact)
    assert (not hidden.of and DENIED not in str(hidden.alike)) == by_model


@pytest.fixture
def server(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    steps = (Step(calls=(CallStep("search", {"query": "receipt cart total"}),)),)
    with MessagesServer(Script(steps, otherwise=Step(transcript=os.environ["BRIDLE_TRANSCRIPT"])), home=trusted) as one:
        monkeypatch.delenv("BRIDLE_MODEL")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", one.url)
        yield one


async def test_a_run_is_sent_none_of_it_by_its_pack_or_by_a_search(
    server: MessagesServer, opening: Any, trusted: Path
) -> None:
    set_up(trusted, RULES)
    door = await opening("local")
    running = asyncio.create_task(door.run(StartRun("edit", TASK)))
    ask = await door.until(Ask)
    assert ASKED not in ask.message
    await door.engine.call(ReplyTo(ask.id, YES))
    await running
    sent = [json.dumps(one.body["messages"]) for one in server.seen]
    assert len(sent) > 1
    answered = [text for text in sent if "tool_result" in text]
    assert "money.py" in answered[0]
    assert [name for name in ("till/receipt.py", "till/cart.py") if name in sent[0] or name in answered[0]] == []
