"""Why is this file not in the pack? An answer in a sentence or two, from what was ranked and what was taken. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bridle.context.pack import MAX_CANDIDATES, Pack
from bridle.context.rank import Ranked
from bridle.indexer.snapshot import Snapshot


def why_not(path: str, made: Pack, ranked: Sequence[Ranked], snapshot: Snapshot) -> str:
    """Return why nothing or no more of a file is in the pack, and what would bring it there."""
    shown = sorted({piece.detail for piece in made.pieces if piece.span.path == path})
    places = [n for n, one in enumerate(ranked, 1) if one.symbol.span.path == path]
    reasons = [(what, why) for what, why in made.left_out if what == path or what.startswith(f"{path}::")]
    if shown:
        lead = f"{path} is in the pack ({', '.join(shown)})."
    elif path not in snapshot.linked.files:
        return f"{path} is not in the index: it is ignored, skipped, in no language that is read, or not there."
    elif not places:
        return f"Nothing leads to {path}: no word of the task, no call, no past commit. Name it in the task, or pin it."
    else:
        best = ranked[places[0] - 1]
        lead = f"The best of {path}, {best.symbol.qualname}, stands at place {places[0]} of {len(ranked)}."
    if reasons:
        return f"{lead} {reasons[0][0]} is left out: {reasons[0][1]}."
    beyond = bool(places) and places[0] > MAX_CANDIDATES
    rest = f" Only the first {MAX_CANDIDATES} are looked at." if beyond else " Better ones took the budget."
    return lead if shown else f"{lead}{rest} Pin it, or give more tokens."
