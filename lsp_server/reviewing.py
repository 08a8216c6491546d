"""A proposal looked at part by part: as data for our plug-ins, which draw it, and in the editor's own preview."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bridle.harness.engine import Proposal, UserProblem
from bridle.lsp_server import deciding
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.desk import CommandOf, Desk, Json
from bridle.lsp_server.documents import Document
from bridle.lsp_server.offers import Stand, as_made
from bridle.lsp_server.session import Session

MAX_PROPOSALS = 3


def hunks(desk: Desk, argument: Argument) -> Json:
    """Return the hunks that stand in a document, in the order of their lines; without one, all of a proposal.

    The newest when none is named. Raises UserProblem.
    """
    session = desk.session
    if not argument.uri:
        return {"hunks": [*_of_proposal(session, session.offers.get(argument.proposal))]}
    document = session.documents.get(argument.uri)
    if document is None:
        raise UserProblem(f"{argument.uri or 'no document'} is not open", "open it first")
    found = [row for proposal in session.offers.open()[:MAX_PROPOSALS] for row in _rows(session, proposal, document)]
    return {"hunks": sorted(found, key=lambda row: (row["start"], row["end"]))}


def preview(desk: Desk, argument: Argument) -> Json:
    """Review a proposal in the editor's own preview: what is ticked there lands, and is verified as it was chosen."""
    session = desk.session

    async def work() -> None:
        taken = await deciding.preview(session, argument.proposal)
        if taken.hunks:
            desk.check_again([*taken.result.written, *taken.result.unsaved])
        if taken.hunks and not taken.proved:
            await deciding.prove_taken(session, taken)

    session.spawn(work())
    return {}


def end_preview(desk: Desk, _argument: Argument) -> Json:
    """Wait no longer for the editor's preview; what it applies from then on counts as typed by the person."""
    previewing = desk.session.previewing
    if not previewing.open:
        raise UserProblem("no preview is open", "bridle.preview opens one")
    previewing.give_up()
    return {}


ON_REVIEW: Mapping[str, CommandOf] = {
    "bridle.hunks": hunks,
    "bridle.preview": preview,
    "bridle.endPreview": end_preview,
}


def _of_proposal(session: Session, proposal: Proposal) -> Iterator[Json]:
    for patch in proposal.files:
        document = session.documents.at(patch.path)
        if document is not None:
            yield from _rows(session, proposal, document)
        else:
            for stand in as_made(proposal, patch.path):
                yield from _row(proposal, stand, frozenset())


def _rows(session: Session, proposal: Proposal, document: Document) -> Iterator[Json]:
    """Yield a row for each stretch of lines: those from `start` to `end` become `text`, with all of `hunks`."""
    broken = session.offers.broken(proposal, [document])
    for stand in session.offers.stands(proposal, document):
        yield from _row(proposal, stand, broken)


def _row(proposal: Proposal, stand: Stand, broken: Collection[str]) -> Iterator[Json]:
    ids = [hunk.id for hunk in proposal.taking() if hunk.group == stand.hunk.group]
    for edit in stand.edits:
        yield {
            "proposal": proposal.id,
            "path": stand.hunk.path,
            "hunks": ids,
            "title": f"hunk{'s' * (len(ids) > 1)} {', '.join(ids)} of {len(proposal.hunks)}",
            "badge": proposal.badge.text,
            "start": edit.start,
            "end": edit.end,
            "text": edit.text,
            "broken": any(one in broken for one in ids),
        }
