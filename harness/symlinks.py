"""A symbolic link as bytes, so that whatever keeps, compares and carries files does so with links too.

The bytes are a mark that no text has, then where the link points, as git keeps it in a blob of mode 120000. Only who
reads a place or writes one needs to know; to all others it is a file whose change no lines can say.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

MARK = b"\xff\x00\xfesymbolic link to "
MODE = "120000"
"""Git's mode of a link."""


def as_bytes(target: str) -> bytes:
    """Return the bytes that stand for a link to `target`."""
    return MARK + os.fsencode(target)


def target_of(data: bytes | None) -> str | None:
    """Return where a link points, None where `data` are the bytes of an ordinary file, or of none."""
    return os.fsdecode(data[len(MARK) :]) if data is not None and data.startswith(MARK) else None


def read_link(path: Path) -> bytes | None:
    """Return the bytes of the link at `path`, None where there is none."""
    try:
        return as_bytes(str(path.readlink()))
    except OSError:
        return None


def leads_out(path: str, target: str) -> bool:
    """Tell whether a link at `path` (from the root) to `target` leaves the workspace, links on the way not followed."""
    if target.startswith("/") or "\0" in target:
        return True
    depth = len(PurePosixPath(path).parts) - 1
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False
