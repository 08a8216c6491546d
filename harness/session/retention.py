"""How long runs are remembered: which journals are let go, by age and by size, and which never.

A run is kept as long as somebody may still need it: it was interrupted or is under way, its proposal is on offer, it
was the last to land (so that undo works), it left a landing half done, or its journal is damaged (which is evidence).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from bridle.harness.nouns import RunId
from bridle.harness.session.runs import RunRow

DAY_S = 86_400.0
MEBIBYTE = 1024 * 1024
_MARK = re.compile(rb"[0-9a-f]{32}")


class Keeping(msgspec.Struct, frozen=True):
    """How long runs are remembered, and how much all of them may take."""

    days: float = 30.0
    megabytes: int = 512


class RunFacts(msgspec.Struct, frozen=True):
    """What is asked of one run: when it was last heard of, what its journal takes, which contents that names.

    `needed` says why it stays whatever its age, "" where it may go.
    """

    run: RunId
    last: float
    size_bytes: int
    needed: str = ""
    marks: frozenset[str] = frozenset()


class Let(msgspec.Struct, frozen=True):
    """A run that is let go, and why."""

    run: RunId
    reason: str


def let_go(
    runs: Sequence[RunFacts], others: Collection[str], sizes: Mapping[str, int], keeping: Keeping, now: float
) -> tuple[Let, ...]:
    """Return the runs to let go, the oldest first: those that are too old, then others until the rest is small enough.

    `others` are contents that something else than a journal names, `sizes` those of all that is stored.
    """
    by_age = sorted(runs, key=lambda one: (one.last, one.run))
    gone = [
        Let(one.run, f"older than {keeping.days:g} days")
        for one in by_age
        if not one.needed and now - one.last > keeping.days * DAY_S
    ]
    names = {one.run for one in gone}
    kept = [one for one in by_age if one.run not in names]
    users = Counter(mark for one in kept for mark in one.marks if mark in sizes and mark not in others)
    taken = sum(one.size_bytes for one in kept) + sum(sizes[mark] for mark in users)
    taken += sum(sizes.get(mark, 0) for mark in others)
    for one in kept:
        if taken <= keeping.megabytes * MEBIBYTE:
            break
        if one.needed:
            continue
        users.subtract(mark for mark in one.marks if mark in users)
        freed = [mark for mark in one.marks if users.get(mark) == 0]
        taken -= one.size_bytes + sum(sizes[mark] for mark in freed)
        gone.append(Let(one.run, f"all runs together took more than {keeping.megabytes} MB"))
    return tuple(gone)


def facts_of(row: RunRow, needed: str, parts: Sequence[bytes]) -> RunFacts:
    """Return the facts of a run; `parts` are the bytes of its journal, and of what goes with it."""
    size = sum(map(len, parts))
    return RunFacts(row.run, row.state.last, size, needed or needed_by_itself(row), marks_in(parts))


def needed_by_itself(row: RunRow) -> str:
    """Return why a run has to stay, by its journal alone."""
    if row.damage:
        return "its journal is damaged"
    if row.live:
        return "it is under way"
    if not row.state.outcome:
        return "it was interrupted"
    return "a landing of it is half done" if row.state.unfinished else ""


def marks_in(parts: Iterable[bytes]) -> frozenset[str]:
    """Return all that could be the digest of a content in these bytes: rather too many than too few."""
    return frozenset(found.decode() for data in parts for found in _MARK.findall(data))
