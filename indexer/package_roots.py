"""What configuration says that folders are called where their packages are imported: text in, frozen data out.

Read are go.mod (its `module`) and Cargo.toml (`package`, `lib`, `bin`, `test`, `example`, `bench`, dependencies in the
workspace). What cannot be read says nothing.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

_MODULE = re.compile(r"^\s*module\s+(?:\"([^\"\s]+)\"|([^\s\"/][^\s\"]*))", re.MULTILINE)


class Root(msgspec.Struct, frozen=True):
    """A folder, and the prefix of what is below it; in Rust the file where a crate begins, and a library's name."""

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
        elif name == "Cargo.toml":
            found += _crates(folder, text)
    return tuple(sorted(found, key=lambda root: (-root.folder.count("/") - bool(root.folder), root.folder)))


def _crates(folder: str, text: str) -> Iterator[Root]:
    """Yield the library of a package, what else is built of it, and what its dependencies are called here."""
    try:
        said = cast("dict[str, object]", tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    library = _table(said, "lib")
    name = _text(library, "name") or _text(_table(said, "package"), "name")
    if name:
        yield Root("rust", name.replace("-", "_"), _joined(folder, _text(library, "path") or "src/lib.rs"))
    for kind in ("bin", "test", "example", "bench"):
        several = said.get(kind)
        for one in cast("list[object]", several) if isinstance(several, list) else ():
            if isinstance(one, dict) and (path := _text(cast("dict[str, object]", one), "path")):
                yield Root("rust", "", _joined(folder, path))
    for alias, one in _table(said, "dependencies").items():
        if isinstance(one, dict):
            known = cast("dict[str, object]", one)
            if _text(known, "package") and (path := _text(known, "path")):
                yield Root("rust", alias.replace("-", "_"), _joined(folder, f"{path}/src/lib.rs"))


def _table(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = said.get(name)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _text(said: Mapping[str, object], name: str) -> str:
    found = said.get(name)
    return found if isinstance(found, str) else ""


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
