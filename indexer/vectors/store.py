"""Vectors kept between runs, in a folder of chroma's or on its server. It may be thrown away at any time.

A folder that cannot be read, or whose opening ended the process the last time, is put aside and begun anew. One that
cannot be written is done without, and so is a server that does not answer: `problem` says so.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bridle.indexer.digest import digest
from bridle.indexer.vectors.chroma import PAGE, Client, Rows, StoreError, open_folder, open_server

Floats = npt.NDArray[np.float32]
T = TypeVar("T")

_NOT_ITS_FAULT = ("full", "readonly", "read-only", "permission", "denied", "locked", "no space", "unable to open")
_LENGTH_SLACK = 1e-2


class VectorStore:
    """The vectors of one workspace, of one model at a time. One thread at a time.

    `folder` is made where need be; `workspace` names it on a server, whose `address` is "" for none.
    """

    def __init__(self, folder: Path, workspace: str, address: str = "") -> None:
        self._folder = folder
        self._prefix = f"bridle-{workspace[:16]}"
        self._address = address
        self._client: Client | None = None
        self._rows: Rows | None = None
        self._name = ""
        self.problem = ""
        """Why nothing is kept, "" while it is."""
        self.note = ""
        """What happened to what was kept, "" where nothing did."""

    @property
    def is_open(self) -> bool:
        """Whether vectors can be kept now, as far as is known."""
        return self._rows is not None

    def load(self, model_id: str) -> tuple[list[str], Floats]:
        """Open what is kept of a model and return it, digests and rows; nothing where there is none."""
        self.close()
        self._name = digest(model_id.encode())[:16]
        self.problem = ""
        try:
            return self._load(model_id) if self._address else self._load_folder(model_id)
        except StoreError as error:
            self._fail(error)
            return [], np.zeros((0, 0), np.float32)

    def put(self, digests: Sequence[str], vectors: Floats) -> bool:
        """Keep rows; returns whether they are kept for good."""
        return self._try(lambda rows, at: rows.put(digests[at], vectors[at]), len(digests))

    def forget(self, digests: Sequence[str]) -> bool:
        """Drop rows; returns whether they are gone for good."""
        return self._try(lambda rows, at: rows.forget(digests[at]), len(digests))

    def drop_others(self) -> None:
        """Drop what is kept of every other model."""
        if self._client is not None:
            try:
                self._client.drop_others(self._name)
            except StoreError as error:
                self._fail(error)

    def close(self) -> None:
        """Let the store go. May be called again."""
        client, self._client, self._rows = self._client, None, None
        if client is not None:
            client.close()

    def _try(self, act: Callable[[Rows, slice], None], n_rows: int) -> bool:
        if self._rows is None:
            return False
        try:
            for start in range(0, n_rows, PAGE):
                act(self._rows, slice(start, start + PAGE))
        except StoreError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: Exception) -> None:
        self.problem = f"vectors are not kept: {error}"
        self.close()

    def _load(self, model_id: str) -> tuple[list[str], Floats]:
        here = self._folder / "chroma"
        self._client = open_server(self._address, self._prefix) if self._address else open_folder(here, self._prefix)
        self._rows = self._client.rows(self._name, model_id)
        digests, vectors = self._rows.read()
        lengths = np.linalg.norm(vectors, axis=1) if digests else np.zeros(0)
        whole = (np.abs(lengths - 1) < _LENGTH_SLACK) | (lengths == 0)
        if whole.all():
            return digests, vectors
        self.note = f"{int((~whole).sum())} broken vectors were left out"
        return [one for one, fine in zip(digests, whole, strict=True) if fine], vectors[whole]

    def _load_folder(self, model_id: str) -> tuple[list[str], Floats]:
        opening = self._folder / "opening"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if opening.exists():
                self._put_aside("its opening ended the process")
            opening.touch()
        except OSError as error:
            raise StoreError(f"{self._folder}: {error.strerror or error}") from error
        with _removed(opening):
            try:
                return self._load(model_id)
            except StoreError as error:
                if any(word in str(error).lower() for word in _NOT_ITS_FAULT):
                    raise
                self.close()
                self._put_aside(str(error))
            return self._load(model_id)

    def _put_aside(self, why: str) -> None:
        """Move what cannot be read out of the way, over what was moved there before."""
        here, aside = self._folder / "chroma", self._folder / "chroma.broken"
        shutil.rmtree(aside, ignore_errors=True)
        try:
            here.rename(aside)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{here}: {error.strerror or error}") from error
        self.note = f"the store could not be read and was begun anew ({why[:200]}); the old one is {aside}"


@contextlib.contextmanager
def _removed(mark: Path) -> Generator[None]:
    """Take the mark away however this ends, but by the death of the process."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            mark.unlink()
