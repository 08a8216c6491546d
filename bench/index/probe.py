"""One measurement of one tree: `probe.py bare|cold|warm|edit TREE [STORE]`; prints what it found as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Query

CHUNK = 16
N_EDITS = 60


def main() -> None:
    """Measure what the first argument names."""
    what, tree = sys.argv[1], Path(sys.argv[2])
    told = {"bare": _bare, "cold": _cold, "warm": _cold, "edit": _edit}[what](tree)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**told, "rss_mb": rss / (1 << 20 if sys.platform == "darwin" else 1 << 10)}))


def _bare(tree: Path) -> dict[str, float]:
    from multiprocessing import Pool

    from trees import python_files

    files = [str(path) for path in python_files(tree)]
    chunks = [files[at : at + CHUNK] for at in range(0, len(files), CHUNK)]
    with Pool(2) as pool:
        n_captures = sum(pool.imap_unordered(_queried, chunks))
    return {"at": time.time(), "captures": n_captures}


def _queried(paths: list[str]) -> int:
    """Read, parse and query files with the index's own query; returns what it captured."""
    from tree_sitter import QueryCursor

    parser, query = _parser_and_query()
    trees = (parser.parse(Path(path).read_bytes()) for path in paths)
    return sum(map(len, (QueryCursor(query).captures(tree.root_node) for tree in trees)))


@cache
def _parser_and_query() -> tuple[Parser, Query]:
    """Return what a process makes once: to make the query takes as long as to read some fifteen files."""
    from tree_sitter import Query

    from bridle.indexer import languages
    from bridle.indexer.languages.grammars import grammar_of, parser_of

    grammar = grammar_of("a.py")
    assert grammar is not None
    parser = parser_of(grammar)
    assert parser.language is not None
    return parser, Query(parser.language, (Path(languages.__path__[0]) / "queries" / "python.scm").read_text("utf-8"))


def _cold(tree: Path) -> dict[str, float]:
    """Bring the index up to date, and ask it for words and for callers."""
    from bridle.indexer.index import Index

    index = Index(tree, Path(sys.argv[3]))
    snapshot = index.refresh()
    for hit in snapshot.search("read the file and parse its name", 5):
        snapshot.callers(hit.symbol)
    at = time.time()
    stats = snapshot.stats  # which looks through every file that nobody asked about
    rest = time.time() - at
    index.close()
    counts = {"lines": stats.lines, "files": stats.files, "parsed": stats.parsed, "resolved": stats.resolved}
    return {"at": at, "rest_s": rest, **counts, "edges": sum(stats.edges.values()), **dict(stats.seconds)}


def _edit(tree: Path) -> dict[str, float]:
    """Change files one by one, as an editor does: a line of a body, or a definition more."""
    import random
    import statistics

    from bridle.indexer.index import Index

    index = Index(tree, None)
    snapshot = index.refresh()
    index.prepare()
    chosen = random.Random(1)  # noqa: S311  # the same files on every run
    paths = [path for path in sorted(snapshot.digests) if path.endswith(".py")]
    took: list[float] = []
    for n, path in enumerate(chosen.sample(paths, min(N_EDITS, len(paths)))):
        text = (tree / path).read_text("utf-8", "replace")
        name = f"freshly_added_{n}"
        edited = f"{text}\n\ndef {name}():\n    return {n}\n" if n % 2 else _within(text, n)
        took.append(_seconds(lambda path=path, edited=edited: index.set_buffer(path, edited)))
        if n % 2 and not index.snapshot.named(name):
            raise SystemExit(f"{path}: what was added is not found")
    stats = snapshot.stats
    index.close()
    p95 = statistics.quantiles(took, n=20)[-1]
    return {"at": time.time(), "lines": stats.lines, "p50_ms": statistics.median(took) * 1e3, "p95_ms": p95 * 1e3}


def _within(text: str, n: int) -> str:
    """Return a text with one statement more in the middle of it, where a line allows one."""
    lines = text.split("\n")
    for at in range(len(lines) // 2, len(lines)):
        if lines[at].lstrip().startswith("return "):
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            return "\n".join([*lines[:at], f"{indent}number = {n}", *lines[at:]])
    return f"{text}\nnumber = {n}\n"


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
