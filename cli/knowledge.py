"""What the commands that ask the index share: the snapshot of a workspace, its definitions by what a person writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridle.cli.common import note, place
from bridle.harness.nouns import UserProblem

if TYPE_CHECKING:
    from bridle.indexer.facts import Symbol
    from bridle.indexer.snapshot import Snapshot

REPORT_EVERY = 200
SHOWN = 20


def snapshot_of(root: Path) -> Snapshot:
    """Return the index of the workspace, brought up to date, from the store where files are known."""
    from bridle.harness.session.state import State
    from bridle.indexer.index import Index

    index = Index(root, State(root).index)
    try:
        return index.refresh(_progress)
    finally:
        index.close()


def _progress(n_done: int, n_files: int) -> None:
    if n_done == n_files or n_done % REPORT_EVERY == 0:
        note(f"· {n_done} of {n_files} files")


def definitions(snapshot: Snapshot, written: str, root: Path) -> list[Symbol]:
    """Return what an id, a name, a qualified name or FILE:LINE means; all that bear the name.

    Raises:
        UserProblem: nothing does; the next step names what is alike.
    """
    from bridle.indexer.lookup import alike, meant

    if found := meant(snapshot, written):
        return found
    if ":" in written and not written.endswith(":"):
        path, line, _ = place(written, root)
        around = snapshot.enclosing(path, line) if line is not None else None
        if around is not None:
            return [around]
    hits = list(alike(snapshot, written))
    what = f"look at {', or '.join(hits)}" if hits else "see what is indexed with: bridle index"
    raise UserProblem(f"nothing here is named {written!r}", what)


def as_row(symbol: Symbol) -> dict[str, Any]:
    """Return a definition as the commands' documents have it, its lines 1-based and inclusive."""
    return {
        "id": symbol.id,
        "kind": symbol.kind,
        "name": symbol.name,
        "qualname": symbol.qualname,
        "path": symbol.span.path,
        "start_line": symbol.span.start_line + 1,
        "end_line": max(symbol.span.end_line, symbol.span.start_line + 1),
    }


def where(symbol: Symbol) -> str:
    """Return a definition's place as editors and terminals open it."""
    return f"{symbol.span.path}:{symbol.span.start_line + 1}"
