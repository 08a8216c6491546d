"""A person's work with Bridle in the real Neovim, keys and all."""

from __future__ import annotations

import subprocess

import pytest

from tests.editors.neovim import Neovim
from tests.editors.scene import Scene, with_two_files, with_two_places

pytestmark = pytest.mark.editor


def test_a_finding_stands_on_its_line_and_the_statusline_tells(neovim: Neovim, scene: Scene) -> None:
    neovim.play("finding", scene)
    assert not scene.poisoned, "the server inherits no PYTHONPATH"


def test_nothing_runs_in_a_folder_that_is_not_trusted(neovim: Neovim, scene: Scene) -> None:
    neovim.play("untrusted", scene)


def test_one_u_takes_back_what_was_accepted(neovim: Neovim, scene: Scene) -> None:
    neovim.play("one_undo_takes_the_fix", scene)
    assert scene.story.wrong in scene.source.read_text(), "saving is the person's"


@pytest.mark.long
def test_lines_typed_above_while_a_run_goes_on_move_the_edit(neovim: Neovim, scene: Scene) -> None:
    neovim.play("lines_typed_above_while_it_runs", scene)


def test_an_edit_that_lands_in_insert_mode_never_takes_typing_with_it(neovim: Neovim, scene: Scene) -> None:
    neovim.play("landing_while_in_insert_mode", scene)


def test_what_is_typed_around_an_edit_that_is_on_its_way_moves_it(neovim: Neovim, scene: Scene) -> None:
    neovim.play("typed_around_between_send_and_apply", scene)


def test_without_the_plugin_an_edit_that_went_to_its_old_place_is_taken_back_and_put_right(
    neovim: Neovim, scene: Scene
) -> None:
    neovim.play("typed_above_in_a_bare_client_between_send_and_apply", scene)


def test_typing_into_the_very_line_while_the_edit_is_on_its_way_refuses_it(neovim: Neovim, scene: Scene) -> None:
    neovim.play("typed_inside_between_send_and_apply", scene)


@pytest.mark.long
def test_typing_above_in_a_second_file_while_its_edit_is_on_its_way_moves_it(neovim: Neovim, scene: Scene) -> None:
    neovim.play("typed_above_in_a_second_file_between_send_and_apply", with_two_files(scene))


def test_typing_into_the_line_in_a_second_file_takes_the_first_file_back(neovim: Neovim, scene: Scene) -> None:
    neovim.play("typed_into_a_second_file_between_send_and_apply", with_two_files(scene))


def test_a_formatter_and_a_reload_move_a_standing_proposal_and_never_misplace_it(neovim: Neovim, scene: Scene) -> None:
    result = neovim.play("saved_by_a_formatter_and_read_again_while_a_proposal_stands", scene)
    assert result["seen"]["landed"]


def test_bridle_undo_keeps_what_was_typed_since(neovim: Neovim, scene: Scene) -> None:
    neovim.play("undo_command_keeps_later_typing", scene)


def test_one_hunk_is_taken_by_its_action_the_other_left_and_the_run_taken_back_by_pickers(
    neovim: Neovim, scene: Scene
) -> None:
    neovim.play("one_hunk_is_taken_and_the_other_left", with_two_files(scene))


def test_keys_lead_through_the_hunks_both_ways_and_the_one_at_the_cursor_is_taken_or_left(
    neovim: Neovim, scene: Scene
) -> None:
    neovim.play("keys_lead_through_hunks", with_two_places(scene))


def test_a_proposal_is_chosen_from_file_by_file_where_neovim_asks(neovim: Neovim, scene: Scene) -> None:
    """Neovim says that it applied the edit, whatever the person answered."""
    neovim.play("chosen_from_in_a_preview", with_two_files(scene))


def test_beside_another_tool_and_the_servers_of_ruff_and_pyright_nothing_is_doubled(
    neovim: Neovim, scene: Scene
) -> None:
    neovim.play("nothing_is_doubled", scene)


def test_bridle_leads_around_the_code_until_pyright_does_and_nothing_is_told_twice(
    neovim: Neovim, scene: Scene
) -> None:
    neovim.play("the_way_around_until_another_server_leads", scene)


def test_a_hover_tells_who_calls_a_name_its_last_commit_and_whose_a_line_is(neovim: Neovim, scene: Scene) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "Begin the till"]):
        subprocess.run(["git", *words], cwd=scene.root, check=True)
    seen = neovim.play("a_hover_tells_whose_a_line_is", scene)["seen"]
    assert "Fix tests/test_money.py" in seen["line"]
    assert "by `Ada`" in seen["name"]


def test_an_instruction_is_asked_for_and_an_edit_that_weakens_a_test_is_refused(neovim: Neovim, scene: Scene) -> None:
    result = neovim.play("a_refused_edit", scene)
    assert "loosen the test" in result["seen"]["offer"]
    assert "takes a share of an amount" in result["seen"]["explanation"], (
        "a workflow that only reads shows what it wrote"
    )


def test_the_command_has_a_say_in_context_completes_restarts_and_reports_its_health(
    neovim: Neovim, scene: Scene
) -> None:
    result = neovim.play("command_line", scene)
    assert "bridle 0.1.0" in "\n".join(result["screen"])
    assert any("no subcommand" in message for message in result["messages"])
    assert scene.starts() == 3, "two servers, and one that was asked for its version"
