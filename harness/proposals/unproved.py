"""A proposal of changes that nobody proved: those of a command, of edits from the command line, of another agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridle.harness.nouns import Badge, Proposal, ProposalId, RunId
from bridle.harness.proposals.hunks import hunks_of
from bridle.harness.proposals.patches import Changed, capture, diff_text, sizes
from bridle.harness.session.blobs import Blobs

MAX_TITLE_CHARS = 100
MAX_NAMED = 5


def unproved(
    run: RunId, title: str, badge: Badge, changes: Sequence[Changed], versions: Mapping[str, int], blobs: Blobs
) -> Proposal:
    """Return the proposal of a run's `changes`, with their bytes kept in `blobs`. Raises UserProblem."""
    for one in changes:
        for data in (one.before, one.after):
            if data is not None:
                blobs.put(data)
    files = capture(changes, versions)
    added, removed = sizes(files)
    return Proposal(
        id=ProposalId(run),
        run=run,
        title=title[:MAX_TITLE_CHARS],
        files=files,
        badge=badge,
        diff=diff_text(changes),
        added=added,
        removed=removed,
        hunks=hunks_of(files, blobs.get),
    )


def named(paths: Sequence[str]) -> str:
    """Return the first of some paths in words, and how many more there are."""
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(paths[:MAX_NAMED]) + more
