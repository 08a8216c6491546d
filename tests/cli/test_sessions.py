"""`bridle sessions`: what a run did, and going back, another way and on from any step of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rewinds import After, Lab

from bridle.cli.main import main
from tests.cli.test_commands import MONEY, till

__all__ = ["till"]

pytestmark = pytest.mark.slow


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Shell:
    """The command in this process."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._root = root
        self._capsys = capsys

    def __call__(self, *words: str) -> Said:
        self._capsys.readouterr()
        code = main(["sessions", *words, "--root", str(self._root)])
        return Said(code, *self._capsys.readouterr())

    def json(self, *words: str) -> Any:
        done = self(*words, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)


@pytest.fixture
def landed(till: Path) -> Lab:
    """A workspace in which a run said three things and then changed a file."""
    lab = Lab(till)
    lab.run("r1", {MONEY: After(b"# mended\n" + (till / MONEY).read_bytes())}, said=3)
    asyncio.run(lab.accept("r1", force=True))
    return lab


@pytest.fixture
def sessions(landed: Lab, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(landed.root, capsys)


def test_a_run_is_shown_goes_back_and_is_forked(landed: Lab, sessions: Shell) -> None:
    place = landed.root / MONEY
    after = place.read_bytes()
    told = sessions.json("show", "r1")
    [row], steps = told["sessions"], told["steps"]
    assert (row["id"], row["steps"], row["outcome"]) == ("r1", len(steps), "succeeded")
    assert [step["seq"] for step in steps if step["kind"] == "told"] == [2, 3, 4]
    back = sessions.json("rollback", "r1", "--to", "3")
    assert (back["to"], back["sessions"][0]["resumable"]) == (3, True)
    assert b"# mended\n" + place.read_bytes() == after
    fork = sessions.json("fork", "r1")["run"]
    shown = sessions("show", fork).out
    assert "forked from r1, step" in shown
    assert "(can be resumed)" in shown
    export = landed.root.parent / "run.md"
    assert sessions("export", "r1", "--markdown", "--output", str(export)).code == 0
    assert export.read_text().startswith("# edit: r1\n")
    assert "(cut by going back)" in export.read_text()


def test_lines_that_were_changed_since_are_asked_about(landed: Lab, sessions: Shell) -> None:
    place = landed.root / MONEY
    place.write_bytes(place.read_bytes().replace(b"# mended\n", b"# mine\n"))
    before = place.read_bytes()
    asked = sessions("rollback", "r1", "--on-clash", "refuse")
    assert (asked.code, place.read_bytes()) == (1, before)
    assert "--on-clash keep" in asked.err
    kept = sessions("rollback", "r1", "--on-clash", "keep")
    assert (kept.code, place.read_bytes()) == (0, before), kept.err


def test_what_cannot_be_done_says_what_can(landed: Lab, sessions: Shell) -> None:
    there = f"its steps are 1 to {landed.n_steps('r1') - 1}"
    for words, told in [(("rollback", "r1", "--to", "99"), there), (("export", "../x"), "not the name of a run")]:
        done = sessions(*words)
        assert (done.code, done.out) == (1, ""), words
        assert told in done.err
