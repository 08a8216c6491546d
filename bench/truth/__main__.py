"""Are our edges true? `BENCH_REPOS=DIR python bench/truth [--only LANGUAGE] [--project NAME] [--symbols N] [--smoke]`.

DIR holds clones at the commits that each language's module pins. Of each project a seeded sample of symbols is taken,
and a tool of the language's own community is asked for the uses of each; its answers become edges by kind, and are
compared with ours. Exits 1 when a goal is missed, 2 when a clone is not there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import bash
import c
import cpp
import csharp
import golang
import java
import kotlin
import php
import python
import ruby
import rust
import typescript
from comparing import KINDS, Comparison, total

LANGUAGES = {
    "python": python,
    "typescript": typescript,
    "go": golang,
    "java": java,
    "c": c,
    "cpp": cpp,
    "bash": bash,
    "php": php,
    "ruby": ruby,
    "rust": rust,
    "csharp": csharp,
    "kotlin": kotlin,
}
"""Each has PINNED (name, folder of the code, commit), `missing(where)`, `comparisons(where, n_symbols, project)` and,
for a tree of our own, `smoke()`; where that needs a tool that no target here installs, `OPTIONAL` names it."""

GOALS = {"calls": (0.95, 0.90), "imports": (0.95, 0.90)}
"""Precision and recall of all projects of a language together."""


def main() -> int:
    """Print the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", choices=["", *LANGUAGES], help="one language")
    parser.add_argument("--project", default="", help="one project")
    parser.add_argument("--symbols", type=int, default=250, help="so many a project")
    parser.add_argument("--smoke", action="store_true", help="on a tree of our own, where a language has one")
    parser.add_argument("--show", type=int, default=0, help="name so many that differ, a kind and project")
    options = parser.parse_args()
    where = Path(os.environ.get("BENCH_REPOS", ""))
    chosen = {name: one for name, one in LANGUAGES.items() if options.only in ("", name)}
    if options.smoke:
        return _smoke(chosen, options.show)
    absent = [place for one in chosen.values() for place in one.missing(where)]
    if absent or not os.environ.get("BENCH_REPOS"):
        print(f"BENCH_REPOS={os.environ.get('BENCH_REPOS', '')!r} has no {', '.join(absent) or 'value'}")
        return 2
    met = True
    for name, language in chosen.items():
        other = [f"{one} is not at {commit}" for one, _, commit in language.PINNED if _head(where / one) != commit]
        if other:
            print("; ".join(other))
            return 2
        began = time.monotonic()
        told = list(language.comparisons(where, options.symbols, options.project))
        for one in told:
            _show(one, options.show)
        met = _table(name, told) and met
        print(f"{time.monotonic() - began:.0f} s")
    return int(not met)


def _smoke(chosen: dict[str, ModuleType], show: int) -> int:
    """Compare what each language has of our own; returns the exit code."""
    met = True
    for name, language in chosen.items():
        told = list(language.smoke())
        if not told and hasattr(language, "OPTIONAL"):
            print(f"{name}: left out, {language.OPTIONAL} is not installed")
            continue
        if not told:
            print(f"the tools of {name} are missing: make tools")
            return 2
        for one in told:
            _show(one, show)
        met = _table(name, told) and met
    return int(not met)


def _head(clone: Path) -> str:
    argv = ["git", "rev-parse", "HEAD"]
    return subprocess.run(argv, cwd=clone, check=False, capture_output=True, text=True).stdout.strip()


def _table(language: str, told: list[Comparison]) -> bool:
    """Print one language; returns whether its goals are met."""
    heads = ("symbols", "truth", "ours", "untold", "precision", "recall")
    print(f"{language:12}{'kind':11}" + "".join(f"{head:>10}" for head in heads))
    whole = total(told)
    for one in [*told, whole]:
        for kind in KINDS:
            counts = one.counts[kind]
            ours = counts.both + len(counts.wrong) + len(counts.untold)
            print(
                f"{one.project:12}{kind:11}{one.n_symbols:>10}{counts.truth:>10}{ours:>10}{len(counts.untold):>10}"
                f"{counts.precision:>10.3f}{counts.recall:>10.3f}"
            )
    met = whole.n_symbols > 0
    for kind, (precision, recall) in GOALS.items():
        counts = whole.counts[kind]
        good = counts.precision >= precision and counts.recall >= recall
        print(f"goal {kind}: precision >= {precision}, recall >= {recall}: {'met' if good else 'missed'}")
        met = met and good
    return met


def _show(one: Comparison, number: int) -> None:
    for kind in KINDS:
        counts = one.counts[kind]
        for what, edges in (("WRONG", counts.wrong), ("MISSED", counts.missed), ("UNTOLD", counts.untold)):
            for source, target, _ in edges[:number]:
                print(f"{what} {kind} {source} -> {target}")


if __name__ == "__main__":
    sys.exit(main())
