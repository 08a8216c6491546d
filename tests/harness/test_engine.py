"""The engine through its protocol, in this process and as a child: from a finding to the undo."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.engine import (
    CheckFinished,
    CheckStarted,
    Closed,
    DiscardRun,
    GetContext,
    GetSessions,
    GetStatus,
    GetStory,
    Lost,
    PackView,
    PrepareLanding,
    PrepareUndo,
    ProposalChanged,
    Reject,
    ResumeRun,
    RunEnded,
    RunId,
    RunStory,
    Selection,
    Sessions,
    SetTrust,
    StartRun,
    Status,
    UserProblem,
    Verified,
    Verify,
    expect,
)
from bridle.harness.session.state import State

pytestmark = pytest.mark.slow

FORMS = pytest.mark.parametrize("form", ["local", "child"])
MONEY = "src/till/money.py"
TEST = "test_half_a_cent_is_rounded_up"
BUG = "        return Money(self.cents * rate // 100)\n"
FIXED = "        return Money((self.cents * rate + 50) // 100)\n"


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in path.relative_to(root).parts)
    }


@FORMS
async def test_nothing_of_the_folder_runs_before_a_person_said_yes(form: str, opening: Any, till: Path) -> None:
    (till / "conftest.py").write_text(f"open({str(till / 'ran')!r}, 'w')\n")
    door = await opening(form)
    for request in (Verify(), StartRun("edit", "anything")):
        with pytest.raises(UserProblem, match="not trusted"):
            await door.engine.call(request)
    assert not (till / "ran").exists()
    status = expect(await door.engine.call(SetTrust(trusted=True)), Status)
    assert status.trusted
    assert status.checks == ("ruff", "mypy", "pytest")


@FORMS
async def test_the_checks_find_what_is_wrong_and_say_where(form: str, opening: Any, trusted: Path) -> None:
    before = files_of(trusted)
    door = await opening(form)
    verified = await door.verify()
    assert verified.outcome == "fail"
    assert [v.check for v in verified.verdicts] == ["ruff", "mypy", "pytest"]
    found = {(f.check, f.path, f.start_line + 1) for v in verified.verdicts for f in v.findings}
    assert found == {("ruff", "src/till/receipt.py", 5), ("pytest", "tests/test_money.py", 32)}
    assert {v.tree for v in verified.verdicts} == {verified.tree}
    assert files_of(trusted) == before
    assert [e.verdict.check for e in door.events if isinstance(e, CheckFinished)] == ["ruff", "mypy", "pytest"]


async def test_what_is_checked_is_what_the_buffer_holds(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    text = (trusted / MONEY).read_text()
    await door.open(MONEY, text.replace(BUG, FIXED))
    verified = await door.verify()
    outcomes = {v.check: v.outcome for v in verified.verdicts}
    assert outcomes["pytest"] == "pass"
    assert verified.buffers == {MONEY: 1}
    assert (trusted / MONEY).read_text() == text


@FORMS
async def test_a_fix_is_proved_offered_landed_and_taken_back(form: str, opening: Any, trusted: Path) -> None:
    before = files_of(trusted)
    door = await opening(form)
    ended = await door.fix(TEST)
    assert (ended.outcome, ended.rounds) == ("succeeded", 2)
    assert files_of(trusted) == before, "nothing lands before it is accepted"
    proposal = await door.proposal(ended)
    assert proposal.badge.state == "verified"
    assert "22 tests" in proposal.badge.text
    assert [file.path for file in proposal.files] == [MONEY]
    assert f"+{FIXED}" in proposal.diff
    climbed = [e.proposal.badge.state for e in door.events if isinstance(e, ProposalChanged)]
    assert climbed[0] == "unverified"
    assert "checking" in climbed
    assert "not green" in climbed, "the first patch was wrong, and said so"
    plan, result = await door.land(PrepareLanding(proposal.id))
    assert plan.closed_files == (MONEY,)
    assert result is not None
    assert (result.outcome, result.written) == ("applied", (MONEY,))
    assert (trusted / MONEY).read_bytes() == before[MONEY].replace(BUG.encode(), FIXED.encode())
    _, undone = await door.land(PrepareUndo())
    assert undone is not None
    assert undone.outcome == "applied"
    assert files_of(trusted) == before
    with pytest.raises(UserProblem, match="no landed change"):
        await door.land(PrepareUndo())


async def test_a_patch_that_weakens_the_test_is_refused_with_its_reason(opening: Any, trusted: Path) -> None:
    before = files_of(trusted)
    door = await opening("local")
    at = Selection("tests/test_money.py", 28, 34)
    ended = await door.run(StartRun("edit", "loosen the test of half a cent", at))
    assert ended.outcome == "needs a person"
    proposal = await door.proposal(ended)
    assert proposal.badge.state == "refused"
    assert any(flag.path == "tests/test_money.py" for flag in proposal.flags)
    plan, result = await door.land(PrepareLanding(proposal.id))
    assert result is None
    assert "refused" in plan.refused
    assert files_of(trusted) == before


async def test_lines_typed_above_while_the_run_goes_do_not_move_the_edit(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    document = await door.open(MONEY)
    ended = await door.fix(TEST)
    document.insert(0, "# one\n# two\n# three\n")
    await door.sync(MONEY)
    proposal = await door.proposal(ended)
    assert proposal.badge.state == "stale"
    assert proposal.changed_since == (MONEY,)
    original = (trusted / MONEY).read_text()
    rebased = door.rebased(proposal)
    _, result = await door.land(PrepareLanding(proposal.id, rebased))
    assert result is not None
    assert (result.outcome, result.unsaved) == ("applied", (MONEY,))
    assert str(document.text) == "# one\n# two\n# three\n" + original.replace(BUG, FIXED)
    assert (trusted / MONEY).read_text() == original, "an open document is the person's to save"
    document.insert(1, "# and a half\n")
    await door.sync(MONEY)
    _, undone = await door.land(PrepareUndo())
    assert undone is not None
    assert undone.outcome == "applied"
    assert str(document.text) == "# one\n# and a half\n# two\n# three\n" + original


async def test_a_target_that_changed_meanwhile_is_never_overwritten(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    document = await door.open(MONEY)
    ended = await door.fix(TEST)
    line = str(document.text).split("\n").index(BUG.rstrip("\n"))
    document.replace_line(line, "        return Money(self.cents)  # mine\n")
    await door.sync(MONEY)
    held = str(document.text)
    plan, _ = await door.land(PrepareLanding(ended.proposal, force=True))
    assert plan.refused == "src/till/money.py: the same lines were changed"
    assert str(document.text) == held
    assert (await door.proposal(ended)).state == "open"


async def test_a_closed_file_that_changed_on_disk_is_carried_over_or_refused(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    ended = await door.fix(TEST)
    original = (trusted / MONEY).read_text()
    (trusted / MONEY).write_text("# a comment\n" + original)
    _, result = await door.land(PrepareLanding(ended.proposal))
    assert result is not None
    assert (trusted / MONEY).read_text() == "# a comment\n" + original.replace(BUG, FIXED)


async def test_a_closed_file_whose_line_changed_on_disk_is_left_alone(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    ended = await door.fix(TEST)
    mine = (trusted / MONEY).read_text().replace(BUG, "        return Money(self.cents)  # mine\n")
    (trusted / MONEY).write_text(mine)
    plan, result = await door.land(PrepareLanding(ended.proposal))
    assert result is None
    assert "changed on disk" in plan.refused
    assert (trusted / MONEY).read_text() == mine


async def test_a_fix_of_what_does_not_fail_is_refused(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    verified = await door.verify()
    finding = next(f for v in verified.verdicts for f in v.findings if f.test)
    await door.open(MONEY, (trusted / MONEY).read_text().replace(BUG, FIXED))
    ended = await door.run(StartRun("fix", "", finding=finding))
    assert ended.outcome == "refused"
    assert "nothing to fix" in ended.reason


async def test_a_wrong_fix_is_never_green(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = Path(os.environ["BRIDLE_TRANSCRIPT"], "fix.toml").read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(script.replace("(self.cents * rate + 50) // 100", "self.cents * rate // 100 + 1"))
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(wrong))
    door = await opening("local")
    ended = await door.fix(TEST)
    assert ended.outcome == "failed"
    assert ended.rounds >= 2
    assert (await door.proposal(ended)).badge.state == "not green"
    assert not [e for e in door.events if isinstance(e, ProposalChanged) and e.proposal.badge.state == "verified"]


async def test_a_run_without_a_model_says_how_to_set_one_up(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRIDLE_MODEL")
    door = await opening("local")
    with pytest.raises(UserProblem, match="no model") as problem:
        await door.engine.call(StartRun("edit", "anything"))
    assert "bridle key set" in problem.value.next_step
    assert (await door.verify()).outcome == "fail", "everything but the model still works"


async def test_a_newer_verification_ends_an_older_one_of_the_same_origin(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    older = asyncio.create_task(door.engine.call(Verify(origin="save"), 60))
    await door.until(CheckStarted)
    newer = expect(await door.engine.call(Verify(origin="save"), 60), Verified)
    assert expect(await older, Verified).outcome == "cancelled"
    assert newer.outcome == "fail"


async def test_an_engine_killed_in_the_middle_of_a_run_loses_nothing(opening: Any, trusted: Path) -> None:
    before = files_of(trusted)
    door = await opening("child")
    verified = await door.verify()
    finding = next(f for v in verified.verdicts for f in v.findings if f.test)
    waiting = asyncio.create_task(door.run(StartRun("fix", "", finding=finding)))
    await door.until(ProposalChanged)
    os.kill(door.engine.pid, signal.SIGKILL)
    lost = await door.until(Lost)
    waiting.cancel()
    assert lost.again
    assert files_of(trusted) == before
    status = expect(await door.engine.call(GetStatus()), Status)
    (run,) = status.resumable
    state = State(trusted)
    assert [path.name for path in state.revisions.iterdir()] == [run], "what the model was shown is kept"
    ended = await door.run(ResumeRun(run))
    assert ended.outcome == "succeeded"
    assert "E_REV_UNKNOWN" not in (state.journals / f"{run}.jsonl").read_text()
    assert FIXED in (await door.proposal(ended)).diff
    assert expect(await door.engine.call(GetStatus()), Status).resumable == ()
    await door.engine.close()
    assert list(state.revisions.iterdir()) == []


async def test_a_second_death_is_told_and_calls_fail_at_once(opening: Any, trusted: Path) -> None:
    door = await opening("child")
    await door.engine.call(GetStatus())
    os.kill(door.engine.pid, signal.SIGKILL)
    await door.until(Lost, lambda event: event.again)
    os.kill(door.engine.pid, signal.SIGKILL)
    await door.until(Lost, lambda event: not event.again)
    with pytest.raises(Closed):
        await door.engine.call(GetStatus())


async def test_two_engines_on_one_root_and_the_second_follows_and_takes_over(opening: Any, trusted: Path) -> None:
    first = await opening("child")
    assert expect(await first.engine.call(GetStatus()), Status).role == "owner"
    second = await opening("child")
    assert expect(await second.engine.call(GetStatus()), Status).role == "follower"
    assert (await second.verify()).outcome == "fail", "a follower serves its own door"
    os.kill(first.engine.pid, signal.SIGKILL)
    await first.until(Lost, lambda event: event.again)
    os.kill(first.engine.pid, signal.SIGKILL)
    await first.until(Lost, lambda event: not event.again)
    async with asyncio.timeout(5):
        while expect(await second.engine.call(GetStatus()), Status).role != "owner":
            await asyncio.sleep(0.2)


async def test_a_cancelled_run_ends_and_leaves_no_trace(opening: Any, trusted: Path) -> None:
    before = files_of(trusted)
    door = await opening("local")
    run = (await door.engine.call(StartRun("edit", "round half a cent up"))).run
    await door.until(CheckStarted)
    from bridle.harness.engine import CancelRun

    await door.engine.call(CancelRun(run))
    ended = await door.until(RunEnded)
    assert ended.outcome == "cancelled"
    assert files_of(trusted) == before
    rows = expect(await door.engine.call(GetSessions()), Sessions).sessions
    assert [(row.id, row.outcome, row.resumable) for row in rows] == [(run, "cancelled", False)]
    told = expect(await door.engine.call(GetStory(run)), RunStory)
    assert (told.session, told.lines[0]) == (rows[0], "asked: round half a cent up")
    assert (len(told.steps), told.steps[0].seq) == (rows[0].steps, 1)
    assert all(step.text for step in told.steps)
    with pytest.raises(UserProblem, match="nowhere"):
        await door.engine.call(GetStory(RunId("nowhere")))


async def test_a_rejected_proposal_does_not_land(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    ended = await door.fix(TEST)
    await door.engine.call(Reject(ended.proposal))
    with pytest.raises(UserProblem, match="rejected already"):
        await door.land(PrepareLanding(ended.proposal))


async def test_the_context_bill_keeps_its_budget_and_gives_reasons(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    request = GetContext("round half a cent up when taking a percentage", n_tokens=1500)
    view = expect(await door.engine.call(request, 60), PackView)
    assert 0 < view.n_tokens <= view.budget == 1500
    assert any(piece.path == MONEY for piece in view.pieces)
    assert all(piece.reason for piece in view.pieces)
    again = expect(await door.engine.call(request, 60), PackView)
    assert again.text == view.text
    without = GetContext("round half a cent up when taking a percentage", excluded=(MONEY,), why_not=MONEY)
    view = expect(await door.engine.call(without, 60), PackView)
    assert MONEY not in {piece.path for piece in view.pieces}
    assert "excluded by you" in view.why_not


async def test_an_unknown_run_is_a_clear_refusal(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    for request in (ResumeRun(RunId("nothing")), DiscardRun(RunId("../../etc"))):
        with pytest.raises(UserProblem):
            await door.engine.call(request)
