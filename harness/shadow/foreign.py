"""Files of other owners in the workspace of an ordinary user: what the kernel refuses to copy up is copied beforehand.

In a user namespace only the person's own user and group have names, so an overlay cannot copy up a file that belongs
to anybody else, nor write into such a folder. A copy of the person's own, put into the upper layer for the time of a
command, has the same content and may be written; one that the command left alone is taken away again.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator, Iterable
from itertools import islice
from pathlib import Path

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.layers import Layers

MAX_SEEN = 1_000
MAX_FILES = 1_000
MAX_BYTES = 256_000_000


def foreigners(workspace: Path) -> str:
    """Return why an overlay would be of no use, "" where nothing says so: most of what one sees first is another's."""
    if os.geteuid() == 0:
        return ""
    with os.scandir(workspace) as entries:
        seen = [is_foreign(Path(entry.path)) for entry in islice(entries, MAX_SEEN)]
    if seen and sum(seen) > max(10, len(seen) // 2):
        return f"most files of {str(workspace)!r} belong to another user or group, so they cannot be copied up"
    return ""


def is_foreign(path: Path) -> bool:
    """Tell whether an entry belongs to another user or group than ours."""
    try:
        state = path.lstat()
    except OSError:
        return False
    return (state.st_uid, state.st_gid) != (os.geteuid(), os.getegid())


@contextlib.contextmanager
def naturalised(layers: Layers, paths: Iterable[str]) -> Generator[None]:
    """Hold copies of our own, in the upper layer, of those of `paths` that are another's, and of their folders.

    Raises:
        UserProblem: there are too many of them to copy.
    """
    if os.geteuid() == 0:
        yield
        return
    copied = dict(_copied(layers, paths))
    try:
        yield
    finally:
        for path, stamp in copied.items():
            if _stamp(layers.upper / path) == stamp:
                (layers.upper / path).unlink()


def _copied(layers: Layers, paths: Iterable[str]) -> Generator[tuple[str, tuple[int, ...]]]:
    n_files, n_bytes = 0, 0
    folders: set[Path] = set()
    for path in paths:
        _take_folders(layers, Path(path).parent, folders)
        below = layers.lower / path
        if os.path.lexists(layers.upper / path) or not is_foreign(below) or not os.access(below, os.R_OK):
            continue
        n_files, n_bytes = n_files + 1, n_bytes + below.lstat().st_size
        if n_files > MAX_FILES or n_bytes > MAX_BYTES:
            problem = f"more than {n_files - 1} files of the workspace belong to another user or group, {path!r} is one"
            raise UserProblem(problem, "make them yours (chown), or work in a checkout of your own")
        layers.adopt(path, below)
        yield path, _stamp(layers.upper / path)


def _take_folders(layers: Layers, folder: Path, known: set[Path]) -> None:
    """Put a folder of our own over one of another's: the merged one then has our owner and mode."""
    if folder in known or folder == Path():
        return
    _take_folders(layers, folder.parent, known)
    known.add(folder)
    if is_foreign(layers.lower / folder) and layers.entry(folder.as_posix()) == layers.lower / folder:
        layers.adopt(folder.as_posix(), layers.lower / folder)
        (layers.upper / folder).chmod(stat.S_IMODE((layers.lower / folder).stat().st_mode) | stat.S_IRWXU)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        state = path.lstat()
    except OSError:
        return ()
    return (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_mode)
