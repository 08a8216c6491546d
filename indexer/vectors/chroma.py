"""Chroma, kept at arm's length: this module alone imports it, when it is first needed, in the engine's process alone.

Its telemetry is off. It reads a ``.env`` of the folder that a process stands in, which may be anybody's: processes that
use it stand in ``/`` (`bridle.harness.child`). Whatever it raises, a panic of its core included, leaves here as a
`StoreError` or an `EmbedderError`.
"""

from __future__ import annotations

import contextlib
import http.client
import inspect
import warnings
from collections.abc import Generator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

PAGE = 5_000
REACH_S, ANSWER_S = 3.0, 30.0
_ALIASES = {
    "voyage": "voyageai",
    "sentence-transformers": "sentence_transformer",
    "sentence-transformer": "sentence_transformer",
}
_OURS_TO_LEAVE = frozenset({"chroma_langchain", "default", "open_clip", "roboflow"})
"""Of the registry, what takes no text or is only there to be wrapped."""
_MODEL_NAMES = ("model_name", "model")
_ADDRESS_NAMES = ("api_base", "url")


class StoreError(Exception):
    """The store did not do what was asked; its text says what happened there."""


class EmbedderError(Exception):
    """The embedder gave no vectors. `message` says why, `next_step` what a person can do."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(f"{message}; {next_step}" if next_step else message)
        self.message, self.next_step = message, next_step


class Rows:
    """One collection: vectors by digest, made by one model. One thread at a time."""

    def __init__(self, client: Any, name: str, model_id: str) -> None:
        self._client = client
        self._name = name
        with _told():
            self._collection = client.get_or_create_collection(
                name, embedding_function=None, metadata={"model": model_id}, configuration={"hnsw": {"space": "ip"}}
            )

    def read(self) -> tuple[list[str], Floats]:
        """Return all digests and their vectors, page by page. Raises StoreError."""
        digests: list[str] = []
        pages: list[Floats] = []
        while True:
            with _told():
                page = self._collection.get(limit=PAGE, offset=len(digests), include=["embeddings"])
                if not page["ids"]:
                    break
                digests += page["ids"]
                pages.append(np.asarray(page["embeddings"], np.float32))
        with _told():
            return digests, np.concatenate(pages) if pages else np.zeros((0, 0), np.float32)

    def put(self, digests: Sequence[str], vectors: Floats) -> None:
        """Keep at most `PAGE` rows; they are kept when this returns. Raises StoreError."""
        with _told():
            self._collection.upsert(ids=list(digests), embeddings=vectors)

    def forget(self, digests: Sequence[str]) -> None:
        """Drop at most `PAGE` rows. Raises StoreError."""
        with _told():
            self._collection.delete(ids=list(digests))


class Client:
    """A way to a store: a folder of this machine, or a server."""

    def __init__(self, client: Any, prefix: str, sessions: Sequence[Any] = ()) -> None:
        self._client = client
        self._prefix = prefix
        self._sessions = sessions

    def rows(self, name: str, model_id: str) -> Rows:
        """Return the collection of `name`, made if need be. Raises StoreError."""
        return Rows(self._client, f"{self._prefix}-{name}", model_id)

    def drop_others(self, name: str) -> None:
        """Drop every collection of this workspace but that of `name`. Raises StoreError."""
        with _told():
            for known in self._client.list_collections():
                if known.name.startswith(f"{self._prefix}-") and known.name != f"{self._prefix}-{name}":
                    self._client.delete_collection(known.name)

    def close(self) -> None:
        """Let the store go."""
        with contextlib.suppress(StoreError), _told():
            self._client.close()
        for session in self._sessions:
            session.close()


def open_folder(folder: Path, prefix: str) -> Client:
    """Return the store in `folder`, which belongs to this process alone until it is closed. Raises StoreError."""
    with _told():
        chroma = _chroma()
        try:
            return Client(chroma.PersistentClient(str(folder), settings=_settings(chroma)), prefix)
        except BaseException:
            chroma.api.client.SharedSystemClient.clear_system_cache()  # or the next one is given this broken one
            raise


def open_server(address: str, prefix: str) -> Client:
    """Return the store of chroma's server at `address`. Raises StoreError; every wait is bounded."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    _knock(host, port, secure=parts.scheme == "https")
    with _told():
        chroma = _chroma()
        client = chroma.HttpClient(host, port, ssl=parts.scheme == "https", settings=_settings(chroma))
        # It waits for ever, and its settings have no word for it.
        servers = client._server, client._admin_client._server  # noqa: SLF001  # the only way to bound their waits
        sessions = [server._session for server in servers]  # noqa: SLF001  # and to end them
        for session in sessions:
            session.timeout = ANSWER_S
        return Client(client, prefix, sessions)


def _knock(host: str, port: int, *, secure: bool) -> None:
    """See that a server of chroma's answers, before its library is let wait for it without end."""
    connection = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, port, timeout=REACH_S)
    try:
        connection.request("GET", "/api/v2/heartbeat")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise StoreError(f"no server answers at {host}:{port}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if status != 200:
        raise StoreError(f"what answers at {host}:{port} is no chroma server (status {status})")


class Function:
    """An embedding function of chroma's registry, by its name there and the model it is to use."""

    def __init__(self, name: str, model: str, *, address: str = "", key: str = "") -> None:
        found = functions().get(_ALIASES.get(name, name))
        if found is None:
            raise EmbedderError(f"there is no embedder {name!r}", f"there are lsa, {', '.join(sorted(functions()))}")
        taken = inspect.signature(found).parameters
        given = {word: model for word in _MODEL_NAMES if word in taken and model}
        given |= {word: address for word in _ADDRESS_NAMES if word in taken and address}
        given |= {"api_key": key} if key and "api_key" in taken else {}
        if address and not any(word in taken for word in _ADDRESS_NAMES):
            raise EmbedderError(f"the embedder {name!r} takes no address", "leave vectors.address out")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", DeprecationWarning
                )  # that a key which is handed over is not written down
                self._function = found(**given)
        except Exception as error:
            raise EmbedderError(f"the embedder {name!r} cannot be used: {error}", _next_step(name, error)) from error
        self.model_id = f"{name}:{model}@{address}" if address else f"{name}:{model}"
        self.remote = True

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one row a text. Raises EmbedderError."""
        return self._checked(lambda: self._function(list(texts)), len(texts))

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question. Raises EmbedderError."""
        (vector,) = self._checked(lambda: self._function.embed_query([text]), 1)
        return np.asarray(vector, np.float32)

    def _checked(self, call: Any, n_texts: int) -> Floats:
        try:
            vectors = np.asarray(call(), np.float32)
        except Exception as error:
            told = f"{type(error).__name__}: {str(error)[:300]}"
            raise EmbedderError(f"{self.model_id} gave no vectors: {told}", "it is tried again later") from error
        if vectors.ndim != 2 or len(vectors) != n_texts or not np.isfinite(vectors).all():
            raise EmbedderError(f"{self.model_id} gave {vectors.shape} for {n_texts} texts", "name another model")
        return vectors


def functions() -> dict[str, Any]:
    """Return chroma's embedding functions of texts, by name."""
    with _told():
        _chroma()
        known: dict[str, Any] = import_module("chromadb.utils.embedding_functions").known_embedding_functions
        return {name: made for name, made in known.items() if name not in _OURS_TO_LEAVE}


def _next_step(name: str, error: Exception) -> str:
    if "not installed" in str(error):
        return "install that package where Bridle is installed"
    return f"look at what {name!r} needs: its key is that of 'bridle key set --for {name}'"


def _chroma() -> Any:
    import chromadb

    return chromadb


def _settings(chroma: Any) -> Any:
    return chroma.config.Settings(
        _env_file=None,
        anonymized_telemetry=False,
        chroma_otel_collection_endpoint="",
    )


@contextlib.contextmanager
def _told() -> Generator[None]:
    """Turn what the library raises into a StoreError; its core's panics are no `Exception`."""
    try:
        yield
    except (StoreError, EmbedderError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise StoreError(f"{type(error).__name__}: {str(error)[:300]}") from error
