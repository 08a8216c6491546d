"""A run whose calls a hook watches: what it refuses does not happen, and the journal tells by whom."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from engine_driver import Driver

from bridle.harness.nouns import RunId
from bridle.harness.session.events import Decided
from bridle.harness.session.journal import read_journal
from bridle.harness.session.state import State

pytestmark = pytest.mark.slow

TEST = "test_half_a_cent_is_rounded_up"
BUG = "        return Money(self.cents * rate // 100)\n"
Opening = Callable[[str], Awaitable[Driver]]


def decisions(root: Path) -> list[Decided]:
    state = State(root)
    runs = [path.stem for path in state.journals.iterdir() if path.suffix == ".jsonl"]
    records = [record for run in runs for record in read_journal(state.journals, RunId(run)).records]
    events = [record.event() for record in records]
    return [event for event in events if isinstance(event, Decided)]


async def test_an_edit_that_a_hook_refuses_does_not_stand_and_the_journal_names_the_hook(
    trusted: Path, opening: Opening, tmp_path: Path
) -> None:
    told = tmp_path / "told.jsonl"
    hook = tmp_path / "freeze.py"
    hook.write_text(
        f"import sys\nline = sys.stdin.read()\nopen({str(told)!r}, 'a').write(line)\n"
        "sys.stderr.write('nothing changes on a Friday')\nsys.exit(2)\n"
    )
    config = tmp_path / "config" / "bridle" / "config.toml"
    argv = json.dumps([sys.executable, "-I", str(hook)])
    config.write_text(f'{config.read_text()}\n[[hook]]\nname = "freeze"\ntools = ["Edit"]\nargv = {argv}\n')
    door = await opening("local")
    ended = await door.fix(TEST)
    assert ended.outcome != "succeeded"
    assert BUG in (trusted / "src/till/money.py").read_text()
    await door.engine.close()
    found = decisions(trusted)
    reads = {(each.tool, each.verdict, each.origin) for each in found if each.tool == "Read"}
    assert reads == {("Read", "allow", "mode")}
    refused = [each for each in found if each.tool == "Edit"]
    assert {(each.verdict, each.rule, each.origin) for each in refused} == {("deny", "hook freeze (user)", "hook")}
    assert "nothing changes on a Friday" in refused[0].reason
    assert [msgspec.json.decode(line)["tool"] for line in told.read_bytes().splitlines()] == ["Edit"] * len(refused)
