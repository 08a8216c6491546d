"""A person's work with Bridle in the real VS Code, by its API and, where a person must click, in its page."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.editors.scene import HERE, Scene, with_held_edits, with_trace, with_two_files, write_program
from tests.editors.vscode import Code, Page
from tests.editors.wheel import write_wheel

pytestmark = [pytest.mark.editor, pytest.mark.slow]


def test_findings_stand_on_their_lines_and_none_twice(code: Code, scene: Scene) -> None:
    code.play("finding_beside_other_tools", scene)
    assert not scene.poisoned, "the server inherits no PYTHONPATH"


@pytest.mark.long
def test_a_second_folder_has_its_own_trust_and_findings_and_takes_them_along(code: Code, scene: Scene) -> None:
    other = scene.folder / "other"
    other.mkdir()
    (other / "ruff.toml").write_text("")
    (other / "other.py").write_text("import os\n")
    folders = [{"path": scene.root.name}, {"path": other.name}]
    (scene.folder / "both.code-workspace").write_text(json.dumps({"folders": folders}))
    code.play("second_folder", scene, Page(workspace="both.code-workspace"))


def test_nothing_runs_in_a_folder_that_is_not_trusted(code: Code, scene: Scene) -> None:
    """The server is found beside the Python that the person chose, which is all that is known of one here."""
    chosen = {"BRIDLE": "", "PATH": "/usr/bin:/bin", "CHOSEN_PYTHON": str(scene.folder / "python")}
    scene = replace(scene, environment={**scene.environment, **chosen})
    telling = {"ms-python.vscode-python-envs-0.0.1": str(HERE / "vscode_environments")}
    code.play("untrusted", scene, Page(person="refusesToTrust", extensions=telling))
    assert scene.starts() == 1


def test_one_undo_takes_back_what_was_accepted_and_saved(code: Code, scene: Scene) -> None:
    """What is accepted is chosen from the list of the proposal's parts."""
    code.play("one_undo_takes_the_fix", scene, Page(person="takesThePartsAndSavesWhatLanded"))
    assert scene.story.right in scene.source.read_text()


@pytest.mark.long
def test_lines_typed_above_while_a_run_goes_on_move_the_edit(code: Code, scene: Scene) -> None:
    code.play("lines_typed_above_while_it_runs", scene)


@pytest.mark.long
def test_what_is_typed_around_an_edit_that_is_on_its_way_moves_it_in_both_files(code: Code, scene: Scene) -> None:
    page = Page(person="takesTheSecondFileToo")
    code.play("typed_around_in_two_files_between_send_and_apply", with_two_files(with_held_edits(scene)), page)


@pytest.mark.long
def test_typing_into_the_very_line_while_the_edit_is_on_its_way_refuses_it(code: Code, scene: Scene) -> None:
    page = Page(person="readsThatNothingWasChanged")
    code.play("typed_inside_between_send_and_apply", with_held_edits(scene), page)


@pytest.mark.long
def test_typing_into_the_line_in_a_second_file_leaves_the_first_file_alone(code: Code, scene: Scene) -> None:
    page = Page(person="takesTheSecondFileAndReadsThatNothingWasChanged")
    held = with_two_files(with_held_edits(scene))
    code.play("typed_into_a_second_file_between_send_and_apply", held, page)


@pytest.mark.long
def test_a_formatter_and_a_reload_move_a_standing_proposal_and_never_misplace_it(code: Code, scene: Scene) -> None:
    page = Page(settings={"editor.formatOnSave": True})
    code.play("saved_by_a_formatter_and_read_again_while_a_proposal_stands", scene, page)


@pytest.mark.long
def test_undo_last_change_keeps_what_was_typed_since(code: Code, scene: Scene) -> None:
    code.play("undo_command_keeps_later_typing", scene)


def test_one_hunk_is_taken_by_its_lens_the_other_left_and_the_run_taken_back_in_the_tree(
    code: Code, scene: Scene
) -> None:
    """The tree of runs asks for nothing until somebody looks at it, and is up to date then."""
    page = Page(person="takesTheRunBackInTheTree")
    code.play("one_hunk_is_taken_and_the_other_left", with_trace(with_two_files(scene)), page)
    before, after = ((scene.folder / f"{name}.signal").read_text() for name in ("sessions", "steps"))
    assert "Fix tests/test_money.py:32" in before
    assert "fix: Make this finding go away" in after, "the first step is the order"


def test_a_proposal_is_chosen_from_in_the_refactor_preview_of_vs_code(code: Code, scene: Scene) -> None:
    """Discarded, taken in part, taken whole: what the person ticks is what stands, and what is verified afterwards.

    Meanwhile the status of the language tells state and cost, each with its command in reach.
    """
    code.play("chosen_from_in_the_refactor_preview", with_two_files(scene), Page(person="choosesInThePreview"))
    status = json.loads((scene.folder / "status.signal").read_text())
    assert re.search(r"Bridle: 1 proposal.*verified: .*…", status["text"]), status
    assert re.search(r"Bridle: \d+,\d{3} tokens", status["text"]), status
    assert len(status["ends"]) == 2
    assert max(status["ends"]) <= status["width"]


@pytest.mark.long
def test_an_instruction_is_asked_for_and_an_edit_that_weakens_a_test_is_refused(code: Code, scene: Scene) -> None:
    result = code.play("a_refused_edit", scene, Page(person="asksToLoosenTheTestAndForAnExplanation"))
    assert "loosen the test" in result["seen"]["offer"]
    assert "takes a share of an amount" in result["seen"]["explanation"]


def test_the_plug_in_lives_over_restart_and_crash_tells_of_another_version_and_keeps_a_key(
    code: Code, scene: Scene
) -> None:
    """All declared commands are there, an instruction is found again, and a key is in no setting and no log."""
    page = Page(person="readsOfTheOtherVersionAndGivesAKey", version="0.2.0")
    ids = code.play("over_a_restart_and_a_crash", scene, page)["seen"]["ids"]
    assert {"bridle.edit", "bridle.editor.edit"} <= set(ids)
    settings = (scene.folder / "vscode" / "data" / "User" / "settings.json").read_text()
    assert "key-of-a-test" not in settings
    assert "key-of-a-test" not in (scene.folder / "server.log").read_text()


def test_nothing_starts_until_the_workspace_is_trusted(code: Code, scene: Scene) -> None:
    code.play("nothing_starts_in_restricted_mode", scene, Page(person="trustTheWorkspace", trust=True))


def test_a_server_that_keeps_dying_is_given_up_with_one_message(code: Code, scene: Scene) -> None:
    write_program(scene.folder, ["false"])
    code.play("a_dying_server_is_given_up", scene, Page(person="readsThatItIsGivenUp"))
    assert scene.starts() == 4
    shown = (scene.folder / "given up.signal").read_text()
    assert shown == "Bridle's server keeps dying and is not started again."


@pytest.mark.long
def test_a_machine_without_a_server_is_offered_one_of_the_extensions_version(code: Code, scene: Scene) -> None:
    wheels, programs = scene.folder / "wheels", scene.folder / "programs"
    write_wheel(wheels, scene.program, version="0.1.0")
    write_wheel(wheels, Path("/nonexistent"), version="0.2.0")
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    bare = {"BRIDLE": "", "PATH": f"{programs}:/usr/bin:/bin", **offline}
    scene = replace(scene, environment={**scene.environment, **bare})
    code.play("installing_the_server", scene, Page(person="installsTheServer"))
    assert scene.starts() == 1
    assert not scene.poisoned, "pip inherits no PYTHONPATH"


def test_a_setting_that_names_no_program_says_so_instead_of_falling_back(code: Code, scene: Scene) -> None:
    wrong = {"bridle.path": "/nonexistent/bridle"}
    code.play("a_wrong_path_is_named", scene, Page(person="readsOfTheWrongPath", settings=wrong))
    assert scene.starts() == 0
