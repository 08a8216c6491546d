"""Change streams recorded from real editors, replayed: edits at random lines of the text before, carried through.

A fixture is a file of JSON lines (may be gzipped) in `tests/cases/streams`: a head with `editor`, `scenario`,
`encoding` and `text`; then `{"version", "changes", "kind"}` as they came in didChange, or `{"version", "open", "kind"}`
where the document was opened anew; at last `{"final"}`. Only ranges are known of what was done, so that the oracle
lets stand what surely stands.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus import ROOT
from drifts import Target, random_targets
from oracle import Change, Traced, lines_of

from bridle.indexer.history import ChangeLog
from bridle.indexer.text import Place, Text

FOLDER = ROOT / "tests" / "cases" / "streams"
JUDGED_EVERY = 25
N_TARGETS = 40
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def recorded() -> list[Path]:
    """Return the fixtures that there are."""
    return sorted([*FOLDER.glob("*.jsonl"), *FOLDER.glob("*.jsonl.gz")])


def replayed(file: Path, seed: int) -> Counter[str]:
    """Return what became of the edits of one stream.

    `n` of them; `wrong`; `refused` falsely; `unlogged`: refused because many lines came in one change; `compared`:
    found in such a change with the same text, where nobody can know whether it is the same line.
    """
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", newline="\n") as lines:
        head, *steps = map(json.loads, lines)
    rng = random.Random(f"{seed} {file.name}")  # noqa: S311  # the same edits on every run
    found: Counter[str] = Counter()
    desk = _Desk(head["text"], head["encoding"], rng)
    for step in steps:
        if "final" in step:
            assert str(desk.text) == step["final"], f"{file.name}: the text is not the editor's own"
        elif "open" in step:
            found += desk.judged()
            desk = _Desk(step["open"], head["encoding"], rng)
        else:
            desk.take(step["changes"])
            found += desk.judged() if desk.n_taken % JUDGED_EVERY == 0 else Counter()
    return found + desk.judged()


class _Desk:
    """One opening of a document: the product's text and log, and the traced text."""

    def __init__(self, text: str, encoding: Any, rng: random.Random) -> None:
        self._codec = UNITS[encoding]
        self._rng = rng
        self.text = Text(text, encoding)
        self.log = ChangeLog(0)
        self.n_taken = 0
        self._begin()

    def take(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Take one notification."""
        self.n_taken += 1
        for change in changes:
            if "range" not in change:
                self.log.record(self.n_taken, self.text.replace_all(change["text"]))
                self._traced.report_all(change["text"])
                continue
            places = [Place(**change["range"][edge]) for edge in ("start", "end")]
            start, end = ((place.line, self._character(place)) for place in places)
            self._traced.report(Change(*start, *end, change["text"]))
            self.log.record(self.n_taken, self.text.replace(*places, change["text"]))

    def judged(self) -> Counter[str]:
        """Judge the edits that wait, and let new ones wait from here on."""
        moved = self.log.since(self._since)
        assert moved is not None
        found: Counter[str] = Counter()
        for target in self._targets:
            truth, place = self._traced.truth(*target), moved.block(*target)
            found["n"] += 1
            if place is not None and place not in truth.right:
                found["compared" if not truth.right and self._same(target, place) else "wrong"] += 1
            found["refused"] += place is None and truth.place is not None
            found["unlogged"] += place is None and moved.unlogged(*target)
        self._begin()
        return found

    def _same(self, target: Target, place: int) -> bool:
        """Tell whether the lines at `place` read as those that were meant."""
        now = lines_of(str(self.text))
        return now[place : place + target.end - target.start] == self._first[target.start : target.end]

    def _begin(self) -> None:
        self._since = self.n_taken
        self._traced = Traced(str(self.text))
        self._first = lines_of(str(self.text))
        self._targets = random_targets(str(self.text), N_TARGETS, self._rng) if self._first else []

    def _character(self, place: Place) -> int:
        rows = self._traced.lines
        codec, unit = self._codec
        body = rows[place.line].rstrip("\r\n") if place.line < len(rows) else ""
        return len(body.encode(codec)[: place.character * unit].decode(codec, "ignore"))
