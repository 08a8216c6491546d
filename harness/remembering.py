"""What past commits tell of a root, read by the person's own git and kept until HEAD moves.

Git runs nothing of the repository here: no external diff, no text conversion, no signature is looked at, nothing is
fetched. It is asked in batches, so that an answer is bounded and a close is quick; each adds to what is kept in the
state folder, and the next engine asks for what came since.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bridle.harness.heads import git_of
from bridle.harness.nouns import UserProblem
from bridle.harness.session.storage import write_whole
from bridle.indexer.languages.readers import suffixes
from bridle.indexer.past import FUNCTION_HEADS, LOG_FORMAT, MAX_COMMITS, Commit, Past, commits_told
from bridle.indexer.process import Completed, run

BATCH = 200
BATCH_S = 30.0
BATCH_BYTES = 32 * 1024 * 1024
FORM = 1
"""Which form the file has: one of another form is not read."""

_NOTHING = Past()
_COMMIT = re.compile(r"[0-9a-f]{40,64}$")
_OPTIONS = (
    "--no-merges", "-p", "-U0", "-M", "--no-color", "--no-ext-diff", "--no-textconv", "--no-show-signature",
    "--diff-filter=MR", "--relative",
)  # fmt: skip


class _File(msgspec.Struct, frozen=True):
    """What is kept: the commit at which it was read, and what those before it tell."""

    form: int
    head: str
    commits: tuple[Commit, ...]


class Remembering:
    """The past of one root, kept at `place`. One thread at a time brings it up to date; any may look at `past`."""

    def __init__(self, root: Path, place: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._root = root
        self._place = place
        self._environ = environ
        self._head: str = ""
        self.past = _NOTHING

    def refresh(self, cancel: threading.Event, *, keep: bool) -> Past:
        """Read what came since the last time and return the past; where git says nothing, what is known stays.

        With `keep` it is kept for the next engine.
        """
        git = git_of(self._root, self._environ)
        if git is None:
            return self.past
        head = self._asked(git, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}"), cancel).strip()
        if not _COMMIT.match(head):
            return self.past
        if not self._head:
            self._load()
        if head == self._head:
            return self.past
        fresh = self._since(git, head, cancel)
        if fresh is not None and not cancel.is_set():
            self._head, self.past = head, fresh
            if keep:
                self._save()
        return self.past

    def _since(self, git: tuple[str, dict[str, str]], head: str, cancel: threading.Event) -> Past | None:
        """Return the past of `head`: what is known and what came after, or all anew where HEAD went elsewhere."""
        base = self._head if self._head and self._leads_to(git, head, cancel) else ""
        span = f"{base}..{head}" if base else head
        paths = [f"*{suffix}" for suffix in suffixes()]
        listed = ("rev-list", "--no-merges", "-n", str(MAX_COMMITS), span, "--", *paths)
        ids = self._asked(git, listed, cancel).split()
        told: list[Commit] = []
        for start in range(0, len(ids), BATCH):
            told += commits_told(self._asked(git, self._log(paths), cancel, ids[start : start + BATCH]))
            if cancel.is_set():
                return None
        known = self.past.commits if base else ()
        return Past((*told, *known)[:MAX_COMMITS]).prepare()

    def _leads_to(self, git: tuple[str, dict[str, str]], head: str, cancel: threading.Event) -> bool:
        return self._run(git, ("merge-base", "--is-ancestor", self._head, head), cancel).exit_code == 0

    def _log(self, paths: Sequence[str]) -> Sequence[str]:
        attributes = self._place.with_name("attributes")
        settings = ("-c", f"core.attributesFile={attributes}", "-c", f"diff.bridle.xfuncname={FUNCTION_HEADS}")
        return (*settings, "log", *_OPTIONS, f"--format={LOG_FORMAT}", "--no-walk=unsorted", "--stdin", "--", *paths)

    def _asked(
        self,
        git: tuple[str, dict[str, str]],
        arguments: Sequence[str],
        cancel: threading.Event,
        ids: Sequence[str] = (),
    ) -> str:
        """Return what git printed, up to where it failed: a clone may lack objects."""
        return self._run(git, arguments, cancel, ids).stdout.decode("utf-8", "replace")

    def _run(
        self,
        git: tuple[str, dict[str, str]],
        arguments: Sequence[str],
        cancel: threading.Event,
        ids: Sequence[str] = (),
    ) -> Completed:
        program, env = git
        argv = [program, "--no-pager", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false", *arguments]
        told = "".join(f"{one}\n" for one in ids).encode()
        try:
            return run(
                argv, cwd=self._root, env=env, timeout_s=BATCH_S, stdin=told, cap_bytes=BATCH_BYTES, cancel=cancel
            )
        except OSError:
            return Completed(None, b"", b"", 0.0)

    def _load(self) -> None:
        """Take what is kept, where it is of this form and whole."""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            self._place.with_name("attributes").write_text("* diff=bridle\n")
            known = msgspec.msgpack.decode(self._place.read_bytes(), type=_File)
            if known.form == FORM:
                self._head, self.past = known.head, Past(known.commits).prepare()

    def _save(self) -> None:
        with contextlib.suppress(UserProblem):
            write_whole(self._place, msgspec.msgpack.encode(_File(FORM, self._head, self.past.commits)))
