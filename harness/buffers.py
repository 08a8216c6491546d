"""The open documents as the engine knows them: text and version from the door, bytes as a save would write them.

Only a dirty buffer counts as different from the disk: one whose text is not the file's text, byte order mark and
line ends apart.
"""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec

from bridle.harness.engine import Buffer, SyncBuffers
from bridle.harness.symlinks import read_link
from bridle.indexer.files import UndecodableError, decode, encode
from bridle.indexer.text import dominant_end


class OpenDocument(msgspec.Struct, frozen=True):
    """A buffer, and which opening of its document it belongs to (a version means nothing across openings)."""

    buffer: Buffer
    opening: int


class Buffers:
    """The open documents of one root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, OpenDocument] = {}
        self._openings = 0

    def sync(self, request: SyncBuffers) -> tuple[str, ...]:
        """Take the door's changes; returns the paths that they touch."""
        for path in request.closed:
            self._open.pop(path, None)
        for buffer in request.changed:
            known = self._open.get(buffer.path)
            if known is None:
                self._openings += 1
            self._open[buffer.path] = OpenDocument(buffer, known.opening if known else self._openings)
        return (*request.closed, *(buffer.path for buffer in request.changed))

    def get(self, path: str) -> OpenDocument | None:
        """Return the open document at `path`."""
        return self._open.get(path)

    def versions(self) -> dict[str, int]:
        """Return path → version of all open documents."""
        return {path: document.buffer.version for path, document in self._open.items()}

    def openings(self) -> dict[str, int]:
        """Return path → which opening of its document a version counts in."""
        return {path: document.opening for path, document in self._open.items()}

    def dirty(self) -> dict[str, bytes]:
        """Return the bytes that saving each dirty buffer would write."""
        found: dict[str, bytes] = {}
        for path in self._open:
            data = self.unsaved(path)
            if data is not None:
                found[path] = data
        return found

    def unsaved(self, path: str) -> bytes | None:
        """Return what saving the buffer at `path` would write; None when it is closed or holds what the disk holds."""
        document = self._open.get(path)
        if document is None:
            return None
        text = document.buffer.text
        disk = read_bytes(self._root / path)
        if disk is None:
            return encode_or_utf8(text, "utf-8", bom=False)
        try:
            saved = decode(disk)
        except UndecodableError:
            return None
        if _plain(saved.text) == _plain(text):
            return None
        return encode_or_utf8(with_ends(text, saved.text), saved.encoding, bom=saved.bom)

    def current(self, path: str) -> bytes | None:
        """Return the bytes at `path` as the person sees them: the dirty buffer, else the disk; None when not there."""
        unsaved = self.unsaved(path)
        return unsaved if unsaved is not None else read_bytes(self._root / path)

    def mode(self, path: str) -> int | None:
        """Return the permission bits of the file at `path`, None where there is none."""
        try:
            found = (self._root / path).lstat()
        except OSError:
            return None
        return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None

    def link(self, path: str) -> bytes | None:
        """Return the bytes of the link at `path` (`bridle.harness.symlinks`), None when there is none."""
        return read_link(self._root / path)


def read_bytes(path: Path) -> bytes | None:
    """Return the file's bytes, None when there is no such regular file or it may not be read."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def encode_or_utf8(text: str, encoding: str, *, bom: bool) -> bytes:
    """Encode as a save would; a text that the file's encoding cannot hold is written as UTF-8, as editors do."""
    try:
        return encode(text, encoding, bom)
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def with_ends(text: str, saved: str) -> str:
    """Give `text` the line ends of `saved` where an editor has normalised mixed ends to one kind."""
    if "\r" in text or "\r" not in saved:
        return text
    end = dominant_end(saved)
    return text.replace("\n", end) if end != "\n" else text


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
