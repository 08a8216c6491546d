"""What the files on disk hold, as far as it was read: brought up to date at the cost of what moved.

A file is read again when its stat differs and its bytes do too. Knows no open buffer and no edge.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.digest import digest
from bridle.indexer.facts import Edge, Skipped
from bridle.indexer.files import SETTLED_NS, FileStat, FolderLink, Walk, read_bounded, walk
from bridle.indexer.modules import declared_roots
from bridle.indexer.packed import Groupings, Packed, key_of, pack
from bridle.indexer.parse import Job, Parsed, Unread, encoded, has_language
from bridle.indexer.script_projects import MAX_CONFIG_BYTES, MAX_CONFIGS, Projects, is_config, projects_of
from bridle.indexer.stopwatch import Stopwatch
from bridle.indexer.store import FileState, Kept, Store
from bridle.indexer.workers import ParseWorkers, Reply

if TYPE_CHECKING:  # what a start that has nothing to parse can do without
    from concurrent.futures import Future

    from bridle.indexer.executed import ExecutorWorkers

REPLY_TIMEOUT_S = 120.0
MAX_AHEAD = 256
SAVE_EVERY = 512
"""So many files are read at most before they are kept: what a kill can cost."""

Progress = Callable[[int, int], None]


class OnDisk(msgspec.Struct, frozen=True):
    """What was found: an outcome per file, and what decides where modules are.

    `parsed` and `loaded` count files read by a parser and taken from the store to get here; `complete` is
    False when that was cancelled.
    """

    outcomes: Mapping[str, Parsed | Unread]
    skipped: tuple[Skipped, ...] = ()
    links: tuple[FolderLink, ...] = ()
    roots: tuple[str, ...] = ()
    projects: Projects = Projects()
    parsed: int = 0
    loaded: int = 0
    complete: bool = False
    folders: tuple[str, ...] = ()


class Disk:
    """The files under `root`. One thread at a time."""

    def __init__(
        self, root: Path, store_path: Path | None, workers: ParseWorkers | ExecutorWorkers, *, read_only: bool
    ) -> None:
        self._root = root
        self._store_path = store_path
        self._store = Store(store_path, read_only=read_only) if store_path else None
        self._workers = workers
        self._kept: dict[str, Kept] | None = None
        self._as_loaded: dict[str, Parsed] = {}
        self._configs: dict[str, tuple[FileState, str]] = {}
        self._projects = Projects()

    def catch_up(self, on_progress: Progress, cancel: threading.Event, watch: Stopwatch) -> OnDisk:
        """Read what moved since the last time, and return all that is known now."""
        n_loaded = self._load(watch)
        kept = self._kept or {}
        with watch.stage("walk"):
            seen = walk(self._root)
            files = [stat for stat in seen.files if has_language(stat.path)]
            same, moved, unread = self._sort(files, kept)
        with watch.stage("parse"):
            fresh = self._read(unread, on_progress, cancel)
        read = {path: Kept(state, reply.outcome) for path, (state, reply) in fresh.items()}
        gone = kept.keys() - {stat.path for stat in files}
        self._kept = same | moved | read
        with watch.stage("save"):
            self._save({}, moved, gone)
        return self._found(seen, n_parsed=len(read), n_loaded=n_loaded, complete=len(read) == len(unread))

    @property
    def keeps(self) -> bool:
        """Whether anything is kept for the next start."""
        return self._store is not None and not self._store.read_only

    @property
    def problem(self) -> str:
        """Why what was read could not be kept, "" where it was."""
        return self._store.problem if self._store else ""

    def own(self) -> None:
        """Begin to write the store, which somebody else wrote until now, with all that is known."""
        if self._store_path is None:
            return
        self.close()
        self._store = Store(self._store_path)
        known = {path: (kept.state, encoded(kept.outcome)) for path, kept in (self._kept or {}).items()}
        self._store.save(known, {}, ())

    def close(self) -> None:
        """Let the store go. May be called again."""
        if self._store is not None:
            self._store.close()

    def _load(self, watch: Stopwatch) -> int:
        if self._kept is not None or self._store is None:
            return 0
        with watch.stage("load"):
            self._kept = self._store.load()
            outcomes = ((path, one.outcome) for path, one in self._kept.items())
            self._as_loaded = {path: outcome for path, outcome in outcomes if isinstance(outcome, Parsed)}
        return len(self._kept)

    def linked_as_loaded(self, layout: str) -> tuple[Mapping[str, Parsed], Packed] | None:
        """Return what the store held when it was loaded, with what was linked of it; None for none. Answers once."""
        parsed, self._as_loaded = self._as_loaded, {}
        packed = self._store.linked() if self._store and parsed else None
        entries = {path: one.entry for path, one in parsed.items()}
        return (parsed, packed) if packed is not None and packed.key == key_of(entries, layout) else None

    def keep_linked(self, layout: str, edges: Mapping[str, tuple[Edge, ...]], groupings: Groupings) -> None:
        """Keep what was linked of the files as they stand on disk."""
        outcomes = {path: known.outcome for path, known in (self._kept or {}).items()}
        entries = {path: outcome.entry for path, outcome in outcomes.items() if isinstance(outcome, Parsed)}
        if self._store is not None and entries.keys() == edges.keys():
            self._store.save_linked(pack(key_of(entries, layout), entries, edges, groupings))

    def _sort(
        self, files: Iterable[FileStat], kept: Mapping[str, Kept]
    ) -> tuple[dict[str, Kept], dict[str, Kept], list[FileStat]]:
        """Return the files that are as they were, those whose stat alone differs, and those to read."""
        same: dict[str, Kept] = {}
        moved: dict[str, Kept] = {}
        unread: list[FileStat] = []
        for stat in files:
            known = kept.get(stat.path)
            if known is not None and known.state == FileState(stat, settled=True):
                same[stat.path] = known
            elif known is not None and self._holds(stat.path, known):
                moved[stat.path] = Kept(_state(stat), known.outcome)
            else:
                unread.append(stat)
        return same, moved, unread

    def _holds(self, path: str, known: Kept) -> bool:
        if isinstance(known.outcome, Unread):
            return False
        try:
            return digest(read_bounded(self._root / path)) == known.outcome.entry.digest
        except OSError:
            return False

    def _read(
        self, files: list[FileStat], on_progress: Progress, cancel: threading.Event
    ) -> dict[str, tuple[FileState, Reply]]:
        """Return what the workers say of `files`, of which `MAX_AHEAD` at most are on their way, and keep it."""
        if not files:
            return {}
        fresh: dict[str, tuple[FileState, Reply]] = {}
        unsaved: dict[str, tuple[FileState, Reply]] = {}
        waiting: deque[tuple[FileState, Future[Reply]]] = deque()
        rest = iter(files)
        while not cancel.is_set():
            asked = [_state(stat) for stat in islice(rest, MAX_AHEAD - len(waiting))]
            jobs = [Job(state.stat.path) for state in asked]
            waiting.extend(zip(asked, self._workers.submit(jobs), strict=True))
            if not waiting:
                break
            for _ in range(max(1, len(waiting) // 2)):
                state, future = waiting.popleft()
                reply = answer(future, state.stat.path)
                unsaved[state.stat.path] = state, reply
                fresh[state.stat.path] = state, Reply(reply.outcome, b"")  # its bytes are held no longer than needed
                if len(unsaved) >= SAVE_EVERY:
                    self._save(unsaved, {}, ())
                    unsaved = {}
                on_progress(len(fresh), len(files))
        self._save(unsaved, {}, ())
        return fresh

    def _save(
        self, fresh: Mapping[str, tuple[FileState, Reply]], moved: Mapping[str, Kept], gone: Collection[str]
    ) -> None:
        if self._store is not None and (fresh or moved or gone):
            blobs = {path: (state, reply.data) for path, (state, reply) in fresh.items() if reply.data}
            self._store.save(blobs, {path: known.state for path, known in moved.items()}, gone)

    def _found(self, seen: Walk, *, n_parsed: int, n_loaded: int, complete: bool) -> OnDisk:
        outcomes = {path: known.outcome for path, known in sorted((self._kept or {}).items())}
        try:
            pyproject = read_bounded(self._root / "pyproject.toml").decode("utf-8", "replace")
        except OSError:
            pyproject = ""
        layout = seen.links, declared_roots(pyproject), self._read_projects(seen)
        return OnDisk(outcomes, seen.skipped, *layout, n_parsed, n_loaded, complete, seen.folders)

    def _read_projects(self, seen: Walk) -> Projects:
        """Return what the configuration of scripts says, read again where it moved."""
        stats = [stat for stat in seen.files if is_config(stat.path) and stat.size <= MAX_CONFIG_BYTES][:MAX_CONFIGS]
        fresh: dict[str, tuple[FileState, str]] = {}
        for stat in stats:
            known = self._configs.get(stat.path)
            is_same = known is not None and known[0] == FileState(stat, settled=True)
            fresh[stat.path] = known if known and is_same else (_state(stat), self._config(stat.path))
        texts = {path: text for path, (_, text) in fresh.items()}
        if texts != {path: text for path, (_, text) in self._configs.items()}:
            self._projects = projects_of(texts)
        self._configs = fresh
        return self._projects

    def _config(self, path: str) -> str:
        try:
            return read_bounded(self._root / path).decode("utf-8", "replace")
        except OSError:
            return ""


def answer(future: Future[Reply], path: str) -> Reply:
    """Return the reply about file `path`, within `REPLY_TIMEOUT_S`."""
    try:
        return future.result(REPLY_TIMEOUT_S)
    except TimeoutError:
        return Reply(Unread(Skipped(path, f"no answer within {REPLY_TIMEOUT_S:g} s")), b"")


def _state(stat: FileStat) -> FileState:
    return FileState(stat, settled=time.time_ns() - stat.mtime_ns > SETTLED_NS)
