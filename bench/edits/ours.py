"""The product's own two ways to find lines again, as it uses them: by the log of changes, and by comparing."""

from __future__ import annotations

from collections.abc import Sequence

from drifts import Drift
from oracle import Change
from rivals import Locate

from bridle.harness.edits.drift import Drift as Way
from bridle.indexer.history import ChangeLog, DiffedMap, LoggedMap
from bridle.indexer.text import Place, Text

CURVE: dict[str, dict[str, int]] = {
    "no guard against copies": {"beside": 0, "near": 0, "telling": 0},
    "copies of the block": {"beside": 0},
    "and of the lines beside it (chosen)": {},
    "of two lines beside it, in a wider ring": {"beside": 2, "near": 12},
    "anywhere in the file": {"near": 1 << 30},
    "a neighbour must stand, always": {"telling": 1 << 30},
}
"""Guards of the map by comparing, from weak to strong."""


def by_diff(old: Sequence[str], new: Sequence[str]) -> Locate:
    """Compare the two texts."""
    return Way(old, new, None).lines


def guarded(guard: dict[str, int], old: Sequence[str], new: Sequence[str]) -> Locate:
    """Compare the two texts under another guard."""
    return DiffedMap(old, new, **guard).block


def by_log(drift: Drift) -> LoggedMap:
    """Hear what was reported, as the door does. Raises AssertionError where the text is not the one that was made."""
    text, log = Text(drift.before, "utf-32"), ChangeLog(0)
    for change in drift.reports:
        log.record(1, text.replace(*_range(change), change.text))
    if drift.whole:
        log.record(1, text.replace_all(drift.after))
    assert str(text) == drift.after, "what was reported does not lead to the text that was made"
    moved = log.since(0)
    assert moved is not None
    return moved


def _range(change: Change) -> tuple[Place, Place]:
    return Place(change.start_line, change.start), Place(change.end_line, change.end)
