"""The content store: bytes under their own digest, kept before anything is built on them.

It is what a roll back reads, outside git, for ignored files and for unsaved buffers too. Encodings are left
alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from bridle.harness.nouns import Fault
from bridle.harness.session.storage import make_private, told, write_whole
from bridle.indexer.digest import digest

_NAME = re.compile(r"[0-9a-f]{32}")


class Blobs:
    """Bytes by digest, below one private folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep `data`, durably; returns its digest. Raises UserProblem when the disk does not take it."""
        name = digest(data)
        path = self._path(name)
        with told(path):
            if not (path.is_file() and path.read_bytes() == data):
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

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Fault(f"{name!r} is not the name of a stored content")
        return self._folder / name[:2] / name[2:]
