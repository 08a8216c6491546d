"""The ground of a run, and of a comparison with an older commit: asked once, and known again while nothing changed."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from engine_driver import Driver

from bridle.harness.engine import CheckStarted, RunProgress, StartRun, UserProblem, Verified, Verify, expect
from bridle.harness.session.state import State
from bridle.harness.verify.records import Records

pytestmark = pytest.mark.slow

Opening = Callable[[str], Awaitable[Driver]]
NEWER = "def test_newer():\n    assert 1 == 2\n"


@pytest.fixture
def committed(trusted: Path) -> Path:
    """The example project, all of it committed."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=trusted, check=True)
    return trusted


def failing(verified: Verified) -> dict[str, bool]:
    return {f.test.rpartition("::")[2]: f.new for v in verified.verdicts for f in v.findings if f.test}


async def test_a_run_begins_with_what_is_known_of_its_ground(opening: Opening, trusted: Path) -> None:
    door = await opening("local")
    verified = await door.verify()
    finding = next(f for v in verified.verdicts for f in v.findings if f.test)
    ended = await door.run(StartRun("fix", "", finding=finding))
    assert ended.outcome == "succeeded"
    of_the_run = [e for e in door.events if isinstance(e, CheckStarted | RunProgress) and e.run == ended.run]
    before = itertools.takewhile(
        lambda event: not (isinstance(event, RunProgress) and event.phase == "build"), of_the_run
    )
    assert [event for event in before if isinstance(event, CheckStarted)] == []


async def test_what_an_older_commit_had_is_not_new(opening: Opening, committed: Path) -> None:
    door = await opening("local")
    (old,) = failing(await door.verify())
    (committed / "tests" / "test_newer.py").write_text(NEWER)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=committed, capture_output=True, check=True).stdout
    verified = expect(await door.engine.call(Verify(since="HEAD"), 90), Verified)
    assert failing(verified) == {old: False, "test_newer": True}
    again = subprocess.run(["git", "status", "--porcelain"], cwd=committed, capture_output=True, check=True).stdout
    assert again == status
    assert (committed / "tests" / "test_newer.py").read_text() == NEWER


async def test_where_nothing_differs_nothing_is_proved(opening: Opening, committed: Path) -> None:
    door = await opening("local")
    verified = expect(await door.engine.call(Verify(tests="changed"), 90), Verified)
    assert (verified.outcome, verified.verdicts) == ("unknown", ())


async def test_a_commit_that_is_not_there_is_told(opening: Opening, committed: Path) -> None:
    door = await opening("local")
    for revision in ("nonsense", "--output=x", "HEAD~7"):
        with pytest.raises(UserProblem, match="no commit"):
            await door.engine.call(Verify(since=revision), 90)
    assert not (committed / "x").exists()


async def test_a_folder_without_a_repository_is_told(opening: Opening, trusted: Path) -> None:
    door = await opening("local")
    with pytest.raises(UserProblem, match="HEAD"):
        await door.engine.call(Verify(since="HEAD"), 90)


async def test_every_verdict_has_a_receipt_on_the_disk(opening: Opening, trusted: Path) -> None:
    door = await opening("local")
    records = Records(State(trusted).folder)
    for verdict in (await door.verify()).verdicts:
        receipt = records.receipt(verdict.receipt)
        assert receipt is not None
        assert (receipt.check, receipt.outcome, receipt.tree) == (verdict.check, verdict.outcome, verdict.tree)
