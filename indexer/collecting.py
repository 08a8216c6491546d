"""Python's collector of circles, held back while very much is made that stays.

It looks through the young again after every 700 new objects and through all when a quarter more are there, and of what
an index is made of it can free nothing.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

SELDOM = (50_000, 20, 100)

_lock = threading.Lock()
_before: list[tuple[int, int, int]] = []  # one for each that asks for it now


@contextmanager
def seldom() -> Generator[None]:
    """Collect seldom inside the block; when the last of several is left, as it was before the first."""
    with _lock:
        _before.append(_before[0] if _before else gc.get_threshold())
        gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        with _lock:
            was = _before.pop()
            if not _before:
                gc.set_threshold(*was)
