"""The vectors of one workspace, put together from what the person set: what makes them, and what it is shown.

Only the owner of a root has them. No text reaches an embedder of the registry before its secrets were taken out, no
file that holds credentials by custom reaches any, and nothing of a folder that nobody trusted is sent away.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bridle.context.redact import hidden, is_credential_file
from bridle.harness.model.keys import Key, embedder_endpoint, stored_key, take_embedder_key
from bridle.harness.nouns import UserProblem
from bridle.harness.session.state import State
from bridle.harness.settings import Embedding

if TYPE_CHECKING:
    from bridle.indexer.vectors.embedders import Embedder
    from bridle.indexer.vectors.vectors import Vectors


def opener(
    state: State, settings: Embedding, read: Callable[[str], bytes | None], trusted: Callable[[], bool]
) -> Callable[[], Vectors] | None:
    """Return what opens the vectors of an engine, None where they are off; the environment's key is taken now."""
    key = take_embedder_key(os.environ)
    return partial(open_vectors, state, settings, read, trusted=trusted, key=key) if settings.on else None


def open_vectors(
    state: State,
    settings: Embedding,
    read: Callable[[str], bytes | None],
    *,
    trusted: Callable[[], bool],
    key: Key | None = None,
) -> Vectors:
    """Return the vectors of a root, not begun yet. `read` gives a file as it stands; `key` is the environment's."""
    from bridle.indexer.vectors.embedders import LOCAL, OFFLINE
    from bridle.indexer.vectors.vectors import Vectors

    kind = settings.embedder.partition(":")[0]
    stays = kind == OFFLINE or kind in LOCAL

    def allowed() -> str:
        return "" if stays or trusted() else f"nothing is sent to {kind!r}: trust this folder first (bridle trust)"

    return Vectors(
        state.vectors,
        state.folder.name,
        lambda path: None if is_credential_file(path) else read(path),
        address=settings.server,
        embedder=None if kind == OFFLINE else lambda: chosen(settings, key),
        allowed=allowed,
    )


def chosen(settings: Embedding, key: Key | None) -> Embedder:
    """Return the embedder of the registry that the person chose. Raises EmbedderError."""
    from bridle.indexer.vectors.chroma import EmbedderError
    from bridle.indexer.vectors.embedders import Chosen

    kind = settings.embedder.partition(":")[0]
    try:
        found = key or stored_key(embedder_endpoint(kind))
    except UserProblem as problem:
        raise EmbedderError(problem.message, problem.next_step) from problem
    secret = found.reveal() if found else ""
    return Chosen(settings.embedder, address=settings.address, key=secret, redact=hidden)


def read_disk(root: Path) -> Callable[[str], bytes | None]:
    """Return what reads a file of `root` for vectors, None where it cannot be read."""
    from bridle.indexer.files import read_bounded

    def read(path: str) -> bytes | None:
        try:
            return read_bounded(root / path)
        except OSError:
            return None

    return read
