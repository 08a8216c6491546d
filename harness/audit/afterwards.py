"""What became of each hunk that was offered: taken, left, taken back, and whether it stands as it landed. Pure.

Whether a hunk was edited since is told by comparing the text that was offered with the file as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from bridle.harness.nouns import FilePatch, Hunk, HunkState, ProposalId, RunId
from bridle.harness.proposals.ledger import Offer
from bridle.indexer.alignment import NOWHERE, Alignment
from bridle.indexer.encoding import text_of

Afterwards = Literal["", "as it landed", "edited since", "gone", "not known"]
Read = Callable[[str], bytes | None]


class Fate(msgspec.Struct, frozen=True):
    """One hunk: its state, and for one that was taken how it stands now, with how many of its `lines` are `kept`."""

    run: RunId
    proposal: ProposalId
    hunk: str
    path: str
    state: HunkState
    afterwards: Afterwards = ""
    lines: int = 0
    kept: int = 0


def fates(offers: Sequence[Offer], content: Read, now: Read) -> Iterator[Fate]:
    """Yield every hunk of `offers`. `content` gives stored bytes by digest, `now` a file as it is."""
    for offer in offers:
        proposal = offer.proposal
        files = {file.path: file for file in proposal.files}
        aligned: dict[str, Alignment | None] = {}
        for hunk in proposal.hunks:
            fate = Fate(proposal.run, proposal.id, hunk.id, hunk.path, hunk.state)
            if hunk.state == "accepted":
                if hunk.path not in aligned:
                    aligned[hunk.path] = _aligned(files[hunk.path], content, now)
                fate = _stands(fate, hunk, files[hunk.path], aligned[hunk.path], now)
            yield fate


def counted(found: Sequence[Fate]) -> dict[str, int]:
    """Return how many were offered, and what became of them."""
    states = [fate.state for fate in found]
    return {
        "offered": len(found),
        "accepted": states.count("accepted"),
        "edited_afterwards": sum(fate.afterwards in ("edited since", "gone") for fate in found),
        "reverted": states.count("undone"),
        "rejected": states.count("rejected"),
        "open": sum(state in ("open", "needs refresh") for state in states),
    }


def _aligned(file: FilePatch, content: Read, now: Read) -> Alignment | None:
    """Return where the lines of the offered text stand now; None where that is no text, or not kept any more."""
    offered = text_of(content(file.after)) if file.after is not None else None
    current = text_of(now(file.path))
    if offered is None or current is None:
        return None
    return Alignment(offered.splitlines(), current.splitlines())


def _stands(fate: Fate, hunk: Hunk, file: FilePatch, aligned: Alignment | None, now: Read) -> Fate:
    if file.after is None:
        there = now(file.path) is not None
        return msgspec.structs.replace(fate, afterwards="edited since" if there else "as it landed")
    if now(file.path) is None:
        return msgspec.structs.replace(fate, afterwards="gone")
    if aligned is None:
        return msgspec.structs.replace(fate, afterwards="not known")
    edits = file.inverse if hunk.edit is None else (file.inverse[hunk.edit],)
    lines = [number for edit in edits for number in range(edit.start, edit.end)]
    kept = sum(aligned.places[number] != NOWHERE for number in lines if number < len(aligned.places))
    if lines:
        said: Afterwards = "as it landed" if kept == len(lines) else "edited since" if kept else "gone"
    else:
        said = "as it landed" if all(_is_closed(edit.start, aligned.places) for edit in edits) else "edited since"
    return msgspec.structs.replace(fate, afterwards=said, lines=len(lines), kept=kept)


def _is_closed(at: int, places: Sequence[int]) -> bool:
    """Tell whether the lines around a place where lines were taken out still stand side by side."""
    if not 0 < at < len(places):
        return True
    return places[at - 1] != NOWHERE and places[at] == places[at - 1] + 1
