"""The index of one workspace: keeps up with disk and open buffers, hands out frozen snapshots.

An open buffer wins over the file on disk. Who asks for the snapshot never waits: the next one is made aside
and then put in its place.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.collecting import seldom
from bridle.indexer.disk import Disk, OnDisk, Progress, answer
from bridle.indexer.facts import Skipped
from bridle.indexer.files import FolderLink
from bridle.indexer.groups import Groups
from bridle.indexer.held import FileWords
from bridle.indexer.languages.readers import is_text
from bridle.indexer.linked import Linked
from bridle.indexer.linking import Layout
from bridle.indexer.numbering import groups_of
from bridle.indexer.packed import Groupings
from bridle.indexer.parse import Job, Parsed, Unread, has_language
from bridle.indexer.script_projects import Projects
from bridle.indexer.snapshot import Snapshot, Work
from bridle.indexer.stopwatch import Stopwatch
from bridle.indexer.words import Words
from bridle.indexer.workers import ParseWorkers

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from bridle.indexer.executed import ExecutorWorkers

REBUILD_SHARE = 4  # with more than one file in so many changed, everything is resolved at once


class Index:
    """The index of the workspace at `root`. Thread-safe; refreshes run one after another.

    `store_path` is where it is kept between runs, None for nowhere; with `read_only` the store is another's.
    `executor` parses in place of processes of our own; it is not shut down here.
    """

    def __init__(
        self,
        root: Path,
        store_path: Path | None,
        *,
        workers: int | None = None,
        read_only: bool = False,
        executor: Executor | None = None,
    ) -> None:
        self._root = root
        self._workers = _on(root, executor) if executor else ParseWorkers(root, workers)
        self._disk = Disk(root, store_path, self._workers, read_only=read_only)
        self._disk_lock = threading.Lock()
        self._lock = threading.Lock()  # of what follows; never held while files are read
        self._found = OnDisk({})
        self._unread: tuple[Skipped, ...] = ()
        self._kept: Linked | None = None  # of which the store has the edges
        self._is_much = False  # more was linked since than a next start should do again
        self._buffers: dict[str, Parsed | Unread] = {}
        self._latest: dict[str, object] = {}
        self._snapshot = Snapshot(root, Linked.of({}), Words.of({}), complete=False)

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot; not complete before a first refresh has ended."""
        return self._snapshot

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that were looked into at the last refresh, relative to the root, which is ""."""
        return self._found.folders

    def refresh(self, on_progress: Progress | None = None, cancel: threading.Event | None = None) -> Snapshot:
        """Bring the index up to date with the disk and return the new snapshot.

        `on_progress` is called with the files read so far and the files to read. A cancelled refresh keeps
        what it has read and returns a snapshot that is not complete.
        """
        watch = Stopwatch()
        with self._disk_lock, seldom():
            found = self._disk.catch_up(on_progress or _silent, cancel or threading.Event(), watch)
            with self._lock:
                restored = self._restored(found, watch)
                anew = restored is None and _layout(self._found) != _layout(found)
                self._found = found
                self._unread = tuple(_missed(found.outcomes.values()))
                self._publish(watch, n_parsed=found.parsed, n_loaded=found.loaded, anew=anew, old=restored)
            self._is_much |= self._snapshot.work.resolved > len(found.outcomes) // REBUILD_SHARE
            return self._snapshot

    def set_buffer(self, path: str, text: str | None) -> None:
        """Take `text` for the content of `path` until told otherwise; None gives the place back to the disk.

        Returns when the snapshot shows it, or when a later call for the same path took its place.
        """
        if not has_language(path):
            return
        token, watch = object(), Stopwatch()
        with self._lock:
            self._latest[path] = token
        outcome = None
        if text is not None:
            with watch.stage("parse"):
                (future,) = self._workers.submit([Job(path, text=text)], first=True)
                outcome = answer(future, path).outcome
        with self._lock:
            if self._latest.get(path) is not token:
                return
            del self._latest[path]
            self._buffers.pop(path, None)
            if outcome is not None:
                self._buffers[path] = outcome
            self._publish(watch, n_parsed=int(outcome is not None), only=(path,))

    def prepare(self) -> None:
        """Do what nobody waits for after a refresh, but the first change of a file and the next start would.

        That is to find who mentions a name and who uses a definition, to number what has words for the first question,
        and to keep what was linked where that was much.
        """
        linked, words = self._snapshot.linked, self._snapshot.words
        with seldom():
            _ = words.table, linked.names, linked.mentions, linked.sources, linked.homes.python, linked.homes.scripts
        with self._disk_lock, seldom():
            if self._is_much:
                self._keep()

    def own(self) -> None:
        """Begin to write the store, which another index wrote until now."""
        with self._disk_lock:
            self._disk.own()

    def close(self) -> None:
        """End the workers and let the store go. May be called again."""
        self._workers.close()
        with self._disk_lock:
            self._keep()
            self._disk.close()

    def _restored(self, found: OnDisk, watch: Stopwatch) -> Snapshot | None:
        """Return the state that the store was left in, linked as it was then; None after a start, or without one."""
        with watch.stage("load"):
            known = self._disk.linked_as_loaded(_told(_layout(found)))
            if known is None:
                return None
            parsed, packed = known
            entries = {path: one.entry for path, one in sorted(parsed.items())}
            try:
                linked = Linked.restored(entries, packed, Layout(*_layout(found)))
                terms = Groups[str, str](groups_of(packed.terms, list(entries).__getitem__))
            except ValueError:
                return None
            self._kept = linked
            words, texts = _words_of(parsed, terms)
        return Snapshot(self._root, linked, words, texts, generation=self._snapshot.generation, complete=False)

    def _keep(self) -> None:
        """Keep what is linked for the next start, where no buffer has a part in it and it is not kept yet."""
        linked, words = self._snapshot.linked, self._snapshot.words
        if not self._disk.keeps or self._buffers or linked is self._kept or not self._snapshot.complete:
            return
        groupings = Groupings(linked.sources, linked.names, linked.mentions, words.paths)
        self._disk.keep_linked(_told(_layout(self._found)), linked.edges, groupings)
        self._kept, self._is_much = linked, False

    def _publish(
        self,
        watch: Stopwatch,
        *,
        n_parsed: int,
        n_loaded: int = 0,
        anew: bool = False,
        old: Snapshot | None = None,
        only: Collection[str] | None = None,
    ) -> Snapshot:
        found, old = self._found, old or self._snapshot
        anew, changes = self._changes(old, only) if not anew else (True, {})
        with watch.stage("link"):
            if anew:
                parsed = self._parsed()
                linked = Linked.of({path: known.entry for path, known in parsed.items()}, *_layout(found))
            elif changes:
                linked = old.linked.changed({p: known.entry if known else None for p, known in changes.items()})
            else:
                linked = old.linked
        with watch.stage("words"):
            if anew:
                words, texts = _words_of(self._parsed())
            else:
                words, texts = _changed_words(old, changes)
        unread = _missed(self._buffers.values())
        self._snapshot = Snapshot(
            self._root,
            linked,
            words,
            texts,
            generation=old.generation + 1,
            complete=found.complete,
            skipped=(*found.skipped, *(one for one in self._unread if one.path not in self._buffers), *unread),
            work=Work(
                n_parsed, n_loaded, linked.n_resolved if changes or anew else 0, watch.seconds, self._disk.problem
            ),
        )
        return self._snapshot

    def _parsed(self) -> dict[str, Parsed]:
        outcomes = {**self._found.outcomes, **self._buffers}
        return {path: outcome for path, outcome in outcomes.items() if isinstance(outcome, Parsed)}

    def _changes(self, old: Snapshot, only: Collection[str] | None) -> tuple[bool, dict[str, Parsed | None]]:
        """Return what differs from `old`, in the files of `only` or in all, and whether it is so much that all is."""
        known, changes = old.linked.files, dict[str, Parsed | None]()
        for path in only if only is not None else {*self._found.outcomes, *self._buffers, *known}:
            outcome = self._buffers.get(path) or self._found.outcomes.get(path)
            now = outcome if isinstance(outcome, Parsed) else None
            was = known.get(path)
            if (now.entry if now else None) is not (was.entry if was else None):
                changes[path] = now
        return len(changes) * REBUILD_SHARE > max(len(known), 1), changes


def _words_of(parsed: Mapping[str, Parsed], terms: Groups[str, str] | None = None) -> tuple[Words, Words]:
    """Return the words of code, and those of texts that are none; `terms` are the files of code that hold a term."""
    code = {path: one.words for path, one in parsed.items() if not is_text(path)}
    return Words.of(code, terms), Words.of({path: one.words for path, one in parsed.items() if is_text(path)})


def _changed_words(old: Snapshot, changes: Mapping[str, Parsed | None]) -> tuple[Words, Words]:
    code: dict[str, FileWords | None] = {}
    texts: dict[str, FileWords | None] = {}
    for path, known in changes.items():
        (texts if is_text(path) else code)[path] = known.words if known else None
    return old.words.changed(code) if code else old.words, old.texts.changed(texts) if texts else old.texts


def _layout(found: OnDisk) -> tuple[tuple[FolderLink, ...], tuple[str, ...], Projects]:
    return found.links, found.roots, found.projects


def _told(layout: tuple[tuple[FolderLink, ...], tuple[str, ...], Projects]) -> str:
    return msgspec.json.encode(layout).decode()


def _silent(n_done: int, n_files: int) -> None:
    del n_done, n_files


def _missed(outcomes: Iterable[Parsed | Unread]) -> Iterator[Skipped]:
    """Yield the files that were not read and that somebody would miss."""
    return (one.skipped for one in outcomes if isinstance(one, Unread) and one.skipped.reason)


def _on(root: Path, executor: Executor) -> ExecutorWorkers:
    from bridle.indexer.executed import ExecutorWorkers

    return ExecutorWorkers(root, executor)
