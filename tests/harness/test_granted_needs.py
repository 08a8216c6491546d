"""A check that lacks something is unknown; one grant of the person is kept in their file and holds at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from engine_driver import Driver

from bridle.harness.engine import Done, GrantNeeds, UserProblem, Verdict, expect
from bridle.harness.settings import load

pytestmark = pytest.mark.slow

Opening = Callable[[str], Awaitable[Driver]]

TEST = """\
import os


def test_the_host_is_told():
    assert os.environ["TILL_HOST"] == "here"
"""


@pytest.fixture
def lacking(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example project with one test alone, which needs a variable of the person's environment."""
    for test in (trusted / "tests").rglob("test_*.py"):
        test.unlink()
    (trusted / "tests" / "test_host.py").write_text(TEST)
    monkeypatch.setenv("TILL_HOST", "here")
    return trusted


async def pytest_of(door: Driver) -> Verdict:
    return next(verdict for verdict in (await door.verify()).verdicts if verdict.check == "pytest")


@pytest.mark.parametrize("form", ["local", "child"])
async def test_a_grant_is_kept_and_the_check_passes(lacking: Path, opening: Opening, form: str) -> None:
    door = await opening(form)
    before = await pytest_of(door)
    assert (before.outcome, before.needs) == ("unknown", ("env:TILL_HOST",))
    expect(await door.engine.call(GrantNeeds("pytest", before.needs)), Done)
    assert (await pytest_of(door)).outcome == "pass"
    assert load(lacking).needs == {"pytest": ("env:TILL_HOST",)}


async def test_what_no_check_may_be_granted_is_refused_and_not_written(lacking: Path, opening: Opening) -> None:
    door = await opening("local")
    with pytest.raises(UserProblem, match="ANTHROPIC_API_KEY"):
        await door.engine.call(GrantNeeds("pytest", ("env:ANTHROPIC_API_KEY",)))
    assert load(lacking).needs == {}
