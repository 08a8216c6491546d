"""The collector is held back while an index is made, and afterwards as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bridle.indexer.collecting import SELDOM, seldom


@pytest.fixture
def threshold() -> Iterator[tuple[int, int, int]]:
    was = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    yield 701, 11, 12
    gc.set_threshold(*was)


def test_it_collects_seldom_until_the_last_of_several_has_ended(threshold: tuple[int, int, int]) -> None:
    first, second = seldom(), seldom()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == SELDOM
    second.__exit__(None, None, None)
    assert gc.get_threshold() == threshold


def test_it_collects_as_before_when_what_was_made_failed(threshold: tuple[int, int, int]) -> None:
    with pytest.raises(OSError, match="the disk"), seldom():
        raise OSError("the disk")
    assert gc.get_threshold() == threshold
