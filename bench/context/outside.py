"""Rivals that are programs of their own: each is asked of the code before a commit, laid out in a work tree.

`BENCH_AIDER` is an interpreter that has aider (`aider-chat`, in an environment of its own); without it aider stands in
no table. What it answers is kept beside the case.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cases import Git, case_of
from gather import Kept, cases_kept, check_out, load
from tables import Table

AIDER = "aider's RepoMap"
WORKER = Path(__file__).resolve().with_name("aider_worker.py")
NEAR_LINES = 6
"""A definition begins with its decorators here, and with its name there."""
HOW_SAID = ".aider"


def ask_aider(python: str, folder: str, repo: str, cache: Path) -> None:
    """Ask aider of all cases of a repository that it was not asked of yet."""
    open_cases = [path for path in cases_kept(cache, repo) if not path.with_suffix(HOW_SAID).exists()]
    if not open_cases:
        return
    git = Git(folder, repo)
    with tempfile.TemporaryDirectory(prefix="bridle-bench-") as place:
        root = Path(place, "tree")
        root.mkdir()
        worker = subprocess.Popen([python, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert worker.stdin is not None
        assert worker.stdout is not None
        for path in open_cases:
            case = load(path)
            commit = git("rev-parse", case.id.rpartition("-")[2]).strip()
            check_out(git, root, Path(place, "git-index"), case_of(git, repo, commit).parent)
            worker.stdin.write(json.dumps({"root": str(root), "query": case.query, "files": sorted(case.files)}) + "\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
            if not line:
                print(f"aider gave no answer to {case.id}", file=sys.stderr)
                break
            path.with_suffix(HOW_SAID).write_bytes(msgspec.json.encode(_named(case, json.loads(line))))
        worker.stdin.close()
        worker.wait(30)
    print(f"{repo}: aider was asked of {len(open_cases)} cases", flush=True)


def add_outside(cache: Path, tables: Sequence[Table]) -> None:
    """Put what was kept of rivals outside among those of each table."""
    for table in tables:
        kept = cache / table.repo.replace("/", "+") / f"{table.id}{HOW_SAID}"
        if kept.exists():
            table.rivals[AIDER] = msgspec.json.decode(kept.read_bytes(), type=list[str])


def _named(case: Kept, places: Sequence[tuple[str, int]]) -> list[str]:
    """Return our names of definitions that stand at some places (0-based lines), each once."""
    found: dict[str, None] = {}
    for path, line in places:
        symbols = case.files[path][0].symbols[1:] if path in case.files else ()
        around = [one for one in symbols if one.span.start_line <= line < one.span.end_line]
        near = [one for one in around if line - one.span.start_line <= NEAR_LINES]
        if near:
            found[near[-1].id] = None
    return list(found)
