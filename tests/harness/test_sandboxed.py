"""Which rung a person stands on is told everywhere, and a sandbox that is required is never replaced by a copy."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.engine import Ask, GetStatus, ReplyTo, StartRun, Status, Verified, Verify, expect
from bridle.harness.nouns import UserProblem
from bridle.harness.session.state import State
from bridle.harness.shadow.shadow import RUNGS, probe
from bridle.harness.unsheltered import NO, YES

pytestmark = pytest.mark.slow

TEST = "test_half_a_cent_is_rounded_up"


@pytest.fixture(scope="module")
def best(tmp_path_factory: pytest.TempPathFactory) -> str:
    return next(tried.name for tried in probe(tmp_path_factory.mktemp("probe")) if tried.works)


def journal_of(root: Path, run: str) -> list[dict[str, Any]]:
    lines = (State(root).journals / f"{run}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def sheltered(root: Path, run: str) -> dict[str, Any]:
    (event,) = [event for event in journal_of(root, run) if event.get("kind") == "sheltered"]
    return dict(event["payload"])


async def test_the_rung_stands_in_status_verdict_badge_and_journal(opening: Any, trusted: Path, best: str) -> None:
    door = await opening("local")
    assert expect(await door.engine.call(GetStatus()), Status).rung == best
    verified = await door.verify()
    assert {verdict.rung for verdict in verified.verdicts} == {best}
    ended = await door.fix(TEST)
    assert f"sandbox: {best}" in (await door.proposal(ended)).badge.text
    assert sheltered(trusted, ended.run)["rung"] == best
    checked = [event for event in journal_of(trusted, ended.run) if event.get("kind") == "checked"]
    assert {verdict["rung"] for event in checked for verdict in event["payload"]["verdicts"]} == {best}


async def test_a_machine_without_a_sandbox_is_told_everywhere_and_with_its_reasons(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", "/nonexistent")
    door = await opening("local")
    assert expect(await door.engine.call(GetStatus()), Status).rung == "scratch copy"
    assert {verdict.rung for verdict in (await door.verify()).verdicts} == {"scratch copy"}
    ended = await door.fix(TEST)
    assert "sandbox: scratch copy" in (await door.proposal(ended)).badge.text
    told = sheltered(trusted, ended.run)
    assert told["rung"] == "scratch copy"
    assert [reason.partition(":")[0] for reason in told["declined"]] == list(RUNGS[:2])


async def test_a_save_runs_checks_without_a_sandbox_only_where_the_person_agreed_once(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", "/nonexistent")
    for choice, outcomes in ((YES, ["fail", "fail"]), (NO, ["cancelled", "cancelled"])):
        door = await opening("local")
        first = asyncio.create_task(door.engine.call(Verify(origin="save"), 60))
        asked = await door.until(Ask)
        assert "no sandbox here (scratch copy)" in asked.message
        assert asked.default == NO
        await door.engine.call(ReplyTo(asked.id, choice))
        told = [expect(await first, Verified), expect(await door.engine.call(Verify(origin="save"), 60), Verified)]
        assert [verified.outcome for verified in told] == outcomes
        assert len([event for event in door.events if isinstance(event, Ask)]) == 1
        assert (await door.verify()).outcome == "fail", "what a person starts runs, and names the rung"


async def test_a_required_sandbox_that_cannot_be_had_refuses_checks_and_runs(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", "/nonexistent")
    (trusted / "conftest.py").write_text(f"open({str(trusted / 'ran')!r}, 'w')\n")
    from bridle.harness.permission.trust import Trust

    Trust(trusted).say(trusted=True)
    door = await opening("local", {"sandbox": {"required": True}})
    status = expect(await door.engine.call(GetStatus()), Status)
    assert status.rung.startswith("none: a sandbox is required (sandbox.required), and none works here")
    with pytest.raises(UserProblem, match=r"sandbox\.required") as caught:
        await door.verify()
    assert "install bubblewrap" in caught.value.next_step
    ended = await door.run(StartRun("edit", "anything"))
    assert ended.outcome == "needs a person"
    assert "sandbox.required" in ended.reason
    assert not (trusted / "ran").exists()
