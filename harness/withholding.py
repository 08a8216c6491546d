"""Which files a model is not shown unasked: those that the rules, or a hook, do not let be read without a question."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bridle.context.task import Task
from bridle.harness.ground import Ground
from bridle.harness.permission.consulting import permit_now


def withheld(ground: Ground, pointed_at: Collection[str] = ()) -> Callable[[str], str]:
    """Return what tells of a path why it is not shown, "" where it may be.

    What a rule asks about may be shown where the person points at it themselves; what one denies never. Blocks for as
    long as a hook takes that hears of reading; each path is looked at once.
    """
    known: dict[str, str] = {}

    def why(path: str) -> str:
        if path not in known:
            known[path] = _why(ground, path, is_pointed_at=path in pointed_at)
        return known[path]

    return why


def pointed_at(task: Task) -> frozenset[str]:
    """Return the files that the person points at: where they stand, what they pinned, and their findings."""
    places = [*task.pinned, *([task.at] if task.at else [])]
    return frozenset([*(place[0] for place in places), *(finding[0] for finding in task.findings)])


def _why(ground: Ground, path: str, *, is_pointed_at: bool) -> str:
    decision = permit_now(ground.grants.policy, ground.settings.hooks, ground.trusted, "Read", path)
    if decision.verdict == "allow" or (decision.verdict == "ask" and is_pointed_at):
        return ""
    return decision.reason
