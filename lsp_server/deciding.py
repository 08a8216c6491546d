"""What the person decides about a proposal: accept, show, reject, undo; and the question after a run."""

from __future__ import annotations

import re

from bridle.harness.engine import Done, LandingResult, Reject, RunEnded, UserProblem
from bridle.lsp_server.editor import Level
from bridle.lsp_server.places import uri_of
from bridle.lsp_server.session import Session

ACCEPT, SHOW, REJECT = "Accept", "Show", "Reject"
DECIDE_S = 600.0
MAX_SHOWN = 3_000


async def offer(session: Session, ended: RunEnded) -> None:
    """Say how a run ended, and ask about its proposal where a question does not stop the person."""
    if ended.proposal and session.landing.under_way == ended.proposal:
        return  # the person has decided already
    proposal = session.offers.get(ended.proposal) if ended.proposal else None
    if proposal is None or proposal.state != "open":
        if ended.outcome != "cancelled":
            session.editor.show(f"no change is on offer: {ended.reason}", "warning")
        return
    verified = proposal.badge.state == "verified"
    words = f"{proposal.title}: {proposal.badge.text} (+{proposal.added} -{proposal.removed})"
    level: Level = "information" if verified else "warning"
    client = session.editor.client
    if not client.questions or client.modal:
        session.editor.show(f"{words}. Accept, show or reject it by code action", level)
        return
    choices = (ACCEPT, SHOW, REJECT) if verified else (SHOW, REJECT)
    choice = await session.editor.ask(words, choices, DECIDE_S, level)
    if choice == ACCEPT:
        await accept(session, ended.proposal, force=False)
    elif choice == SHOW:
        await show(session, ended.proposal)
    elif choice == REJECT:
        await reject(session, ended.proposal)


async def accept(session: Session, proposal: str, *, force: bool) -> list[str]:
    """Land a proposal; returns the files that changed. Raises UserProblem."""
    found = session.offers.get(proposal)
    result = await session.landing.accept(found.id, force=force)
    return _landed(session, found.title, session.offers.get(found.id).badge.text, result)


async def undo(session: Session, run: str) -> list[str]:
    """Take a landed change back; returns the files that changed. Raises UserProblem."""
    return _landed(session, "the last change", "taken back", await session.landing.undo(run))


async def reject(session: Session, proposal: str) -> None:
    """Take a proposal off the table. Raises UserProblem."""
    found = session.offers.get(proposal)
    await session.link.ask(Reject(found.id), Done)


async def show(session: Session, proposal: str) -> None:
    """Show a proposal's diff: as a document where the client can, else as a message that names its file."""
    found = session.offers.get(proposal)
    head = "".join(f"# {line}\n" for line in (found.title, found.badge.text, *(flag.reason for flag in found.flags)))
    await show_text(session, f"{found.id}.diff", head + found.diff)


async def show_text(session: Session, name: str, text: str) -> None:
    """Show a text that is nobody's file. Raises UserProblem when it cannot be written."""
    safe = re.sub(r"[^\w.-]", "_", name)[-100:]
    try:
        path = session.folder_for_shown() / safe
        path.write_text(text, "utf-8", "replace")
    except OSError as error:
        raise UserProblem(
            f"the text cannot be written to be shown: {error}", "set 'shownFolder' to a folder of yours"
        ) from error
    if not await session.editor.open(uri_of(str(path))):
        session.editor.show(f"{path}\n{text[:MAX_SHOWN]}")


def _landed(session: Session, title: str, badge: str, result: LandingResult) -> list[str]:
    unsaved = f"; not saved yet: {', '.join(result.unsaved)}" if result.unsaved else ""
    session.editor.show(f"{title}: {badge}{unsaved}")
    return [*result.written, *result.unsaved]
