"""From texts to vectors: what an embedder is, and which one a name means.

Names are ``lsa``, fitted on the repository and needing nothing, and those of chroma's registry with a model, as
``openai:text-embedding-3-small``. What is remote is only shown texts without secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bridle.indexer.vectors.chroma import Function
from bridle.indexer.vectors.lsa import unit

Floats = npt.NDArray[np.float32]

OFFLINE = "lsa"
LOCAL = frozenset({"sentence_transformer", "sentence-transformers", "onnx_mini_lm_l6_v2"})
"""Those of the registry that compute here, once their weights are here."""
REMOTE_BATCH, LOCAL_BATCH = 64, 256


class Embedder(Protocol):
    """Texts to vectors of length 1. `model_id` names all that a vector depends on; `remote` says that texts leave."""

    model_id: str
    remote: bool

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one row a text. Raises EmbedderError."""
        ...

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question. Raises EmbedderError."""
        ...


class Chosen:
    """An embedder of chroma's registry, of vectors of length 1, which is shown nothing that `redact` hides."""

    def __init__(self, name: str, *, address: str, key: str, redact: Callable[[str], str]) -> None:
        kind, _, model = name.partition(":")
        self._function = Function(kind, model, address=address, key=key)
        self._redact = redact
        self.model_id = self._function.model_id
        self.remote = kind not in LOCAL

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one row a text. Raises EmbedderError."""
        return unit(self._function.embed([self._redact(text) for text in texts]))

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question. Raises EmbedderError."""
        (vector,) = unit(self._function.embed_query(self._redact(text)).reshape(1, -1))
        return np.asarray(vector, np.float32)
