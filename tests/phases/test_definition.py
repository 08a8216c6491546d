"""Workflows as data: what is wrong with one is told with its line, and what can be run is sound."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.phases.conditions import NAMES, holds, parse
from bridle.harness.phases.definition import ENDS, TOOLS_OF, Workflow
from bridle.harness.phases.library import FOLDER, SHIPPED, Library, load, parsed, shipped
from bridle.harness.phases.validity import objections

GOOD = """
title = "Tidy"

[[phase]]
name = "build"
say = "Do {instruction}. {pack}"
limit = 2

[[phase]]
name = "verify"
kind = "verify"
on = { red = "build" }
limit = 2
"""


def write(folder: Path, text: str, name: str = "tidy") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_sound(name: str) -> None:
    workflow = shipped(name)
    assert list(objections(workflow)) == []
    assert all(set(phase.allowed) <= set(TOOLS_OF[phase.role]) for phase in workflow.phases)


def test_only_builders_write() -> None:
    phases = [phase for name in SHIPPED for phase in shipped(name).phases]
    assert all("edit" not in phase.allowed for phase in phases if phase.role != "builder")
    assert {name for name in SHIPPED if not shipped(name).changes} == {"explain", "review"}


WRONG = [
    ('kind = "verify"', 'kind = "verfy"', 11, "it cannot be 'verfy'"),
    ('kind = "verify"', 'kind = "verify"\nsay = "x"', 12, "has no 'say'"),
    ("{pack}", "{pakc}", 6, "nothing is called {pakc}"),
    ('red = "build"', 'red = "bild"', 12, "there is no phase 'bild'"),
    ('red = "build"', 'amber = "build"', 12, "cannot end in 'amber'"),
    ('say = "Do', 'wen = "x"\nsay = "Do', 6, "there is no setting 'phase.wen'"),
    ("limit = 2\n\n[[phase]]", '\n[[phase]]', 5, "may be entered once only"),
    ("limit = 2\n\n[[phase]]", 'limit = 2\nwhen = "order.mood > 3"\n\n[[phase]]', 8, "counted as 'order.mood'"),
    ("limit = 2\n\n[[phase]]", "limit = 2\nwhen = \"verdict == 'ok'\"\n\n[[phase]]", 8, "no comparison of a"),
    ("limit = 2\n\n[[phase]]", 'limit = 2\ntools = ["edit", "rm"]\n\n[[phase]]', 8, "there is no tool 'rm'"),
    ("limit = 2\n\n[[phase]]", 'limit = 2\nrole = "planner"\ntools = ["edit"]\n\n[[phase]]', 9, "may not have 'edit'"),
    ("limit = 2\n\n[[phase]]", 'limit = 2\nanswer = "verdict"\n\n[[phase]]', 8, "must not build"),
    ("limit = 2\n\n[[phase]]", 'limit = 2\non = { done = "succeed" }\n\n[[phase]]', 11, "nothing leads to 'verify'"),
    ('name = "verify"', 'name = "build"', 10, "names an earlier phase too"),
    ('name = "verify"', 'name = "park"', 10, "is an end of the run"),
    ('name = "build"', 'name = "Build It"', 5, "name"),
    ("limit = 2\n\n[[phase]]", "limit = 2000\n\n[[phase]]", 7, "limit"),
    ('title = "Tidy"', "", 0, "title"),
    ('title = "Tidy"', 'title = "Tidy', 0, "(at line 2"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "said"), WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(UserProblem) as told:
        load(path)
    assert said in told.value.message
    assert told.value.next_step
    if line:
        assert f"{path}:{line}" in told.value.message


def test_a_phase_that_nothing_leads_to_is_refused(tmp_path: Path) -> None:
    lost = GOOD.replace('on = { red = "build" }', 'on = { red = "build", green = "succeed" }')
    path = write(tmp_path, lost + '\n[[phase]]\nname = "lost"\nkind = "format"\n')
    with pytest.raises(UserProblem, match="nothing leads to 'lost'"):
        load(path)


def test_a_proof_that_can_be_passed_over_is_none(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace('kind = "verify"', 'kind = "verify"\nwhen = "checks > 3"'))
    with pytest.raises(UserProblem, match="without any check having seen it"):
        load(path)


def test_conditions_compare_counted_numbers_only() -> None:
    counted = dict.fromkeys(NAMES, 0) | {"change.lines": 7, "checks": 2}
    assert holds(parse(""), counted)
    assert holds(parse("change.lines > 6 and checks == 2"), counted)
    assert not holds(parse("change.lines > 6 and checks != 2"), counted)
    for wrong in ("change.lines", "change.lines > x", "plan contains 'ok'", "checks = 2", "checks > 1 or checks < 0"):
        with pytest.raises(ValueError, match=r"counted"):
            parse(wrong)


def test_the_projects_own_stand_only_in_a_trusted_folder(tmp_path: Path) -> None:
    write(tmp_path / FOLDER, GOOD)
    trusted = False
    library = Library(tmp_path, tmp_path / "own", lambda: trusted)
    with pytest.raises(UserProblem, match="there is no workflow 'tidy'"):
        library.get("tidy")
    assert {known.name for known in library.all()} == set(SHIPPED)
    trusted = True
    assert library.get("tidy").title == "Tidy"
    assert "tidy" in {known.name for known in library.all()}


def test_the_projects_stands_in_the_place_of_the_persons_and_of_ours(tmp_path: Path) -> None:
    own = write(tmp_path / "own", GOOD.replace("Tidy", "Mine"), "edit")
    library = Library(tmp_path, own.parent, lambda: True)
    assert library.get("edit").title == "Mine"
    write(tmp_path / FOLDER, GOOD.replace("Tidy", "Theirs"), "edit")
    assert library.get("edit").title == "Theirs"
    assert next(known for known in library.all() if known.name == "edit").workflow.title == "Theirs"


def test_a_file_that_changed_is_read_again_and_the_last_good_one_kept(tmp_path: Path) -> None:
    path = write(tmp_path / FOLDER, GOOD)
    library = Library(tmp_path, tmp_path / "own", lambda: True)
    assert library.get("tidy").title == "Tidy"
    path.write_text(GOOD.replace("Tidy", "Tidier"))
    assert library.get("tidy").title == "Tidier"
    path.write_text(GOOD.replace("{pack}", "{pakc}"))
    os.utime(path, ns=(1, 1))
    assert library.get("tidy").title == "Tidier"
    (problem,) = library.problems()
    assert "nothing is called {pakc}; the last good one stays in use" in problem.message
    path.unlink()
    with pytest.raises(UserProblem, match="there is no workflow"):
        library.get("tidy")


def test_a_file_that_never_was_good_says_why(tmp_path: Path) -> None:
    write(tmp_path / FOLDER, GOOD.replace("{pack}", "{pakc}"))
    library = Library(tmp_path, tmp_path / "own", lambda: True)
    with pytest.raises(UserProblem, match=r"nothing is called \{pakc\}"):
        library.get("tidy")
    assert {known.name for known in library.all()} == set(SHIPPED)


@pytest.mark.parametrize("name", ["../edit", "", "a/b", "x" * 60, "ä"])
def test_a_name_that_is_none_reaches_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "edit.toml").write_text(GOOD)
    with pytest.raises(UserProblem, match="there is no workflow"):
        Library(tmp_path, tmp_path / "own", lambda: True).get(name)


def test_a_journals_workflow_is_the_one_that_was_begun() -> None:
    for name in SHIPPED:
        assert parsed(msgspec.json.encode(shipped(name)).decode()) == shipped(name)
    with pytest.raises(UserProblem, match="does not know"):
        parsed('{"title": "x", "phase": [{"name": "a", "kind": "dance"}]}')
    with pytest.raises(UserProblem, match="cannot run"):
        parsed('{"title": "x", "phase": [{"name": "a"}]}')


def test_every_outcome_leads_somewhere() -> None:
    for name in SHIPPED:
        workflow: Workflow = shipped(name)
        names = {phase.name for phase in workflow.phases} | set(ENDS)
        for place, phase in enumerate(workflow.phases):
            assert {workflow.after(place, outcome) for outcome in phase.outcomes} <= names
