"""Which files a workspace has, and what they hold: the one place that walks a tree.

Never follows a symbolic link, never opens anything but regular files, never reads without a bound.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import msgspec

from bridle.indexer.bounded import MAX_FILE_BYTES, read_bounded
from bridle.indexer.digest import digest, digest_of_parts
from bridle.indexer.encoding import Decoded, UndecodableError, decode, encode
from bridle.indexer.facts import Skipped
from bridle.indexer.ignore import Rules, extend

__all__ = [
    "MAX_FILE_BYTES",
    "Decoded",
    "FileStat",
    "FolderLink",
    "TreeCache",
    "TreeState",
    "UndecodableError",
    "Walk",
    "decode",
    "encode",
    "read_bounded",
    "tree_state",
    "unfit",
    "walk",
]

GIT_RULES = (".gitignore",)
OWN_RULES = ".bridleignore"
MAX_FILES = 200_000
MAX_DEPTH = 100
_MAX_HASHED_BYTES = 256_000_000
SETTLED_NS = 50_000_000  # a file system may stamp two writes within this time alike
_NAME = attrgetter("name")
_GENERATED = re.compile(rb"^[ \t]*(?:#|//|/\*|\*).*(?:@generated\b|Code generated .* DO NOT EDIT)", re.MULTILINE)


class FileStat(msgspec.Struct, frozen=True):
    """A regular file as the file system describes it; a change of content changes one of these."""

    path: str
    size: int
    mtime_ns: int
    inode: int


class FolderLink(msgspec.Struct, frozen=True):
    """A symbolic link at `path` to the folder `target`, both inside the root. It is not followed."""

    path: str
    target: str


class Walk(msgspec.Struct, frozen=True):
    """The files of a tree in path order, and what was left out, with reasons; the `folders` that were looked into."""

    files: tuple[FileStat, ...]
    skipped: tuple[Skipped, ...]
    links: tuple[FolderLink, ...] = ()
    folders: tuple[str, ...] = ()


class TreeState(msgspec.Struct, frozen=True):
    """The content of a whole tree: one digest, and one per file (links by their target); who may be executed."""

    digest: str
    files: Mapping[str, str]
    executable: frozenset[str] = frozenset()


def tree_state(files: Mapping[str, str], executable: frozenset[str]) -> TreeState:
    """Return the state of a tree of these files (path → digest of its content)."""
    parts: list[str] = []
    for path in sorted(files):
        parts += (path, files[path], "x" if path in executable else "")
    return TreeState(digest_of_parts(parts), files, executable)


def walk(root: Path, *, max_bytes: int = MAX_FILE_BYTES, max_files: int = MAX_FILES) -> Walk:
    """Return the regular files under `root` that git would look at, none larger than `max_bytes`.

    A `.bridleignore` speaks as a `.gitignore` does, and before it. Looks at names and sizes only; `unfit` judges
    content.
    """
    found = _Found(root, (*GIT_RULES, OWN_RULES))
    files: list[FileStat] = []
    for path, state in found.entries():
        if not stat.S_ISREG(state.st_mode):
            continue
        if state.st_size > max_bytes:
            found.skip(path, f"larger than {max_bytes} bytes")
        elif len(files) == max_files:
            found.skip(path, f"more than {max_files} files; this one and what follows is left out")
            break
        else:
            files.append(FileStat(path, state.st_size, state.st_mtime_ns, state.st_ino))
    files.sort(key=lambda file: file.path)
    return Walk(tuple(files), tuple(found.skipped), tuple(found.links), tuple(found.folders))


def unfit(data: bytes) -> str | None:
    """Return why `data` is no source that a person wrote, None where it is."""
    if b"\0" in data:
        return "binary: it holds NUL bytes"
    n_ends = data.count(b"\n") + data.count(b"\r")
    if len(data) > 20_000 and len(data) > 400 * (n_ends + 1):
        return f"minified: {len(data) // (n_ends + 1)} bytes a line"
    if _GENERATED.search(data, 0, 2_000):
        return "generated: its head says so"
    return None


class TreeCache:
    """The digests of all files that git would look at, whatever they hold; reads again only what moved.

    One thread at a time. `n_read` counts the files that the last `digest` had to read.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, tuple[tuple[int, ...], str]] = {}
        self.n_read = 0

    def digest(self) -> TreeState:
        """Return the state of the tree now."""
        fresh: dict[str, tuple[tuple[int, ...], str]] = {}
        executable: set[str] = set()
        self.n_read = 0
        for path, state in sorted(_Found(self._root).entries()):
            key = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_mode)
            known = self._known.get(path)
            begun_ns = time.time_ns()
            content = known[1] if known and known[0] == key else self._content(path, state)
            if content is None:
                continue
            settled = begun_ns - max(state.st_mtime_ns, state.st_ctime_ns) > SETTLED_NS
            fresh[path] = (key if settled else (), content)
            if state.st_mode & stat.S_IXUSR:
                executable.add(path)
        self._known = fresh
        return tree_state({path: content for path, (_, content) in fresh.items()}, frozenset(executable))

    def _content(self, path: str, state: os.stat_result) -> str | None:
        self.n_read += 1
        try:
            if stat.S_ISLNK(state.st_mode):
                return digest(b"link to " + os.fsencode((self._root / path).readlink()))
            if state.st_size > _MAX_HASHED_BYTES:
                return digest(f"{state.st_size} bytes at {state.st_mtime_ns}".encode())
            return _digest_of_file(self._root / path)
        except FileNotFoundError:
            return None
        except OSError as error:
            return digest(f"unreadable: {error.errno}".encode())


def _digest_of_file(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as stream:  # noqa: PTH123  # a descriptor, not a path
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


class _Found:
    """One walk over a tree: yields regular files and links, and notes what it passed by."""

    def __init__(self, root: Path, rules: Sequence[str] = GIT_RULES) -> None:
        self._root = root
        self._rules = rules
        self._real_root = os.path.realpath(root)
        self.folders: list[str] = []
        self.skipped: list[Skipped] = []
        self.links: list[FolderLink] = []

    def skip(self, path: str, reason: str) -> None:
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        self.skipped.append(Skipped(shown, reason))

    def entries(self) -> Iterator[tuple[str, os.stat_result]]:
        root = os.fspath(self._root)
        rules, bad = extend(Rules(), self._root / ".git" / "info" / "exclude", "")
        self._name_bad_rules(".git/info/exclude", bad)
        folders = [("", rules, 0)]
        while folders:
            prefix, rules, depth = folders.pop()
            try:
                with os.scandir(f"{root}/{prefix}") as listing:
                    inside = sorted(listing, key=_NAME)
            except OSError as error:
                self.skip(prefix.rstrip("/") or ".", f"unreadable folder: {error.strerror}")
                continue
            names = {entry.name for entry in inside}
            if prefix and "pyvenv.cfg" in names:
                continue
            self.folders.append(prefix.rstrip("/"))
            for name in (name for name in self._rules if name in names):
                rules, bad = extend(rules, self._root / prefix / name, prefix)
                self._name_bad_rules(f"{prefix}{name}", bad)
            for entry in inside:
                path = prefix + entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                if rules.ignores(path, is_folder):
                    continue
                if is_folder and depth < MAX_DEPTH:
                    folders.append((f"{path}/", rules, depth + 1))
                elif is_folder:
                    self.skip(path, f"more than {MAX_DEPTH} folders deep")
                else:
                    yield from self._leaf(path, entry)

    def _leaf(self, path: str, entry: os.DirEntry[str]) -> Iterator[tuple[str, os.stat_result]]:
        try:
            path.encode()
            state = entry.stat(follow_symlinks=False)
        except UnicodeEncodeError:
            self.skip(path, "its name is not UTF-8")
            return
        except OSError as error:
            self.skip(path, f"unreadable: {error.strerror}")
            return
        if stat.S_ISLNK(state.st_mode):
            self._link(path, entry)
            yield path, state
        elif stat.S_ISREG(state.st_mode):
            yield path, state
        else:
            self.skip(path, "neither a file nor a folder")

    def _link(self, path: str, entry: os.DirEntry[str]) -> None:
        real = os.path.realpath(entry.path)
        target = os.path.relpath(real, self._real_root).replace(os.sep, "/")
        if target.startswith("../"):
            self.skip(path, "a symbolic link out of the workspace")
        elif Path(real).is_dir() and target != "." and not f"{path}/".startswith(f"{target}/"):
            self.links.append(FolderLink(path, target))
        else:
            self.skip(path, "a symbolic link")

    def _name_bad_rules(self, path: str, rules: tuple[str, ...]) -> None:
        self.skipped.extend(Skipped(path, f"rule left out: {rule[:80]!r}") for rule in rules)
