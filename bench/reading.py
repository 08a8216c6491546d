"""How fast a file is read for facts, language by language: `python bench/reading.py [--smoke]`.

Prints lines and bytes per second of CPU, parsing included, the best of three rounds taken in turns. Python's text is
the standard library's and TypeScript's the clone es-toolkit in BENCH_REPOS=DIR; in the smoke form both are our own
(the floors, the editor's client). Go, Java, C, C++, C#, Kotlin, PHP, Ruby, Rust and the shell are read from the clones
of `bench/truth` that are there. Exits 1 when TypeScript is read at less than a quarter of Python's rate by bytes (a
tenth in the smoke form), 2 when the clone is not there.
"""

from __future__ import annotations

import argparse
import os
import sys
import sysconfig
import time
from pathlib import Path

from bridle.indexer.languages.readers import (
    BASH,
    CPP,
    CSHARP,
    GO,
    JAVA,
    KOTLIN,
    PHP,
    PYTHON,
    RUBY,
    RUST,
    SCRIPTS,
    C,
    Reader,
)

HOUSE = Path(__file__).resolve().parents[1]
GOAL, SMOKE_GOAL = 0.25, 0.1
ROUNDS = 3
CLONES = {
    GO: ("mux", "pflag", "logrus"),
    JAVA: ("gson", "jsoup"),
    C: ("hiredis", "cjson"),
    CPP: ("leveldb",),
    CSHARP: ("FluentValidation", "commandline", "cecil"),
    KOTLIN: ("kotlinpoet", "clikt"),
    PHP: ("slim", "fastroute"),
    BASH: ("bats", "ohmybash"),
    RUBY: ("mustache", "rake", "optparse", "rack"),
    RUST: ("semver", "memchr", "aho-corasick", "log"),
}


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="on our own text, a wide goal")
    smoke = parser.parse_args().smoke
    clone = Path(os.environ.get("BENCH_REPOS", "")) / "es-toolkit"
    if not smoke and not (clone / "src").is_dir():
        print(f"BENCH_REPOS={os.environ.get('BENCH_REPOS', '')!r} has no es-toolkit")
        return 2
    python = HOUSE / "indexer" if smoke else Path(sysconfig.get_path("stdlib"))
    texts = {
        PYTHON: sorted(python.glob("*.py")),
        SCRIPTS: sorted((HOUSE / "editors" / "vscode").glob("src/**/*.ts") if smoke else clone.glob("src/**/*.ts")),
    }
    for reader, names in () if smoke else CLONES.items():
        found = [path for name in names for end in reader.suffixes for path in (clone.parent / name).rglob(f"*{end}")]
        if found:
            texts[reader] = sorted(path for path in found if path.is_file())
    rates: dict[str, float] = {}
    for _ in range(1 if smoke else ROUNDS):
        for reader, files in texts.items():
            n_lines, n_bytes, seconds = _read(reader, files)
            rates[reader.name] = max(rates.get(reader.name, 0.0), n_bytes / seconds)
            told = f"{n_lines / seconds / 1e3:7.1f} kLOC/s {n_bytes / seconds / 1e6:6.2f} MB/s"
            print(f"{reader.name:9} {told}  {len(files)} files, {n_lines} lines, {n_bytes} bytes")
    ratio, goal = rates["scripts"] / rates["python"], SMOKE_GOAL if smoke else GOAL
    print(f"scripts read at {ratio:.2f} of Python's rate by bytes: goal {goal}, {'met' if ratio >= goal else 'missed'}")
    return int(ratio < goal)


def _read(reader: Reader, files: list[Path]) -> tuple[int, int, float]:
    """Return lines, bytes and seconds of CPU."""
    read = [(str(path), path.read_bytes()) for path in files]
    reader.facts(*reader.probe)
    began = time.process_time()
    n_lines = sum(reader.facts(path, source).n_lines for path, source in read)
    return n_lines, sum(len(source) for _, source in read), time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
