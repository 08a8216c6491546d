"""What was read out of files, kept between runs: an SQLite file that may be thrown away at any time.

A row holds a checksum and answers only to the code that made it. A store that is broken or of another make is
rebuilt, never repaired; one that cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from zlib import crc32

import msgspec

from bridle.indexer.digest import digest_of_parts
from bridle.indexer.files import FileStat
from bridle.indexer.packed import Packed
from bridle.indexer.parse import Parsed, Unread
from bridle.indexer.wheels import versions

_SCHEMA = """
CREATE TABLE make (of TEXT NOT NULL);
CREATE TABLE files (path TEXT PRIMARY KEY, state BLOB, checksum INTEGER, outcome BLOB);
CREATE TABLE linked (checksum INTEGER, packed BLOB);
"""
_PARSERS = (
    "tree-sitter", "tree-sitter-python", "tree-sitter-javascript", "tree-sitter-typescript", "tree-sitter-go",
    "tree-sitter-java", "tree-sitter-c", "tree-sitter-cpp", "tree-sitter-php",
    "tree-sitter-rust", "tree-sitter-c-sharp", "tree-sitter-kotlin", "tree-sitter-bash", "tree-sitter-ruby",
    "tree-sitter-markdown", "tree-sitter-json", "tree-sitter-toml", "tree-sitter-yaml",
)  # fmt: skip
_MADE_BY = (
    "bounded.py", "compact.py", "edges.py", "encoding.py", "facts.py", "files.py", "entry.py", "languages",
    "numbering.py", "packed.py", "parse.py", "places.py", "store.py", "words.py",
    "evaluate.py", "linked.py", "linking.py", "modules.py", "resolve.py", "scopes.py", "script_modules.py",
    "script_projects.py", "script_resolve.py", "package_includes.py", "package_lookup.py", "package_meanings.py",
    "package_resolve.py", "package_roots.py", "package_rules.py", "package_spaces.py", "package_values.py",
    "spaced_meanings.py", "spaced_resolve.py", "text_resolve.py", "ruby_builtins.py", "ruby_classes.py",
    "ruby_resolve.py", "rust_meanings.py", "rust_modules.py", "rust_places.py", "rust_resolve.py", "touched.py",
)  # fmt: skip
_BROKEN = (sqlite3.Error, msgspec.MsgspecError, OSError, ValueError)


class FileState(msgspec.Struct, frozen=True, array_like=True):
    """A file on disk when it was read; `settled` when a later write must have changed its stat."""

    stat: FileStat
    settled: bool


class Kept(msgspec.Struct, frozen=True):
    """One file as it was read."""

    state: FileState
    outcome: Parsed | Unread


class Standing(msgspec.Struct, frozen=True):
    """What a store holds: the files that were read, why others were not and how many, and what is wrong with it."""

    files: int = 0
    unread: Mapping[str, int] = {}
    problem: str = ""


class Store:
    """The store of one workspace. One thread at a time."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self.read_only = read_only
        self._database: sqlite3.Connection | None = None
        self.problem = ""
        """Why what was read could not be kept, "" where it was."""

    def load(self) -> dict[str, Kept]:
        """Return what is kept, by path; nothing when the store is new, broken or of another make."""
        try:
            return self._rows(self._open())
        except _BROKEN:
            self._rebuild()
            return {}

    def standing(self) -> Standing:
        """Return what is kept, and what is wrong with it."""
        try:
            database = self._open()
            kept = self._rows(database)
            (n_rows,) = database.execute("SELECT count(*) FROM files").fetchone()
        except _BROKEN as error:
            return Standing(problem=str(error))
        unread = Counter(one.outcome.skipped.reason for one in kept.values() if isinstance(one.outcome, Unread))
        broken = f"{n_rows - len(kept)} of its rows are broken" if n_rows != len(kept) else ""
        return Standing(len(kept) - unread.total(), dict(unread.most_common()), broken)

    def save(
        self,
        fresh: Mapping[str, tuple[FileState, bytes]],
        moved: Mapping[str, FileState],
        gone: Iterable[str],
    ) -> None:
        """Keep `fresh` outcomes (MessagePack) and states of `moved` files, forget `gone`: all or nothing."""
        if self.read_only:
            return
        encode = msgspec.msgpack.encode
        rows = [(path, encode(state), crc32(data), data) for path, (state, data) in fresh.items()]
        try:
            database = self._open()
            with database:
                database.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in gone])
                database.executemany(
                    "UPDATE files SET state = ? WHERE path = ?",
                    [(encode(state), path) for path, state in moved.items()],
                )
                database.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)
        except _BROKEN as error:
            self.problem = str(error)
            self._rebuild()

    def linked(self) -> Packed | None:
        """Return what was linked, None where nothing is kept, or it is broken."""
        try:
            row = self._open().execute("SELECT checksum, packed FROM linked").fetchone()
            return msgspec.msgpack.decode(row[1], type=Packed) if row and crc32(row[1]) == row[0] else None
        except _BROKEN:
            return None

    def save_linked(self, packed: Packed) -> None:
        """Keep what was linked of one state, in place of that of another."""
        if self.read_only:
            return
        data = msgspec.msgpack.encode(packed)
        try:
            database = self._open()
            with database:
                database.execute("DELETE FROM linked")
                database.execute("INSERT INTO linked VALUES (?, ?)", (crc32(data), data))
        except _BROKEN as error:
            self.problem = str(error)
            self._rebuild()

    def close(self) -> None:
        """Let the file go. May be called again."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _rows(self, database: sqlite3.Connection) -> dict[str, Kept]:
        states = msgspec.msgpack.Decoder(FileState)
        outcomes = msgspec.msgpack.Decoder(Parsed | Unread)
        return {
            path: Kept(states.decode(state), outcomes.decode(data))
            for path, state, checksum, data in database.execute("SELECT * FROM files")
            if crc32(data) == checksum
        }

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = self._connect()
            self._agree(self._database)
        return self._database

    def _connect(self) -> sqlite3.Connection:
        if self.read_only:
            place = f"{self._path.absolute().as_uri()}?mode=ro"
            return sqlite3.connect(place, uri=True, timeout=5.0, check_same_thread=False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=5.0, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        return database

    def _agree(self, database: sqlite3.Connection) -> None:
        made_by = _make()
        is_new = database.execute("SELECT 1 FROM sqlite_master").fetchone() is None
        if is_new and not self.read_only:
            database.executescript(_SCHEMA)
            database.execute("INSERT INTO make VALUES (?)", (made_by,))
            database.commit()
        elif database.execute("SELECT of FROM make").fetchone() != (made_by,):
            raise ValueError("made by other code")

    def _rebuild(self) -> None:
        self.close()
        if self.read_only:
            return
        for ending in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + ending).unlink()
        with contextlib.suppress(*_BROKEN):
            self._open()


def told(path: Path) -> Standing | None:
    """Return how the store at `path` stands, without changing it; None where there is none."""
    if not path.exists():
        return None
    store = Store(path, read_only=True)
    try:
        return store.standing()
    finally:
        store.close()


def _make() -> str:
    """Return a digest of the code and the parsers whose output is kept, so that no version can be forgotten."""
    here = Path(__file__).parent
    named = [here / name for name in _MADE_BY]
    files = [file for place in named for file in (sorted(place.rglob("*.*")) if place.is_dir() else [place])]
    texts = [file.read_text("utf-8") for file in files if file.suffix in {".py", ".scm"}]
    return digest_of_parts([*texts, *versions(_PARSERS)])
