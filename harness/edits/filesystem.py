"""The door to the disk for writing: the few things that are done to it, each of which can fail."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import msgspec

_NEW_MODE = 0o666


class Look(msgspec.Struct, frozen=True):
    """Mode and owner of a file."""

    mode: int
    uid: int
    gid: int


class FileSystem(Protocol):
    """What is done to a disk. Everything is on the disk, not only on its way, when a call returns; raises OSError."""

    def write(self, path: Path, data: bytes, look: Look | None) -> None:
        """Make the file `path`, which is not there yet."""
        ...

    def link(self, path: Path, target: str) -> None:
        """Make the symbolic link `path`, which is not there yet."""
        ...

    def rewrite(self, path: Path, data: bytes) -> None:
        """Give a file that is there another content, in its place: whoever else names it sees it too."""
        ...

    def set_mode(self, path: Path, mode: int) -> None:
        """Give a file that is there other permission bits."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Put `old` in the place of `new`."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file."""
        ...

    def make_folder(self, path: Path, mode: int) -> None:
        """Make a folder, which is not there yet."""
        ...

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        ...


class RealFileSystem:
    """The disk itself."""

    def write(self, path: Path, data: bytes, look: Look | None) -> None:
        """Make the file `path`, which is not there yet; an owner that we may not give stays ours."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _NEW_MODE)
        with closing_descriptor(descriptor):
            self._fill(descriptor, data)
            if look is not None:
                with suppress(PermissionError):
                    os.fchown(descriptor, look.uid, look.gid)
                os.fchmod(descriptor, look.mode)
            self._sync(descriptor)

    def link(self, path: Path, target: str) -> None:
        """Make the symbolic link `path`, which is not there yet."""
        path.symlink_to(target)
        self._sync_folder(path.parent)

    def set_mode(self, path: Path, mode: int) -> None:
        """Give a file that is there other permission bits."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with closing_descriptor(descriptor):
            os.fchmod(descriptor, mode)
            self._sync(descriptor)

    def rewrite(self, path: Path, data: bytes) -> None:
        """Give a file that is there another content, in its place: whoever else names it sees it too."""
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with closing_descriptor(descriptor):
            self._fill(descriptor, data)
            os.ftruncate(descriptor, len(data))
            self._sync(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Put `old` in the place of `new`."""
        old.rename(new)
        self._sync_folder(new.parent)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()
        self._sync_folder(path.parent)

    def make_folder(self, path: Path, mode: int) -> None:
        """Make a folder, which is not there yet."""
        path.mkdir(mode=mode)
        self._sync_folder(path.parent)

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with closing_descriptor(descriptor):
            self._sync(descriptor)

    def _fill(self, descriptor: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]

    def _sync(self, descriptor: int) -> None:
        os.fsync(descriptor)


@contextmanager
def closing_descriptor(descriptor: int) -> Generator[None]:
    """Close `descriptor` in the end."""
    try:
        yield
    finally:
        os.close(descriptor)
