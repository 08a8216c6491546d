"""A run whose model runs a command: the person is asked through the door, and what it wrote is part of the proposal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from engine_driver import Driver

from bridle.harness.engine import Ask, PrepareLanding, ReplyTo, RunEnded, StartRun
from bridle.harness.permission.question import NO, ONCE

pytestmark = pytest.mark.slow

Opening = Callable[[str], Awaitable[Driver]]

TRANSCRIPT = """
[workspace]
name = "examples/till"

[workspace.files]
"AGENTS.md" = "f26d18d1540e509d194566e44d1a124d"

[[turns]]
text = "I make the script and its link."

[[turns.calls]]
tool = "run_command"
input = { command = "printf '#!/bin/sh\\\\necho hi\\\\n' > hi.sh && chmod +x hi.sh && ln -s hi.sh hello" }

[[turns]]
text = "Done."
"""


@pytest.fixture
def commanding(trusted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    transcript = tmp_path / "recorded" / "command.toml"
    transcript.parent.mkdir()
    transcript.write_text(TRANSCRIPT)
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(transcript))
    return trusted


async def run(door: Driver, answer: str) -> tuple[Ask, RunEnded]:
    going = asyncio.create_task(door.run(StartRun("edit", "add a script that says hi")))
    ask = await door.until(Ask)
    await door.engine.call(ReplyTo(ask.id, answer))
    return ask, await going


@pytest.mark.parametrize("form", ["local", "child"])
async def test_an_agreed_command_makes_a_part_of_the_proposal_that_lands(
    commanding: Path, opening: Opening, form: str
) -> None:
    door = await opening(form)
    ask, ended = await run(door, ONCE)
    assert ask.about == "permission"
    assert "chmod +x hi.sh && ln -s hi.sh hello" in ask.message
    proposal = await door.proposal(ended)
    assert [file.path for file in proposal.files] == ["hello", "hi.sh"]
    assert "new file mode 120000" in proposal.diff
    assert "new file mode 100755" in proposal.diff
    await door.land(PrepareLanding(proposal.id, force=True))
    assert (commanding / "hello").readlink() == Path("hi.sh")
    assert os.access(commanding / "hi.sh", os.X_OK)


async def test_a_command_that_the_person_declines_changes_nothing(commanding: Path, opening: Opening) -> None:
    door = await opening("local")
    _, ended = await run(door, NO)
    assert ended.proposal == ""
    assert not (commanding / "hi.sh").exists()
