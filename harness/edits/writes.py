"""The log of our own writes: an exact map from what the model saw to what stands now, as long as nobody else wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from bridle.context.anchors import lines_of
from bridle.harness.edits.revisions import Revisions
from bridle.indexer.digest import digest
from bridle.indexer.history import LineMap, LoggedMap
from bridle.indexer.text import LineChange, LineEdit

MAX_STEPS = 1_000


class _Step(msgspec.Struct, frozen=True):
    before: str
    after: str
    changes: tuple[LineChange, ...]


class WriteLog:
    """What a run wrote to each file, in order; forgets the oldest beyond its cap."""

    def __init__(self) -> None:
        self._steps: dict[str, list[_Step]] = {}

    def record(self, path: str, before: bytes | None, after: bytes | None, edits: Sequence[LineEdit]) -> None:
        """Note that `edits`, in lines of `before`, made `after` of it."""
        steps = self._steps.setdefault(path, [])
        if before is None or after is None:
            steps.clear()
            return
        steps.append(_Step(digest(before), digest(after), tuple(map(_change, reversed(edits)))))
        del steps[:-MAX_STEPS]

    def moved(
        self, revisions: Revisions, current: Callable[[str], bytes | None]
    ) -> Callable[[str, int], LineMap | None]:
        """Return what a plan asks for maps: exact where only we wrote since the revision, None elsewhere."""

        def since(path: str, number: int) -> LineMap | None:
            now = current(path)
            return None if now is None else self._since(path, revisions.get(path, number).digest, digest(now))

        return since

    def _since(self, path: str, seen: str, now: str) -> LineMap | None:
        changes: list[LineChange] = []
        for step in reversed(self._steps.get(path, [])):
            if now == seen:
                break
            if step.after != now:
                return None
            changes[:0] = step.changes
            now = step.before
        return LoggedMap(changes) if now == seen else None


def _change(edit: LineEdit) -> LineChange:
    return LineChange(edit.start, edit.end - edit.start, len(lines_of(edit.text)))
