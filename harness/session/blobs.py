"""The content store: bytes under their own digest, kept before anything is built on them.

It is what a roll back reads, outside git, for ignored files and for unsaved buffers too. Encodings are left
alone.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from bridle.harness.nouns import Fault
from bridle.harness.session.storage import make_private, told, write_whole
from bridle.indexer.digest import digest

_NAME = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"[0-9a-f]{2}")


class Blobs:
    """Bytes by digest, below one private folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep `data`, durably; returns its digest. Raises UserProblem when the disk does not take it."""
        name = digest(data)
        path = self._path(name)
        with told(path):
            if not _stands(path, data):
                make_private(path.parent)
                write_whole(path, data)
        return name

    def get(self, name: str) -> bytes:
        """Return the bytes with this digest. Raises Fault when they are gone or are not what was kept."""
        try:
            data = self._path(name).read_bytes()
        except OSError as error:
            raise Fault(f"the stored content {name} cannot be read: {error}") from error
        if digest(data) != name:
            raise Fault(f"the stored content {name} was changed on disk")
        return data

    def __contains__(self, name: str) -> bool:
        return self._path(name).is_file()

    def sizes(self) -> dict[str, int]:
        """Return the size of all that is kept, by digest."""
        found: dict[str, int] = {}
        for folder in self._folder.iterdir():
            for path in folder.iterdir() if _PART.fullmatch(folder.name) else ():
                with contextlib.suppress(OSError):
                    if _NAME.fullmatch(folder.name + path.name):
                        found[folder.name + path.name] = path.stat().st_size
        return found

    def drop(self, names: Iterable[str], before: float) -> int:
        """Let contents go that were last put before a time (in seconds since the epoch); returns how many went.

        One that is put again at this moment stays: `put` touches it first, and that is looked for after it was moved.
        """
        n_gone = 0
        for name in names:
            path = self._path(name)
            aside = path.with_name(f".{path.name}")
            try:
                if path.stat().st_mtime >= before:
                    continue
                path.rename(aside)
                if aside.stat().st_mtime >= before:
                    aside.rename(path)
                    continue
                aside.unlink()
                n_gone += 1
            except OSError:
                continue
        return n_gone

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Fault(f"{name!r} is not the name of a stored content")
        return self._folder / name[:2] / name[2:]


def _stands(path: Path, data: bytes) -> bool:
    """Tell whether these bytes are kept already; they count as put just now."""
    try:
        os.utime(path)
        return path.read_bytes() == data
    except OSError:
        return False
