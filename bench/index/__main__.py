"""How fast is the whole index? `BENCH_REPOS=DIR python bench/index [--smoke] [--only PART] [--rounds N]`.

PART is one of cold, warm, edit, grow, many. DIR holds `django` (its source distribution, unpacked) and `venv-aider`,
an environment with aider-chat 0.86. Every figure is of a process of its own, so that memory is that of one measurement;
what is compared is taken in turns, and medians are told. The goals:

- cold: words of all files and the edges that are asked for, on two cores, at 80 kLOC/s; within 2.5 times of only
  reading, parsing and querying the same files in two processes; 4 times as fast as aider's RepoMap of the same files.
  `rest_s` is what all other edges take after that
- warm: the first answer of a new process 1.5 s after its start at 500 kLOC; 10 times as fast as RepoMap with its cache
- edit: a change of one file is seen by queries within 50 ms (p95) at 150 kLOC, 80 ms at 500
- memory: 350 MB at 150 kLOC, 900 MB at 500
- grow: the same at 10, 50, 150, 500 and 2,000 kLOC: what docs/index-growth.svg shows, which this writes
- many: of 100,000 files the index is made, while the door answers codeAction within 50 ms (p95)

The smoke form takes this project's own code, with wide goals. Exits 1 when a goal is missed, 2 when DIR lacks one.
"""

from __future__ import annotations

import argparse
import os
import sys
import sysconfig
import tempfile
from pathlib import Path

import growth
import many
from measure import Figures, measured
from trees import HOUSE, STDLIB, own, sized

PARTS = ("cold", "warm", "edit", "grow", "many")
ROUNDS = 3
ALL = 1 << 40


def main() -> int:
    """Print the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="on this project's own code, wide goals")
    parser.add_argument("--only", choices=PARTS, default="", help="one part")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="so many of each, in turns")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder).resolve()
        if options.smoke:
            return _smoke(scratch)
        where = Path(os.environ.get("BENCH_REPOS", ""))
        django, aider = where / "django", where / "venv-aider" / "bin" / "python"
        absent = [place.name for place in (django, aider.parents[1]) if not place.is_dir()]
        if absent or not os.environ.get("BENCH_REPOS"):
            print(f"BENCH_REPOS={os.environ.get('BENCH_REPOS', '')!r} has no {', '.join(absent) or 'value'}")
            return 2
        return _long(options, scratch, django.resolve(), aider.absolute())


def _smoke(scratch: Path) -> int:
    tree = own(scratch / "own")
    figures = Figures()
    for _ in range(1):
        figures.add("bare", measured("bare", tree))
        figures.add("cold", measured("cold", tree, scratch / "cold.db"))
        figures.add("warm", measured("warm", tree, scratch / "cold.db"))
    figures.add("edit", measured("edit", tree))
    ratio = figures.median("cold", "seconds") / figures.median("bare", "seconds")
    print(f"{figures.last('cold', 'lines')} lines: cold {ratio:.1f} times bare reading, parsing and querying")
    good = figures.goal("cold over bare", ratio, 8.0)
    good &= figures.goal("files resolved in a warm start", figures.last("warm", "resolved"), 0)
    good &= figures.goal("files parsed in a warm start", figures.last("warm", "parsed"), 0)
    good &= figures.goal("an edit until it is seen, p95 ms", figures.last("edit", "p95_ms"), 400)
    return int(not good)


def _long(options: argparse.Namespace, scratch: Path, django: Path, aider: Path) -> int:
    good = True
    if options.only in ("", "cold", "warm"):
        stdlib = sized(scratch / "stdlib", [STDLIB], ALL)  # without what is installed beside it
        for name, tree in (("Django", django), ("the standard library", stdlib)):
            good &= _cold_and_warm(name, tree, scratch, aider, options.rounds)
    if options.only in ("", "edit"):
        for lines, p95_ms, rss_mb in ((150_000, 50, 350), (500_000, 80, 900)):
            tree = sized(scratch / f"edit{lines}", [django, STDLIB], lines)
            figures = Figures()
            figures.add("edit", measured("edit", tree))
            told = (figures.last("edit", name) for name in ("lines", "p50_ms", "p95_ms", "rss_mb"))
            print("{:,} lines: an edit is seen after {:.1f} ms (median), {:.1f} (p95); {:.0f} MB".format(*told))
            good &= figures.goal("p95, ms", figures.last("edit", "p95_ms"), p95_ms)
            good &= figures.goal("memory, MB", figures.last("edit", "rss_mb"), rss_mb)
    if options.only in ("", "grow"):
        sources = [django, STDLIB, Path(sysconfig.get_path("purelib"))]
        growth.run(scratch, sources, HOUSE / "docs" / "index-growth.svg")
    if options.only in ("", "many"):
        good &= many.run(scratch)
    return int(not good)


def _cold_and_warm(name: str, tree: Path, scratch: Path, aider: Path, rounds: int) -> bool:
    figures = Figures()
    for n in range(rounds):
        store, cache = scratch / f"{n}.db", scratch / f"aider-{n}"
        figures.add("bare", measured("bare", tree))
        figures.add("cold", measured("cold", tree, store))
        figures.add("warm", measured("warm", tree, store))
        figures.add("aider cold", measured("aider", tree, cache, python=aider))
        figures.add("aider warm", measured("aider", tree, cache, python=aider))
    print(
        f"{name}: {figures.last('cold', 'lines'):,} lines in {figures.last('cold', 'files'):,} files, {rounds} rounds"
    )
    figures.table("seconds")
    figures.table("rest_s")
    figures.table("rss_mb")
    cold, warm = figures.median("cold", "seconds"), figures.median("warm", "seconds")
    rate = figures.last("cold", "lines") / cold / 1e3
    return all(
        [
            figures.goal("cold, kLOC/s", rate, 80, least=True),
            figures.goal("cold over bare", cold / figures.median("bare", "seconds"), 2.5),
            figures.goal("aider cold over cold", figures.median("aider cold", "seconds") / cold, 4, least=True),
            figures.goal("warm, s", warm, 1.5),
            figures.goal("aider warm over warm", figures.median("aider warm", "seconds") / warm, 10, least=True),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
