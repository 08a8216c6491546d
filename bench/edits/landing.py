"""Drifts judged, system by system: how many edits went to a wrong place, how many were refused that still stood."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from corpus import Story
from drifts import Drift, Target, coarse, random_targets, real, synthetic, targets_of
from oracle import Truth, lines_of
from ours import CURVE, by_diff, by_log, guarded
from rivals import RIVALS, Locate

BY_LOG, BY_DIFF = "revision + log of changes (ours)", "revision + comparing (ours)"
SAME_DRIFTS = "comparing (ours), the rivals' drifts"
LOGGED_KINDS = ("far", "near", "duplicate", "move", "real", "coarse")
KINDS = LOGGED_KINDS[:-1]
CURVED_KINDS = ("far", "near", "duplicate", "real")
ASKED_OF_RIVALS = {"far": 1, "near": 3, "duplicate": 1, "move": 1}

Count = Counter[tuple[str, str, str]]
"""How often, by system, kind of drift and `n`, `wrong`, `refused` (falsely) or `unlogged`."""


class Job(NamedTuple):
    """One file's share of the work. Without a story only its own text is there."""

    number: int
    seed: int
    path: str
    story: Story | None
    text: str
    repeats: dict[str, int]


def judged(job: Job) -> Count:
    """Do and judge the drifts of one file."""
    rng = random.Random(f"{job.seed} {job.number}")  # noqa: S311  # the same drifts on every run
    found: Count = Counter()
    try:
        for drift, for_all in _drifts(job, rng):
            _judge_log(drift, found)
            if drift.kind != "coarse":
                _judge(BY_DIFF, by_diff, drift, found)
            if for_all:
                _judge(SAME_DRIFTS, by_diff, drift, found)
                for name, system in RIVALS.items():
                    _judge(name, system, drift, found)
                for name, guard in CURVE.items() if drift.kind in CURVED_KINDS else ():
                    _judge(name, lambda old, new, guard=guard: guarded(guard, old, new), drift, found)
    except Exception:
        traceback.print_exc()
        raise
    return found


def _drifts(job: Job, rng: random.Random) -> Iterator[tuple[Drift, bool]]:
    """Yield drifts, each with whether the rivals are asked too."""
    if job.story is not None and (drift := real(job.story)) is not None:
        yield drift, True
        yield coarse(drift, rng), False
    known = targets_of(job.story) if job.story is not None else []
    for kind, times in job.repeats.items():
        for n in range(times):
            targets = known or random_targets(job.text, 4, rng)
            drift = synthetic(kind, job.text, targets, rng)
            if drift is not None and drift.targets:
                yield drift, n < ASKED_OF_RIVALS[kind]
                if kind == "near" and n % 2:
                    yield coarse(drift, rng), False


def _judge_log(drift: Drift, found: Count) -> None:
    moved = by_log(drift)
    _count(BY_LOG, drift, moved.block, found)
    lost = [target for target, truth in _both(drift) if truth.place is not None and moved.block(*target) is None]
    found[BY_LOG, drift.kind, "unlogged"] += sum(moved.unlogged(*target) for target in lost)


def _judge(name: str, system: Callable[[Sequence[str], Sequence[str]], Locate], drift: Drift, found: Count) -> None:
    old, new = ([line.rstrip("\r\n") for line in lines_of(text)] for text in (drift.before, drift.after))
    _count(name, drift, system(old, new), found)


def _count(name: str, drift: Drift, locate: Locate, found: Count) -> None:
    for target, truth in _both(drift):
        place = locate(*target)
        found[name, drift.kind, "n"] += 1
        found[name, drift.kind, "wrong"] += place is not None and place not in truth.right
        found[name, drift.kind, "refused"] += place is None and truth.place is not None


def _both(drift: Drift) -> Iterator[tuple[Target, Truth]]:
    return zip(drift.targets, drift.truths, strict=True)
