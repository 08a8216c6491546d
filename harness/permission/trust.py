"""Whether a person said yes to this folder: once, for what its configuration was then.

Trust is bound to the resolved folder and to a digest of ``bridle.toml`` and ``.bridle/**``, so that a
configuration that changes asks again. It is kept with the user's state, never in the repository; nothing here
runs anything.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.session.lock import lock_file
from bridle.harness.session.state import state_home
from bridle.harness.session.storage import PRIVATE_FILE, make_private, told, write_whole
from bridle.indexer.digest import digest

MAX_FILES = 1000
MAX_BYTES = 16 * 1024 * 1024
LOCK_WITHIN_S = 5.0

Standing = Literal["trusted", "changed", "unknown"]


class _Entry(msgspec.Struct, frozen=True):
    """What was trusted: the digest of each file of the configuration."""

    files: dict[str, str]


class Trust:
    """The trust in one folder.

    It is read from the disk each time it is asked for: another door may have changed it.
    """

    def __init__(self, root: Path, home: Path | None = None) -> None:
        self._root = root.resolve()
        self._book = (home or state_home()) / "trust.json"

    @property
    def trusted(self) -> bool:
        """Whether what the folder's configuration is now was said yes to."""
        return self.standing == "trusted"

    @property
    def standing(self) -> Standing:
        """The same, with the difference between never and no longer. Raises UserProblem."""
        entry = self._read().get(str(self._root))
        if entry is None:
            return "unknown"
        return "trusted" if entry.files == configuration(self._root) else "changed"

    def changed(self) -> tuple[str, ...]:
        """Return the files of the configuration that are not as they were when they were trusted."""
        entry = self._read().get(str(self._root), _Entry({}))
        now = configuration(self._root)
        return tuple(sorted(p for p in {*entry.files, *now} if entry.files.get(p) != now.get(p)))

    def say(self, *, trusted: bool) -> None:
        """Keep the person's yes to the folder as it is now, or their no. Raises UserProblem."""
        entry = _Entry(configuration(self._root)) if trusted else None
        make_private(self._book.parent)
        with _alone(self._book.with_suffix(".lock")):
            book = {root: kept for root, kept in self._read().items() if root != str(self._root)}
            if entry is not None:
                book[str(self._root)] = entry
            write_whole(self._book, msgspec.json.format(msgspec.json.encode(book), indent=1) + b"\n")

    def _read(self) -> dict[str, _Entry]:
        with told(self._book):
            if not self._book.exists():
                return {}
            found = self._book.stat()
            if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022:
                raise UserProblem(f"others may write {str(self._book)!r}", f"remove it, or: chmod 600 {self._book}")
            data = self._book.read_bytes()
        try:
            return msgspec.json.decode(data, type=dict[str, _Entry])
        except msgspec.DecodeError as error:
            raise UserProblem(f"{str(self._book)!r} is not readable: {error}", "remove it and trust again") from error


def configuration(root: Path) -> dict[str, str]:
    """Return path → digest of all that configures Bridle in `root`; a link counts with where it leads.

    Raises:
        UserProblem: there is more of it than can be looked at.
    """
    files: dict[str, str] = {}
    size = 0
    for path in _files(root):
        data = _content(path)
        files[path.relative_to(root).as_posix()] = digest(data)
        size += len(data)
        if len(files) > MAX_FILES or size > MAX_BYTES:
            where = str(root / ".bridle")
            raise UserProblem(f"{where!r} is too large to be trusted", f"keep it under {MAX_FILES} files, 16 MiB")
    return files


def _files(root: Path) -> Iterator[Path]:
    top = root / "bridle.toml"
    if os.path.lexists(top):
        yield top
    for folder, folders, names in os.walk(root / ".bridle"):
        folders.sort()
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted([*names, *links]):
            yield Path(folder) / name


def _content(path: Path) -> bytes:
    """Return what stands for one file: its kind and bits, where it leads when it is a link, and its bytes."""
    try:
        found = path.lstat()
        leads = os.fsencode(path.readlink()) if stat.S_ISLNK(found.st_mode) else b""
        data = b""
        if path.is_file():
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = f"{str(path)!r} cannot be read, so nobody can say what it would do: {error.strerror}"
        raise UserProblem(reason, "give yourself read access to it, or remove it") from error
    executable = b"x" if found.st_mode & 0o100 else b"-"
    return b"\0".join((str(stat.S_IFMT(found.st_mode)).encode(), executable, leads, data))


@contextmanager
def _alone(path: Path) -> Generator[None]:
    with told(path):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        try:
            if not lock_file(file, path, LOCK_WITHIN_S):
                raise UserProblem(f"{str(path)!r} is held by another Bridle", "try again in a moment")
            yield
        finally:
            os.close(file)
