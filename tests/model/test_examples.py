"""The examples that ship with us: real, broken in just the ways they say, and mended as recorded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.edits.hashline import plan
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.readview import read, view
from bridle.harness.edits.request import parse
from bridle.harness.edits.revisions import Revisions
from bridle.harness.model.choose import examples
from bridle.harness.model.client import Message, ModelProblem
from bridle.harness.model.replay import EXHAUSTED, Replay
from bridle.harness.model.transcript import load
from tests.model.asking import Ear, assistant, request, user

pytestmark = pytest.mark.slow

BUG = "return Money(self.cents * rate // 100)"
WRONG = "return Money(round(self.cents * rate / 100))"
RIGHT = "return Money((self.cents * rate + 50) // 100)"


@pytest.fixture
def till(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(examples() / "till", tmp_path / "till", ignore=shutil.ignore_patterns(".*cache", "__pycache__"))
    )


def run(till: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *argv], cwd=till, env=kept, capture_output=True, text=True, check=False
    )


def pytest_says(till: Path) -> str:
    return run(till, "pytest", "-p", "no:cacheprovider").stdout


def test_one_test_fails_for_a_real_bug_and_all_others_pass(till: Path) -> None:
    said = pytest_says(till)
    assert "FAILED tests/test_money.py::test_half_a_cent_is_rounded_up" in said
    assert "1 failed, 21 passed" in said


def test_there_is_one_lint_finding_and_types_are_clean(till: Path) -> None:
    found = json.loads(run(till, "ruff", "check", "--no-cache", "--output-format", "json").stdout)
    assert [(each["code"], Path(each["filename"]).name) for each in found] == [("F401", "receipt.py")]
    assert run(till, "ruff", "format", "--no-cache", "--check").returncode == 0
    assert run(till, "mypy", "--no-incremental", "--cache-dir", os.devnull).returncode == 0


def test_the_obvious_wrong_patch_is_rejected_and_the_right_one_is_not(till: Path) -> None:
    source = till / "src/till/money.py"
    bug = source.read_text()
    source.write_text(bug.replace(BUG, WRONG))
    assert "assert Money(cents=2) == Money(cents=3)" in pytest_says(till)
    source.write_text(bug.replace(BUG, RIGHT))
    assert "22 passed" in pytest_says(till)


class Desk:
    """A run as small as it can be: the tools of a run on a folder, and pytest when the model stops."""

    def __init__(self, till: Path, task: str) -> None:
        self.till = till
        self.revisions = Revisions()
        self.messages: list[Message] = [user(task)]
        self.refused: list[str] = []
        self.replay = Replay(load(examples() / "transcripts"), till)

    async def talk(self) -> str:
        """Until the model stops; returns its last words."""
        while True:
            reply = await self.replay.reply(request(*self.messages, model="replay"), Ear())
            self.messages.append(assistant(*reply.content))
            calls = [block for block in reply.content if block["type"] == "tool_use"]
            if not calls:
                return str(reply.content[-1]["text"])
            self.messages.append({"role": "user", "content": [self.used(call) for call in calls]})

    def used(self, call: dict[str, Any]) -> dict[str, Any]:
        try:
            text = getattr(self, call["name"])(**call["input"])
        except ToolProblem as problem:
            self.refused.append(problem.code)
            text = str(problem)
        return {"type": "tool_result", "tool_use_id": call["id"], "content": text}

    def tell(self, text: str) -> None:
        self.messages.append(user(text))

    def data(self, path: str) -> bytes | None:
        file = self.till / path
        return file.read_bytes() if file.is_file() else None

    def read(self, path: str) -> str:
        return read(self.revisions, path, self.data(path)).text

    def search(self, query: str) -> str:
        return f"src/till/money.py:46-48  def percent(self, rate: int) -> Money   ({query})"

    def run_check(self, check: str) -> str:
        return f"{check}: fail" if "failed" in pytest_says(self.till) else f"{check}: pass"

    def hashline_edit(self, **given: Any) -> str:
        told = []
        for file in plan(parse(given), self.revisions, self.data, lambda path, number: None).files:
            assert file.after is not None
            (self.till / file.path).write_bytes(file.after)
            ranges = [(edit.start - 2, edit.end + 2) for edit in file.inverse]
            told.append(view(self.revisions, self.revisions.note(file.path, file.after), ranges).text)
        return "\n\n".join(told)


async def test_the_recorded_fix_is_refused_once_rejected_once_and_then_right(till: Path) -> None:
    desk, source = Desk(till, "Make this finding go away by mending its cause."), till / "src/till/money.py"
    await desk.talk()
    assert desk.refused == ["E_ANCHOR"]
    assert WRONG in source.read_text()
    desk.tell(f"The project's checks ran on your change.\n\n{desk.run_check('pytest')}")
    assert "half of the divisor" in await desk.talk()
    assert RIGHT in source.read_text()
    assert "22 passed" in pytest_says(till)
    desk.tell("And now?")
    assert await desk.talk() == EXHAUSTED


async def test_the_recorded_fix_survives_lines_that_were_inserted_above(till: Path) -> None:
    source = till / "src/till/money.py"
    source.write_text("# not saved yet\n\n\n" + source.read_text())
    desk = Desk(till, "Mend it.")
    await desk.talk()
    assert WRONG in source.read_text()
    assert source.read_text().startswith("# not saved yet\n")


async def test_the_recorded_way_round_the_test_takes_assertions_out_and_ends_with_a_person(till: Path) -> None:
    desk, test = Desk(till, "Make it pass; loosen the test if you must."), till / "tests/test_money.py"
    before = test.read_text()
    await desk.talk()
    assert test.read_text().count("assert ") == before.count("assert ") - 2
    desk.tell("Refused by the gate 'test weakened'.")
    assert "A person has to say" in await desk.talk()


async def test_the_recordings_refuse_another_workspace(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    with pytest.raises(ModelProblem, match="belongs to 'examples/till'"):
        await Desk(tmp_path, "Mend it.").talk()
