"""A person's work with Bridle in the real Neovim, keys and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.neovim import Neovim
from tests.editors.scene import Scene, standin_scene

pytestmark = pytest.mark.editor


def test_a_finding_stands_on_its_line_and_the_statusline_tells(neovim: Neovim, standin: Scene) -> None:
    seen = neovim.play("finding", standin)["seen"]
    assert seen["statusline"] == "Bridle: 1 finding"
    assert not (standin.folder / "poisoned").exists(), "the server inherits no PYTHONPATH"


def test_a_folder_that_is_not_trusted_shows_nothing(neovim: Neovim, standin: Scene) -> None:
    result = neovim.play("untrusted", standin)
    assert result["seen"]["statusline"] == "Bridle: not trusted"
    assert "LSP[bridle] not trusted yet" in result["messages"]


def test_one_u_takes_back_what_was_accepted(neovim: Neovim, standin: Scene) -> None:
    result = neovim.play("one_undo_takes_the_fix", standin)
    assert "Bridle changed src/till/money.py; not saved yet (:wall saves all)." in result["messages"]
    assert standin.story.wrong in standin.source.read_text(), "saving is the person's"


def test_lines_typed_above_while_a_run_goes_on_move_the_edit(neovim: Neovim, tmp_path: Path) -> None:
    neovim.play("lines_typed_above_while_it_runs", standin_scene(tmp_path, {"STANDIN": "slow"}))


def test_an_edit_that_lands_in_insert_mode_never_takes_typing_with_it(neovim: Neovim, standin: Scene) -> None:
    neovim.play("landing_while_in_insert_mode", standin)


def test_bridle_undo_keeps_what_was_typed_since(neovim: Neovim, standin: Scene) -> None:
    neovim.play("undo_command_keeps_later_typing", standin)


def test_the_server_hears_which_other_tools_show_diagnostics(neovim: Neovim, standin: Scene) -> None:
    neovim.play("other_tools_are_reported", standin)
    assert {"command": "bridle.seen", "sources": ["Ruff"]} in standin.heard()


def test_an_edit_action_asks_for_its_instruction(neovim: Neovim, standin: Scene) -> None:
    neovim.play("edit_asks_for_an_instruction", standin)
    assert [heard["instruction"] for heard in standin.heard() if heard["command"] == "bridle.edit"] == ["make it right"]


def test_the_command_completes_restarts_and_reports_its_health(neovim: Neovim, standin: Scene) -> None:
    result = neovim.play("command_line", standin)
    assert "0.1.0" in "\n".join(result["screen"])
    assert any("no subcommand" in message for message in result["messages"])
