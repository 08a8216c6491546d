"""Checks on the person's own tree: on save, by command, after a landing. The newest wins; nothing runs untrusted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from bridle.harness.engine import CheckFinished, CheckStarted, Done, GrantNeeds, Verdict, Verified, Verify
from bridle.lsp_server.session import Session

QUIET_S = 0.05
LONGEST_S = 3600.0
NAME = "verify"
GRANT, NOT_NOW = "Grant it", "Not now"
GRANT_S = 600.0

Origin = Literal["save", "command", "accept"]


class Verifying:
    """The verifications of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._under_way: list[Verify] = []
        self._saved: set[str] = set()
        self._more_saved = False
        self._timer: asyncio.TimerHandle | None = None
        self._complained: set[str] = set()
        self._asked: set[str] = set()

    def saved(self, path: str) -> None:
        """A document was saved: check it at once, and where more follow within a moment, all of these anew."""
        status = self._session.status
        if status is None or not status.trusted or not status.lint_on_save:
            return
        self._saved.add(path)
        if self._timer is None:
            self._check_saved()
        else:
            self._more_saved = True

    def begin(self, paths: Sequence[str], origin: Origin) -> None:
        """Verify beside the conversation."""
        self._session.spawn(self.verify(tuple(paths), origin))

    async def verify(
        self,
        paths: tuple[str, ...],
        origin: Origin,
        checks: tuple[str, ...] = (),
        *,
        only: tuple[str, ...] = (),
        impact: bool = False,
    ) -> None:
        """Verify, by `checks` or all, and put what is found on the board. Raises UserProblem, Closed, TimeoutError.

        `only` are ids of tests, which alone are run; with `impact`, of the tests those that reach what changed.
        """
        session = self._session
        request = Verify(paths, origin, checks, only=only, tests="impact" if impact else "")
        if origin == "command":
            session.reports.begin(NAME, "verifying")
        self._under_way.append(request)
        session.tell_status()
        try:
            await session.mirror.flush()
            verified = await session.link.ask(request, Verified, LONGEST_S)
        finally:
            self._under_way.remove(request)
            if origin == "command":
                session.reports.end(NAME)
            session.tell_status()
        if verified.outcome == "cancelled":
            return
        for verdict in verified.verdicts:
            covered = verdict.looked_at or paths
            session.board.take(verdict, verified.buffers, covered, after_landing=origin == "accept")
        if not paths and not checks:
            session.board.settle({verdict.check for verdict in verified.verdicts})
        session.board.forget(verified.gone)
        session.screen.refresh()
        self._tell(verified, origin)

    def started(self, event: CheckStarted) -> None:
        """A check began on the person's tree."""
        self._session.reports.say(NAME, event.check)

    def finished(self, event: CheckFinished) -> None:
        """A check ended on the person's tree: shown at once where it is sure which verification it belongs to."""
        if len(self._under_way) == 1:
            request = self._under_way[0]
            session = self._session
            covered = event.verdict.looked_at or request.paths
            session.board.take(event.verdict, event.buffers, covered, after_landing=request.origin == "accept")
            session.screen.refresh()

    def _all_saved(self) -> None:
        more, self._more_saved, self._timer = self._more_saved, False, None
        if more:
            self._check_saved()
        else:
            self._saved = set()

    def _check_saved(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._all_saved)
        self.begin(tuple(sorted(self._saved)), "save")

    def _tell(self, verified: Verified, origin: Origin) -> None:
        """Say what no line shows: checks that came to no verdict, and, when asked for, that all is well."""
        editor = self._session.editor
        for verdict in verified.verdicts:
            if verdict.outcome in ("unknown", "timeout", "flaky"):
                words = _unclear(verdict)
                if origin == "command" or words not in self._complained:
                    self._complain(verdict, words)
                self._complained.add(words)
        if origin == "command" and verified.outcome in ("pass", "fail"):
            editor.show(_summary(verified))

    def _complain(self, verdict: Verdict, words: str) -> None:
        client = self._session.editor.client
        if verdict.needs and verdict.check not in self._asked and client.questions and not client.modal:
            self._asked.add(verdict.check)
            self._session.spawn(self._offer_grant(verdict, words))
        else:
            self._session.editor.show(words, "warning")

    async def _offer_grant(self, verdict: Verdict, words: str) -> None:
        """Ask, once a check, whether it is granted what it needs; the engine writes the line that the words name."""
        session = self._session
        if await session.editor.ask(words, (GRANT, NOT_NOW), GRANT_S, "warning") == GRANT:
            await session.link.ask(GrantNeeds(verdict.check, verdict.needs), Done)
            self.begin((), "command")


def _unclear(verdict: Verdict) -> str:
    step = f" Next: {verdict.next_step}" if verdict.next_step else ""
    return f"{verdict.check}: {verdict.outcome}: {verdict.reason or 'no report of this run'}.{step}"


def _summary(verified: Verified) -> str:
    return "; ".join(_object(verdict) for verdict in verified.verdicts) or "no check is known here"


def _object(verdict: Verdict) -> str:
    n = len(verdict.findings)
    counted = f"{verdict.collected} {verdict.unit}{'s' * (verdict.collected != 1)}"
    found = f"{n} finding{'s' * (n != 1)}" if n else verdict.outcome
    aside = f" ({verdict.reason})" if verdict.reason and verdict.outcome in ("pass", "fail") else ""
    return f"{verdict.check} on {counted}: {found}{aside}"
