"""Is what we show a model what it needs? `BENCH_REPOS=DIR python bench/context [--smoke] [--only PART]`.

A case is a commit of a public repository: its message is asked of its parent's code, and the definitions that it
touched are to be found (`cases.py`). DIR holds clones with their whole history, as OWNER+NAME/repo or NAME. What a case
needs is gathered once into `--cache`, which takes minutes; after that another ranking is scored in seconds.

PART is one of cases, cursor, sufficiency, calibrated, speed. `cases` prints a table by repository: recall@10,
coverage@4k and outline@4k (`scoring.py`) of searching by keywords, plain BM25, BM25F with demotion, and ours, for
each repository with weights fitted on the others alone; and by how much ours is better than BM25F, case by case.
With BENCH_AIDER, an interpreter that has aider, aider's RepoMap stands beside them.
`--cases FILE` takes the truth of the given cases from a file in JSON lines. `cursor` gives one definition that the
commit touched, and looks for the others (`cursors.py`). `sufficiency` looks in whole packs for what the commit newly
uses (`sufficiency.py`). `calibrated` draws weights to each repository's own commits
(`calibrated.py`). `speed` asks a tree of 150,000 lines of `DIR/django`, warm.

The smoke form asks this project's own code. Exits 1 when a goal is missed, 2 when DIR lacks a clone.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads wait for one another where others are at work

import sys
from collections.abc import Sequence
from pathlib import Path

import own
import speed
import sufficiency
from calibrated import order_of, told_calibrated
from cases import Case, Git, Missing, given, given_repos, pinned, repos
from cursors import cursors
from gather import gather
from judging import told, told_cursors
from outside import add_outside, ask_aider
from tables import tables

CACHE = Path(__file__).resolve().parents[2] / "build" / "bench-context"
PER_REPO = 40
PARTS = ("cases", "cursor", "sufficiency", "calibrated", "speed")


def main() -> int:
    """Print the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="on this project's own code")
    parser.add_argument("--only", choices=PARTS, default="", help="one part")
    parser.add_argument("--cases", type=Path, help="the given cases with their truth, in JSON lines")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where what is gathered is kept")
    parser.add_argument("--repo", action="append", default=[], help="these repositories alone")
    options = parser.parse_args()
    if options.smoke:
        return int(not own.asked())
    folder = os.environ.get("BENCH_REPOS", "")
    good = True
    if options.only != "speed":
        wanted = options.repo or [*given_repos(), *repos()]
        try:
            _gather(folder, wanted, options)
        except Missing as missing:
            print(missing, file=sys.stderr)
            return 2
        if options.only in ("", "cases"):
            found = tables(options.cache, wanted)
            add_outside(options.cache, found)
            good &= told(found)
        if options.only in ("", "cursor"):
            good &= told_cursors(cursors(options.cache, wanted))
        if options.only == "calibrated":
            told_calibrated(tables(options.cache, wanted), order_of(folder, wanted))
        if options.only in ("", "sufficiency"):
            good &= sufficiency.asked(folder, options.cache, wanted)
    if options.only in ("", "speed"):
        django = Path(folder) / "django"
        if not django.is_dir():
            print(f"BENCH_REPOS={folder!r} has no django", file=sys.stderr)
            return 2
        good &= speed.asked(django)
    return int(not good)


def _gather(folder: str, wanted: Sequence[str], options: argparse.Namespace) -> None:
    by_repo: dict[str, list[Case]] = {}
    aider = os.environ.get("BENCH_AIDER", "")
    for case in given(options.cases) if options.cases else ():
        by_repo.setdefault(case.repo, []).append(case)
    for repo in wanted:
        cases = by_repo.get(repo) or pinned(Git(folder, repo), repo)
        gather(folder, repo, cases, options.cache, PER_REPO)
        if aider and options.only in ("", "cases"):
            ask_aider(aider, folder, repo, options.cache)


if __name__ == "__main__":
    sys.exit(main())
