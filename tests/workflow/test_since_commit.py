"""What a review looks at where nothing is selected: what differs from the last commit, or why that cannot be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bridle.harness.phases.library import Library
from bridle.harness.shadow.shadow import open_shadow
from bridle.harness.workflow.desk import since_commit
from bridle.harness.workflow.ending import Ended, no_further
from bridle.harness.workflow.walk import taken_up


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n")
    return folder


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


def look(root: Path, *, selected: bool = False) -> str:
    shadow = open_shadow(root, root.parent / "shadows")
    try:
        return since_commit(root, shadow, lambda path: (root / path).read_bytes(), selected=selected)
    finally:
        shadow.close()


@pytest.mark.parametrize("repository", [False, True], ids=["no repository", "no commit"])
def test_without_a_commit_the_person_is_told_to_select_lines(root: Path, repository: bool) -> None:
    if repository:
        git(root, "init", "-q")
    with pytest.raises(Ended) as caught:
        look(root)
    assert caught.value.outcome == "refused"
    assert caught.value.reason.startswith("there is no last commit to compare with (")
    assert caught.value.reason.endswith("); select lines")
    assert look(root, selected=True) == "", "lines that are selected need no commit"


def test_what_differs_is_shown_and_where_nothing_does_that_is_said(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    with pytest.raises(Ended, match="nothing was changed since the last commit"):
        look(root)
    (root / "a.py").write_text("x = 2\n")
    assert "-x = 1\n+x = 2\n" in look(root)


def test_the_talks_of_a_run_go_on_but_an_evaluators_begins_anew(root: Path) -> None:
    feature = Library(root, root / "none", lambda: False).get("feature")
    roles = {phase.name: phase.role for phase in feature.phases if phase.kind == "talk"}
    assert "evaluator" in roles.values()
    gone_on = taken_up(feature, [*roles, "a phase that is no more"])
    assert {name: phase.role for name, phase in gone_on.items()} == {
        name: role for name, role in roles.items() if role != "evaluator"
    }
    assert taken_up(feature, [""])[""].may_write, "a journal that names no phase means the one that builds"


def test_our_reason_for_an_end_is_not_put_into_the_models_mouth() -> None:
    assert no_further("1 test fails", "3 rounds were not enough", "It cannot be mended.") == (
        "1 test fails; 3 rounds were not enough. The model says: It cannot be mended."
    )
    assert no_further("1 test fails", "3 rounds were not enough", "") == "1 test fails; 3 rounds were not enough"
    assert no_further("1 test fails", "", "") == "1 test fails"
