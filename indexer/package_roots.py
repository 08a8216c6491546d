"""What configuration says that folders are called where their packages are imported: text in, frozen data out.

Read are go.mod (its `module`). What cannot be read says nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

import msgspec

_MODULE = re.compile(r"^\s*module\s+(?:\"([^\"\s]+)\"|([^\s\"/][^\s\"]*))", re.MULTILINE)


class Root(msgspec.Struct, frozen=True):
    """A folder, and the prefix of what is below it."""

    language: str
    prefix: str
    folder: str


def roots_of(texts: Mapping[str, str]) -> tuple[Root, ...]:
    """Return the roots that configuration files (path → text) name, the deepest folders first."""
    found: list[Root] = []
    for path, text in texts.items():
        folder, name = posixpath.split(path)
        if name == "go.mod" and (said := _MODULE.search(text)):
            found.append(Root("go", said[1] or said[2], folder))
    return tuple(sorted(found, key=lambda root: (-root.folder.count("/") - bool(root.folder), root.folder)))
