"""A recording of what an editor sends can be made again: short ones, replayed as the kept ones are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.emacs import Emacs
from tests.editors.neovim import Neovim
from tests.editors.record import Recordable, record
from tests.editors.stream_plans import plans
from tests.edits.test_streams import Replay

pytestmark = pytest.mark.editor


def test_neovim_can_be_recorded_again(neovim: Neovim, tmp_path: Path) -> None:
    replay_all(Recordable("neovim", "utf-16", lambda scene: neovim.play("streams", scene)), tmp_path)


def test_emacs_can_be_recorded_again(emacs: Emacs, tmp_path: Path) -> None:
    replay_all(Recordable("emacs", "utf-8", lambda scene: emacs.play("streams", scene)), tmp_path)


def replay_all(editor: Recordable, folder: Path) -> None:
    """Record with another seed and encoding than the kept recordings have."""
    todo = plans(seed=2, scale=0.05)
    record(editor, todo, folder / "work", folder)
    files = sorted(folder.glob("*.jsonl.gz"))
    assert len(files) == len(todo)
    for file in files:
        replay = Replay(file)
        tally = replay.run()
        assert str(replay.document.text) == replay.final
        assert tally.wrong + tally.refused_falsely == []
