"""The questions: commits of public repositories. The message is asked, what was touched is to be found.

`given.tsv` and `commits.tsv` have ids alone; messages and truth come from the clones. A case file in JSON lines may be
given in place of the first, with the truth that it has: `repo`, `commit`, `parent`, `query`, and `functions` as
``path::qualified.name:line``.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bridle.context.touched import BESIDE, touched
from bridle.indexer.facts import Symbol
from bridle.indexer.snapshot import Snapshot

HERE = Path(__file__).resolve().parent
GIVEN, MINED = HERE / "given.tsv", HERE / "commits.tsv"
CODE = re.compile(r"\.(py|js|cjs|mjs|jsx|ts|tsx|go|java)$")


class Missing(Exception):
    """Repositories that are not in BENCH_REPOS."""


class Case(NamedTuple):
    """One question. `truth` are paths, qualified names and first lines (1-based), None where git is to tell."""

    id: str
    repo: str
    commit: str
    parent: str
    query: str
    truth: tuple[tuple[str, str, int], ...] | None


class Git:
    """One clone, read only."""

    def __init__(self, folder: str, repo: str) -> None:
        name = repo.partition("/")[2]
        stems = (f"{repo.replace('/', '+')}/repo", repo.replace("/", "+"), repo, name)
        tries = [Path(folder, stem, end) for stem in stems for end in (".git", "")] if folder else []
        there = next((path for path in tries if (path / "objects").is_dir()), None)
        if there is None:
            raise Missing(f"no clone of {repo} in BENCH_REPOS={folder!r}: clone it there, as OWNER+NAME/repo or NAME")
        self.path = there

    def __call__(self, *arguments: str, check: bool = True) -> str:
        """Return what git prints, with `check` only where it is content: a clone may lack large files."""
        command = ["git", f"--git-dir={self.path}", *arguments]
        done = subprocess.run(command, capture_output=True, check=check, env={"PATH": "/usr/bin:/bin"})
        return done.stdout.decode("utf-8", "replace")


def given(path: Path) -> list[Case]:
    """Return the cases of a file in JSON lines."""
    return [_given(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _given(told: dict[str, object]) -> Case:
    truth = tuple(_place(str(one)) for one in _texts(told["functions"]))
    repo, commit, parent = str(told["repo"]), str(told["commit"]), str(told["parent"])
    return Case(_id(repo, commit), repo, commit, parent, str(told["query"]), truth)


def _texts(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _place(text: str) -> tuple[str, str, int]:
    path, _, rest = text.partition("::")
    name, _, line = rest.rpartition(":")
    return path, name, int(line)


def _id(repo: str, commit: str) -> str:
    return f"{repo.partition('/')[2]}-{commit[:8]}"


def pinned(git: Git, repo: str) -> list[Case]:
    """Return the pinned cases of a repository, oldest first as they stand in its file."""
    return [case_of(git, repo, commit) for name, commit in (*_rows(GIVEN), *_rows(MINED)) if name == repo]


def given_repos() -> list[str]:
    """Return the repositories that the first rankings were chosen on."""
    return list(dict.fromkeys(name for name, _ in _rows(GIVEN)))


def repos() -> list[str]:
    """Return the other repositories."""
    return list(dict.fromkeys(name for name, _ in _rows(MINED)))


def _rows(path: Path) -> list[tuple[str, str]]:
    rows = (line.split("\t") for line in path.read_text("ascii").splitlines() if not line.startswith("#"))
    return [(name, commit) for name, commit in rows]


def case_of(git: Git, repo: str, commit: str) -> Case:
    """Return the case that a commit makes."""
    parent, _, message = git("show", "-s", "--format=%P%n%B", commit).partition("\n")
    return Case(_id(repo, commit), repo, commit, parent.split(" ")[0], message.strip(), None)


# --- truth ----------------------------------------------------------------------------------------------------------


def truth_of(case: Case, git: Git, snapshot: Snapshot) -> set[str]:
    """Return the definitions of the parent that the commit touched: those whose own lines it changed."""
    if case.truth is not None:
        return {symbol.id for place in case.truth for symbol in _named(snapshot, *place)}
    diff = git("diff", "-U0", "--no-renames", "--no-ext-diff", case.parent, case.commit)
    return {*touched(diff, snapshot, lambda path: bool(CODE.search(path) and not BESIDE.search(path)))}


def _named(snapshot: Snapshot, path: str, name: str, line: int) -> list[Symbol]:
    """Return the definition of ours that starts on a line (1-based), else that of the name nearest to it."""
    symbols = [symbol for symbol in snapshot.in_file(path) if symbol.kind != "module"]
    starting = [symbol for symbol in symbols if symbol.span.start_line == line - 1]
    simple = re.split(r"[.:]", name)[-1]
    named = [symbol for symbol in symbols if symbol.name == simple]
    around = [symbol for symbol in named if symbol.span.start_line <= line + 5 and line - 1 < symbol.span.end_line]
    return (starting or sorted(around, key=lambda one: abs(one.span.start_line - line + 1)))[:1]


def candidates(git: Git) -> Iterator[str]:
    """Yield commits that may make a case, oldest first: a few files of code proper are changed, none is moved."""
    log = git("log", "--no-merges", "--no-renames", "--diff-filter=M", "--name-only", "--format=%x00%H%x01%s", "HEAD")
    for entry in reversed(log.split("\0")[1:]):
        head, *paths = entry.split("\n")
        commit, _, subject = head.partition("\x01")
        proper = [path for path in paths if CODE.search(path) and not BESIDE.search(path)]
        if 1 <= len(proper) <= 4 and len(paths) <= 15 and len(re.findall(r"[A-Za-z]{3,}", subject)) >= 3:
            yield commit
