"""The commits that the figures stand on: honest ones of public repositories, by id, contents from BENCH_REPOS.

`commits.tsv` pins them: drawn at random among those of the main line that change code, before anything was measured.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PINNED = HERE / "commits.tsv"
REPOS = ("pallets/click", "pallets/flask", "psf/requests", "encode/httpx", "expressjs/express")
CODE = (".py", ".js", ".ts", ".mjs", ".cjs")
NEWEST = 1_500
"""How far back commits are drawn from: older ones are of other tools than those that are watched."""

PER_REPO = 40
SEED = 20_260
MAX_FILE_BYTES = 1_000_000

Files = dict[str, tuple[str | None, str | None]]


class Missing(Exception):
    """Repositories that are not in BENCH_REPOS."""


class Commit(NamedTuple):
    """One commit: which it is, and every changed file before and after."""

    repo: str
    id: str
    files: Files


def pinned() -> list[tuple[str, str]]:
    """Return repository and id of each pinned commit."""
    lines = PINNED.read_text("ascii").splitlines()
    return [(repo, commit) for repo, commit in (line.split("\t") for line in lines if not line.startswith("#"))]


def commits(folder: str | None, wanted: Sequence[tuple[str, str]]) -> Iterator[Commit]:
    """Yield the wanted commits with their contents. Raises Missing."""
    where = {repo: clone(folder, repo) for repo in dict.fromkeys(repo for repo, _ in wanted)}
    for repo, commit in wanted:
        yield Commit(repo, commit, _files(where[repo], commit))


def clone(folder: str | None, repo: str) -> Path:
    """Return the git directory of a repository below `folder`. Raises Missing."""
    owner, name = repo.split("/")
    for stem in (f"{owner}+{name}/repo", f"{owner}+{name}", f"{owner}/{name}", name, f"{name}.git"):
        for end in (".git", ""):
            path = Path(folder or "", stem, end)
            if folder and (path / "objects").is_dir():
                return path
    where = f"BENCH_REPOS={folder}" if folder else "BENCH_REPOS, which is not set"
    raise Missing(f"no clone of {repo} in {where}: clone it there, as OWNER+NAME/repo or NAME")


def text_at(git: Path, revision: str, path: str) -> str | None:
    """Return a file at a revision, None where it is not there."""
    command = ["git", f"--git-dir={git}", "cat-file", "blob", f"{revision}:{path}"]
    done = subprocess.run(command, capture_output=True, check=False)
    return None if done.returncode else done.stdout.decode("utf-8", "replace")


def draw(git: Path, *, count: int, seed: int) -> list[str]:
    """Return `count` commits of the main line that change code, at random."""
    log = _git(git, "log", "--no-merges", f"-{NEWEST}", "--format=%x00%H", "--name-only", "HEAD").decode(
        "utf-8", "replace"
    )
    found: list[str] = []
    for entry in log.split("\0")[1:]:
        commit, *names = entry.split()
        if any(name.endswith(CODE) for name in names):
            found.append(commit)
    return sorted(random.Random(seed).sample(found, min(count, len(found))))  # noqa: S311  # the same draw again


def _files(git: Path, commit: str) -> Files:
    raw = _git(git, "diff-tree", "-r", "--no-commit-id", "--no-renames", "--root", "-z", commit).decode(
        "utf-8", "replace"
    )
    parts = raw.split("\0")
    rows = [(meta.split(), path) for meta, path in zip(parts[0::2], parts[1::2], strict=False) if meta]
    marks = [mark for meta, _ in rows for mark in meta[2:4]]
    texts = _texts(git, [mark for mark in marks if set(mark) != {"0"}])
    found: Files = {}
    for (_, _, before, after, _), path in rows:
        both = (texts.get(before), texts.get(after))
        if both != (None, None):
            found[path] = both
    return found


def _texts(git: Path, marks: Sequence[str]) -> dict[str, str]:
    """Return the text of each blob that is one."""
    done = _git(git, "cat-file", "--batch", stdin="".join(f"{mark}\n" for mark in marks).encode())
    found: dict[str, str] = {}
    at = 0
    while at < len(done):
        head, _, _ = done[at : at + 200].partition(b"\n")
        begin = at + len(head) + 1
        words = head.split()
        if len(words) < 3:
            at = begin
            continue
        size = int(words[2])
        body = done[begin : begin + size]
        at = begin + size + 1
        if words[1] == b"blob" and size <= MAX_FILE_BYTES:
            try:
                found[words[0].decode()] = body.decode("utf-8")
            except UnicodeDecodeError:
                continue
    return found


def _git(git: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["git", f"--git-dir={git}", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout
