"""Definitions by what somebody writes of them: an id, a name, a qualified name, or FILE:LINE below the root."""

from __future__ import annotations

from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.snapshot import Snapshot

ALIKE = 3


def meant(snapshot: Snapshot, written: str) -> list[Symbol]:
    """Return the definitions that `written` means, all that bear the name; lines are 1-based. None where none does."""
    if (symbol := snapshot.linked.symbol(SymbolId(written))) is not None:
        return [symbol]
    if found := list(snapshot.named(written)):
        return found
    path, _, line = written.rpartition(":")
    if path and line.isascii() and line.isdigit() and int(line[:9]) > 0:
        around = snapshot.enclosing(path, int(line[:9]) - 1)
        return [around] if around is not None else []
    return []


def alike(snapshot: Snapshot, written: str, limit: int = ALIKE) -> list[SymbolId]:
    """Return the ids of definitions whose words answer `written` best."""
    return [hit.symbol for hit in snapshot.search(written, limit)]
