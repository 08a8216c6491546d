"""The memory of one run: an append-only log that is written before anything is built on it.

One process at a time writes a run's journal; the kernel's lock on the log says which, and that it lives. From one that
lives and does not answer the journal can be taken (`bridle.harness.session.fencing`): it then writes no more. A log
with something missing or altered is read, told of, and never written again. What it means is computed in `fold`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.session.events import SYNCED, Bill, Dropped, Entered
from bridle.harness.session.fencing import fence, is_file_at, mend
from bridle.harness.session.lock import lock_file
from bridle.harness.session.records import (
    SLOT_BYTES,
    Examined,
    Head,
    Record,
    examine,
    genesis,
    make_line,
    make_slot,
    read_head,
)
from bridle.harness.session.storage import PRIVATE_FILE, make_private, read_open, sync_folder, told
from bridle.indexer.digest import digest

REGISTER = RunId("register")
"""Which runs there were: a journal of its own, in a folder of its own."""
MAX_BYTES = 256 * 1024 * 1024
LOCK_WITHIN_S = 1.0

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FLAGS = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Reading(msgspec.Struct, frozen=True):
    """A journal as it was read: `live` when a process has it in hand, `damage` as in `Examined`."""

    run: RunId
    records: tuple[Record, ...]
    damage: str
    live: bool


class Journal:
    """One run's journal in the hands of this process.

    Opening it makes it when there is none, and cuts off what a crash left half written. With `take` it is had even
    where another process has it, which cannot write it from then on.

    Raises:
        UserProblem: another process has it, or the disk does not take it.
    """

    def __init__(self, folder: Path, run: RunId, now: Callable[[], float], *, take: bool = False) -> None:
        self.run = run
        self._path = log_path(folder, run)
        self._now = now
        self._failed = ""
        self._seq = self._size = self._slot = 0
        self._last = ""
        with told(self._path):
            self._log = os.open(self._path, os.O_RDWR | os.O_APPEND | _FLAGS, PRIVATE_FILE)
            self._head = -1
            try:
                self._take(folder, take=take)
            except BaseException:
                self.close()
                raise

    @property
    def records(self) -> tuple[Record, ...]:
        """What was in the journal when it was opened."""
        return self._opened.records

    @property
    def last(self) -> str:
        """The digest of the last line."""
        return self._last

    @property
    def damage(self) -> str:
        """What is missing or altered, "" when nothing is; a damaged journal takes no more records."""
        return self._opened.damage

    def append(self, kind: str, payload: Mapping[str, Any] | msgspec.Struct, *, sync: bool = False) -> int:
        """Write one event and return its number; it is durable when its kind is in `SYNCED`, or by `sync`.

        Raises:
            UserProblem: the journal is damaged or was taken by another process, or the disk does not take it; nothing
                was added then.
            Fault: the payload is not one of this kind.
        """
        if self.damage or self._failed:
            reason = self.damage or self._failed
            raise UserProblem(f"the journal of run {self.run!r} is read-only: {reason}", "start a new run")
        line = make_line(self._seq + 1, self._now(), kind, payload, self._last)
        with told(self._path):
            self._write(line)
            self._expect_ours()
            self._seq, self._last = self._seq + 1, digest(line[:-1])
            if sync or kind in SYNCED:
                self._promise()
        return self._seq

    def close(self) -> None:
        """Let the journal go; another process may take the run up."""
        for file in (self._head, self._log):
            if file >= 0:
                os.close(file)
        self._head = self._log = -1
        self._failed = self._failed or "it was closed"

    def _expect_ours(self) -> None:
        """What was just written counts only where the log is still ours. Raises UserProblem."""
        if not is_file_at(self._log, self._path):
            self._failed = "another Bridle took it over"
            raise UserProblem(f"run {self.run!r} was taken over by another Bridle", "go on with it there")

    def _take(self, folder: Path, *, take: bool) -> None:
        if not lock_file(self._log, self._path, LOCK_WITHIN_S):
            if not take:
                raise UserProblem(
                    f"run {self.run!r} is in the hands of another Bridle", "go on with it there, or end that one"
                )
            self._log = fence(self._log, self._path)
        elif not is_file_at(self._log, self._path):
            raise UserProblem(f"run {self.run!r} was taken over at this moment", "try again")
        else:
            mend(self._log, self._path)
        head = self._path.with_suffix(".head")
        fresh = not head.exists() and os.fstat(self._log).st_size == 0
        self._head = os.open(head, os.O_RDWR | _FLAGS, PRIVATE_FILE)
        if fresh:
            self._begin(folder)
        promised = read_open(self._head)
        self._slot = 1 if read_head(promised[:SLOT_BYTES]) == read_head(promised) else 0
        self._opened = _examine(self.run, self._log, promised or None)
        self._seq, self._last = len(self._opened.records), self._opened.last
        self._size = self._opened.size_bytes
        if not self.damage:
            os.ftruncate(self._log, self._size)

    def _begin(self, folder: Path) -> None:
        if self.run != REGISTER:
            _enter(folder, self.run, self._now)
        os.pwrite(self._head, make_slot(Head(0, genesis(self.run))), 0)
        os.fdatasync(self._head)
        sync_folder(folder)

    def _write(self, line: bytes) -> None:
        if self._size + len(line) > MAX_BYTES:
            raise UserProblem(f"the journal of run {self.run!r} is full at {MAX_BYTES} bytes", "start a new run")
        try:
            if os.write(self._log, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(self._log, self._size)
            raise
        self._size += len(line)

    def _promise(self) -> None:
        """Sync the log, then the head that tells of it.

        After a failed sync nobody knows what is on the disk.
        """
        try:
            os.fdatasync(self._log)
            os.pwrite(self._head, make_slot(Head(self._seq, self._last)), self._slot * SLOT_BYTES)
            os.fdatasync(self._head)
            self._slot = 1 - self._slot
        except OSError as error:
            self._failed = f"the disk failed: {error.strerror}"
            raise


class Register(msgspec.Struct, frozen=True):
    """The runs that were begun since `began`, in seconds since the epoch; None where there is no register.

    `dropped` are those whose journals were let go.
    """

    runs: tuple[RunId, ...] = ()
    began: float | None = None
    damage: str = ""
    dropped: dict[str, Dropped] = {}


def entered(folder: Path) -> Register:
    """Return the runs whose journals were begun in a folder."""
    try:
        reading = read_journal(folder / REGISTER, REGISTER)
    except UserProblem:
        return Register()
    known = [record.event() for record in reading.records]
    runs = tuple(RunId(event.run) for event in known if isinstance(event, Entered))
    dropped = {event.run: event for event in known if isinstance(event, Dropped)}
    return Register(runs, reading.records[0].time if reading.records else None, reading.damage, dropped)


def drop(
    folder: Path, run: RunId, reason: str, now: Callable[[], float], bills: Callable[[Reading], tuple[Bill, ...]]
) -> None:
    """Let a run's journal go, and put that down before, with what it cost by `bills`.

    Raises UserProblem where somebody has it, or it is damaged.
    """
    journal = Journal(folder, run, now)
    try:
        if journal.damage:
            raise UserProblem(f"the journal of run {run!r} is damaged: {journal.damage}", "it is kept as it is")
        if run not in entered(folder).dropped:
            register = Journal(make_private(folder / REGISTER), REGISTER, now)
            try:
                said = {"run": run, "records": len(journal.records), "last": journal.last, "reason": reason}
                whole = Reading(run, tuple(journal.records), "", live=False)
                register.append("dropped", {**said, "bills": bills(whole)})
            finally:
                register.close()
        with told(folder):
            for path in (log_path(folder, run), log_path(folder, run).with_suffix(".head")):
                path.unlink(missing_ok=True)
            sync_folder(folder)
    finally:
        journal.close()


def journals_in(folder: Path) -> tuple[RunId, ...]:
    """Return the runs that have a journal in a folder, by name."""
    files = (path for path in folder.iterdir() if path.suffix in (".head", ".jsonl"))
    return tuple(sorted({RunId(path.stem) for path in files}))


def _enter(folder: Path, run: RunId, now: Callable[[], float]) -> None:
    """Put a run down before its journal begins; a register that takes no more holds up nobody's work."""
    with contextlib.suppress(UserProblem):
        register = Journal(make_private(folder / REGISTER), REGISTER, now)
        try:
            register.append("entered", {"run": run})
        finally:
            register.close()


def read_journal(folder: Path, run: RunId) -> Reading:
    """Read a journal without taking it. Raises UserProblem when there is none, or it cannot be read."""
    path = log_path(folder, run)
    head = path.with_suffix(".head")
    with told(path):
        if not path.exists() and not head.exists():
            raise UserProblem(f"there is no run {run!r}", "list the runs with: bridle sessions list")
        # The head first: the writer may go on meanwhile, and a log is never behind its head.
        promised = head.read_bytes() if head.exists() else None
        if not path.exists():
            return Reading(run, (), examine(run, b"", promised).damage or "its log is missing", live=False)
        log = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            live = not lock_file(log, path, shared=True)
            found = _examine(run, log, promised)
        finally:
            os.close(log)
    return Reading(run, found.records, found.damage, live)


def log_path(folder: Path, run: RunId) -> Path:
    """Return where a run's log is. Raises UserProblem when `run` is no name of a run."""
    if not _RUN.fullmatch(run):
        raise UserProblem(f"{run!r} is not the name of a run", "list the runs with: bridle sessions list")
    return folder / f"{run}.jsonl"


def _examine(run: str, log: int, head: bytes | None) -> Examined:
    if os.fstat(log).st_size > MAX_BYTES:
        return Examined((), 0, "", f"it is larger than {MAX_BYTES} bytes")
    return examine(run, read_open(log), head)
