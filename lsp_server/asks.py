"""Questions to the person: the engine's, and the one about trust. Each is bounded and has a default."""

from __future__ import annotations

from bridle.harness.engine import Ask, Done, ReplyTo, SetTrust, Status
from bridle.lsp_server.session import Session

TRUST = "Trust this folder"
NOT_NOW = "Not now"
TRUST_S = 300.0


async def pass_on(session: Session, ask: Ask) -> None:
    """Ask the person for the engine; no answer is the default, and of the task that nobody answered."""
    message = ask.message.removeprefix("Bridle: ")
    otherwise = "" if ask.about == "task" else ask.default
    choice = await session.editor.ask(message, ask.choices, ask.timeout_s, "warning")
    await session.link.ask(ReplyTo(ask.id, choice or otherwise), Done)


async def ask_trust(session: Session) -> bool:
    """Ask whether this folder's checks may run; returns whether they may now."""
    session.asked_trust = True
    message = (
        f"May the checks of {session.places.root} run? They are programs of that folder (its tests, its "
        "configuration) and run in a sandbox. Asked once for this folder."
    )
    if await session.editor.ask(message, (TRUST, NOT_NOW), TRUST_S, "warning") != TRUST:
        session.tell_status()
        return False
    return await set_trust(session, trusted=True)


async def set_trust(session: Session, *, trusted: bool) -> bool:
    """Tell the engine what the person said; returns what holds now."""
    session.asked_trust = True
    status = await session.link.ask(SetTrust(trusted), Status)
    session.take_status(status)
    return status.trusted


async def ensure_trust(session: Session) -> bool:
    """Return whether checks may run, after asking when they may not."""
    if session.status is None:
        await session.refresh_status()
    return session.trusted or await ask_trust(session)


async def mention_trust(session: Session) -> None:
    """Bring the question of trust up by ourselves, once: asked where a question stops nobody, else only said."""
    if session.asked_trust or session.status is None:
        return
    session.asked_trust = True
    client = session.editor.client
    if client.questions and not client.modal:
        await ask_trust(session)
    else:
        session.editor.show("this folder is not trusted, so nothing of it is run: bridle.trust changes that", "warning")
