"""Milliseconds of one edit on 1,500 lines, by the log and by comparing, and lines tagged a second."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

from oracle import lines_of

from bridle.context.anchors import bodies_of
from bridle.context.anchors import lines_of as lines_to_point_at
from bridle.context.readform import anchored
from bridle.indexer.history import ChangeLog, DiffedMap, LineMap, rebase
from bridle.indexer.text import LineEdit, Place, Text, apply_edits

N_LINES = 1_500
N_CHANGES = 40
N_ROUNDS = 5


def milliseconds_to_map_and_apply(texts: Sequence[str], n_times: int, rng: random.Random) -> tuple[float, float]:
    """Return the medians by the log and by comparing, over edits of texts of 1,500 lines that changed in 40 places."""
    by_log: list[float] = []
    by_diff: list[float] = []
    for _ in range(n_times):
        before = _of_size(texts, rng)
        text, log = Text(before, "utf-32"), ChangeLog(0)
        for n in range(N_CHANGES):
            at = Place(rng.randrange(N_LINES), 0)
            log.record(n + 1, text.replace(at, at, f"value_{n} = {n}\n"))
        now, line = str(text), rng.randrange(N_LINES)
        edit = LineEdit(line, line + 1, "new\n")
        by_log.append(_milliseconds(lambda log=log, now=now, edit=edit: _carry(edit, _logged(log), now)))
        by_diff.append(_milliseconds(lambda before=before, now=now, edit=edit: _carry(edit, _diffed(before, now), now)))
    return statistics.median(by_log), statistics.median(by_diff)


def lines_tagged_a_second(texts: Sequence[str], n_lines: int) -> float:
    """Return how many lines get their anchor in a second of this process's own time: the median of five rounds."""
    lines: list[str] = []
    while len(lines) < n_lines:
        lines += [line for text in texts for line in lines_to_point_at(text)]
    rounds: list[float] = []
    for _ in range(N_ROUNDS):
        begun = time.process_time()
        anchored(lines, [(0, len(lines))])
        rounds.append(time.process_time() - begun)
    return len(lines) / statistics.median(rounds)


def _carry(edit: LineEdit, moved: LineMap, now: str) -> str:
    return apply_edits(now, rebase([edit], moved, N_LINES, 0).edits)


def _logged(log: ChangeLog) -> LineMap:
    moved = log.since(0)
    assert moved is not None
    return moved


def _diffed(before: str, now: str) -> LineMap:
    return DiffedMap(bodies_of(before), bodies_of(now))


def _of_size(texts: Sequence[str], rng: random.Random) -> str:
    lines: list[str] = []
    while len(lines) < N_LINES:
        lines += lines_of(rng.choice(texts))
    return "".join(lines[:N_LINES])


def _milliseconds(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return (time.perf_counter() - begun) * 1000
