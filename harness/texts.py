"""The texts that places are told by: the open buffer's, else the file's, each only as the index has read it.

A file is read again when it may have changed; what was read is kept, up to `MAX_BYTES`. One thread at a time.
"""

from __future__ import annotations

import os
import stat
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from bridle.harness.buffers import Buffers, OpenDocument
from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError
from bridle.indexer.files import SETTLED_NS, read_bounded
from bridle.indexer.languages.lines import Lines
from bridle.indexer.parse import in_utf8
from bridle.indexer.text import PositionEncoding, index_of_unit, line_body, unit_length

MAX_BYTES = 64_000_000
MANY = 10
"""So many positions are counted out one by one; for more, all lines are looked up."""


class Text:
    """A text in UTF-8 with its lines; `version` is the open document's, None of a file on disk."""

    def __init__(self, path: str, data: bytes, version: int | None = None) -> None:
        self.data = data
        self.version = version
        self._path = path
        self._is_ascii = data.isascii()
        self._n_asked = MANY if b"\r" in data else 0

    @cached_property
    def _starts(self) -> array[int]:
        return array("i", Lines(self._path, self.data).starts)

    def byte_at(self, line: int, character: int, encoding: PositionEncoding) -> int:
        """Return the byte of a position; one past the end of its line is that end."""
        if line >= len(self._starts):
            return len(self.data)
        start = self._starts[max(line, 0)]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.data)
        body = line_body(self.data[start:end].decode("utf-8", "replace"))
        return start + len(body[: index_of_unit(body, max(character, 0), encoding)].encode())

    def position(self, byte: int, encoding: PositionEncoding) -> tuple[int, int]:
        """Return the line and the character of a byte."""
        self._n_asked += 1
        if self._n_asked > MANY:
            line = bisect_right(self._starts, byte) - 1
            start = self._starts[line]
        else:
            line = self.data.count(b"\n", 0, byte)
            start = self.data.rfind(b"\n", 0, byte) + 1
        if self._is_ascii or encoding == "utf-8":
            return line, byte - start
        return line, unit_length(self.data[start:byte].decode("utf-8", "replace"), encoding)

    def written(self, byte: int, size: int, encoding: PositionEncoding) -> tuple[int, int, int, int]:
        """Return the lines and characters of a name: where it begins, and where it ends on the same line."""
        line, character = self.position(byte, encoding)
        if not (self._is_ascii or encoding == "utf-8"):
            size = unit_length(self.data[byte : byte + size].decode("utf-8", "replace"), encoding)
        return line, character, line, character + size


class _OnDisk(NamedTuple):
    key: tuple[int, int, int, int]
    digest: str
    text: Text


class Texts:
    """The texts of one root."""

    def __init__(self, root: Path, buffers: Buffers) -> None:
        self._root = root
        self._buffers = buffers
        self._open: dict[str, tuple[OpenDocument, str, Text]] = {}
        self._files: OrderedDict[str, _OnDisk] = OrderedDict()
        self._n_bytes = 0

    def get(self, path: str, wanted: str) -> Text | None:
        """Return the text of a file if its bytes have the digest `wanted`; None where it has another one, or none."""
        document = self._buffers.get(path)
        if document is not None:
            return self._buffer(path, document, wanted)
        self._open.pop(path, None)
        return self._file(path, wanted)

    def _buffer(self, path: str, document: OpenDocument, wanted: str) -> Text | None:
        known = self._open.get(path)
        if known is None or known[0] is not document:
            data = document.buffer.text.encode("utf-8", "replace")
            known = self._open[path] = (document, digest(data), Text(path, data, document.buffer.version))
        return known[2] if known[1] == wanted else None

    def _file(self, path: str, wanted: str) -> Text | None:
        try:
            state = os.lstat(self._root / path)
            key = state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns
            known = self._files.get(path)
            if known is None or known.key != key:
                known = self._read(path, key)
        except (OSError, UndecodableError):
            return None
        is_settled = time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > SETTLED_NS
        if stat.S_ISREG(state.st_mode) and is_settled:
            self._keep(path, known)
        return known.text if known.digest == wanted else None

    def _read(self, path: str, key: tuple[int, int, int, int]) -> _OnDisk:
        data = read_bounded(self._root / path)
        return _OnDisk(key, digest(data), Text(path, in_utf8(data)))

    def _keep(self, path: str, read: _OnDisk) -> None:
        before = self._files.pop(path, None)
        self._n_bytes += len(read.text.data) - (len(before.text.data) if before is not None else 0)
        self._files[path] = read
        while self._n_bytes > MAX_BYTES:
            _, oldest = self._files.popitem(last=False)
            self._n_bytes -= len(oldest.text.data)
