"""The hunks that are on offer in one open document, as data: for our plug-ins, which draw them where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridle.harness.engine import Proposal, UserProblem
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.desk import CommandOf, Desk, Json
from bridle.lsp_server.documents import Document
from bridle.lsp_server.session import Session

MAX_PROPOSALS = 3


def hunks(desk: Desk, argument: Argument) -> Json:
    """Return the hunks that stand in a document, in the order of their lines. Raises UserProblem."""
    session = desk.session
    document = session.documents.get(argument.uri)
    if document is None:
        raise UserProblem(f"{argument.uri or 'no document'} is not open", "open it first")
    found = [row for proposal in session.offers.open()[:MAX_PROPOSALS] for row in _rows(session, proposal, document)]
    return {"hunks": sorted(found, key=lambda row: (row["start"], row["end"]))}


ON_REVIEW: Mapping[str, CommandOf] = {"bridle.hunks": hunks}


def _rows(session: Session, proposal: Proposal, document: Document) -> Iterator[Json]:
    """Yield a row for each stretch of lines: those from `start` to `end` become `text`, with all of `hunks`."""
    stands = session.offers.stands(proposal, document)
    broken = session.offers.broken(proposal, [document])
    for stand in stands:
        ids = [hunk.id for hunk in proposal.taking() if hunk.group == stand.hunk.group]
        for edit in stand.edits:
            yield {
                "proposal": proposal.id,
                "hunks": ids,
                "title": f"hunk{'s' * (len(ids) > 1)} {', '.join(ids)} of {len(proposal.hunks)}",
                "badge": proposal.badge.text,
                "start": edit.start,
                "end": edit.end,
                "text": edit.text,
                "broken": bool(broken.intersection(ids)),
            }
