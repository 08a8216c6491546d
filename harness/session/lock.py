"""Who owns a root: the first engine does, every other one follows and may take over when the owner is gone.

The kernel's lock on an open file decides; it falls with the process that held it, however that died. The
process id in the file is for telling only. The file itself is never removed, so that all contend for the same
one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Literal

from bridle.harness.nouns import UserProblem
from bridle.harness.session.storage import PRIVATE_FILE, told

POLL_S = 0.01


class WorkspaceLock:
    """The claim of this process on one root. A follower calls `try_take` again from time to time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def role(self) -> Literal["owner", "follower"]:
        """What this process is now."""
        return "follower" if self._file is None else "owner"

    def try_take(self) -> bool:
        """Become the owner unless another process is; returns whether this process owns the root now."""
        if self._file is not None:
            return True
        with told(self._path):
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        if not lock_file(file, self._path):
            os.close(file)
            return False
        self._file = file
        with told(self._path):
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        return True

    def owner_pid(self) -> int | None:
        """Return the process id that the last owner left, None when there was none. It may be dead."""
        try:
            return int(self._path.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        """Give the root up, if this process owns it."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


@contextlib.contextmanager
def held(path: Path, within_s: float) -> Generator[None]:
    """Hold the lock of `path`, a file that is made once and stays.

    Raises UserProblem when somebody else has it for longer than `within_s`.
    """
    with told(path):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
    try:
        if not lock_file(file, path, within_s):
            raise UserProblem("another Bridle is writing files of this workspace", "try again in a moment")
        yield
    finally:
        os.close(file)


def lock_file(file: int, path: Path, within_s: float = 0.0, *, shared: bool = False) -> bool:
    """Lock an open file, waiting at most `within_s`; returns whether it is locked. Raises UserProblem."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    until = time.monotonic() + within_s
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_S)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
                raise
            raise UserProblem(
                f"the disk of {str(path)!r} cannot lock files: {error.strerror}",
                "set XDG_STATE_HOME to a folder on a local disk",
            ) from error
