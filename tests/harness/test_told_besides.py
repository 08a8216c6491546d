"""Besides its verdicts the person is told what they accepted, where a finding comes from, and where the log lies."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from engine_driver import Driver

from bridle.harness.completing import MAX_LOGS, keep_log
from bridle.harness.engine import (
    AcceptFinding,
    Finding,
    GetReversal,
    Kept,
    Reversal,
    TakeBackFinding,
    UserProblem,
    Verdict,
    Verified,
    Verify,
    expect,
)
from bridle.harness.session.runs import list_runs
from bridle.harness.session.state import State
from bridle.indexer.text import apply_edits

Opening = Callable[[str], Awaitable[Driver]]
MONEY = "src/till/money.py"


async def checked(door: Driver, *checks: str) -> dict[str, Verdict]:
    verified = expect(await door.engine.call(Verify(checks=checks), 90), Verified)
    return {verdict.check: verdict for verdict in verified.verdicts}


@pytest.mark.slow
async def test_what_is_accepted_is_old_for_every_engine_and_new_again_when_taken_back(
    opening: Opening, trusted: Path
) -> None:
    door = await opening("child")
    verdicts = await checked(door, "ruff")
    assert list(verdicts) == ["ruff"]
    [finding] = verdicts["ruff"].findings
    kept = expect(await door.engine.call(AcceptFinding(finding)), Kept)
    assert kept.accepted == (("ruff", finding.fingerprint, 1),)
    other = await opening("local")
    [accepted] = (await checked(other, "ruff"))["ruff"].findings
    assert (accepted.new, accepted.accepted, accepted.fingerprint) == (False, True, finding.fingerprint)
    assert expect(await other.engine.call(TakeBackFinding(finding.fingerprint)), Kept).accepted == ()
    [again] = (await checked(other, "ruff"))["ruff"].findings
    assert (again.new, again.accepted) == (True, False)
    with pytest.raises(UserProblem, match="no such finding"):
        await door.engine.call(TakeBackFinding(finding.fingerprint))


@pytest.mark.slow
async def test_a_failing_test_is_told_with_its_change_its_log_and_the_way_back(opening: Opening, trusted: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=trusted, check=True)
    text = (trusted / MONEY).read_text()
    door = await opening("local")
    await door.open(MONEY, text.replace("self.cents * rate // 100", "self.cents * rate // 10"))
    verdict = (await checked(door, "pytest"))["pytest"]
    finding = next(one for one in verdict.findings if "test_a_percentage" in one.test or "percent" in one.message)
    assert [one.message for one in finding.related if one.changed] == ["percent was changed since HEAD"]
    assert finding.origin is not None
    assert finding.href == Path(verdict.log_file).as_uri()
    assert "pytest: fail" in Path(verdict.log_file).read_text()
    assert Path(verdict.log_file).stat().st_mode & 0o077 == 0
    back = expect(await door.engine.call(GetReversal(finding.origin)), Reversal)
    assert (back.path, back.since) == (MONEY, "HEAD")
    assert apply_edits(text.replace("rate // 100", "rate // 10"), back.edits) == text
    await door.open(MONEY, text)
    with pytest.raises(UserProblem, match="as they were at HEAD"):
        await door.engine.call(GetReversal(finding.origin))
    with pytest.raises(UserProblem, match="nothing is known any more"):
        await door.engine.call(GetReversal(msgspec.structs.replace(finding.origin, since="yesterday")))


def test_logs_are_kept_one_a_check_and_the_newest_alone(tmp_path: Path) -> None:
    for number in range(MAX_LOGS + 5):
        for text in ("first\n", "second\n"):
            verdict = Verdict(f"py/test {number}", "fail", 0.1, "t", "copy", log=text, command=("pytest",), exit_code=1)
            path = keep_log(tmp_path, verdict)
    assert Path(path).read_text().endswith("\n\nsecond\n")
    assert len(list(tmp_path.iterdir())) == MAX_LOGS
    assert keep_log(tmp_path, Verdict("x", "pass", 0.1, "t", "copy")) == ""
    assert keep_log(tmp_path / "gone", verdict) == ""


def test_a_log_never_follows_a_link(tmp_path: Path) -> None:
    verdict = Verdict("x", "fail", 0.1, "t", "copy", log="text\n")
    path = Path(keep_log(tmp_path, verdict))
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert keep_log(tmp_path, verdict) == ""
    assert not (tmp_path / "elsewhere").exists()


async def test_accepting_is_an_act_of_the_person_in_the_journal(opening: Opening, trusted: Path) -> None:
    door = await opening("local")
    await door.engine.call(AcceptFinding(Finding("ruff", "a.py", 0, 1, "unused", fingerprint="f")))
    [run] = list_runs(State(trusted).journals)
    assert run.state.instruction == "accepted: ruff: a.py: unused"
