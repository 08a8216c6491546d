"""Finds, in the words of a failure, the line of the tree that it happened on. Pure: text and paths in, a place out.

Every runtime prints its frames another way; all of them print a file's name and, right after it, a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

MAX_FRAMES = 200
MAX_TEXT = 100_000

_NAMED = re.compile(r"((?:file://)?[\w@./\\+~-]*[\w-]\.[A-Za-z]\w{0,5})(?:\"?, line |'? line |:line |:|\()(\d{1,7})\b")
"""``a.py", line 3``, ``A.cs:line 3``, ``a_test.go:3``, ``a.js:3:5``, ``a.cpp(3)``."""
_JVM = re.compile(r"\bat (?:[\w.@-]+//?)*([\w.$]+)\.[\w$<>-]+\(([\w$-]+\.\w+):(\d{1,7})\)")
_TEST_WORDS = re.compile(r"(?i)test|spec")


class Places:
    """The files of a tree, by name. `path_of` returns a path as the tool names it, relative to the tree."""

    def __init__(self, files: Iterable[str], path_of: Callable[[str], str]) -> None:
        self._files = frozenset(files)
        self._path_of = path_of
        self._by_name: dict[str, list[str]] = {}
        self._known: dict[str, str] = {}
        for path in sorted(self._files):
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def path(self, named: str) -> str:
        """Return the file that a tool means, "" where the tree has none or more than one that it could be."""
        if named not in self._known:
            plain = named.removeprefix("file://").replace("\\", "/")
            whole = self._path_of(plain)
            self._known[named] = whole if whole in self._files else self._only(plain.lstrip("./"))
        return self._known[named]

    def place(self, text: str) -> tuple[str, int]:
        """Return file and 1-based line of the frame that tells most: the first in a test, else the first; ("", 0)."""
        frames = list(self._frames(text[:MAX_TEXT]))
        return next((frame for frame in frames if _TEST_WORDS.search(frame[0])), frames[0] if frames else ("", 0))

    def _frames(self, text: str) -> Iterator[tuple[str, int]]:
        n_seen = 0
        for found in _JVM.finditer(text):
            folder = found[1].rpartition(".")[0].replace(".", "/")
            path = self._only(f"{folder}/{found[2]}" if folder else found[2]) or self._only(found[2])
            if path:
                yield path, int(found[3])
            n_seen += 1
            if n_seen >= MAX_FRAMES:
                return
        for found in _NAMED.finditer(text):
            path = self.path(found[1])
            if path:
                yield path, int(found[2])
            n_seen += 1
            if n_seen >= MAX_FRAMES:
                return

    def _only(self, tail: str) -> str:
        same = self._by_name.get(tail.rpartition("/")[2], ())
        ends = [path for path in same if path == tail or path.endswith(f"/{tail}")]
        return ends[0] if len(ends) == 1 else ""
