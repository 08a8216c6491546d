"""Taking a log from a process that lives and does not answer, so that never two write it.

The log is copied, and the copy put in its place: whoever has the old one open writes into a file that has no name any
more, and looks after each record whether the log at the name is still its own. A record that was written before the
change of place is read from the old file afterwards and is in the new one too; one that was written later was never
said to be written. Until the copy is whole the old file keeps a second name, from which `mend` completes the log where
the taker died in between.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from bridle.harness.nouns import UserProblem
from bridle.harness.session.lock import held, lock_file
from bridle.harness.session.storage import PRIVATE_FILE, read_open, sync_folder

TURN = ".taking"
TURN_WITHIN_S = 5.0
_NEW = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def fence(log: int, path: Path) -> int:
    """Take the log at `path`, open as `log` and locked by another process; returns the one to write from now on.

    The other's head is parted from the name as well. `log` is closed. Raises UserProblem, OSError.
    """
    with held(path.parent / TURN, TURN_WITHIN_S):
        if not is_file_at(log, path):
            raise UserProblem(
                f"run {path.stem!r} was taken over by another Bridle at this moment", "look at it there, or try again"
            )
        ours = _taken(log, path)
    os.close(log)
    return ours


def mend(log: int, path: Path) -> None:
    """Complete a log, locked by us, whose taker died before the copy was whole; else do nothing. Raises OSError."""
    old = _second_name(path)
    try:
        theirs = os.open(old, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        if not is_file_at(log, old):
            _complete(log, theirs)
    finally:
        os.close(theirs)
    old.unlink(missing_ok=True)


def is_file_at(file: int, path: Path) -> bool:
    """Tell whether an open file is the one that has this name."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), path.stat(follow_symlinks=False))
    return False


def _taken(log: int, path: Path) -> int:
    draft = path.with_name(f".{path.stem}.{secrets.token_hex(4)}")
    ours = os.open(draft, _NEW, PRIVATE_FILE)
    try:
        if not lock_file(ours, draft):
            raise UserProblem(f"the copy of {path.name!r} cannot be locked", "try again")
        _write(ours, read_open(log))
        os.fdatasync(ours)
        old = _second_name(path)
        old.unlink(missing_ok=True)
        old.hardlink_to(path)
        draft.replace(path)
        sync_folder(path.parent)
        _complete(ours, log)
        _part_head(path.with_suffix(".head"))
        old.unlink()
    except BaseException:
        os.close(ours)
        draft.unlink(missing_ok=True)
        raise
    return ours


def _complete(ours: int, theirs: int) -> None:
    """Append what the old log holds beyond the new one: the new one began as its copy."""
    _write(ours, read_open(theirs, os.fstat(ours).st_size))
    os.fdatasync(ours)


def _part_head(head: Path) -> None:
    """Give the head's name to a copy of it, so that the other's next promise goes nowhere."""
    try:
        data = head.read_bytes()
    except FileNotFoundError:
        return
    draft = head.with_name(f".{head.stem}.{secrets.token_hex(4)}")
    draft.write_bytes(data)
    draft.chmod(PRIVATE_FILE)
    draft.replace(head)
    sync_folder(head.parent)


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _second_name(path: Path) -> Path:
    return path.with_suffix(".fenced")
