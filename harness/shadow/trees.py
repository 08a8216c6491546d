"""The content of the workspace and of a shadow over it, by one rule: path → digest of all files not ignored.

Which files are ignored is said by the person's tree alone: a rule that a run writes hides nothing from the proposal.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from bridle.harness.shadow.contract import Change
from bridle.harness.shadow.layers import MAX_BYTES, Layers, Scan
from bridle.indexer.digest import digest
from bridle.indexer.files import TreeCache, TreeState, read_bounded, tree_state
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


def find_changes(below: TreeState, layers: Layers, scan: Scan) -> tuple[Change, ...]:
    """Return what the upper layer changes of `below`, in path order; ignored paths are compared with the disk."""
    found = {path: Change(path, "deleted") for path in hidden_paths(below.files, scan)}
    found |= {path: Change(path, "deleted") for path in scan.gone if _only_on_disk(path, below, layers, scan)}
    for path in (*scan.files, *scan.links):
        found.pop(path, None)
        change = _change(path, below, layers)
        if change is not None:
            found[path] = change
    return tuple(_with_sources(found, below, layers))


def _change(path: str, below: TreeState, layers: Layers) -> Change | None:
    """Return how an entry of the upper layer differs from the lower one, None when it does not."""
    before, above = layers.lower / path, layers.upper / path
    link = os.fsdecode(above.readlink()) if above.is_symlink() else ""
    known = below.files.get(path) or _digest_below(before)
    if known is None:
        return Change(path, "created", link, _is_executable(above) or None)
    flipped = not link and not before.is_symlink() and _is_executable(above) != _is_executable(before)
    executable = _is_executable(above) if flipped else None
    if executable is None and _content(layers, path) == known:
        return None
    return Change(path, "modified", link, executable)


def _with_sources(found: Mapping[str, Change], below: TreeState, layers: Layers) -> Iterator[Change]:
    """Yield the changes in path order, created files with the deleted one that they were."""
    gone = {below.files[path]: path for path in sorted(found) if found[path].kind == "deleted" and path in below.files}
    for path in sorted(found):
        change = found[path]
        source = gone.get(_content(layers, path), "") if gone and change.kind == "created" else ""
        yield msgspec.structs.replace(change, source=source) if source else change


def _only_on_disk(path: str, below: TreeState, layers: Layers, scan: Scan) -> bool:
    """Tell whether a path that is gone was an ignored file or link."""
    standing = path in below.files or path in scan.files or path in scan.links
    return not standing and (layers.lower / path).is_symlink() | (layers.lower / path).is_file()


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
        if _is_executable(layers.upper / change.path):
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
    standing = frozenset((*scan.files, *scan.links))
    if not gone:
        return ()
    return tuple(path for path in files if path not in standing and not gone.isdisjoint(_ancestry(path)))


def _ancestry(path: str) -> tuple[str, ...]:
    cuts = [at for at, letter in enumerate(path) if letter == "/"]
    return (*(path[:at] for at in cuts), path)


def _content(layers: Layers, path: str) -> str:
    above = layers.upper / path
    if above.is_symlink():
        return _digest_of_link(above)
    data = layers.read(path)
    return digest(data) if data is not None else digest(b"unreadable")


def _digest_below(path: Path) -> str | None:
    """Return the digest of a file or link of the person's tree that is not among those looked at."""
    try:
        if path.is_symlink():
            return _digest_of_link(path)
        return digest(read_bounded(path, MAX_BYTES)) if path.is_file() else None
    except OSError:
        return digest(b"unreadable")


def _digest_of_link(path: Path) -> str:
    return digest(b"link to " + os.fsencode(path.readlink()))


def _is_executable(path: Path) -> bool:
    return not path.is_symlink() and bool(path.lstat().st_mode & 0o100)
