"""Questions whose answers are known, from a repository's own history: a message, and what its commit touched.

The code before a commit is laid out in a folder of its own, blob by blob: no hook, no filter and no program of the
repository runs, links are left out, and nothing is written beside that folder. It is indexed as the workspace is.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bridle.context.signals import rows_of
from bridle.context.touched import MOST_FILES, is_proper, is_question, touched
from bridle.harness.heads import objects
from bridle.indexer.index import Index
from bridle.indexer.languages.readers import suffixes
from bridle.indexer.past import Past
from bridle.indexer.process import run
from bridle.indexer.snapshot import Snapshot

MOST_CASES = 120
SKIPPED_SHARE = 4
"""The oldest quarter of a history is left out: there is little to choose from then, and no past."""
BATCH_BYTES = 16 * 1024 * 1024
MAX_FILE_BYTES = 1024 * 1024
MAX_DIFF_BYTES = 4 * 1024 * 1024
CALL_S = 30.0


@dataclass(frozen=True)
class Mined:
    """One question: the signals of its candidates, and which of them were touched; `n_truth` counts all that were."""

    values: npt.NDArray[np.float32]
    truth: npt.NDArray[np.bool_]
    n_truth: int


class History:
    """The history of one root, asked of the person's own git."""

    def __init__(self, root: Path, git: tuple[str, dict[str, str]], cancel: threading.Event) -> None:
        self._root = root
        self._program, self._env = git
        self.cancel = cancel

    def messages(self, commits: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return the first parent and the message of each commit."""
        told = self._git(("log", "--no-walk=unsorted", "--format=%x00%H %P%n%B", "--stdin"), commits)
        found: dict[str, tuple[str, str]] = {}
        for entry in told.decode("utf-8", "replace").split("\0")[1:]:
            head, _, message = entry.partition("\n")
            commit, _, parents = head.partition(" ")
            if parents:
                found[commit] = (parents.split(" ")[0], message.strip())
        return found

    def diff(self, parent: str, commit: str) -> str:
        """Return what a commit changed."""
        options = ("-U0", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--relative")
        return self._git(("diff", *options, parent, commit), (), MAX_DIFF_BYTES).decode("utf-8", "replace")

    def files(self, commit: str) -> dict[str, tuple[str, int]]:
        """Return the plain files of code that a commit has: the blob and the size of each."""
        ends = suffixes()
        found: dict[str, tuple[str, int]] = {}
        for entry in self._git(("ls-tree", "-r", "-l", "-z", commit), ()).split(b"\0"):
            head, _, name = entry.partition(b"\t")
            words = head.split()
            path = name.decode("utf-8", "surrogateescape")
            if len(words) != 4 or words[0] not in (b"100644", b"100755") or not words[3].isdigit():
                continue
            if path.endswith(ends) and int(words[3]) <= MAX_FILE_BYTES and _is_below(path):
                found[path] = (words[2].decode("ascii"), int(words[3]))
        return found

    def blobs(self, wanted: Sequence[tuple[str, int]]) -> Iterator[bytes | None]:
        """Yield the contents of blobs, of which the sizes are given, in order."""
        batch: list[str] = []
        size = 0
        for blob, n_bytes in (*wanted, ("", BATCH_BYTES)):
            if batch and (size + n_bytes > BATCH_BYTES or not blob):
                found = list(objects(self._git(("cat-file", "--batch"), batch, 2 * BATCH_BYTES)))
                yield from [*found, *[None] * (len(batch) - len(found))]
                batch, size = [], 0
            batch.append(blob)
            size += n_bytes

    def _git(self, arguments: Sequence[str], lines: Sequence[str], cap_bytes: int = 2 * BATCH_BYTES) -> bytes:
        argv = [self._program, "--no-pager", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false", *arguments]
        told = "".join(f"{line}\n" for line in lines).encode()
        with contextlib.suppress(OSError):
            done = run(
                argv, cwd=self._root, env=self._env, timeout_s=CALL_S, stdin=told, cap_bytes=cap_bytes,
                cancel=self.cancel,
            )  # fmt: skip
            return done.stdout
        return b""


class Tree:
    """The folder in which commits are laid out, one in the place of the other."""

    def __init__(self, folder: Path, history: History) -> None:
        self._folder = folder
        self._history = history
        self._there: dict[str, str] = {}

    def lay_out(self, commit: str) -> None:
        """Bring the folder to a commit."""
        files = self._history.files(commit)
        for path in [path for path in self._there if path not in files]:
            del self._there[path]
            (self._folder / path).unlink(missing_ok=True)
        changed = {path: told for path, told in files.items() if self._there.get(path) != told[0]}
        for path, data in zip(changed, self._history.blobs(list(changed.values())), strict=True):
            if data is None:
                continue
            to = self._folder / path
            with contextlib.suppress(OSError):  # a file where a folder was: it is one candidate less
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(data)
                self._there[path] = changed[path][0]


def mined(
    history: History, past: Past, folder: Path, until: float, note: Callable[[int, int], None]
) -> tuple[list[Mined], int]:
    """Return the questions of a history, oldest first, and how many of its commits ask one.

    The newest are looked at first, and none is begun after `until` of the monotonic clock. `note` hears of each: how
    many are done, and how many there are.
    """
    messages = history.messages(fit := _fit(past))
    places = {commit.id: n for n, commit in enumerate(past.commits)}
    asking = [one for one in fit if one in messages and is_question(messages[one][1].partition("\n")[0])]
    chosen = _spread(asking, MOST_CASES)
    tree, found = Tree(folder, history), list[Mined]()
    index = Index(folder, None, workers=1)
    try:
        for n, commit in enumerate(chosen):
            if time.monotonic() >= until:
                break
            parent, message = messages[commit]
            tree.lay_out(parent)
            before = Past(past.commits[places[commit] + 1 :])
            snapshot = index.refresh(cancel=history.cancel)
            if not snapshot.complete:
                break
            case = _case(message, history.diff(parent, commit), snapshot, before)
            if case is not None:
                found.append(case)
            note(n + 1, len(chosen))
    finally:
        index.close()
    return found[::-1], len(asking)


def _fit(past: Past) -> list[str]:
    """Return the commits that touched a few files of code proper, newest first, without the oldest ones."""
    young = past.commits[: len(past.commits) - len(past.commits) // SKIPPED_SHARE]
    return [
        commit.id
        for commit in young
        if not commit.renamed and 1 <= sum(is_proper(path) for path, _ in commit.touched) <= MOST_FILES
    ]


def _spread(ones: Sequence[str], most: int) -> list[str]:
    """Return at most so many, from the whole stretch, in order."""
    if len(ones) <= most:
        return list(ones)
    return [ones[n * len(ones) // most] for n in range(most)]


def _case(message: str, diff: str, snapshot: Snapshot, past: Past) -> Mined | None:
    """Return the question of a commit, None where it touched nothing that was there."""
    truth = touched(diff, snapshot)
    if not truth:
        return None
    rows = [row for row in rows_of(message, snapshot, past) if row.symbol.kind != "module"]
    if not rows:
        return None
    return Mined(
        np.array([row.values for row in rows], np.float32),
        np.array([row.symbol.id in truth for row in rows], np.bool_),
        len(truth),
    )


def _is_below(path: str) -> bool:
    """Whether a path that a repository names stays in the folder that it is laid out in."""
    parts = path.split("/")
    return not path.startswith("/") and not any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)
