"""`bridle index`: what is in the workspace, and how long it took to know."""

from __future__ import annotations

import argparse
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.cli.knowledge import REPORT_EVERY, snapshot_of
from bridle.harness.nouns import UserProblem

if TYPE_CHECKING:
    from bridle.harness.session.state import State
    from bridle.indexer.snapshot import Snapshot

SHOWN_SKIPPED = 20
LONGEST_S = 3600.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("--vectors", action="store_true", help="wait until every definition has its vector, too")
    parser.add_argument("path", nargs="?", type=Path, help="the folder to index (default: the workspace)")


def main(options: argparse.Namespace) -> int:
    """Index, from the store where files are known, and print the figures."""
    from bridle.harness.session.state import State

    root = find_root(options.path or options.root)
    state = State(root)
    snapshot = snapshot_of(root)
    document = as_json(snapshot)
    if options.vectors:
        document["vectors"] = _embed(root, state, snapshot)
    if options.json:
        print_json(document)
    else:
        print(text(document))
    return 0


def _embed(root: Path, state: State, snapshot: Snapshot) -> dict[str, Any]:
    """Make the vectors of `snapshot`, unless an engine that runs makes them; returns how far they are."""
    from bridle.harness.embedding import open_vectors, read_disk
    from bridle.harness.model.keys import take_embedder_key
    from bridle.harness.permission.trust import Trust
    from bridle.harness.session.lock import WorkspaceLock
    from bridle.harness.settings import load
    from bridle.indexer.vectors.vectors import told

    settings, trust, lock = load(root), Trust(root), WorkspaceLock(state.lock)
    if not settings.vectors.on:
        raise UserProblem("vectors are off", 'leave --vectors out, or say vectors = "on"')
    if not lock.try_take():
        standing = told(state.vectors)
        left = {"embedded": 0, "missing": len(snapshot.symbols), "model": "", "seconds": 0.0, "note": ""}
        known = msgspec.to_builtins(standing) if standing else left
        return {**known, "problem": "an engine that runs on this folder makes them"}
    os.chdir("/")  # libraries read settings of the folder they stand in, which may be anybody's
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    key = take_embedder_key(os.environ)
    vectors = open_vectors(state, settings.vectors, read_disk(root), trusted=lambda: trust.trusted, key=key)
    try:
        vectors.follow(snapshot)
        vectors.finish(LONGEST_S, _vector_progress)
        found: dict[str, Any] = msgspec.to_builtins(vectors.standing(snapshot))
        return found
    finally:
        vectors.close()
        lock.release()


def _vector_progress(n_done: int, n_files: int) -> None:
    if n_done == n_files or n_done % REPORT_EVERY == 0:
        note(f"· vectors of {n_done} of {n_files} files")


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
        "unkept": snapshot.work.unkept,
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
    if unkept := document["unkept"]:
        lines.append(f"it could not be kept for the next start ({unkept}): free some space, or look at 'bridle doctor'")
    if vectors := document.get("vectors"):
        made = f"{vectors['embedded']} vectors by {vectors['model'] or 'nothing'}, {vectors['missing']} missing"
        lines += [f"{made}, {vectors['seconds']:.2f} s", *filter(None, (vectors["problem"], vectors["note"]))]
    lines += [f"skipped {s['path']}: {s['reason']}" for s in skipped[:SHOWN_SKIPPED]]
    if len(skipped) > SHOWN_SKIPPED:
        lines.append(f"… and {len(skipped) - SHOWN_SKIPPED} more; --json lists all")
    return "\n".join(lines)
