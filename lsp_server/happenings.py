"""The engine's events, as they come: each to the room that it concerns. Runs on the door's loop, never waits."""

from __future__ import annotations

import logging
from collections import deque

from bridle.harness.engine import (
    Ask,
    CancelRun,
    CheckFinished,
    CheckStarted,
    Done,
    EngineEvent,
    IndexProgress,
    Lost,
    Note,
    Paper,
    PauseIndexing,
    Proposal,
    ProposalChanged,
    RunEnded,
    RunId,
    RunProgress,
)
from bridle.lsp_server import asks, deciding
from bridle.lsp_server.session import Session
from bridle.lsp_server.verifying import NAME, Verifying

logger = logging.getLogger(__name__)

INDEX = "index"


class Happenings:
    """What the engine tells, taken in order."""

    def __init__(self, session: Session, verifying: Verifying) -> None:
        self._session = session
        self._verifying = verifying
        self._over: deque[str] = deque(maxlen=100)

    def take(self, event: EngineEvent) -> None:  # noqa: C901 - one case an event
        """Take one event."""
        session = self._session
        match event:
            case CheckStarted(run=""):
                self._verifying.started(event)
            case CheckStarted():
                session.reports.say(event.run, f"running {event.check}")
            case CheckFinished(run=""):
                self._verifying.finished(event)
            case CheckFinished():
                session.reports.say(event.run, f"{event.verdict.check}: {event.verdict.outcome}")
            case RunProgress():
                session.reports.say(event.run, f"{event.phase}: {event.message}")
            case ProposalChanged():
                self._proposed(event.proposal)
            case RunEnded():
                self._ended(event)
            case Paper():
                session.spawn(deciding.show_text(session, f"{event.run}.{event.name}", event.text))
            case Ask():
                session.spawn(asks.pass_on(session, event))
            case Note():
                session.editor.show(event.message.removeprefix("Bridle: "), event.level)
            case IndexProgress():
                self._indexed(event)
            case Lost():
                self._lost(event)

    def begin_run(self, run: str, title: str) -> None:
        """Show a run as work under way that can be cancelled."""
        session = self._session
        if run in self._over:
            return  # it ended before the door heard that it had begun

        async def cancel() -> None:
            await session.link.ask(CancelRun(RunId(run)), Done)

        session.reports.begin(run, title, lambda: session.spawn(cancel()))
        session.tell_status()
        session.tell_runs()

    def newest_run(self) -> str:
        """Return the run that was begun last and is under way, "" when there is none."""
        return next((name for name in reversed(self._session.reports.names()) if name not in (INDEX, NAME)), "")

    def _proposed(self, proposal: Proposal) -> None:
        session = self._session
        session.offers.put(proposal)
        session.screen.refresh()
        session.tell_status()
        if session.editor.client.lens_refresh:
            session.spawn(session.editor.refresh_lenses())

    def _ended(self, event: RunEnded) -> None:
        session = self._session
        self._over.append(event.run)
        session.spend(event.run, event.usage)
        session.finish(event.run, event.reason)
        session.tell_runs()
        session.spawn(deciding.offer(session, event))

    def _indexed(self, event: IndexProgress) -> None:
        reports = self._session.reports
        if event.done:
            paused = f"paused at {event.n_files} files; the command bridle.resumeIndexing goes on"
            self._session.finish(INDEX, paused if event.paused else f"{event.n_files} files")
            return
        if INDEX not in reports:
            reports.begin(INDEX, "indexing", lambda: self._session.spawn(self._pause_indexing()))
        percentage = min(100, 100 * event.n_done // event.n_files) if event.n_files else None
        rate = f", {event.per_second} a second" if event.per_second else ""
        reports.say(INDEX, f"{event.n_done} of {event.n_files} files{rate}", percentage)

    async def _pause_indexing(self) -> None:
        await self._session.link.ask(PauseIndexing(), Done)

    def _lost(self, event: Lost) -> None:
        session = self._session
        session.reports.end_all("the engine ended")
        if event.again:
            session.editor.show(
                f"the engine ended and was started again ({event.reason}). What it had in hand can be resumed",
                "warning",
            )
            session.spawn(self._after_loss())
        else:
            session.unready = f"the engine ended: {event.reason}"
            session.editor.show(f"the engine ended ({event.reason}). Restart the language server to go on", "error")
            session.tell_status()

    async def _after_loss(self) -> None:
        await self._session.refresh_status()
