"""A fork begins where another run stood, goes its own way, and costs nothing before it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridle.harness.audit.spending import spending
from bridle.harness.forking import fork
from bridle.harness.nouns import RunId, Usage, UserProblem
from bridle.harness.session.events import FileChange
from bridle.harness.session.fold import RunState
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.session.runs import NO_TALK, look
from bridle.harness.session.state import State

RUN = RunId("r1")


def said(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


STORY: list[tuple[str, dict[str, Any]]] = [
    ("started", {"workflow": "edit", "instruction": "mend it", "versions": {"a.py": 3}, "model": "m", "pid": 7}),
    ("phase", {"name": "plan"}),
    ("told", {"message": said("plan"), "talk": "plan"}),
    ("written", {"name": "plan.md", "text": "1. mend"}),
    ("left", {"phase": "plan", "outcome": "done"}),
    ("told", {"message": said("build"), "talk": "build"}),
    ("model_replied", {"message": said("aye"), "usage": Usage(10, 5, turns=1), "talk": "build"}),
    ("edited", {"files": [FileChange("a.py", "0" * 32, "1" * 32)]}),
    ("told", {"message": said("later"), "talk": "build"}),
    ("prepared", {"plan": "p", "files": []}),
    ("landed", {"plan": "p"}),
    ("ended", {"outcome": "succeeded"}),
]


@pytest.fixture
def state(tmp_path: Path) -> State:
    (tmp_path / "root").mkdir()
    state = State(tmp_path / "root", tmp_path / "state")
    journal = Journal(state.journals, RUN, lambda: 5.0)
    for kind, payload in STORY:
        journal.append(kind, payload)
    journal.close()
    return state


def stood(state: State, run: RunId) -> RunState:
    return look(state.journals, run).state


def test_a_fork_has_all_that_the_run_had_at_that_step_and_nothing_later(state: State) -> None:
    new = stood(state, fork(state, RUN, 8, lambda: 9.0))
    assert (new.workflow, new.instruction, new.versions, new.model) == ("edit", "mend it", {"a.py": 3}, "m")
    assert new.talks == {"plan": (said("plan"),), "build": (said("build"), said("aye"))}
    assert new.messages == (said("plan"), said("build"), said("aye"))
    assert (new.artefacts, new.phase, new.changes) == ({"plan.md": "1. mend"}, "plan", {"a.py": "1" * 32})
    assert (new.parent, new.parent_step) == (RUN, 8)
    assert new.interrupted


def test_what_the_other_one_spent_and_landed_stays_its_own(state: State) -> None:
    run = fork(state, RUN, 0, lambda: 9.0)
    new = stood(state, run)
    assert (new.usage, new.landings, new.outcome, new.pid) == (Usage(), {}, "", 0)
    assert new.messages[-1] == said("later")
    assert list(spending(read_journal(state.journals, run))) == []


def test_the_other_one_is_left_as_it_was(state: State) -> None:
    before = (state.journals / "r1.jsonl").read_bytes()
    fork(state, RUN, 3, lambda: 9.0)
    assert (state.journals / "r1.jsonl").read_bytes() == before


def test_a_fork_of_a_fork_names_the_one_that_it_was_forked_from(state: State) -> None:
    first = fork(state, RUN, 7, lambda: 9.0)
    second = stood(state, fork(state, first, 0, lambda: 9.0))
    assert (second.parent, second.parent_step) == (first, 2)
    assert second.talks == stood(state, first).talks


def test_a_run_under_way_can_be_forked(state: State) -> None:
    journal = Journal(state.journals, RUN, lambda: 9.0)
    try:
        assert stood(state, fork(state, RUN, 3, lambda: 9.0)).interrupted
    finally:
        journal.close()


def test_what_the_run_was_shown_goes_with_it(state: State) -> None:
    (state.revisions / RUN).mkdir()
    (state.revisions / RUN / "1").write_bytes(b"shown")
    assert (state.revisions / fork(state, RUN, 3, lambda: 9.0) / "1").read_bytes() == b"shown"


@pytest.mark.parametrize("step", [-1, 13])
def test_a_step_that_is_not_there_is_refused(state: State, step: int) -> None:
    with pytest.raises(UserProblem, match="its steps are 1 to 12"):
        fork(state, RUN, step, lambda: 9.0)


@pytest.mark.parametrize("workflow", NO_TALK)
def test_what_was_no_talk_has_nothing_to_fork(state: State, workflow: str) -> None:
    journal = Journal(state.journals, RunId("r2"), lambda: 5.0)
    journal.append("started", {"workflow": workflow, "instruction": "make"})
    journal.close()
    with pytest.raises(UserProblem, match="no run that goes on"):
        fork(state, RunId("r2"), 0, lambda: 9.0)
