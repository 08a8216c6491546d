"""What is told of a place: callers, tests, the last change by real git, and the run whose landing stands there."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_driver import Driver

from bridle.harness.asking import YES
from bridle.harness.engine import (
    About,
    Ask,
    EditLines,
    GetAbout,
    GetStatus,
    IndexProgress,
    PrepareLanding,
    PrepareUndo,
    ReadLines,
    ReplyTo,
    Shown,
    Spot,
    StartRun,
    Status,
    Verify,
    expect,
)
from tests.model.messages_server import MessagesServer, Script, Step

pytestmark = pytest.mark.slow

MONEY = "src/till/money.py"
TEST = "test_half_a_cent_is_rounded_up"
NOBODY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_COMMITTER_NAME": "C",
    "GIT_COMMITTER_EMAIL": "c@example.com",
}


def git(root: Path, *arguments: str, by: str = "Ada", on: str = "2026-11-01T12:00:00+00:00") -> None:
    env = {**os.environ, **NOBODY, "GIT_AUTHOR_NAME": by, "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_AUTHOR_DATE": on}
    subprocess.run(["git", *arguments], cwd=root, check=True, env=env, capture_output=True)


def commit(root: Path, subject: str, *, by: str = "Ada", on: str = "2026-11-01T12:00:00+00:00") -> None:
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty-message", "-m", subject, by=by, on=on)


def line_of(root: Path, path: str, text: str) -> int:
    lines = (root / path).read_text().split("\n")
    return next(number for number, line in enumerate(lines) if text in line)


async def about(door: Driver, path: str, line: int, character: int = 8) -> About:
    """Ask twice: the second answer has what git said after the first had left."""
    ask = GetAbout(Spot(path, line, character, "utf-8"))
    await door.engine.call(ask)
    for _ in range(50):
        told = expect(await door.engine.call(ask), About)
        if told.change is not None or not told.name:
            break
        await asyncio.sleep(0.1)
    return told


async def known(opening: Any, form: str = "local") -> Driver:
    door: Driver = await opening(form)
    await door.until(IndexProgress, lambda event: event.done)
    return door


# --- callers ----------------------------------------------------------------------------------------------------


async def test_callers_are_told_on_the_name_its_head_and_its_uses(opening: Any, trusted: Path) -> None:
    door = await known(opening)
    head = line_of(trusted, MONEY, "def percent")
    told = await about(door, MONEY, head, 8)
    assert told.name.endswith("percent")
    assert told.complete
    assert told.n_callers > told.n_tests > 0
    assert not told.callers[0].is_test, "code comes before tests"
    assert told.callers[0].path == "src/till/cart.py"
    used = line_of(trusted, "src/till/cart.py", ".percent(")
    at = (trusted / "src/till/cart.py").read_text().split("\n")[used].index("percent")
    assert (await about(door, "src/till/cart.py", used, at)).callers == told.callers
    assert (await about(door, MONEY, head, 0)).callers == told.callers, "anywhere on its head"
    assert not (await about(door, MONEY, 0, 0)).name
    assert told.change is None, "there is no git here"
    assert told.author is None


async def test_a_hover_waits_for_no_indexing(opening: Any, trusted: Path) -> None:
    for number in range(600):
        (trusted / f"src/till/more{number}.py").write_text("def f():\n    return 1\n" * 40)
    door: Driver = await opening("local")
    began = asyncio.get_running_loop().time()
    told = expect(await door.engine.call(GetAbout(Spot(MONEY, 30, 8, "utf-8"))), About)
    assert asyncio.get_running_loop().time() - began < 2.0
    assert not told.complete


# --- git --------------------------------------------------------------------------------------------------------


async def test_the_last_change_is_that_of_the_definition_as_it_stands_in_the_buffer(
    opening: Any, trusted: Path
) -> None:
    commit(trusted, "Begin")
    text = (trusted / MONEY).read_text()
    (trusted / MONEY).write_text(text.replace("to the nearest cent;", "to the cent;"))
    commit(trusted, "Say less", by="Grace", on="2026-11-20T12:00:00+00:00")
    door = await known(opening)
    head = line_of(trusted, MONEY, "def percent")
    told = (await about(door, MONEY, head)).change
    assert told is not None
    assert (told.subject, told.author, told.open) == ("Say less", "Grace", "")
    assert len(told.commit) == 8
    other = (await about(door, MONEY, line_of(trusted, MONEY, "def times"))).change
    assert other is not None
    assert (other.subject, other.author) == ("Begin", "Ada")
    document = await door.open(MONEY)
    now = str(document.text)
    fresh = now.replace("self.cents * rate // 100", "self.cents * rate // 101").replace('"""Amounts', '"""\nAmounts')
    document.text = type(document.text)(fresh)
    document.version += 1
    await door.sync(MONEY)
    edited = (await about(door, MONEY, head + 1)).change
    assert edited is not None
    assert (edited.subject, edited.open) == ("Say less", "some")


async def test_what_was_never_committed_is_said_to_be_so(opening: Any, trusted: Path) -> None:
    git(trusted, "init", "-q")
    door = await known(opening)
    head = line_of(trusted, MONEY, "def percent")
    told = (await about(door, MONEY, head)).change
    assert told is not None
    assert (told.commit, told.open) == ("", "all")
    commit(trusted, "Begin")
    (trusted / "src/till/fresh.py").write_text("def fresh():\n    return 1\n")
    await door.engine.call(Verify())
    told = (await about(door, "src/till/fresh.py", 0, 5)).change
    assert told is not None
    assert told.open == "all"


async def test_git_runs_nothing_of_the_repository(opening: Any, trusted: Path, tmp_path: Path) -> None:
    (trusted / ".gitattributes").write_text("*.py filter=own diff=own\n")
    commit(trusted, "Begin")
    for name in ("filter.own.clean", "filter.own.smudge", "diff.own.textconv", "core.fsmonitor", "core.pager"):
        git(trusted, "config", name, f"touch {tmp_path}/ran-{name}; cat")
    (trusted / MONEY).write_text((trusted / MONEY).read_text() + "# more\n")
    door = await known(opening)
    told = (await about(door, MONEY, line_of(trusted, MONEY, "def percent"))).change
    assert told is not None
    assert told.subject == "Begin"
    assert list(tmp_path.glob("ran-*")) == []


async def test_a_slow_git_is_not_waited_for_and_what_it_says_is_there_the_next_time(
    opening: Any, trusted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(trusted, "Begin")
    door = await known(opening)
    slow = tmp_path / "slow" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nsleep 1\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    ask = GetAbout(Spot(MONEY, line_of(trusted, MONEY, "def percent"), 8, "utf-8"))
    first = expect(await door.engine.call(ask), About)
    assert first.callers, "what is known is told"
    assert first.change is None
    assert (await about(door, MONEY, ask.at.line)).change is not None
    asked = (tmp_path / "asked").read_text()
    assert asked.count("blame") == 1, "who asks again waits for the same answer"
    assert asked.count("cat-file") == 1


async def test_what_comes_from_a_commit_is_one_short_line_without_secrets(opening: Any, trusted: Path) -> None:
    key = "ghp_" + "a1B2c3D4e5" * 4
    commit(trusted, f"fix \x1b[31m\u202e[x](command:evil) {key} " + "y" * 10_000, by="Eve\x07 `x`")
    door = await known(opening)
    told = (await about(door, MONEY, line_of(trusted, MONEY, "def percent"))).change
    assert told is not None
    assert len(told.subject) <= 120
    assert told.subject.isprintable()
    assert told.author.isprintable()
    assert "[x](command:evil) «secret:github:" in told.subject
    assert key not in told.subject


# --- runs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesServer]:
    script = Script(otherwise=Step(transcript=os.environ["BRIDLE_TRANSCRIPT"]))
    with MessagesServer(script, home=trusted) as running:
        monkeypatch.delenv("BRIDLE_MODEL")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        yield running


async def landed(door: Driver) -> str:
    """Let a run fix the test, and accept it; returns the run."""
    verified = await door.verify()
    finding = next(f for v in verified.verdicts for f in v.findings if TEST in f.test)
    running = asyncio.create_task(door.run(StartRun("fix", "", finding=finding)))
    ask = await door.until(Ask)
    await door.engine.call(ReplyTo(ask.id, YES))
    ended = await running
    assert ended.outcome == "succeeded", ended.reason
    proposal = await door.proposal(ended)
    plan, result = await door.land(PrepareLanding(proposal.id))
    assert result is not None, plan.refused
    return ended.run


def type_into(door: Driver, path: str, old: str, new: str) -> None:
    document = door.documents[path]
    text = str(document.text)
    assert old in text
    document.text = type(document.text)(text.replace(old, new))
    document.version += 1


async def test_a_line_is_blamed_on_the_run_that_wrote_it_until_a_person_rewrites_it(
    server: Any, opening: Any, trusted: Path
) -> None:
    door = await known(opening)
    await door.open(MONEY)
    run = await landed(door)
    text = str(door.documents[MONEY].text).split("\n")
    was = (trusted / MONEY).read_text().split("\n")
    line = next(number for number, one in enumerate(text) if one not in was)
    told = (await about(door, MONEY, line, 0)).author
    assert told is not None
    assert (told.run, told.workflow, told.accepted, told.edited) == (run, "fix", "person", False)
    assert told.task.startswith("Fix tests/test_money.py:")
    assert told.badge.startswith("verified")
    assert told.seconds_ago < 60
    head = line_of(trusted, MONEY, "def percent")
    of_it = (await about(door, MONEY, head)).author
    assert of_it is not None
    assert (of_it.run, of_it.lines) == (run, 1)
    assert of_it.of > 1
    reached = (await about(door, MONEY, head)).reach
    assert reached is not None
    assert reached.n_tests > 0
    assert (await about(door, MONEY, line_of(trusted, MONEY, "def times"), 0)).author is None

    type_into(door, MONEY, '"""Amounts of money', "# above\n\n" + '"""Amounts of money')
    await door.sync(MONEY)
    moved = (await about(door, MONEY, line + 2, 0)).author
    assert moved is not None, "it is followed where it went"
    assert not moved.edited
    type_into(door, MONEY, text[line], "        return Money(round(self.cents))")
    await door.sync(MONEY)
    edited = (await about(door, MONEY, line + 2, 0)).author
    assert edited is not None
    assert (edited.run, edited.edited) == (run, True)
    assert (await about(door, MONEY, line + 1, 0)).author is None, "the line above was always there"
    type_into(door, MONEY, "        return Money(round(self.cents))", text[line])
    await door.sync(MONEY)

    plan, result = await door.land(PrepareUndo(run))
    assert result is not None, plan.refused
    assert (await about(door, MONEY, line + 2, 0)).author is None, "what was taken back is nobody's"
    assert (await about(door, MONEY, head + 2)).author is None


async def test_an_agents_edit_that_the_rules_let_in_is_said_to_be_that(opening: Any, trusted: Path) -> None:
    door = await known(opening, "child")
    assert expect(await door.engine.call(GetStatus()), Status).trusted
    line = line_of(trusted, MONEY, "ZERO = Money(0)")
    shown = expect(await door.engine.call(ReadLines(MONEY)), Shown)
    anchor = next(row.partition("\t")[0] for row in shown.text.split("\n") if row.endswith("ZERO = Money(0)"))
    edits = [{"at": anchor, "text": "ZERO = Money(cents=0)"}]
    done = await door.engine.call(EditLines([{"path": MONEY, "rev": shown.rev, "edits": edits}], by="Visitor"))
    assert getattr(done, "outcome", done) == "landed"
    told = (await about(door, MONEY, line, 0)).author
    assert told is not None
    assert (told.workflow, told.accepted) == ("agent edits", "rules")
    assert "Visitor" in told.task
