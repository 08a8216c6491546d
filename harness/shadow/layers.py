"""The two layers of a shadow, seen from outside the mount: the person's tree below, what was written above.

Reads and writes what an overlay mount would show, without one. Links in the person's tree are followed while they
stay inside it; links that a command made are never followed; the lower layer is never written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path, PurePosixPath

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.symlinks import target_of
from bridle.indexer.files import read_bounded

OPAQUE = "user.overlay.opaque"
WHITEOUT = "user.overlay.whiteout"
"""On an empty file: the second way of an overlay to say that there is nothing here, beside the device 0/0."""
MAX_BYTES = 256_000_000


class Scan(msgspec.Struct, frozen=True):
    """What the upper layer says, sorted: its regular files, links and folders, and the paths at or below which it
    hides the lower layer.
    """

    files: tuple[str, ...]
    links: tuple[str, ...]
    folders: tuple[str, ...]
    gone: tuple[str, ...]


class Layers:
    """One merged view. Not thread-safe, and not to be written while a command runs on it."""

    def __init__(self, lower: Path, upper: Path) -> None:
        self.lower = lower
        self.upper = upper

    def place(self, path: str) -> Path | None:
        """Return where the regular file at `path` really lies, None when the view has none there."""
        inside = self._inside(path)
        found = self._find(inside) if inside is not None else None
        return found if found is not None and _is_file(found) else None

    def entry(self, path: str) -> Path | None:
        """Return where the entry at `path` lies, whatever it is; no link is followed."""
        return self._find(PurePosixPath(path))

    def read(self, path: str) -> bytes | None:
        """Return the bytes at `path`, None when there is no regular file that may be read."""
        found = self.place(path)
        try:
            return None if found is None else read_bounded(found, MAX_BYTES)
        except OSError:
            return None

    def write(self, path: str, data: bytes | None, executable: bool | None = None) -> str:
        """Put `data` at `path`, or delete the file (None); return the path that was meant, links resolved.

        The mode stays but for its `executable` bit where that is said, and the time stamp is later by whole seconds
        than that of any earlier version. Bytes of a link (`bridle.harness.symlinks`) make one; a link that is deleted
        goes itself, and not what it leads to.

        Raises:
            UserProblem: the path leaves the tree, or a folder stands there.
        """
        inside = self._meant(path, data)
        if inside is None:
            raise UserProblem(f"{path!r} is no path inside the workspace", "name a file below its root")
        before = self._find(inside)
        if before is not None and _is_folder(before):
            raise UserProblem(f"{path!r} is a folder, so no file can be written there")
        target = target_of(data)
        if target is not None:
            place = self._folder(inside.parent) / inside.name
            place.unlink(missing_ok=True)
            place.symlink_to(target)
        elif data is not None:
            self._put(inside, data, before, executable)
        elif before is not None:
            self._remove(inside)
        return str(inside)

    def adopt(self, path: str, source: Path | None) -> None:
        """Put a copy of the very entry `source` at `path`, its times and mode with it, or delete what is there."""
        target = self._make_room(path, source)
        if source is not None and target is not None:
            shutil.copy2(source, target, follow_symlinks=False)

    def absorb(self, path: str, source: Path | None) -> None:
        """As `adopt`, and `source` itself moves: no room for a second copy is needed."""
        target = self._make_room(path, source)
        if source is not None and target is not None:
            source.replace(target)

    def _make_room(self, path: str, source: Path | None) -> Path | None:
        """Return where a file or link goes whose way is free now; a folder, and what is deleted, is done with here."""
        inside = PurePosixPath(path)
        found = self._find(inside)
        if found is not None and (source is None or _is_folder(source) != _is_folder(found)):
            self._remove(inside)
        if source is None:
            return None
        if _is_folder(source):
            self._folder(inside)
            return None
        target = self._folder(inside.parent) / inside.name
        target.unlink(missing_ok=True)
        return target

    def scan(self) -> Scan:
        """Return what the upper layer says, sorted."""
        files: list[str] = []
        links: list[str] = []
        folders: list[str] = []
        gone: list[str] = []
        unread = [""]
        while unread:
            prefix = unread.pop()
            with os.scandir(self.upper / prefix) as entries:
                for entry in entries:
                    path = prefix + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        unread.append(f"{path}/")
                        folders.append(path)
                        gone += [path] if _is_opaque(Path(entry.path)) else []
                    else:
                        gone.append(path)
                        stands = entry.is_file(follow_symlinks=False) and not is_whiteout(Path(entry.path))
                        files += [path] if stands else []
                        links += [path] if entry.is_symlink() else []
        return Scan(*(tuple(sorted(paths)) for paths in (files, links, folders, gone)))

    def _inside(self, path: str) -> PurePosixPath | None:
        """Return `path` with the links of the lower layer resolved, None when it is not below the root."""
        pure = PurePosixPath(path)
        if not path or "\0" in path or pure.is_absolute() or ".." in pure.parts or not pure.parts:
            return None
        if os.path.lexists(self.upper / pure):
            return pure
        real = Path(os.path.realpath(self.lower / pure))
        inside = PurePosixPath(real.relative_to(self.lower)) if real.is_relative_to(self.lower) else None
        return inside if inside is not None and inside.parts else None

    def _meant(self, path: str, data: bytes | None) -> PurePosixPath | None:
        """Return what a write of `path` changes: a link itself where that is made or deleted, else where it leads."""
        pure = PurePosixPath(path)
        inside = self._inside(path)
        of_link = target_of(data) is not None or (data is None and (self.lower / pure).is_symlink())
        above = self._inside(str(pure.parent)) if len(pure.parts) > 1 else PurePosixPath()
        return inside if not of_link or above is None or not pure.name else above / pure.name

    def _find(self, inside: PurePosixPath) -> Path | None:
        """Return where the entry at `inside` lies, whatever it is; no link is followed."""
        lower: Path | None = self.lower
        upper: Path | None = self.upper
        for name in inside.parts:
            lower = _below(lower, name)
            upper = _below(upper, name)
            if upper is not None and _hides(upper):
                lower = None
            if upper is not None and is_whiteout(upper):
                upper = None
        return upper or lower

    def _put(self, inside: PurePosixPath, data: bytes, before: Path | None, executable: bool | None) -> None:
        folder = self._folder(inside.parent)
        target = folder / inside.name
        handle, temporary = tempfile.mkstemp(prefix=".bridle-", dir=folder)
        try:
            with open(handle, "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
                stream.write(data)
                os.fchmod(handle, _mode(before, executable))
            stamp = _stamps.next(str(self.lower / inside), before)
            os.utime(temporary, (stamp, stamp))
            Path(temporary).replace(target)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _remove(self, inside: PurePosixPath) -> None:
        folder = self._folder(inside.parent)
        target = folder / inside.name
        if _is_folder(target):
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        if self._find(inside) is not None:
            os.mknod(target, stat.S_IFCHR, os.makedev(0, 0))

    def _folder(self, inside: PurePosixPath) -> Path:
        """Return the upper layer's folder at `inside`, made with the modes of the lower one."""
        for depth in range(1, len(inside.parts) + 1):
            part = PurePosixPath(*inside.parts[:depth])
            upper = self.upper / part
            if _is_folder(upper):
                continue
            found = self._find(part)
            if found is not None and not _is_folder(found):
                raise UserProblem(f"{str(part)!r} is no folder, so nothing can be written below it")
            hidden = os.path.lexists(upper)
            upper.unlink(missing_ok=True)
            upper.mkdir()
            upper.chmod(stat.S_IMODE(found.stat().st_mode) if found else 0o777 & ~current_umask())
            if hidden:
                os.setxattr(upper, OPAQUE, b"y")
        return self.upper / inside


def _mode(before: Path | None, executable: bool | None) -> int:
    """Return the mode of a file in place of `before`; that of a link says nothing."""
    kept = before is not None and not before.is_symlink()
    mode = stat.S_IMODE(before.lstat().st_mode) if before is not None and kept else 0o666 & ~current_umask()
    if executable is None:
        return mode
    return mode | (mode & 0o444) >> 2 if executable else mode & ~0o111


class _Stamps:
    """Time stamps in whole seconds that never come twice for one path: compilers' caches key on them."""

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}

    def next(self, path: str, before: Path | None) -> int:
        known = self._latest.get(path, 0)
        if before is not None:
            known = max(known, int(before.lstat().st_mtime))
        self._latest[path] = max(int(time.time()), known + 1)
        return self._latest[path]


_stamps = _Stamps()


def is_whiteout(path: Path) -> bool:
    """Tell whether an entry of an upper layer says that there is nothing here."""
    state = path.lstat()
    if stat.S_ISCHR(state.st_mode):
        return state.st_rdev == os.makedev(0, 0)
    return stat.S_ISREG(state.st_mode) and state.st_size == 0 and _attribute(path, WHITEOUT) is not None


def current_umask() -> int:
    """Return the process's umask without touching it."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        status = Path("/proc/self/status").read_text("ascii", "replace")
        return int(status.partition("Umask:")[2].split(maxsplit=1)[0], 8)
    return 0o022


def _below(folder: Path | None, name: str) -> Path | None:
    if folder is None or not _is_folder(folder):
        return None
    found = folder / name
    return found if os.path.lexists(found) else None


def _hides(upper: Path) -> bool:
    return not _is_folder(upper) or _is_opaque(upper)


def _is_opaque(folder: Path) -> bool:
    return _attribute(folder, OPAQUE) == b"y"


def _attribute(path: Path, name: str) -> bytes | None:
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return None


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _is_folder(path: Path) -> bool:
    """Tell whether a folder stands there itself, no link to one."""
    return path.is_dir() and not path.is_symlink()
