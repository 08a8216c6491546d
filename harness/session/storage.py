"""How session state reaches the disk: private folders, whole files, and problems told as the person can mend
them.

It never touches the workspace; what is written there goes through `bridle.harness.edits.disk`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Generator
from pathlib import Path

from bridle.harness.nouns import UserProblem

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600

_NEXT_STEPS = {
    errno.ENOSPC: "free some space on that disk and try again",
    errno.EDQUOT: "free some of your disk quota and try again",
    errno.EROFS: "that disk is read-only: set XDG_STATE_HOME to a folder that you can write",
    errno.EACCES: "give yourself write access to it, or set XDG_STATE_HOME to a folder that you can write",
    errno.EPERM: "give yourself write access to it, or set XDG_STATE_HOME to a folder that you can write",
    errno.ENOTDIR: "a file is in the way of a folder: move it aside, or set XDG_STATE_HOME elsewhere",
}


@contextlib.contextmanager
def told(path: Path) -> Generator[None]:
    """Turn an OSError about `path` into a UserProblem with its next step."""
    try:
        yield
    except OSError as error:
        step = _NEXT_STEPS.get(error.errno or 0, "check that folder, or set XDG_STATE_HOME to another one")
        raise UserProblem(f"Bridle cannot keep its state in {str(path)!r}: {error.strerror or error}", step) from error


def make_private(folder: Path) -> Path:
    """Create `folder` and what is missing above it, for this user alone; returns it.

    Raises:
        UserProblem: it cannot be made, is a link, or belongs to somebody else.
    """
    with told(folder):
        if not folder.parent.is_dir():
            make_private(folder.parent)
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise UserProblem(
                f"Bridle's state folder {str(folder)!r} is a link or belongs to somebody else",
                "move it aside, or set XDG_STATE_HOME to a folder of your own",
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            folder.chmod(PRIVATE_FOLDER)
    return folder


def write_whole(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Put `data` at `path`, durably: a reader sees the old file or the new one. Raises UserProblem."""
    _write(path, data, mode, durably=True)


def write_cached(path: Path, data: bytes) -> None:
    """Put `data` at `path` and wait for no disk: after a power failure it may be gone, or less than all of it be there.

    For what is asked for anew where it cannot be read, and says by its form whether it is whole. Raises UserProblem.
    """
    _write(path, data, PRIVATE_FILE, durably=False)


def _write(path: Path, data: bytes, mode: int, *, durably: bool) -> None:
    with told(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(data)
                file.flush()
                if durably:
                    os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        if durably:
            sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_open(file: int, at: int = 0) -> bytes:
    """Return what an open file holds from `at` on. Raises OSError."""
    size = os.fstat(file).st_size
    parts: list[bytes] = []
    while at < size and (part := os.pread(file, size - at, at)):
        parts.append(part)
        at += len(part)
    return b"".join(parts)
