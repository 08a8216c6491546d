"""Between the client's URIs and paths below the root: one path per file, whatever way its URI is written.

A document that is no file of the root (another scheme, a notebook, a file elsewhere) has no path. The only look at
the disk is to follow links, when a document is opened.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote_to_bytes, urlsplit

MARKERS = ("bridle.toml", "pyproject.toml", "setup.cfg", "setup.py", ".git")
_NOTEBOOK = ".ipynb"


def file_of(uri: str) -> str | None:
    """Return the absolute path that a `file:` URI names, None for anything else."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = os.fsdecode(unquote_to_bytes(uri.split(":", 1)[1].removeprefix("//").removeprefix(parts.netloc)))
    if not path.startswith("/") or "\0" in path or not _is_utf8(path):
        return None
    return "/" + os.path.normpath(path).lstrip("/")


@lru_cache(maxsize=10_000)
def uri_of(path: str) -> str:
    """Return the URI of an absolute path."""
    return "file://" + quote(os.fsencode(path))


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Places:
    """The files below one root."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._bases = tuple(dict.fromkeys((root, os.path.realpath(root))))

    def path(self, uri: str) -> str | None:
        """Return the path below the root, with ``/``; None where there is none or Bridle does not edit it."""
        found = file_of(uri)
        if found is None or found.endswith(_NOTEBOOK):
            return None
        return self._below(found) or self._below(os.path.realpath(found))

    def uri(self, path: str) -> str:
        """Return the URI of a path below the root."""
        return uri_of(f"{self.root.rstrip('/')}/{path}")

    def _below(self, found: str) -> str | None:
        for base in self._bases:
            if found.startswith(base.rstrip("/") + "/"):
                return PurePosixPath(found).relative_to(base).as_posix()
        return None


def root_around(file: str) -> str | None:
    """Return the nearest folder above `file` that is marked as a project, below the home folder; None if none is."""
    home = Path.home()
    for folder in Path(file).parents:
        if folder in (home, Path("/")):
            return None
        if any((folder / marker).exists() for marker in MARKERS):
            return str(folder)
    return None
