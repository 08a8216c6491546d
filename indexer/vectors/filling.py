"""Fills the vectors up to a snapshot: cuts files that changed, embeds texts not met before, keeps what was made.

What it does belongs to one thread; what it has made is read by any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec

from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.facts import Chunk
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.vectors.chroma import PAGE
from bridle.indexer.vectors.chunks import chunk_symbols, chunks_of
from bridle.indexer.vectors.embedders import LOCAL_BATCH, REMOTE_BATCH, Embedder
from bridle.indexer.vectors.matrix import Matrix
from bridle.indexer.vectors.store import VectorStore
from bridle.indexer.vectors.view import FileChunks

Read = Callable[[str], bytes | None]

MAX_ROWS = 500_000
SAVE_AGAIN_S = 30.0
MIN_DEAD = 1_000


class Stopped(Exception):
    """The work is not to go on."""


class Space(msgspec.Struct, frozen=True):
    """An embedder, and what it made."""

    embedder: Embedder
    matrix: Matrix


class Cutter:
    """The files as chunks: known by the digest that a snapshot has of them."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.files: dict[str, FileChunks] = {}
        self.n_cut = 0
        """How often a file was cut; it moves whenever `files` does."""

    def known(self, snapshot: Snapshot, path: str) -> FileChunks | None:
        """Return the chunks of a file, None when it was not cut as it stands in the snapshot."""
        found = self.files.get(path)
        return found if found and found.digest == snapshot.digests[path] else None

    def cut(self, snapshot: Snapshot, path: str) -> list[Chunk]:
        """Read a file and return its chunks; none where it reads otherwise by now, which a later snapshot will tell.

        A file that is not read at all has no chunks.
        """
        data = self._read(path)
        source = None if data is None else _source(data, snapshot.digests[path])
        if data is not None and source is None:
            return []
        chunks = [] if source is None else chunks_of(snapshot.linked.files[path].facts, source)
        self.files[path] = FileChunks(
            snapshot.digests[path], tuple(one.symbol for one in chunks), tuple(one.digest for one in chunks)
        )
        self.n_cut += 1
        return chunks

    def texts(self, snapshot: Snapshot, go_on: Callable[[], None]) -> Iterator[tuple[str, str]]:
        """Yield the digest and the text of every chunk."""
        for path in sorted(snapshot.digests):
            go_on()
            for chunk in self.cut(snapshot, path):
                yield chunk.digest, chunk.text

    def count(self, snapshot: Snapshot) -> int:
        """Return how many chunks there are, as far as that is known without reading a file."""
        known = ((path, self.files.get(path)) for path in snapshot.digests)
        return sum(len(one.texts) if one else len(chunk_symbols(snapshot.in_file(path))) for path, one in known)

    def drop(self, snapshot: Snapshot) -> None:
        """Forget files that are not there any more."""
        for path in self.files.keys() - snapshot.digests.keys():
            del self.files[path]
            self.n_cut += 1


class Filler:
    """Fills one space and keeps it. `go_on` is called between batches; it waits, or raises `Stopped`."""

    def __init__(self, space: Space, cutter: Cutter, store: VectorStore, go_on: Callable[[], None]) -> None:
        self.space = space
        self._cutter = cutter
        self._store = store
        self._go_on = go_on
        self._unsaved: dict[str, None] = {}
        self._waiting: dict[str, str] = {}
        self._filled: dict[str, FileChunks] = {}
        self._opened_s = 0.0
        self._keeping = self._tidied = False

    def keep(self) -> None:
        """Take what is kept of this space's model, and keep what is made from now on, and what was made before."""
        self._keeping = True
        self._opened_s = time.monotonic()
        digests, vectors = self._store.load(self.space.embedder.model_id)
        if digests:
            self.space.matrix.add(digests, vectors)
        self._unsaved = dict.fromkeys(self.space.matrix.keys() - set(digests))

    @property
    def keeping(self) -> bool:
        """Whether the store is used."""
        return self._keeping

    def fill(self, snapshot: Snapshot, on_progress: Callable[[int, int], None]) -> None:
        """Embed every text of `snapshot` that has no vector, and keep it. Raises EmbedderError, Stopped."""
        self._cutter.drop(snapshot)
        paths = sorted(path for path in snapshot.digests if not self._is_filled(snapshot, path))
        try:
            for n_done, path in enumerate(paths):
                self._go_on()
                self._take(snapshot, path)
                on_progress(n_done, len(paths))
            self._embed(0)
            self._filled = {path: self._cutter.files[path] for path in snapshot.digests if path in self._cutter.files}
            on_progress(len(paths), len(paths))
        finally:
            self._waiting.clear()
            self._save(0)

    def tidy(self, snapshot: Snapshot) -> None:
        """Drop other models' vectors, and texts that are gone once they are many."""
        if self._keeping and not self._tidied:
            self._store.drop_others()
            self._tidied = True
        matrix = self.space.matrix
        alive = {text for path in snapshot.digests if path in self._filled for text in self._filled[path].texts}
        dead = sorted(matrix.keys() - alive)
        if len(dead) > max(MIN_DEAD, len(alive) // 4) and (not self._keeping or self._store.forget(dead)):
            self.space = Space(self.space.embedder, matrix.keep(alive))

    def _is_filled(self, snapshot: Snapshot, path: str) -> bool:
        known = self._cutter.known(snapshot, path)
        return known is not None and self._filled.get(path) is known

    def _take(self, snapshot: Snapshot, path: str) -> None:
        known = self._cutter.known(snapshot, path)
        if known is not None and all(text in self.space.matrix for text in known.texts):
            return
        for chunk in self._cutter.cut(snapshot, path):
            if chunk.digest not in self.space.matrix:
                self._waiting[chunk.digest] = chunk.text
        self._embed(REMOTE_BATCH if self.space.embedder.remote else LOCAL_BATCH)

    def _embed(self, least: int) -> None:
        """Embed what waits, in batches, while there are at least so many."""
        batch = REMOTE_BATCH if self.space.embedder.remote else LOCAL_BATCH
        while self._waiting and len(self._waiting) >= least:
            self._go_on()
            if len(self.space.matrix) >= MAX_ROWS:
                raise ValueError(f"more than {MAX_ROWS} texts: the rest has no vectors")
            digests = list(self._waiting)[:batch]
            self.space.matrix.add(digests, self.space.embedder.embed([self._waiting[one] for one in digests]))
            for one in digests:
                del self._waiting[one]
                if self._keeping:
                    self._unsaved[one] = None
            self._save(PAGE)

    def _save(self, least: int) -> None:
        """Keep what was made, when it is at least so much; what could not be kept is tried again later."""
        if not self._keeping or not self._unsaved or len(self._unsaved) < least:
            return
        if not self._store.is_open:
            if time.monotonic() - self._opened_s < SAVE_AGAIN_S:
                return
            self.keep()
        digests = list(self._unsaved)
        if self._store.put(digests, self.space.matrix.vectors(digests)):
            self._unsaved.clear()


def _source(data: bytes, expected: str) -> bytes | None:
    """Return the text of a file in UTF-8, None when it is not the one of that digest."""
    try:
        source = decode(data).text.encode("utf-8", "replace")
    except UndecodableError:
        return None
    return source if expected in (digest(data), digest(source)) else None
