"""The vectors of one workspace: made behind the index, on a thread of low priority, and asked without waiting.

Whoever has a new snapshot says so and goes on. The thread cuts what changed, embeds what it has not met before, and
keeps it; a question is answered from memory with what there is, and says how much is missing. When the embedder is
another one, or the repository outgrew its fit, the old vectors answer until the new ones are complete.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from bridle.indexer.snapshot import Snapshot
from bridle.indexer.vectors.chroma import EmbedderError, StoreError
from bridle.indexer.vectors.embedders import Embedder
from bridle.indexer.vectors.filling import Cutter, Filler, Read, Space, Stopped
from bridle.indexer.vectors.lsa import Floats, Lsa
from bridle.indexer.vectors.matrix import Matrix
from bridle.indexer.vectors.store import VectorStore
from bridle.indexer.vectors.view import Similar, View, view_of

SETTLE_S, MAX_SETTLE_S = 1.0, 10.0
RETRY_S = 30.0
CLOSE_S = 5.0
NICE = 10
MAX_QUERIES = 256
KEEP_FROM = 2_000
STATE_FILE = "state.json"

Progress = Callable[[int, int], None]


class Standing(msgspec.Struct, frozen=True):
    """How far it is: definitions with a vector and without, the model, seconds of work, and what is wrong."""

    embedded: int = 0
    missing: int = 0
    model: str = ""
    seconds: float = 0.0
    problem: str = ""
    note: str = ""


class Vectors:
    """The vectors of the workspace whose state is `folder`. Thread-safe.

    `read` gives the bytes of a file as the index saw it; `embedder` makes the one that was chosen, None for the one
    that is fitted here; `allowed` says why texts may not be sent to a remote one, "" when they may. What is fitted here
    is kept between runs from `keep_from` texts on: fewer are made anew sooner than they are fetched.
    """

    def __init__(
        self,
        folder: Path,
        workspace: str,
        read: Read,
        *,
        address: str = "",
        embedder: Callable[[], Embedder] | None = None,
        allowed: Callable[[], str] = lambda: "",
        keep_from: int = KEEP_FROM,
    ) -> None:
        self._folder = folder
        self._cutter = Cutter(read)
        self._store = VectorStore(folder, workspace, address)
        self._choose = embedder
        self._allowed = allowed
        self._keep_from = keep_from
        self._changed = threading.Condition()
        self._wanted: Snapshot | None = None
        self._n_wanted = self._n_done = 0
        self._paused = self._hurried = self._closed = False
        self._thread: threading.Thread | None = None
        self._filler: Filler | None = None
        self._answering: Space | None = None
        self._complete: Mapping[str, str] = {}
        self._problem = ""
        self._seconds = 0.0
        self._view: tuple[object, View] | None = None
        self._queries: OrderedDict[tuple[str, str], Floats] = OrderedDict()
        self._on_progress: Progress = _silent

    def follow(self, snapshot: Snapshot) -> None:
        """Take a new snapshot. Returns at once: nothing is read, embedded or kept on this path."""
        if not snapshot.complete:
            return
        with self._changed:
            if self._closed:
                return
            self._wanted = snapshot
            self._n_wanted += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="bridle vectors", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def similar(self, snapshot: Snapshot, text: str, limit: int) -> Similar:
        """Return the `limit` definitions of `snapshot` that are most like `text`. Waits for a remote embedder alone."""
        space = self._answering
        if space is None:
            view = view_of(snapshot, {}, Matrix())
            return Similar(missing=view.missing, problem=self._problem)
        view = self._view_of(snapshot, space)
        try:
            vector = self._query(space, text)
        except (EmbedderError, StoreError) as error:
            n_unseen = len(view.symbols) + view.missing
            return Similar(missing=n_unseen, model=space.embedder.model_id, problem=str(error))
        problem = self._problem if view.missing else ""
        return Similar(view.nearest(vector, limit), view.missing, space.embedder.model_id, problem)

    def standing(self, snapshot: Snapshot) -> Standing:
        """Return how far `snapshot` is embedded."""
        space = self._answering
        view = self._view_of(snapshot, space) if space else view_of(snapshot, {}, Matrix())
        return Standing(
            len(view.symbols),
            view.missing,
            space.embedder.model_id if space else "",
            round(self._seconds, 3),
            self._problem or self._store.problem,
            self._store.note,
        )

    def finish(self, timeout_s: float, on_progress: Progress | None = None) -> bool:
        """Wait until what was last followed is done, without the customary delay; returns whether it is."""
        with self._changed:
            aim = self._n_wanted
            self._hurried, self._on_progress = True, on_progress or _silent
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._n_done >= aim or self._closed, timeout_s)
            self._hurried, self._on_progress = False, _silent
            return done and self._n_done >= aim

    def pause(self) -> None:
        """Stop at the next batch, until `resume`."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def close(self) -> None:
        """Stop, and let the store go. May be called again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _view_of(self, snapshot: Snapshot, space: Space) -> View:
        key = (id(space), len(space.matrix), self._cutter.n_cut, snapshot.generation, id(snapshot))
        if self._view is None or self._view[0] != key:
            self._view = key, view_of(snapshot, self._cutter.files, space.matrix)
        return self._view[1]

    def _query(self, space: Space, text: str) -> Floats:
        key = (space.embedder.model_id, text)
        vector = self._queries.get(key)
        if vector is None:
            vector = self._queries[key] = space.embedder.embed_query(text)
            while len(self._queries) > MAX_QUERIES:
                with contextlib.suppress(KeyError):  # another thread was quicker
                    self._queries.popitem(last=False)
        return vector

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            snapshot, number = taken
            failed = snapshot.digests != self._complete and not self._is_passed(snapshot)
            with self._changed:
                if not self._closed:  # else it was stopped on the way
                    self._n_done = max(self._n_done, number)
                self._changed.notify_all()
                if failed and not self._changed.wait_for(lambda: self._closed or self._hurried, RETRY_S):
                    self._n_wanted += 1  # nobody else would ask for what failed
        self._store.close()

    def _is_passed(self, snapshot: Snapshot) -> bool:
        """Do all that is to be done for a snapshot; returns whether it was."""
        began = time.perf_counter()
        try:
            self._pass(snapshot)
            self._problem = ""
        except Stopped:
            return True
        except (EmbedderError, StoreError, OSError, ValueError) as error:
            self._problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever a text or a library does, the next snapshot has its chance
            self._problem = f"{type(error).__name__}: {error}"
        self._seconds += time.perf_counter() - began
        standing = self.standing(snapshot)
        self._tell(standing)
        self._complete = {} if standing.missing or standing.problem else snapshot.digests
        return not self._problem

    def _take(self) -> tuple[Snapshot, int] | None:
        """Return the newest snapshot once it was quiet for a moment, None when closed."""
        with self._changed:
            until = None
            while not self._closed:
                if self._n_wanted == self._n_done or self._paused:
                    self._changed.wait()
                    continue
                number = self._n_wanted
                until = until or time.monotonic() + MAX_SETTLE_S
                if not self._hurried:
                    self._changed.wait_for(partial(self._is_disturbed, number), SETTLE_S)
                if number == self._n_wanted or self._hurried or time.monotonic() >= until:
                    self._step_back()
                    assert self._wanted is not None
                    return self._wanted, self._n_wanted
            return None

    def _step_back(self) -> None:
        """Let everything else go first, unless somebody waits."""
        if not self._hurried:
            with contextlib.suppress(OSError, AttributeError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)

    def _is_disturbed(self, number: int) -> bool:
        return self._closed or self._hurried or self._n_wanted > number

    def _pass(self, snapshot: Snapshot) -> None:
        refused = self._allowed()
        if refused:
            raise EmbedderError(refused, "")
        if self._filler is None or self._outgrown(snapshot):
            embedder = self._chosen(snapshot)
            self._filler = Filler(Space(embedder, Matrix()), self._cutter, self._store, self._go_on)
        if not self._filler.keeping and self._is_worth_keeping(snapshot):
            self._filler.keep()
        if self._answering is None:
            self._answering = self._filler.space
        self._filler.fill(snapshot, self._report)
        self._answering = self._filler.space
        self._filler.tidy(snapshot)
        self._answering = self._filler.space

    def _report(self, n_done: int, n_files: int) -> None:
        self._on_progress(n_done, n_files)

    def _is_worth_keeping(self, snapshot: Snapshot) -> bool:
        """Whether to fetch the vectors takes less than to make them; the library of the store takes 2 s to import."""
        assert self._filler is not None
        return not isinstance(self._filler.space.embedder, Lsa) or self._cutter.count(snapshot) >= self._keep_from

    def _chosen(self, snapshot: Snapshot) -> Embedder:
        if self._choose is not None:
            return self._choose()
        kept = self._folder / "lsa.fit"
        known = None if self._filler else Lsa.load(kept)
        if known is not None and not known.outgrown(self._cutter.count(snapshot)):
            return known
        fitted = Lsa.fit(self._cutter.texts(snapshot, self._go_on))
        self._folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            fitted.save(kept)
        return fitted

    def _outgrown(self, snapshot: Snapshot) -> bool:
        embedder = self._filler.space.embedder if self._filler else None
        return isinstance(embedder, Lsa) and embedder.outgrown(self._cutter.count(snapshot))

    def _go_on(self) -> None:
        """Wait while paused. Raises Stopped when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._paused)
            if self._closed:
                raise Stopped

    def _tell(self, standing: Standing) -> None:
        """Leave word of how it stands, for `bridle doctor`."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = self._folder / f"{STATE_FILE}.{os.getpid()}"
            aside.write_bytes(msgspec.json.encode(standing))
            aside.replace(self._folder / STATE_FILE)


def told(folder: Path) -> Standing | None:
    """Return how it stood when the engine last said so, None when it never did."""
    try:
        return msgspec.json.decode((folder / STATE_FILE).read_bytes(), type=Standing)
    except (OSError, msgspec.DecodeError):
        return None


def _silent(n_done: int, n_texts: int) -> None:
    del n_done, n_texts
