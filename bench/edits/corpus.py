"""The texts that the figures stand on: versions of files of public repositories, by commit, or this repository's own.

The commits are pinned in `commits.tsv`, ids and paths only; their contents come from `BENCH_REPOS`, a folder of clones.
A file without a final line end gets one: lines are what is measured.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PINNED = HERE / "commits.tsv"
FLOORS = ("indexer", "context", "harness", "lsp_server", "mcp_server", "cli")
MIN_LINES, MAX_LINES = 30, 3_000


class Missing(Exception):
    """Repositories that are not in BENCH_REPOS."""


class Hunk(NamedTuple):
    """Old lines ``[old_start, old_end)`` became `new_start` to `new_end`, as git tells it."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class Story(NamedTuple):
    """Three versions of one file, two commits apart, and what git says was done between them.

    `drift` leads from `before` to `between`, by each of two algorithms of git; `edit` from there to `after`.
    """

    path: str
    before: str
    between: str
    after: str
    drift: tuple[Sequence[Hunk], Sequence[Hunk]]
    edit: Sequence[Hunk]


class Pin(NamedTuple):
    """One row of the data file: a commit that changes a path, and the next one that does."""

    repo: str
    path: str
    commit: str
    later: str


def pins() -> list[Pin]:
    """Return the pinned rows."""
    return [Pin(*line.split("\t")) for line in PINNED.read_text("ascii").splitlines() if not line.startswith("#")]


def clones(folder: str | None, repos: Sequence[str]) -> dict[str, Path]:
    """Return the git directory of each repository below `folder`. Raises Missing naming those that are not there."""
    found: dict[str, Path] = {}
    for repo in repos:
        owner, name = repo.split("/")
        stems = (f"{owner}+{name}/repo", f"{owner}+{name}", f"{owner}/{name}", f"{name}", f"{name}.git")
        tries = [Path(folder, stem, end) for stem in stems for end in (".git", "")] if folder else []
        there = next((path for path in tries if (path / "objects").is_dir()), None)
        if there is not None:
            found[repo] = there
    missing = [repo for repo in repos if repo not in found]
    if missing:
        where = f"BENCH_REPOS={folder}" if folder else "BENCH_REPOS, which is not set"
        raise Missing(f"no clone of {', '.join(missing)} in {where}: clone them there, as OWNER+NAME/repo or NAME")
    return found


def stories(folder: str | None, rng: random.Random, limit: int | None) -> list[Story]:
    """Return the pinned stories, in an order of their own; at most `limit`. Raises Missing."""
    rows = pins()
    where = clones(folder, sorted({row.repo for row in rows}))
    rng.shuffle(rows)
    told = [story for row in rows[:limit] if (story := _story(where[row.repo], row)) is not None]
    if len(told) < min(len(rows), limit or len(rows)):
        raise Missing(f"the clones in {folder} lack commits of {PINNED.name}: fetch their whole history")
    return told


def own_texts() -> dict[str, str]:
    """Return path → text of this repository's own modules, for the short form."""
    paths = (path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py")))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}
    return {path: text for path, text in texts.items() if text.count("\n") >= MIN_LINES}


def _story(git: Path, row: Pin) -> Story | None:
    revisions = (f"{row.commit}^", row.commit, row.later)
    texts = [_text(git, f"{revision}:{row.path}") for revision in revisions]
    if any(text is None for text in texts):
        return None
    before, between, after = (text or "" for text in texts)
    rows = [text.split("\n") for text in (before, between, after)]
    one, other = (
        _trimmed(_hunks(git, row, *revisions[:2], algorithm), *rows[:2]) for algorithm in ("myers", "histogram")
    )
    edit = _trimmed(_hunks(git, row, *revisions[1:], "histogram"), *rows[1:])
    return Story(row.path, before, between, after, (one, other), edit)


def _text(git: Path, name: str) -> str | None:
    done = subprocess.run(["git", f"--git-dir={git}", "cat-file", "blob", name], capture_output=True, check=False)
    try:
        text = done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if done.returncode else text if text.endswith("\n") else f"{text}\n"


def _hunks(git: Path, row: Pin, old: str, new: str, algorithm: str) -> tuple[Hunk, ...]:
    command = ["git", f"--git-dir={git}", "diff", "--no-ext-diff", "--no-color", "-U0", f"--diff-algorithm={algorithm}"]
    names = (f"{old}:{row.path}", f"{new}:{row.path}")
    done = subprocess.run([*command, *names], capture_output=True, check=True)
    return tuple(_told(done.stdout.decode("utf-8", "replace")))


def _trimmed(hunks: Sequence[Hunk], old: Sequence[str], new: Sequence[str]) -> tuple[Hunk, ...]:
    """Return `hunks` without last lines that only got their line end."""
    kept: list[Hunk] = []
    for hunk in hunks:
        start, end, new_start, new_end = hunk
        while start < end and new_start < new_end and old[end - 1] == new[new_end - 1]:
            end, new_end = end - 1, new_end - 1
        if start < end or new_start < new_end:
            kept.append(Hunk(start, end, new_start, new_end))
    return tuple(kept)


def _told(diff: str) -> Iterator[Hunk]:
    for found in re.finditer(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE):
        old, n_old, new, n_new = (int(part) if part is not None else 1 for part in found.groups())
        start, begin = old - bool(n_old), new - bool(n_new)
        yield Hunk(start, start + n_old, begin, begin + n_new)
