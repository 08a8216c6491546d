"""The content of the workspace and of a shadow over it, by one rule: path → digest of all files not ignored.

Which files are ignored is said by the person's tree alone: a rule that a run writes hides nothing from the proposal.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from bridle.harness.shadow.contract import Change
from bridle.harness.shadow.layers import Layers, Scan
from bridle.indexer.digest import digest
from bridle.indexer.files import TreeCache, TreeState, tree_state
from bridle.indexer.ignore import Rules, extend


class Ground:
    """The person's tree: its state and its ignore rules. Thread-safe; one for each root, so that it stays warm."""

    def __init__(self, root: Path) -> None:
        self._cache = TreeCache(root)
        self._lock = threading.Lock()

    def state(self) -> TreeState:
        """Return the state of the tree now."""
        with self._lock:
            return self._cache.digest()


@functools.lru_cache(maxsize=16)
def ground(root: Path) -> Ground:
    """Return the tree of `root`."""
    return Ground(root)


class Ignored:
    """Whether a path is ignored by the rules of the person's tree as it is when first asked."""

    def __init__(self, root: Path) -> None:
        self._root = root
        rules, _ = extend(Rules(), root / ".git" / "info" / "exclude", "")
        self._rules = {"": extend(rules, root / ".gitignore", "")[0]}

    def __call__(self, path: str) -> bool:
        """Tell whether `path`, a file, or a folder above it is ignored."""
        names = path.split("/")
        prefix = ""
        for depth, name in enumerate(names):
            is_folder = depth < len(names) - 1
            if self._rules_in(prefix).ignores(prefix + name, is_folder):
                return True
            prefix += f"{name}/"
            if is_folder and (self._root / prefix / "pyvenv.cfg").is_file():
                return True
        return False

    def _rules_in(self, prefix: str) -> Rules:
        if prefix not in self._rules:
            above = self._rules_in(prefix[: prefix.rstrip("/").rfind("/") + 1])
            self._rules[prefix] = extend(above, self._root / prefix / ".gitignore", prefix)[0]
        return self._rules[prefix]


def find_changes(below: TreeState, layers: Layers, offered: Callable[[str], bool]) -> tuple[Change, ...]:
    """Return what the upper layer changes of `below`, in path order."""
    scan = layers.scan()
    found: dict[str, Change] = {}
    for path in hidden_paths(below.files, scan):
        found[path] = Change(path, "deleted")
    for path in scan.files:
        if not offered(path):
            continue
        before = layers.lower / path
        if path in below.files or before.is_file():
            found.pop(path, None)
            if _content(layers, path) != below.files.get(path) or _mode_moved(layers.upper / path, before):
                found[path] = Change(path, "modified")
        else:
            found[path] = Change(path, "created")
    return tuple(found[path] for path in sorted(found))


def merge(below: TreeState, layers: Layers, changes: Iterable[Change]) -> TreeState:
    """Return the state of the view."""
    files = dict(below.files)
    executable = set(below.executable)
    for change in changes:
        executable.discard(change.path)
        if change.kind == "deleted":
            files.pop(change.path, None)
            continue
        files[change.path] = _content(layers, change.path)
        if (layers.upper / change.path).lstat().st_mode & 0o100:
            executable.add(change.path)
    return tree_state(files, frozenset(executable))


def moved_paths(before: TreeState, after: TreeState) -> tuple[str, ...]:
    """Return the paths that differ between two states, sorted."""
    content = {
        path for path in before.files.keys() | after.files.keys() if before.files.get(path) != after.files.get(path)
    }
    return tuple(sorted(content | (before.executable ^ after.executable)))


def hidden_paths(files: Iterable[str], scan: Scan) -> tuple[str, ...]:
    """Return those of `files` that the upper layer takes away without putting a file in their place."""
    gone = frozenset(scan.gone)
    standing = frozenset(scan.files)
    if not gone:
        return ()
    return tuple(path for path in files if path not in standing and not gone.isdisjoint(_ancestry(path)))


def _ancestry(path: str) -> tuple[str, ...]:
    cuts = [at for at, letter in enumerate(path) if letter == "/"]
    return (*(path[:at] for at in cuts), path)


def _content(layers: Layers, path: str) -> str:
    data = layers.read(path)
    return digest(data) if data is not None else digest(b"unreadable")


def _mode_moved(upper: Path, lower: Path) -> bool:
    return bool((upper.lstat().st_mode ^ lower.lstat().st_mode) & 0o100)
