"""What the model edits with is a setting: a whole run lands with each tool, and in each mode of the read form."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from engine_driver import Driver

from bridle.harness.asking import YES
from bridle.harness.engine import Ask, ReplyTo, RunProgress, StartRun
from bridle.harness.settings import load
from tests.model.messages_server import MessagesServer, Script, Step

pytestmark = pytest.mark.slow

Opening = Callable[[str], Awaitable[Driver]]

TEST = "test_half_a_cent_is_rounded_up"
BUG = "        return Money(self.cents * rate // 100)\n"
FIXED = "        return Money((self.cents * rate + 50) // 100)\n"

TRANSCRIPT = """
[workspace]
name = "examples/till"

[workspace.files]
"AGENTS.md" = "f26d18d1540e509d194566e44d1a124d"

[[turns]]
text = "I look at how a percentage is taken."

[[turns.calls]]
tool = "str_replace_based_edit_tool"
input = { command = "view", path = "src/till" }

[[turns.calls]]
tool = "str_replace_based_edit_tool"
input = { command = "view", path = "src/till/money.py", view_range = [1, -1] }

[[turns]]
text = "I let it round."

[[turns.calls]]
tool = "str_replace_based_edit_tool"

[turns.calls.input]
command = "str_replace"
path = "src/till/money.py"
old_str = "       return Money(self.cents * rate // 10)"
new_str = "x"

[[turns]]
when_contains = ["E_ANCHOR"]
text = "I copied it wrong."

[[turns.calls]]
tool = "str_replace_based_edit_tool"

[turns.calls.input]
command = "str_replace"
path = "src/till/money.py"
old_str = "return Money(self.cents * rate // 100)"
new_str = "return Money((self.cents * rate + 50) // 100)"

[[turns]]
text = "Half a cent goes up."
"""


def choose(till: Path, **settings: str) -> None:
    lines = [f'python = "{sys.executable}"', *(f'{key} = "{value}"' for key, value in settings.items())]
    (till.parent / "config" / "bridle" / "config.toml").write_text("\n".join(lines))


@pytest.fixture
def text_editor(trusted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example project, edited with the text editor tool by a recorded model."""
    choose(trusted, edit_tool="str_replace")
    transcript = tmp_path / "recorded" / "str_replace.toml"
    transcript.parent.mkdir()
    transcript.write_text(TRANSCRIPT)
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(transcript))
    return trusted


async def test_a_run_lands_with_the_text_editor_tool(text_editor: Path, opening: Opening) -> None:
    door = await opening("local")
    ended = await door.fix(TEST)
    assert (ended.outcome, ended.rounds) == ("succeeded", 1)
    offered = (await door.proposal(ended)).diff
    assert f"-{BUG}" in offered
    assert f"+{FIXED}" in offered


async def test_a_live_model_is_sent_the_text_editor_tool_by_its_type(
    text_editor: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(otherwise=Step(transcript=os.environ["BRIDLE_TRANSCRIPT"]))
    with MessagesServer(script, home=text_editor) as running:
        monkeypatch.delenv("BRIDLE_MODEL")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        door = await opening("local")
        verified = await door.verify()
        finding = next(f for v in verified.verdicts for f in v.findings if TEST in f.test)
        waiting = asyncio.create_task(door.run(StartRun("fix", "", finding=finding)))
        ask = await door.until(Ask)
        await door.engine.call(ReplyTo(ask.id, YES))
        assert (await waiting).outcome == "succeeded"
        said = [event.message for event in door.events if isinstance(event, RunProgress)]
        place = said.index("editing src/till/money.py")
        assert said[place - 1] == "the model prepares str_replace_based_edit_tool", "told while it was being written"
        tools = running.seen[0].body["tools"]
    assert [tool["name"] for tool in tools] == [
        "search", "symbols", "str_replace_based_edit_tool", "run_check", "run_command", "ask", "note",
    ]  # fmt: skip
    assert tools[2] == {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}


@pytest.mark.parametrize("mode", ["plain", "strict"])
async def test_a_run_lands_in_every_mode_of_the_read_form(trusted: Path, opening: Opening, mode: str) -> None:
    choose(trusted, read_mode=mode)
    assert load(trusted).read_mode == mode
    door = await opening("local")
    ended = await door.fix(TEST)
    if mode == "plain":
        assert ended.outcome == "succeeded"
        assert f"+{FIXED}" in (await door.proposal(ended)).diff
    else:  # the transcript was recorded without `was`: each of its edits is refused, so nothing may stand
        assert ended.outcome != "succeeded"
        assert ended.proposal == ""
