"""The door to the disk for writing: the few things that are done to it, each of which can fail."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import msgspec

_NEW_MODE = 0o666
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_THROUGH = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC


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
    """The disk itself. Paths are absolute and have no link in them: one that became a link meanwhile makes it fail."""

    def write(self, path: Path, data: bytes, look: Look | None) -> None:
        """Make the file `path`, which is not there yet; an owner that we may not give stays ours."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with (
            opened_folder(path.parent) as folder,
            closing_descriptor(os.open(path.name, flags, _NEW_MODE, dir_fd=folder)) as descriptor,
        ):
            self._fill(descriptor, data)
            if look is not None:
                with suppress(PermissionError):
                    os.fchown(descriptor, look.uid, look.gid)
                os.fchmod(descriptor, look.mode)
            self._sync(descriptor)

    def link(self, path: Path, target: str) -> None:
        """Make the symbolic link `path`, which is not there yet."""
        with opened_folder(path.parent) as folder:
            os.symlink(target, path.name, dir_fd=folder)
            self._sync(folder)

    def set_mode(self, path: Path, mode: int) -> None:
        """Give a file that is there other permission bits."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with (
            opened_folder(path.parent) as folder,
            closing_descriptor(os.open(path.name, flags, dir_fd=folder)) as descriptor,
        ):
            os.fchmod(descriptor, mode)
            self._sync(descriptor)

    def rewrite(self, path: Path, data: bytes) -> None:
        """Give a file that is there another content, in its place: whoever else names it sees it too."""
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with (
            opened_folder(path.parent) as folder,
            closing_descriptor(os.open(path.name, flags, dir_fd=folder)) as descriptor,
        ):
            self._fill(descriptor, data)
            os.ftruncate(descriptor, len(data))
            self._sync(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Put `old` in the place of `new`."""
        with opened_folder(old.parent) as source, opened_folder(new.parent) as folder:
            os.rename(old.name, new.name, src_dir_fd=source, dst_dir_fd=folder)
            self._sync(folder)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        with opened_folder(path.parent) as folder:
            os.unlink(path.name, dir_fd=folder)
            self._sync(folder)

    def make_folder(self, path: Path, mode: int) -> None:
        """Make a folder, which is not there yet."""
        with opened_folder(path.parent) as folder:
            os.mkdir(path.name, mode, dir_fd=folder)
            self._sync(folder)

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        with opened_folder(path.parent) as folder:
            os.rmdir(path.name, dir_fd=folder)

    def _fill(self, descriptor: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]

    def _sync(self, descriptor: int) -> None:
        os.fsync(descriptor)


@contextmanager
def opened_folder(path: Path) -> Generator[int]:
    """Open a folder from the top of the disk down, without following a single link."""
    at = os.open(path.anchor, _THROUGH)
    try:
        for folder in path.parts[1:]:
            below = os.open(folder, _THROUGH | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        with closing_descriptor(os.open(".", _FOLDER, dir_fd=at)) as opened:
            yield opened
    finally:
        os.close(at)


@contextmanager
def closing_descriptor(descriptor: int) -> Generator[int]:
    """Hand `descriptor` on, and close it in the end."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)
