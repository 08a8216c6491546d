"""`bridle index`: what is in the workspace, and how long it took to know."""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path
from typing import Any

from bridle.cli.common import add_root, find_root, note, print_json

REPORT_EVERY = 200
SHOWN_SKIPPED = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("path", nargs="?", type=Path, help="the folder to index (default: the workspace)")


def main(options: argparse.Namespace) -> int:
    """Index, from the store where files are known, and print the figures."""
    from bridle.harness.session.state import State
    from bridle.indexer.index import Index

    root = find_root(options.path or options.root)
    index = Index(root, State(root).index)
    try:
        snapshot = index.refresh(_progress)
    finally:
        index.close()
    document = as_json(snapshot)
    if options.json:
        print_json(document)
    else:
        print(text(document))
    return 0


def _progress(n_done: int, n_files: int) -> None:
    if n_done == n_files or n_done % REPORT_EVERY == 0:
        note(f"· {n_done} of {n_files} files")


def as_json(snapshot: Any) -> dict[str, Any]:
    """Return the command's document of a `Snapshot`."""
    stats = snapshot.stats
    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "files": stats.files,
        "lines": stats.lines,
        "bytes": stats.bytes,
        "symbols": stats.symbols,
        "references": stats.references,
        "edges": dict(stats.edges),
        "parsed": stats.parsed,
        "loaded": stats.loaded,
        "seconds": {stage: round(seconds, 3) for stage, seconds in stats.seconds.items()},
        "rss_bytes": max(usage) * unit,
        "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in snapshot.skipped],
    }


def text(document: dict[str, Any]) -> str:
    """Return the document for a terminal."""
    seconds = sum(document["seconds"].values())
    edges = ", ".join(f"{n} {kind}" for kind, n in document["edges"].items())
    skipped = document["skipped"]
    counts = ", ".join(f"{document[name]} {name}" for name in ("files", "lines", "symbols", "references"))
    work = f"{seconds:.2f} s ({document['parsed']} files read, {document['loaded']} known already)"
    lines = [
        counts,
        f"edges: {edges or 'none'}",
        f"{work}, {document['rss_bytes'] >> 20} MB at most in one process",
    ]
    lines += [f"skipped {s['path']}: {s['reason']}" for s in skipped[:SHOWN_SKIPPED]]
    if len(skipped) > SHOWN_SKIPPED:
        lines.append(f"… and {len(skipped) - SHOWN_SKIPPED} more; --json lists all")
    return "\n".join(lines)
