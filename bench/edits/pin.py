"""Chooses the commits of `commits.tsv`: `BENCH_REPOS=DIR python bench/edits/pin.py > bench/edits/commits.tsv`.

Seeded; run again it prints the same rows from clones that end at the same commits.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from corpus import MAX_LINES, MIN_LINES, Missing, Pin, clones

REPOS = ("psf/requests", "pallets/flask", "expressjs/express")
PER_REPO = 400
PER_FILE = 40


def main() -> int:
    """Print the rows; returns the exit code."""
    try:
        where = clones(os.environ.get("BENCH_REPOS"), REPOS)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    rng = random.Random(1)  # noqa: S311  # the same rows on every run
    print("# repository, path, a commit that changes it, the next one that does")
    for repo in REPOS:
        rows = [row for row in _candidates(repo, where[repo]) if _fit(where[repo], row)]
        rng.shuffle(rows)
        per_file: dict[str, int] = {}
        kept: list[Pin] = []
        for row in rows:
            per_file[row.path] = per_file.get(row.path, 0) + 1
            if per_file[row.path] <= PER_FILE and len(kept) < PER_REPO:
                kept.append(row)
        for row in sorted(kept):
            print("\t".join(row))
    return 0


def _candidates(repo: str, git: Path) -> list[Pin]:
    command = ["log", "--first-parent", "--no-merges", "--diff-filter=M", "--no-renames", "--name-only"]
    log = _git(git, *command, "--format=%x00%H", "HEAD", "--", "*.py", "*.js")
    later: dict[str, str] = {}
    found: list[Pin] = []
    for entry in log.split("\0")[1:]:
        commit, *paths = entry.split("\n")
        for path in filter(None, paths):
            if path in later:
                found.append(Pin(repo, path, commit, later[path]))
            later[path] = commit
    return found


def _fit(git: Path, row: Pin) -> bool:
    """Tell whether nothing else touched the file between, and it is text of a fair size."""
    names = (f"{row.commit}:{row.path}", f"{row.later}^:{row.path}", f"{row.commit}^:{row.path}")
    try:
        same, parent, before = (_git(git, "rev-parse", "--verify", name) for name in names)
        text = _git(git, "cat-file", "blob", before.strip())
    except (subprocess.CalledProcessError, UnicodeDecodeError):
        return False
    return same == parent and before != same and MIN_LINES <= text.count("\n") <= MAX_LINES


def _git(git: Path, *arguments: str) -> str:
    done = subprocess.run(["git", f"--git-dir={git}", *arguments], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


if __name__ == "__main__":
    sys.exit(main())
