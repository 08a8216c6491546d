"""Files as they were when the model saw them, and which of their lines it saw.

A revision is known by its path and a running number, never by a hash that could be guessed. With a folder the
store outlives the process and may be shared by several; a line that was torn by a crash is passed over. The
store forgets the oldest bytes beyond its cap and says so when they are asked for.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bridle.context.readform import Range, ReadMode, joined
from bridle.harness.edits.problems import ToolProblem
from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError, decode

MAX_BYTES_IN_MEMORY = 64 << 20
MAX_BYTES_ON_DISK = 512 << 20


class Revision(msgspec.Struct, frozen=True):
    """A file as it was at one moment."""

    path: str
    number: int
    digest: str
    data: bytes
    text: str
    encoding: str
    bom: bool


class _Noted(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the index: a revision's birth, or lines of it that were shown."""

    path: str
    number: int
    digest: str = ""
    shown: tuple[Range, ...] = ()
    mode: ReadMode = "check"


class Revisions:
    """The revision store of one session. Thread-safe.

    `mode` is how its lines are shown and named; without one it is that in which the session last showed any.
    """

    def __init__(self, folder: Path | None = None, mode: ReadMode | None = None) -> None:
        self._mode: ReadMode | None = mode
        self._last_mode: ReadMode = "check"
        self._modes: dict[tuple[str, int], ReadMode] = {}
        self._index = _Index(folder)
        self._blobs = _Blobs(folder)
        self._numbers: dict[str, dict[str, int]] = {}
        self._digests: dict[tuple[str, int], str] = {}
        self._shown: dict[tuple[str, int], tuple[Range, ...]] = {}
        self._lock = threading.RLock()

    def note(self, path: str, data: bytes) -> Revision:
        """Keep `data` as a revision of `path`; equal bytes keep their number. Raises ToolProblem E_ENCODING."""
        mark = digest(data)
        with self._at_latest():
            known = self._numbers.get(path, {})
            number = known.get(mark, len(known) + 1)
            revision = _revision(path, number, mark, data)
            self._blobs.put(mark, data)
            if mark not in known:
                noted = _Noted(path, number, mark)
                self._learn(noted)
                self._index.append(noted)
            return revision

    def get(self, path: str, number: int) -> Revision:
        """Return a revision. Raises ToolProblem E_REV_UNKNOWN where it was never noted or is no longer kept."""
        with self._at_latest():
            mark = self._digests.get((path, number))
            data = self._blobs.get(mark) if mark else None
            if mark is None or data is None:
                raise ToolProblem("E_REV_UNKNOWN", path, self._why_unknown(path, number, forgotten=mark is not None))
            return _revision(path, number, mark, data)

    @property
    def mode(self) -> ReadMode:
        """How lines are shown from now on."""
        with self._at_latest():
            return self._now()

    def mode_of(self, path: str, number: int) -> ReadMode:
        """Return how lines of a revision were last shown: what an edit of it must name them by."""
        with self._at_latest():
            return self._modes.get((path, number), self._now())

    def show(self, path: str, number: int, ranges: Iterable[Range]) -> None:
        """Record that the lines of `ranges` (0-based, half-open) were shown with their anchors."""
        with self._at_latest():
            key, mode = (path, number), self._now()
            noted = _Noted(path, number, shown=tuple(ranges), mode=mode)
            before = self._shown.get(key, ()), self._modes.get(key), self._last_mode
            self._learn(noted)
            if (self._shown.get(key, ()), self._modes.get(key), self._last_mode) != before:
                self._index.append(noted)

    def shown(self, path: str, number: int) -> tuple[Range, ...]:
        """Return the lines of a revision that were shown so far."""
        with self._at_latest():
            return self._shown.get((path, number), ())

    def numbers(self, path: str) -> tuple[int, ...]:
        """Return the known revisions of `path`, newest first."""
        with self._at_latest():
            return tuple(sorted(self._numbers.get(path, {}).values(), reverse=True))

    def paths(self) -> tuple[str, ...]:
        """Return all paths that have a revision, sorted."""
        with self._at_latest():
            return tuple(sorted(self._numbers))

    @contextmanager
    def _at_latest(self) -> Generator[None]:
        with self._lock, self._index.locked():
            for noted in self._index.fresh():
                self._learn(noted)
            yield

    def _now(self) -> ReadMode:
        return self._last_mode if self._mode is None else self._mode

    def _learn(self, noted: _Noted) -> None:
        key = (noted.path, noted.number)
        if noted.digest:
            self._numbers.setdefault(noted.path, {})[noted.digest] = noted.number
            self._digests[key] = noted.digest
        if noted.shown:
            self._shown[key] = joined([*self._shown.get(key, ()), *noted.shown], 1 << 31)
            self._modes[key] = noted.mode
            self._last_mode = noted.mode

    def _why_unknown(self, path: str, number: int, *, forgotten: bool) -> str:
        known = sorted(self._numbers.get(path, {}).values(), reverse=True)[:3]
        if forgotten:
            return f"v{number} is no longer kept (the store is full). Read the file again."
        if not known:
            return "This file was not read yet. Read it first."
        return f"There is no v{number}. Known: {', '.join(f'v{n}' for n in known)}."


def _revision(path: str, number: int, mark: str, data: bytes) -> Revision:
    try:
        decoded = decode(data)
    except UndecodableError as error:
        raise ToolProblem("E_ENCODING", path, f"This file cannot be read as text: {error}") from error
    return Revision(path, number, mark, data, decoded.text, decoded.encoding, decoded.bom)


class _Index:
    """The append-only list of what was noted; empty methods without a folder."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "revisions.jsonl" if folder else None
        self._read_to = 0
        if folder:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def locked(self) -> Generator[None]:
        if self._path is None:
            yield
            return
        with self._path.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def fresh(self) -> list[_Noted]:
        """Return what others and earlier processes noted since the last look."""
        if self._path is None or not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read_to)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read_to += len(whole)
        return [noted for line in whole.splitlines() if (noted := _read_noted(line)) is not None]

    def append(self, noted: _Noted) -> None:
        if self._path is None:
            return
        line = msgspec.json.encode(noted) + b"\n"
        with self._path.open("ab") as file:
            if file.tell() > self._read_to:
                line = b"\n" + line  # the line before was torn
            file.write(line)
            self._read_to = file.tell()


def _read_noted(line: bytes) -> _Noted | None:
    try:
        return msgspec.json.decode(line, type=_Noted)
    except msgspec.DecodeError:
        return None


class _Blobs:
    """Bytes by digest: the last used in memory, all on disk where there is a folder, both capped."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder / "blobs" if folder else None
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._size_on_disk: int | None = None
        if self._folder:
            self._folder.mkdir(exist_ok=True, mode=0o700)

    def put(self, mark: str, data: bytes) -> None:
        self._remember(mark, data)
        if self._folder and not (self._folder / mark).exists():
            self._make_room(self._folder, len(data))
            draft = self._folder / f"{mark}.{os.getpid()}"
            draft.write_bytes(data)
            draft.rename(self._folder / mark)

    def get(self, mark: str) -> bytes | None:
        data = self._recent.get(mark)
        if data is None and self._folder:
            data = _intact(self._folder / mark, mark)
        if data is not None:
            self._remember(mark, data)
        return data

    def _remember(self, mark: str, data: bytes) -> None:
        if mark not in self._recent:
            self._size += len(data)
        self._recent[mark] = data
        self._recent.move_to_end(mark)
        while self._size > MAX_BYTES_IN_MEMORY and len(self._recent) > 1:
            self._size -= len(self._recent.popitem(last=False)[1])

    def _make_room(self, folder: Path, size_bytes: int) -> None:
        if self._size_on_disk is None or self._size_on_disk + size_bytes > MAX_BYTES_ON_DISK:
            kept = sorted((path.stat().st_mtime_ns, path) for path in folder.iterdir())
            self._size_on_disk = sum(path.stat().st_size for _, path in kept)
            for _, path in kept:
                if self._size_on_disk + size_bytes <= MAX_BYTES_ON_DISK:
                    break
                self._size_on_disk -= path.stat().st_size
                path.unlink()
        self._size_on_disk += size_bytes


def _intact(path: Path, mark: str) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if digest(data) == mark else None
