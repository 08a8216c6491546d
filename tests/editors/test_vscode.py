"""A person's work with Bridle in the real VS Code, by its API and, where a person must click, in its page."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.editors.scene import Scene, standin_scene, write_program
from tests.editors.vscode import Code, Page
from tests.editors.wheel import write_wheel

pytestmark = [pytest.mark.editor, pytest.mark.slow]


def test_a_finding_stands_on_its_line(code: Code, standin: Scene) -> None:
    code.play("finding", standin)
    assert not (standin.folder / "poisoned").exists(), "the server inherits no PYTHONPATH"


def test_a_folder_that_is_not_trusted_shows_nothing(code: Code, standin: Scene) -> None:
    code.play("untrusted", standin)


def test_one_undo_takes_back_what_was_accepted(code: Code, standin: Scene) -> None:
    code.play("one_undo_takes_the_fix", standin)
    assert standin.story.wrong in standin.source.read_text(), "saving is the person's"


def test_lines_typed_above_while_a_run_goes_on_move_the_edit(code: Code, tmp_path: Path) -> None:
    code.play("lines_typed_above_while_it_runs", standin_scene(tmp_path, {"STANDIN": "slow"}))


def test_undo_last_change_keeps_what_was_typed_since(code: Code, standin: Scene) -> None:
    code.play("undo_command_keeps_later_typing", standin)


def test_an_edit_action_asks_for_its_instruction(code: Code, standin: Scene) -> None:
    code.play("edit_asks_for_an_instruction", standin, Page(person="givesAnInstruction"))
    assert [heard["instruction"] for heard in standin.heard() if heard["command"] == "bridle.edit"] == ["make it right"]


def test_what_landed_is_saved_when_the_person_says_so(code: Code, standin: Scene) -> None:
    code.play("saving_is_offered", standin, Page(person="savesWhatLanded"))
    assert standin.story.right in standin.source.read_text()


def test_the_server_hears_which_other_tools_show_diagnostics(code: Code, standin: Scene) -> None:
    code.play("other_tools_are_reported", standin)
    assert {"command": "bridle.seen", "sources": ["Ruff"]} in standin.heard()


def test_the_plug_ins_commands_and_the_servers_live_side_by_side_over_a_restart(code: Code, standin: Scene) -> None:
    ids = code.play("commands_do_not_collide", standin)["seen"]["ids"]
    assert {"bridle.edit", "bridle.editor.edit"} <= set(ids)
    assert (standin.folder / "started.log").read_text() == "serve\nserve\n"


def test_nothing_starts_until_the_workspace_is_trusted(code: Code, standin: Scene) -> None:
    code.play("nothing_starts_in_restricted_mode", standin, Page(person="trustTheWorkspace", trust=True))


def test_a_server_that_keeps_dying_is_given_up_with_one_message(code: Code, standin: Scene) -> None:
    write_program(standin.folder, ["false"])
    starts = code.play("a_dying_server_is_given_up", standin, Page(person="readsThatItIsGivenUp"))["seen"]["starts"]
    assert starts == 4
    shown = (standin.folder / "given up.signal").read_text()
    assert shown == "Bridle's server keeps dying and is not started again."


def test_a_machine_without_a_server_is_offered_one_of_the_extensions_version(code: Code, tmp_path: Path) -> None:
    scene = standin_scene(tmp_path)
    wheels, programs = tmp_path / "wheels", tmp_path / "programs"
    write_wheel(wheels, scene.program, version="0.1.0")
    write_wheel(wheels, Path("/nonexistent"), version="0.2.0")
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    bare = {"BRIDLE": "", "PATH": f"{programs}:/usr/bin:/bin", **offline}
    scene = replace(scene, environment={**scene.environment, **bare})
    code.play("installing_the_server", scene, Page(person="installsTheServer"))
    assert not (tmp_path / "poisoned").exists(), "pip inherits no PYTHONPATH"


def test_a_setting_that_names_no_program_says_so_instead_of_falling_back(code: Code, standin: Scene) -> None:
    wrong = {"bridle.path": "/nonexistent/bridle"}
    code.play("a_wrong_path_is_named", standin, Page(person="readsOfTheWrongPath", settings=wrong))
    assert not (standin.folder / "started.log").exists()
