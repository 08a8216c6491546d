"""The last commit that changed lines of a file, asked of the person's own git, which runs nothing of the repository.

Git is asked about the last commit alone (`git blame HEAD`): what stands in the folder or in a buffer is laid beside it
here, since git would send it through filters that the repository names. One question at a time; what was found is kept
until HEAD moves.
"""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bridle.context.anchors import bodies_of
from bridle.harness.heads import at_head, git_of
from bridle.indexer.alignment import NOWHERE, Alignment
from bridle.indexer.encoding import text_of
from bridle.indexer.process import Completed, run

TIMEOUT_S = 10.0
MAX_BYTES = 4 * 1024 * 1024
MAX_KEPT = 500
MAX_TEXTS = 8
NO_COMMIT = 1
"""What git ends with where the repository has no commit yet."""

_COMMIT = re.compile(r"([0-9a-f]{40,64}) \d+ \d+")
_SAFE = ("--no-pager", "-c", "core.fsmonitor=false")


class Commit(NamedTuple):
    """A commit as git has it: its whole id, its author's name and time (seconds since the epoch), and its subject."""

    id: str
    author: str
    time: float
    subject: str


class Changed(NamedTuple):
    """The last commit of some lines, None where none of them was committed; how many of `of` are not as committed."""

    commit: Commit | None
    n_open: int
    of: int


class _Committed(NamedTuple):
    """A file's text as it was committed last; None where it was not there."""

    text: str | None


_NOT_THERE = _Committed(None)
_UNBORN = "no commit yet"


class LastChanges:
    """What git knows of the files of one root."""

    def __init__(self, root: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._root = root
        self._environ = environ
        self._commits: OrderedDict[tuple[str, str, int, int], Commit | None] = OrderedDict()
        self._texts: OrderedDict[tuple[str, str], _Committed] = OrderedDict()

    def of(self, path: str, text: str, lines: range, cancel: threading.Event) -> Changed | None:
        """Return what changed `lines` of `text`, which stands at `path`, last.

        None where there is no git or no repository, or git said nothing in time.
        """
        head = self._head(cancel)
        if not head:
            return None
        now = bodies_of(text)
        lines = range(lines.start, min(lines.stop, len(now)))
        committed = self._committed(path, head) if head != _UNBORN else _NOT_THERE
        if committed is None or committed.text is None:
            return None if committed is None else Changed(None, len(lines), len(lines))
        places = Alignment(now, bodies_of(committed.text)).places
        there = [places[number] for number in lines if places[number] != NOWHERE]
        if not there:
            return Changed(None, len(lines), len(lines))
        commit = self._last(path, head, min(there), max(there) + 1, cancel)
        return None if commit is None else Changed(commit, len(lines) - len(there), len(lines))

    def _head(self, cancel: threading.Event) -> str:
        done = self._git(("rev-parse", "--verify", "--quiet", "HEAD^{commit}"), cancel)
        if done is None:
            return ""
        if done.exit_code == NO_COMMIT:
            return _UNBORN
        return done.stdout.decode().strip() if done.exit_code == 0 else ""

    def _committed(self, path: str, head: str) -> _Committed | None:
        """Return a file as it was committed last, None where git does not tell, or it is no text."""
        key = head, path
        if key not in self._texts:
            found = at_head(self._root, [path], self._environ)
            data = found.get(path)
            text = text_of(data)
            if path not in found or (data is not None and text is None):
                return None
            self._texts[key] = _Committed(text)
            while len(self._texts) > MAX_TEXTS:
                self._texts.popitem(last=False)
        self._texts.move_to_end(key)
        return self._texts[key]

    def _last(self, path: str, head: str, start: int, end: int, cancel: threading.Event) -> Commit | None:
        key = head, path, start, end
        if key not in self._commits:
            asked = ("blame", "--porcelain", "--no-textconv", "-L", f"{start + 1},{end}", head, "--", path)
            done = self._git(asked, cancel)
            if done is None or done.exit_code != 0 or done.truncated:
                return None
            self._commits[key] = newest(done.stdout.decode("utf-8", "replace"))
            while len(self._commits) > MAX_KEPT:
                self._commits.popitem(last=False)
        self._commits.move_to_end(key)
        return self._commits[key]

    def _git(self, arguments: tuple[str, ...], cancel: threading.Event) -> Completed | None:
        git = git_of(self._root, self._environ)
        if git is None or cancel.is_set():
            return None
        argv = [git[0], *_SAFE, *arguments]
        try:
            done = run(argv, cwd=self._root, env=git[1], timeout_s=TIMEOUT_S, cap_bytes=MAX_BYTES, cancel=cancel)
        except OSError:
            return None
        return None if done.exit_code is None else done


def newest(told: str) -> Commit | None:
    """Return the newest of the commits in what ``git blame --porcelain`` printed, by its author's time."""
    found: list[Commit] = []
    for line in told.split("\n"):
        begun = _COMMIT.match(line)
        name, _, value = line.partition(" ")
        if begun is not None:
            found.append(Commit(begun[1], "", 0.0, ""))
        elif found and name == "author":
            found[-1] = found[-1]._replace(author=value)
        elif found and name == "author-time" and value.isdigit():
            found[-1] = found[-1]._replace(time=float(value))
        elif found and name == "summary":
            found[-1] = found[-1]._replace(subject=value)
    return max(found, key=lambda one: one.time, default=None)
