"""What a phase hands in is typed and checked, and reads well."""

from __future__ import annotations

from typing import Any

import pytest

from bridle.harness.edits.problems import ToolProblem
from bridle.harness.phases.definition import Answer
from bridle.harness.workflow.submitting import Judgement, Plan, Review, Submitted, as_markdown, steps_of, submit_tool

LINES = {"a.py": 3, "empty.py": 0}
PLAN: dict[str, Any] = {
    "steps": ["Read it", "Write\nit"],
    "criteria": [{"text": "it is read", "by": "pytest"}, {"text": "it reads well", "by": "review"}],
}
VERDICT: dict[str, Any] = {"criteria": [{"criterion": "it is read", "met": "yes", "saw": "test_read passes"}]}


async def hand_in(answer: Answer, given: dict[str, Any]) -> Submitted:
    taken: list[Submitted] = []
    tool = submit_tool(answer, ("pytest", "ruff"), LINES.get, taken.append)
    await tool.run(given)
    return taken[0]


async def test_a_plan_is_taken_and_its_steps_are_read_back_from_its_text() -> None:
    plan = await hand_in("plan", PLAN)
    assert isinstance(plan, Plan)
    text = as_markdown(plan)
    assert steps_of(text) == ["Read it", "Write it"]
    assert steps_of(text + "\n## Later\n\n3. not one\n") == ["Read it", "Write it"]
    assert steps_of(text.replace("2. Write it", "2. Write it\n3. Test it")) == ["Read it", "Write it", "Test it"]


async def test_a_verdict_objects_where_one_criterion_is_not_met() -> None:
    met = await hand_in("verdict", VERDICT)
    assert isinstance(met, Judgement)
    assert met.outcome == "meets"
    unmet = await hand_in("verdict", {"criteria": [{"criterion": "x", "met": "no", "saw": "it is not there"}]})
    assert isinstance(unmet, Judgement)
    assert unmet.outcome == "objects"
    objecting = await hand_in("verdict", VERDICT | {"objections": ["it also renames f"]})
    assert isinstance(objecting, Judgement)
    assert objecting.outcome == "objects"
    assert "it also renames f" in as_markdown(objecting)


async def test_a_review_names_places_that_are_there() -> None:
    found = await hand_in("findings", {"findings": [{"path": "a.py", "line": 3, "message": "off by one"}]})
    assert isinstance(found, Review)
    assert "`a.py:3` (warning): off by one" in as_markdown(found)
    assert "Nothing was found." in as_markdown(Review(()))


WRONG: list[tuple[Answer, dict[str, Any], str]] = [
    ("plan", {}, "steps"),
    ("plan", PLAN | {"steps": []}, "steps"),
    ("plan", PLAN | {"steps": ["x"] * 7}, "steps"),
    ("plan", PLAN | {"steps": ["  "]}, "steps"),
    ("plan", PLAN | {"criteria": [{"text": "x", "by": "mocha"}]}, "no check 'mocha'"),
    ("verdict", {"criteria": []}, "criteria"),
    ("verdict", {"criteria": [{"criterion": "x", "met": "mostly", "saw": "y"}]}, "met"),
    ("findings", {"findings": [{"path": "b.py", "line": 1, "message": "x"}]}, "is not there"),
    ("findings", {"findings": [{"path": "a.py", "line": 4, "message": "x"}]}, "has 3 lines"),
    ("findings", {"findings": [{"path": "a.py", "line": 0, "message": "x"}]}, "line"),
    ("findings", {"findings": "none"}, "findings"),
]


@pytest.mark.parametrize(("answer", "given", "said"), WRONG)
async def test_what_is_no_answer_comes_back_to_be_mended(answer: Answer, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolProblem, match=r"submit_") as told:
        await hand_in(answer, given)
    assert said in str(told.value)
