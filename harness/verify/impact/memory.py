"""The record of each check's tests on disk: what to run of them now, and what a run adds to it.

It may be thrown away at any time; what cannot be read is not there, and then all tests run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.session.storage import make_private, write_cached
from bridle.harness.verify.impact import record as records
from bridle.harness.verify.impact.choosing import Change, Selection, choose, everything
from bridle.harness.verify.impact.evidence import Context, Evidence
from bridle.harness.verify.impact.record import Record
from bridle.harness.verify.impact.touches import Touch, touches
from bridle.indexer.bounded import read_bounded
from bridle.indexer.digest import digest
from bridle.indexer.encoding import text_of
from bridle.indexer.files import TreeState

SLOWER = 6.0
"""How many times longer a run may take while it is recorded; see docs/decisions/0042."""

Read = Callable[[str], bytes | None]


class Known(NamedTuple):
    """A record with its evidence, made once."""

    record: Record
    evidence: Evidence


class Memory:
    """The records of one workspace below `folder`; safe to ask from any thread. `now` is seconds since the epoch."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder / "reach"
        self._now = now
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[int, Known]] = {}

    def known(self, check: str) -> Known | None:
        """Return what is known of a check's tests, None for nothing."""
        return self._read(self._path(check))

    def _read(self, path: Path) -> Known | None:
        try:
            stamp = path.stat().st_mtime_ns
            with self._lock:
                if path.name in self._latest and self._latest[path.name][0] == stamp:
                    return self._latest[path.name][1]
            found = records.decode(read_bounded(path, records.MAX_BYTES))
        except OSError:
            return None
        if found is None:
            return None
        known = Known(found, found.evidence())
        with self._lock:
            self._latest[path.name] = (stamp, known)
        return known

    def all(self) -> list[Known]:
        """Return what is known of the tests of every check."""
        try:
            checks = sorted(path for path in self._folder.iterdir() if path.suffix == ".reach")
        except OSError:
            return []
        return [known for path in checks if (known := self._read(path)) is not None]

    def selection(self, check: str, toolchain: str, tree: TreeState, read: Read) -> Selection:
        """Return the tests that reach what changed since they were seen."""
        known = self.known(check)
        if known is None:
            return everything("no run of the tests was recorded yet")
        if known.record.toolchain != toolchain:
            return everything("the interpreter or what is installed changed", known.evidence)
        change = change_since(known, tree, read)
        if not change.touches and not change.others:
            return everything("nothing changed since all of it was seen", known.evidence)
        return choose(known.evidence, change)

    def may_record(self, check: str, timeout_s: float) -> bool:
        """Tell whether all tests are known to end in time while they are recorded."""
        known = self.known(check)
        return known is not None and 0 < known.record.full_s * SLOWER <= timeout_s

    def full_seconds(self, check: str) -> float:
        """Return how long all tests took when they were last run without being recorded, 0 where that is not known."""
        known = self.known(check)
        return known.record.full_s if known is not None else 0.0

    def learn(self, check: str, seen: Record, gone: Sequence[str] = (), *, whole: bool) -> None:
        """Keep what a session saw. A disk that takes nothing costs the record, not the verdict."""
        before = self.known(check)
        old = before.record if before is not None else None
        now = self._now()
        when = {one.name.removeprefix("test:"): now for one in seen.contexts if one.name.startswith("test:")}
        seen = msgspec.structs.replace(seen, when=when)
        if whole and old is not None:
            seen = msgspec.structs.replace(seen, full_s=seen.full_s or old.full_s)
        self._write(check, seen if whole else records.renewed(old, seen, gone))

    def note_seconds(self, check: str, toolchain: str, seconds: float) -> None:
        """Keep how long all tests took without being recorded."""
        before = self.known(check)
        if before is not None:
            self._write(check, msgspec.structs.replace(before.record, full_s=seconds))
        else:
            self._write(check, Record(toolchain, {}, {}, (), full_s=seconds))

    def _write(self, check: str, record: Record) -> None:
        data = records.encode(record)
        if not data:
            return
        try:
            make_private(self._folder)
            write_cached(self._path(check), data)
        except (UserProblem, OSError):
            return

    def _path(self, check: str) -> Path:
        return self._folder / f"{digest(check.encode())}.reach"


def change_since(known: Known, tree: TreeState, read: Read) -> Change:
    """Return what differs between the tree that tests were seen on and this one."""
    before, now = known.record.files, tree.files
    found: list[Touch] = []
    others: dict[str, str] = {}
    for path in sorted({path for path, _ in before.items() ^ now.items()}):
        if path.endswith(".py"):
            old = known.record.texts.get(path)
            new = text_of(read(path)) if path in now else None
            if (path in before and old is None) or (path in now and new is None):
                others[path] = "unreadable"
            else:
                found += touches(path, old, new, known.evidence.words.__contains__)
        else:
            others[path] = "created" if path not in before else "deleted" if path not in now else "modified"
    return Change(tuple(found), others)


def texts_of(tree: TreeState, read: Read) -> dict[str, str]:
    """Return the Python files of a tree as texts, within bounds; what is left out widens every change of it."""
    found: dict[str, str] = {}
    n_bytes = 0
    for path in sorted(tree.files):
        if not path.endswith(".py"):
            continue
        data = read(path)
        n_bytes += len(data or b"")
        if n_bytes > records.MAX_TEXTS_BYTES:
            break
        text = text_of(data)
        if text is not None:
            found[path] = text
    return found


def seen_by(
    contexts: Sequence[Context],
    unwatched: Sequence[str],
    outcomes: Mapping[str, str],
    toolchain: str,
    tree: TreeState,
    read: Read,
) -> Record:
    """Return the record of one session, the outcome of each test in its context; of several processes, all in one."""
    told: dict[str, Context] = {}
    for one in contexts:
        before = told.get(one.name)
        joined = one if before is None else records.joined(before, one)
        told[one.name] = msgspec.structs.replace(joined, outcome=outcomes.get(one.name.removeprefix("test:"), ""))
    return Record(toolchain, dict(tree.files), texts_of(tree, read), tuple(told.values()), tuple(unwatched))
