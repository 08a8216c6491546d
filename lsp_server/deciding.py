"""What the person decides about a proposal: accept, show, reject, undo; and the question after a run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from bridle.harness.engine import (
    Clash,
    Done,
    LandingPlan,
    PrepareRewind,
    Proposal,
    ProveLanded,
    Reject,
    RunEnded,
    Selection,
    UserProblem,
)
from bridle.lsp_server.accept import PREPARE_S, Choice, Outcome
from bridle.lsp_server.editor import Level
from bridle.lsp_server.places import uri_of
from bridle.lsp_server.previewing import Taken
from bridle.lsp_server.session import Session

ACCEPT, SHOW, REJECT = "Accept", "Show", "Reject"
TAKE_TOO, LEAVE_OUT = "Take it too", "Leave it out"
KEEP, TAKE = "Keep mine", "Take back all the same"
DECIDE_S = 600.0
MAX_SHOWN = 3_000
MAX_CLASH = 600


async def offer(session: Session, ended: RunEnded) -> None:
    """Say how a run ended, and ask about its proposal where a question does not stop the person."""
    if ended.proposal and session.landing.under_way == ended.proposal:
        return  # the person has decided already
    proposal = session.offers.get(ended.proposal) if ended.proposal else None
    if proposal is None or proposal.state != "open":
        if ended.resumable:
            session.editor.show(f"the run waits: {ended.reason} (bridle.resume)", "warning")
        elif ended.outcome not in ("cancelled", "succeeded"):
            session.editor.show(f"no change is on offer: {ended.reason}", "warning")
        return
    verified = proposal.badge.state == "verified"
    beyond = f"; also changes {', '.join(proposal.outside)}" if proposal.outside else ""
    noted = "".join(f"; {note}" for note in proposal.notes)
    words = f"{proposal.title}: {proposal.badge.text} (+{proposal.added} -{proposal.removed}){beyond}{noted}"
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


async def accept(
    session: Session, proposal: str, hunks: Sequence[str] = (), also: Collection[str] = (), *, force: bool
) -> list[str]:
    """Land a proposal or hunks of it; returns the files that changed. Raises UserProblem.

    A file that leaves what the run was started on is asked about, unless it is named in `also`.
    """

    async def confirm(path: str, why: str) -> bool:
        if path in also:
            return True
        words = f"{path}: {why}. Is its change taken too?"
        choice = await session.editor.ask(words, (TAKE_TOO, LEAVE_OUT), DECIDE_S, "warning")
        if choice not in (TAKE_TOO, LEAVE_OUT):
            step = f'answer for each file, or name those to take: bridle.accept with {{"also": ["{path}"]}}'
            raise UserProblem(f"nothing was changed: {path} waits for your yes", step)
        return choice == TAKE_TOO

    found = session.offers.get(proposal)
    work = f"accept {found.id}"
    session.reports.begin(work, f"landing {found.title}")
    try:
        return _landed(session, await session.landing.accept(found.id, hunks, confirm, force=force))
    finally:
        session.finish(work)


async def preview(session: Session, proposal: str) -> Taken:
    """Have a proposal chosen from in the editor's own preview, and say what stands then. Raises UserProblem.

    What was not verified as it stands is never called so; `prove_taken` is for after.
    """
    found = session.offers.get(proposal)
    work = f"preview {found.id}"
    session.reports.begin(work, f"tick what to take in the editor's preview: {found.title}", session.previewing.give_up)
    try:
        taken = await session.previewing.review(found.id)
    finally:
        session.finish(work)
    session.editor.show(_told_of(taken), "information" if taken.proved or not taken.hunks else "warning")
    return taken


async def prove_taken(session: Session, taken: Taken) -> None:
    """Verify what was taken in a preview as it stands, and say what came of it. Raises UserProblem."""
    work = f"prove {taken.proposal.id}"
    session.reports.begin(work, f"verifying {taken.title} as it was taken")
    try:
        proved = await session.link.ask(ProveLanded(taken.proposal.id, taken.hunks), LandingPlan, PREPARE_S)
    finally:
        session.finish(work)
    badge = proved.proposal.badge if proved.proposal is not None else taken.proposal.badge
    verified = badge.state == "verified"
    step = "" if verified else ". It stands as you took it; 'Bridle: undo its last change' takes it back"
    session.editor.show(f"{proved.title}: {badge.text}{step}", "information" if verified else "warning")


def _told_of(taken: Taken) -> str:
    """Return what came of a preview, in words that promise no more than was run."""
    unsaved = f"; not saved yet: {', '.join(taken.result.unsaved)}" if taken.result.unsaved else ""
    typed = ", ".join(taken.typed)
    if not taken.hunks:
        why = taken.reason or "nothing was ticked"
        own = f"; what stands in {typed} counts as your own" if typed else ""
        return f"{taken.title}: nothing of it was taken ({why}); it stays on offer{own}"
    if taken.proved:
        return f"{taken.title}: {taken.badge}{unsaved}"
    if taken.whole:
        return f"{taken.title}: verified, then changed: {typed}; checking again as it stands{unsaved}"
    part = f"hunk{'s' * (len(taken.hunks) != 1)} {', '.join(taken.hunks)} of {len(taken.proposal.hunks)}"
    return f"{taken.title}: {part} taken, not verified as chosen; checking that now{unsaved}"


async def undo(session: Session, run: str, on_clash: str = "") -> list[str]:
    """Take the last landed change back, all of a run's when it is named; returns the files that changed.

    `on_clash` answers for the person where the undo meets their lines: "keep", "take", "" to ask. Raises UserProblem.
    """

    async def choose(clash: Clash) -> Choice:
        return await _choose(session, clash, on_clash)

    changed = _landed(session, await session.landing.undo(run, choose))
    while run and session.offers.stands_of(run):
        changed += _landed(session, await session.landing.undo(run, choose))
    return changed


async def rewind(session: Session, request: PrepareRewind, on_clash: str = "") -> list[str]:
    """Bring a run back to an earlier step, as `undo`. Raises UserProblem."""

    async def choose(clash: Clash) -> Choice:
        return await _choose(session, clash, on_clash)

    return _landed(session, await session.landing.rewind(request, choose))


async def _choose(session: Session, clash: Clash, on_clash: str) -> Choice:
    """Ask whether the person's own lines stay where an undo meets them."""
    if on_clash in ("keep", "take"):
        return "keep" if on_clash == "keep" else "take"
    where = f"{clash.path}:{clash.start_line + 1}"
    words = f"{where}: you changed these lines since.\n\nYours:\n{_cut(clash.mine)}\nBefore:\n{_cut(clash.before)}"
    choice = await session.editor.ask(words, (KEEP, TAKE), DECIDE_S, "warning")
    if choice not in (KEEP, TAKE):
        step = 'choose for each place, or say it for all: bridle.undo with {"onClash": "keep"} or "take"'
        raise UserProblem(f"nothing was changed: the undo meets lines that you changed since ({where})", step)
    return "keep" if choice == KEEP else "take"


async def reject(session: Session, proposal: str, hunks: Sequence[str] = ()) -> None:
    """Leave a proposal or hunks of it. Raises UserProblem."""
    found = session.offers.get(proposal)
    await session.link.ask(Reject(found.id, tuple(hunks)), Done)


def place_of(session: Session, proposal: Proposal) -> Selection | None:
    """Return the lines that a proposal is about, as they are now; None where none of its documents is open."""
    for patch in proposal.files:
        document = session.documents.at(patch.path)
        stands = session.offers.stands(proposal, document) if document is not None else ()
        edits = [edit for stand in stands for edit in stand.edits]
        if edits:
            first = min(edit.start for edit in edits)
            return Selection(patch.path, first, max(first + 1, *(edit.end for edit in edits)))
    return None


async def show(session: Session, proposal: str) -> None:
    """Show a proposal's diff: as a document where the client can, else as a message that names its file."""
    found = session.offers.get(proposal)
    head = "".join(
        f"# {line}\n" for line in (found.title, found.badge.text, *(flag.reason for flag in found.flags), *found.notes)
    )
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
    if await session.editor.open(uri_of(str(path))):
        return
    if session.editor.client.one_line:
        session.editor.show(f"{path} holds it: open it to read")
    else:
        session.editor.show(f"{path}\n{text[:MAX_SHOWN]}")


def _landed(session: Session, done: Outcome) -> list[str]:
    result = done.result
    unsaved = f"; not saved yet: {', '.join(result.unsaved)}" if result.unsaved else ""
    session.editor.show(f"{done.title}: {done.badge}{unsaved}")
    return [*result.written, *result.unsaved]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CLASH else f"{text[:MAX_CLASH]}…\n"
