"""The one hash by which files and trees are known: blake2b, 128 bits, in hexadecimal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def digest(data: bytes) -> str:
    """Return the blake2b-128 digest of `data`: 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digest_of_parts(parts: Iterable[str]) -> str:
    """Return one digest for an ordered list of strings, each kept apart from its neighbours."""
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        whole.update(len(data).to_bytes(8, "big"))
        whole.update(data)
    return whole.hexdigest()
