"""A run whose process lives is taken only when the person says so, and that process can do nothing more with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridle.harness.engine import PrepareRewind, ResumeRun, RunAccepted, UserProblem, expect
from bridle.harness.nouns import RunId
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import look
from bridle.harness.session.state import State

RUN = RunId("r1")


@pytest.mark.slow
async def test_a_run_in_other_hands_is_taken_when_the_person_says_so(opening: Any, trusted: Path) -> None:
    state = State(trusted)
    theirs = Journal(state.journals, RUN, lambda: 1.0)
    theirs.append("started", {"workflow": "edit", "instruction": "mend it", "pid": 4242})
    door = await opening("local")
    with pytest.raises(UserProblem, match="process 4242") as refused:
        await door.engine.call(ResumeRun(RUN))
    assert refused.value.next_step.endswith("bridle sessions resume r1 --take")
    assert expect(await door.engine.call(ResumeRun(RUN, take=True)), RunAccepted).run == RUN
    with pytest.raises(UserProblem, match="taken over"):
        theirs.append("phase", {"name": "late"})
    theirs.close()
    for refused_now in (ResumeRun(RUN, take=True), PrepareRewind(RUN)):
        with pytest.raises(UserProblem, match="under way"):
            await door.engine.call(refused_now)
    await door.engine.close()
    row = look(state.journals, RUN)
    assert (row.damage, row.resumable, row.state.phase == "late") == ("", True, False)
