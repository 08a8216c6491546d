"""What the index holds is taken out of the collector's sight once, when all files are known for the first time."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bridle.harness.child import Settling
from bridle.harness.engine import IndexProgress, Note


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_is_known_is_frozen_when_all_files_are_and_only_the_first_time() -> None:
    settling = Settling()
    settling.hear(Note("information", "a word"))
    settling.hear(IndexProgress(1, 2, done=False))
    assert gc.get_freeze_count() == 0
    settling.hear(IndexProgress(2, 2, done=True))
    assert gc.get_freeze_count() > 0
    gc.unfreeze()
    settling.hear(IndexProgress(2, 2, done=True))
    assert gc.get_freeze_count() == 0


def test_an_index_that_was_paused_is_not_all() -> None:
    settling = Settling()
    settling.hear(IndexProgress(1, 1, done=True, paused=True))
    assert gc.get_freeze_count() == 0
