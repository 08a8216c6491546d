"""Reading a file that a stranger put there: never more than was asked for, never a device, a pipe or a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_FILE_BYTES = 2_000_000


def read_bounded(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of the regular file `path`.

    Raises:
        OSError: it is not there, not readable, not a regular file, a link, or larger than `max_bytes`.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as stream:  # noqa: PTH123  # a descriptor, not a path
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{str(path)!r} is not a regular file")
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(f"{str(path)!r} is larger than {max_bytes} bytes")
    return data
