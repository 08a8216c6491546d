"""A person's work with Bridle in the real Emacs: eglot as it comes, and no plug-in of ours."""

from __future__ import annotations

import pytest

from tests.editors.emacs import Emacs
from tests.editors.scene import Scene, with_held_edits

pytestmark = pytest.mark.editor


def test_a_bare_client_goes_from_finding_to_landed_fix_by_code_actions_and_one_undo_takes_it_back(
    emacs: Emacs, scene: Scene
) -> None:
    emacs.play("one_undo_takes_the_fix", scene)
    assert scene.story.wrong in scene.source.read_text(), "saving is the person's"


def test_what_is_typed_above_an_edit_that_is_on_its_way_moves_it(emacs: Emacs, scene: Scene) -> None:
    emacs.play("typed_above_between_send_and_apply", with_held_edits(scene))
