"""What happens to a file between the model's look at it and its edit: five kinds of drift, each done and reported.

A drift is done to a `Traced` text, so that the truth is known, and reported as an editor would: exactly, by whole
lines, in one range over several changes, or as a whole new text.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from corpus import Hunk, Story
from oracle import Change, Traced, Truth, lines_of

FAR = 20
NEAR = 3
COPIED = 0.25
KINDS = ("far", "near", "duplicate", "move", "real")


class Target(NamedTuple):
    """Lines ``[start, end)`` that an edit replaces, or (an insertion) the one line that it follows."""

    start: int
    end: int


class Drift(NamedTuple):
    """One text, what was reported of its changing, the text now, and where each target truly stands.

    `whole` says that only the new text was reported.
    """

    kind: str
    before: str
    reports: Sequence[Change]
    after: str
    targets: Sequence[Target]
    truths: Sequence[Truth]
    whole: bool = False


class Scribe:
    """A person at work on a text: does changes to the traced text and reports them."""

    def __init__(self, text: str, rng: random.Random) -> None:
        self.traced = Traced(text)
        self.reports: list[Change] = []
        self._rng = rng

    @property
    def lines(self) -> list[str]:
        """The lines as they are now."""
        return self.traced.lines

    def put(self, start: int, end: int, text: str) -> None:
        """Replace lines ``[start, end)`` by whole lines."""
        rows = self.lines
        if start == end == len(rows) and rows and not rows[-1].endswith(("\n", "\r")):
            text = "\n" + text
        self._do(Change(start, 0, end, 0, text))

    def below(self, line: int, text: str) -> None:
        """Type whole lines at the end of `line`, as the return key does."""
        if not self.lines[line].endswith(("\n", "\r")):
            self.put(line + 1, line + 1, text)
            return
        body = len(self.lines[line].rstrip("\r\n"))
        self._do(Change(line, body, line, body, "\n" + text.removesuffix("\n")))

    def type_in(self, line: int) -> None:
        """Type something inside of a line."""
        at = self._rng.randrange(len(self.lines[line].rstrip("\r\n")) + 1)
        for n, character in enumerate(self._rng.choice(["x", "new", "_1", " # why"])):
            self._do(Change(line, at + n, line, at + n, character))

    def carry(self, start: int, end: int, to: int) -> None:
        """Cut lines ``[start, end)`` and paste them before line `to`, counted before the cut."""
        rows = self.lines
        text = "".join(rows[start:end])
        if not text.endswith("\n") or (to == len(rows) and not rows[-1].endswith("\n")):
            return
        offset = self.traced.offset
        self.traced.move(offset(start, 0), offset(end, 0), offset(to, 0))
        at = to - (end - start) if to >= end else to
        self.reports += [Change(start, 0, end, 0, ""), Change(at, 0, at, 0, text)]

    def _do(self, change: Change) -> None:
        self.traced.apply(change)
        self.reports.append(change)


def synthetic(kind: str, text: str, targets: Sequence[Target], rng: random.Random) -> Drift | None:
    """Do one drift of `kind` around one of `targets`; None where the text has no room for it."""
    scribe = Scribe(text, rng)
    target = rng.choice(targets)
    _DOERS[kind](scribe, target, rng)
    if not scribe.reports:
        return None
    truths = [scribe.traced.truth(*one) for one in targets]
    kept = [(one, truth) for one, truth in zip(targets, truths, strict=True) if one == target or kind != "near"]
    if kind == "far":
        kept = [(one, truth) for one, truth in kept if _untouched_around(one, scribe.traced, len(lines_of(text)))]
    asked, told = zip(*kept, strict=True) if kept else ((), ())
    return Drift(kind, text, _reported(text, scribe.reports, rng), scribe.traced.text, asked, told)


def real(story: Story) -> Drift | None:
    """Return the drift that a commit was to the edit of the next one.

    Where two algorithms of git tell the commit differently, nobody knows: what either says is right, and no refusal
    is counted as false.
    """
    texts = [Scribe(story.before, random.Random(0)) for _ in story.drift]  # noqa: S311 — never asked
    for scribe, hunks in zip(texts, story.drift, strict=True):
        rows = lines_of(story.between)
        for hunk in reversed(hunks):
            scribe.put(hunk.old_start, hunk.old_end, "".join(rows[hunk.new_start : hunk.new_end]))
    if any(scribe.traced.text != story.between for scribe in texts) or not texts[0].reports:
        return None
    back = {place: n for n in range(len(lines_of(story.before))) for place in texts[0].traced.truth(n, n + 1).right}
    kept = {found for one in targets_of(story) if (found := _back(one, back)) is not None}
    changed = {Target(hunk.old_start, hunk.old_end) for hunk in story.drift[0] if hunk.old_end > hunk.old_start}
    targets = sorted(kept | changed)
    told = [[scribe.traced.truth(*one) for one in targets] for scribe in texts]
    truths = [
        Truth(a.place if a.place == b.place else None, a.right | b.right | _moved(story, one))
        for one, a, b in zip(targets, *told, strict=True)
    ]
    return Drift("real", story.before, texts[0].reports, story.between, targets, truths)


def coarse(drift: Drift, rng: random.Random) -> Drift:
    """Return the same drift as an editor tells it after a formatter or a reload: in one range, or as a new text."""
    if rng.random() < 0.5:
        return drift._replace(kind="coarse", reports=(), whole=True)
    old, new = lines_of(drift.before), lines_of(drift.after)
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = _end_of_difference(old, new, head)
    margins = [rng.randrange(3), rng.randrange(3)]
    head, tail = max(0, head - margins[0]), max(0, end - margins[1])
    text = "".join(new[head : len(new) - tail])
    return drift._replace(kind="coarse", reports=(Change(head, 0, len(old) - tail, 0, text),))


def targets_of(story: Story) -> list[Target]:
    """Return what the edit of a story points at, in lines of the text between."""
    return sorted({found for hunk in story.edit if (found := _target(hunk)) is not None})


def random_targets(text: str, n: int, rng: random.Random) -> list[Target]:
    """Return targets for a text that has no story: single lines mostly."""
    total = len(lines_of(text))
    starts = [rng.randrange(total) for _ in range(n)]
    return sorted({Target(start, min(total, start + rng.choice([1, 1, 1, 2, 3, 5]))) for start in starts})


def _target(hunk: Hunk) -> Target | None:
    if hunk.old_end > hunk.old_start:
        return Target(hunk.old_start, hunk.old_end)
    return Target(hunk.old_start - 1, hunk.old_start) if hunk.old_start else None


def _moved(story: Story, target: Target) -> frozenset[int]:
    """Return where a block went that stands once in both versions: git tells a move as taken away and put there."""
    old, new = lines_of(story.before), lines_of(story.between)
    block = old[target.start : target.end]
    stands = [[n for n in range(len(rows)) if rows[n : n + len(block)] == block] for rows in (old, new)]
    return frozenset(stands[1]) if [len(found) for found in stands] == [1, 1] else frozenset()


def _back(target: Target, back: dict[int, int]) -> Target | None:
    places = [back.get(n) for n in range(target.start, target.end)]
    first = places[0]
    if first is None or any(place != first + k for k, place in enumerate(places)):
        return None
    return Target(first, first + len(places))


def _far(scribe: Scribe, target: Target, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 3)):
        place = scribe.traced.truth(*target).place
        total = len(scribe.lines)
        assert place is not None
        above, below = range(max(0, place - FAR)), range(place + target.end - target.start + FAR, total)
        if len(above) + len(below) > 10:
            at = rng.choice(above if rng.random() * (len(above) + len(below)) < len(above) else below)
            limit = (place - FAR if at < place else total) - at
            _change(scribe, at, rng, max(1, limit))


def _untouched_around(target: Target, traced: Traced, total: int) -> bool:
    wide = max(0, target.start - FAR // 2), min(total, target.end + FAR // 2)
    return traced.truth(*wide).place is not None


def _near(scribe: Scribe, target: Target, rng: random.Random) -> None:
    size = target.end - target.start
    for _ in range(rng.choice([1, 1, 2, 3])):
        place = scribe.traced.truth(*target).place
        if place is None:
            return
        total = len(scribe.lines)
        distance = rng.randint(1, NEAR)
        if rng.random() < 0.1:
            scribe.type_in(place + rng.randrange(size))
        elif rng.random() < 0.5 and place - distance >= 0:
            _change(scribe, place - distance, rng, distance)
        elif place + size + distance <= total:
            _change(scribe, place + size + distance - 1, rng, 5)


def _change(scribe: Scribe, line: int, rng: random.Random, limit: int) -> None:
    """Insert, delete, replace or type at `line`; at most `limit` lines from there on are touched."""
    size = min(rng.choice([1, 1, 2, 3, 5]), limit)
    doing = rng.choice(["above", "below", "delete", "replace", "type"])
    if doing == "above":
        scribe.put(line, line, _some_lines(scribe, rng))
    elif doing == "below":
        scribe.below(line, _some_lines(scribe, rng))
    elif doing == "delete":
        scribe.put(line, line + size, "")
    elif doing == "replace":
        scribe.put(line, line + size, _some_lines(scribe, rng))
    else:
        scribe.type_in(line)


def _some_lines(scribe: Scribe, rng: random.Random) -> str:
    """Return lines as people write them: some of them such as stand in the file already, blank ones between."""
    rows = scribe.lines
    size = rng.choice([1, 1, 2, 3, 6])
    if rng.random() < COPIED:
        start = rng.randrange(len(rows))
        return "".join(row.rstrip("\r\n") + "\n" for row in rows[start : start + size])
    indent = " " * (4 * rng.randrange(4))
    fresh = [f"{indent}value_{rng.randrange(10**6)} = compute({n})\n" for n in range(size)]
    return "".join(fresh) + ("\n" if rng.random() < 0.3 else "")


def _duplicate(scribe: Scribe, target: Target, rng: random.Random) -> None:
    total = len(scribe.lines)
    margin = rng.randrange(3)
    start, end = max(0, target.start - margin), min(total, target.end + margin)
    block = "".join(row.rstrip("\r\n") + "\n" for row in scribe.lines[start:end])
    where = rng.choice(["above", "below", "below", "elsewhere"])
    at = {"above": start, "below": end, "elsewhere": rng.randrange(total + 1)}[where]
    if not target.start < at < target.end:
        scribe.put(at, at, block)
    place = scribe.traced.truth(*target).place
    if place is not None and rng.random() < 0.3:
        if rng.random() < 0.5:
            scribe.put(place, place + target.end - target.start, "")
        else:
            scribe.type_in(place)


def _move(scribe: Scribe, target: Target, rng: random.Random) -> None:
    total = len(scribe.lines)
    if rng.random() < 0.5:
        start, end = max(0, target.start - rng.randrange(8)), min(total, target.end + rng.randrange(8))
        to = rng.choice([n for n in range(total + 1) if n < start or n > end] or [start])
    else:
        start = rng.choice(range(max(0, target.start - 30), target.start) or [target.end])
        end = min(target.start if start < target.start else total, start + rng.randint(2, 15))
        to = target.end + rng.randrange(20) if start < target.start else rng.randrange(target.start + 1)
    if to <= total and not start <= to <= end:
        scribe.carry(start, end, to)


_DOERS: dict[str, Callable[[Scribe, Target, random.Random], None]] = {
    "far": _far,
    "near": _near,
    "duplicate": _duplicate,
    "move": _move,
}


def _reported(text: str, changes: Sequence[Change], rng: random.Random) -> Sequence[Change]:
    """Return the changes as they were made or, for every third drift, each as a range of whole lines."""
    if rng.random() > 1 / 3:
        return changes
    traced = Traced(text)
    told: list[Change] = []
    for change in changes:
        rows = traced.lines
        end = change.end_line + bool(change.end)
        head = rows[change.start_line][: change.start] if change.start_line < len(rows) else ""
        tail = rows[change.end_line][change.end :] if change.end and change.end_line < len(rows) else ""
        told.append(Change(change.start_line, 0, end, 0, head + change.text + tail))
        traced.apply(change)
    return told


def _end_of_difference(old: Sequence[str], new: Sequence[str], head: int) -> int:
    limit = min(len(old), len(new)) - head
    return next((n for n in range(limit) if old[-1 - n] != new[-1 - n]), limit)
