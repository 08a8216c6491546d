"""What the person does with a finding besides fixing it: explained, run again, taken back, accepted, muted, its log.

Nothing here asks a model. Whatever takes time goes on beside the conversation; problems are told in words.
"""

from __future__ import annotations

import asyncio

from bridle.harness.engine import (
    AcceptFinding,
    Finding,
    GetReversal,
    Kept,
    Origin,
    Reversal,
    TakeBackFinding,
    UserProblem,
)
from bridle.lsp_server import deciding
from bridle.lsp_server.board import Placed
from bridle.lsp_server.diagnostics import headline
from bridle.lsp_server.documents import Document
from bridle.lsp_server.explaining import explanation
from bridle.lsp_server.landing import ready, workspace_edit
from bridle.lsp_server.places import uri_of
from bridle.lsp_server.session import Session
from bridle.lsp_server.verifying import Verifying

OPEN_S = 10.0
RUN_AGAIN = "run the check again"


async def explain(session: Session, finding: Finding) -> None:
    """Show what is known of a finding. Raises UserProblem."""
    board = session.board
    check = finding.check
    text = explanation(finding, board.verdict(check), stale=board.stale(check), unclear=board.unclear(check))
    await deciding.show_text(session, f"{check}-{finding.fingerprint[:8] or 'finding'}.md", text)


async def run_again(verifying: Verifying, finding: Finding) -> None:
    """Run a finding's check on its file alone, a test's on the file of the test."""
    paths = (finding.path,) if finding.path else ()
    await verifying.verify(paths, "command", checks=(finding.check,))


async def show_log(session: Session, check: str) -> None:
    """Show the log of a check's last run; when none is named, of the first that is not green. Raises UserProblem."""
    verdict = session.board.verdict(check)
    if verdict is None or not verdict.log_file:
        named = f"{check} has" if check else "no check has"
        raise UserProblem(f"{named} left no log here" if check else f"{named} left a log here", "run the checks first")
    if not await session.editor.open(uri_of(verdict.log_file)):
        session.editor.show(f"the log of {verdict.check}: {verdict.log_file}")


async def accept(session: Session, finding: Finding) -> None:
    """Accept a finding for good, as often as it stands now. Raises UserProblem."""
    count = session.board.count((finding.check, finding.fingerprint))
    _take(session, await session.link.ask(AcceptFinding(finding, max(1, count)), Kept))


async def take_back(session: Session, fingerprint: str) -> None:
    """Take an acceptance back, the newest when none is named. Raises UserProblem."""
    kept = await session.link.ask(TakeBackFinding(fingerprint), Kept)
    _take(session, kept)
    if not fingerprint:
        session.editor.show(kept.changed)


async def revert(session: Session, placed: Placed) -> None:
    """Take back the change that a finding comes from, in its document, as one edit. Raises UserProblem."""
    finding = placed.finding
    origin = finding.origin
    if origin is None:
        raise UserProblem(f"no change is known that {headline(finding, 60)!r} comes from", RUN_AGAIN)
    document = session.documents.at(origin.path) or await _opened(session, origin.path)
    origin = _origin_now(session, placed, origin)
    await session.mirror.flush()
    version = document.version
    back = await session.link.ask(GetReversal(origin), Reversal)
    if document.version != version or session.documents.at(origin.path) is not document:
        raise UserProblem(f"{origin.path} was changed meanwhile, nothing was taken back", "choose it again")
    edit = workspace_edit([ready(document, back.edits)], session.editor.client)
    applied = await session.editor.apply(edit, f"Bridle: take back lines changed since {back.since}")
    if applied.said != "yes":
        raise UserProblem(f"nothing was taken back: {applied.reason}", "choose it again")


def mute(session: Session, finding: Finding) -> None:
    """Show a finding no more while this server lives."""
    session.board.muted.add((finding.check, finding.fingerprint))
    session.screen.refresh()


def unmute(session: Session) -> None:
    """Show all that was muted again."""
    session.board.muted.clear()
    session.screen.refresh()


def _take(session: Session, kept: Kept) -> None:
    session.board.accept({(check, fingerprint): count for check, fingerprint, count in kept.accepted})
    session.screen.refresh()


def _origin_now(session: Session, placed: Placed, origin: Origin) -> Origin:
    """Return where the lines of an origin stand now. Raises UserProblem where they were touched since."""
    last = max(origin.end_line - 1, origin.start_line)
    first_now, last_now = (session.board.line_now(placed, origin.path, line) for line in (origin.start_line, last))
    if first_now is None or last_now is None or last_now - first_now != last - origin.start_line:
        raise UserProblem(f"you changed these lines of {origin.path} since", RUN_AGAIN)
    return Origin(origin.path, first_now, first_now + origin.end_line - origin.start_line, origin.since)


async def _opened(session: Session, path: str) -> Document:
    """Have the client open a file, so that the change is the person's to look at and to undo. Raises UserProblem."""
    arrived: asyncio.Future[Document] = asyncio.get_running_loop().create_future()

    def notice(document: Document) -> None:
        if document.path == path and not arrived.done():
            arrived.set_result(document)

    session.documents.listeners.append(notice)
    try:
        if await session.editor.open(session.places.uri(path)):
            async with asyncio.timeout(OPEN_S):
                return await arrived
    except TimeoutError:
        pass
    finally:
        session.documents.listeners.remove(notice)
    raise UserProblem(f"{path} is not open, so nothing was taken back", "open it, then choose it again")
