"""The tree of modules that the files of Rust's crates make: which file a ``mod x;`` means, and whose crate it is of.

Crates begin at ``lib.rs`` and ``main.rs``, at the files of the folders ``bin``, ``tests``, ``examples`` and
``benches``, and where a Cargo.toml says so. A file that nobody declares begins a crate of its own. Knows paths and
declarations only.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bridle.indexer.facts import Import
from bridle.indexer.languages.readers import RUST, family
from bridle.indexer.package_roots import Root
from bridle.indexer.scopes import Scopes

MAX_DEPTH = 60

_ROOTS = frozenset(("lib.rs", "main.rs", "build.rs", "mod.rs"))
_HOMES = frozenset(("bin", "tests", "examples", "benches"))


class Home(NamedTuple):
    """Where a file's module hangs: in a file, in a module inside of that, under a name."""

    path: str
    scope: str
    name: str


class Tree:
    """The modules of one state of the workspace. Frozen."""

    def __init__(self, files: Mapping[str, Scopes], roots: Sequence[Root]) -> None:
        self._files = files
        ours = [root for root in roots if root.language == RUST.name]
        self._begins = {root.folder for root in ours}
        self.homes: dict[str, Home] = {}
        self._children: dict[tuple[str, str, str], str] = {}
        for path in sorted(path for path in files if family(path) == RUST.name):
            for declared in declared_modules(files[path]):
                found = self._file(path, declared)
                if found is not None and found != path:
                    self._children.setdefault((path, declared.scope, declared.name), found)
                    self.homes.setdefault(found, Home(path, declared.scope, declared.name))
        self.libraries = {root.prefix: root.folder for root in reversed(ours) if root.prefix and root.folder in files}

    def child(self, path: str, scope: str, name: str) -> str | None:
        """Return the file of the module `name` that module `scope` of a file declares."""
        return self._children.get((path, scope, name))

    def root(self, path: str) -> str:
        """Return the file at which the crate of a file begins."""
        for _ in range(MAX_DEPTH):
            home = self.homes.get(path)
            if home is None:
                break
            path = home.path
        return path

    def _file(self, path: str, declared: Import) -> str | None:
        folder, name = posixpath.split(path)
        inner = declared.scope.split(".") if declared.scope else []
        if declared.module:
            base = [folder, *(self._own(path, name) if inner else ()), *inner]
            found = posixpath.normpath(posixpath.join(*base, declared.module))
            return found if found in self._files else None
        for start in dict.fromkeys((self._own(path, name), ())):
            stem = posixpath.join(folder, *start, *inner, declared.name)
            for found in (f"{stem}.rs", f"{stem}/mod.rs"):
                if found in self._files:
                    return found
        return None

    def _own(self, path: str, name: str) -> tuple[str, ...]:
        """Return the folder of a file's modules, seen from the folder of the file."""
        is_root = name in _ROOTS or path in self._begins or posixpath.basename(posixpath.dirname(path)) in _HOMES
        return () if is_root else (name.removesuffix(".rs"),)


def declared_modules(scopes: Scopes) -> Iterator[Import]:
    """Yield the modules that a file declares to be in files of their own."""
    return (one for one in scopes.facts.imports if one.level == 1)


def moved(
    old: Mapping[str, Scopes], new: Mapping[str, Scopes], files: Mapping[str, Scopes], roots: Sequence[Root]
) -> set[str]:
    """Return the files of Rust whose place in the tree may be another after a change, by the files before and after.

    `files` are all of the state after it; those of `old` that are not there are gone.
    """
    changed = [
        path for path in {*old, *new} if family(path) == RUST.name and _declared(old, path) != _declared(new, path)
    ]
    if not changed:
        return set()
    before = {**{path: one for path, one in files.items() if path in old or path not in new}, **old}
    trees = Tree(before, roots), Tree(files, roots)
    found = {
        path for path in {*trees[0].homes, *trees[1].homes} if trees[0].homes.get(path) != trees[1].homes.get(path)
    }
    below: dict[str, set[str]] = {}
    for path, home in (one for tree in trees for one in tree.homes.items()):
        below.setdefault(home.path, set()).add(path)
    waiting = list(found)
    while waiting:
        fresh = below.get(waiting.pop(), set[str]()) - found
        found |= fresh
        waiting += fresh
    return found | set(changed)


def _declared(files: Mapping[str, Scopes], path: str) -> tuple[Import, ...] | None:
    return tuple(declared_modules(files[path])) if path in files else None
