"""The person's commands. Each answers at once, a run with its id; what takes time goes on beside the conversation.

Every command takes one object. A `UserProblem` is the answer where something can be put right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lsprotocol import types as lsp

from bridle.harness.engine import (
    CancelRun,
    Done,
    Finding,
    GetWorkflows,
    PauseIndexing,
    Refresh,
    RunAccepted,
    RunId,
    Selection,
    StartRun,
    UserProblem,
    Workflows,
)
from bridle.lsp_server import asks, deciding, on_findings
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.billing import ON_CONTEXT
from bridle.lsp_server.desk import START_S, Desk
from bridle.lsp_server.diagnostics import headline
from bridle.lsp_server.documents import Document
from bridle.lsp_server.instructions import HOW, instruction_at
from bridle.lsp_server.landing import ready, workspace_edit
from bridle.lsp_server.offers import texts_of
from bridle.lsp_server.protocol import Refusal, in_words
from bridle.lsp_server.reviewing import ON_REVIEW
from bridle.lsp_server.sessions import ON_RUNS
from bridle.lsp_server.targets import finding_of, lines_of

STATUS_S = 5.0

Json = dict[str, Any]
Command = Callable[["Commands", Argument], Json | Awaitable[Json]]


class Commands(Desk):
    """The commands of one session about its texts, findings and proposals; the others stand in tables of their own."""

    def execute(self, name: str, argument: Argument) -> object:
        """Run a command; returns its answer, or an awaitable of it. Raises UserProblem, Refusal."""
        command = COMMANDS.get(name)
        if command is None:
            raise Refusal(lsp.ErrorCodes.InvalidParams, f"no such command: {name!r}")
        answer = command(self, argument)
        return answer if isinstance(answer, dict) else self._told(answer)

    async def _told(self, answer: Awaitable[Json]) -> Json:
        """Show a problem to the person as well, in a client that would not."""
        try:
            return await answer
        except UserProblem as problem:
            if not self.session.editor.client.shows_errors:
                self.session.editor.show(in_words(problem), "warning")
            raise

    # --- runs -----------------------------------------------------------------------------------------------

    async def edit(self, argument: Argument) -> Json:
        """Change the selected lines as the instruction says."""
        document, at = lines_of(self.session, argument)
        instruction = argument.instruction.strip() or instruction_at(document.text.lines, at.start_line, at.end_line)
        if not instruction:
            raise UserProblem(f"no instruction for {at.path}:{at.start_line + 1}", HOW)
        return await self.begin(StartRun("edit", instruction, at), f"edit {at.path}: {instruction}")

    async def run(self, argument: Argument) -> Json:
        """Run a workflow by its name, on the given lines where there are any."""
        if not argument.workflow:
            raise UserProblem("no workflow is named", 'name one: bridle.run with {"workflow": "review"}')
        at = lines_of(self.session, argument)[1] if argument.uri and argument.range is not None else None
        request = StartRun(argument.workflow, argument.instruction.strip(), at)
        words = (argument.workflow, at.path if at else "", request.instruction)
        return await self.begin(request, " ".join(filter(None, words)))

    async def workflows(self, _argument: Argument) -> Json:
        """Return the workflows that can be run, and what is wrong with others."""
        async with asyncio.timeout(START_S):
            found = await self.session.link.ask(GetWorkflows(), Workflows)
        return {
            "workflows": [{"name": one.name, "title": one.title, "needs": one.needs} for one in found.workflows],
            "problems": [f"{message}; {step}" for message, step in found.problems],
        }

    async def fix(self, argument: Argument) -> Json:
        """Have a finding fixed, or apply the fix that it came with."""
        document, at = lines_of(self.session, argument)
        finding = finding_of(self.session, argument).finding
        if argument.own:
            self.session.spawn(self._apply_own(document, finding))
            return {}
        at = Selection(at.path, finding.start_line, max(finding.end_line, finding.start_line + 1))
        return await self.begin(StartRun("fix", argument.instruction, at, finding), f"fix {headline(finding, 60)}")

    def explain(self, argument: Argument) -> Json:
        """Show what is known of a finding."""
        self.session.spawn(on_findings.explain(self.session, finding_of(self.session, argument).finding))
        return {}

    def again(self, argument: Argument) -> Json:
        """Run a finding's check again, on its file alone."""
        finding = finding_of(self.session, argument).finding

        async def work() -> None:
            if await asks.ensure_trust(self.session):
                await on_findings.run_again(self.verifying, finding)

        self.session.spawn(work())
        return {}

    def revert(self, argument: Argument) -> Json:
        """Take back the change that a finding comes from."""
        self.session.spawn(on_findings.revert(self.session, finding_of(self.session, argument)))
        return {}

    def accept_finding(self, argument: Argument) -> Json:
        """Accept a finding for good."""
        self.session.spawn(on_findings.accept(self.session, finding_of(self.session, argument).finding))
        return {}

    def take_back_finding(self, argument: Argument) -> Json:
        """Take back that a finding was accepted, the newest when none is named."""
        self.session.spawn(on_findings.take_back(self.session, argument.fingerprint))
        return {}

    def mute(self, argument: Argument) -> Json:
        """Show a finding no more in this session."""
        on_findings.mute(self.session, finding_of(self.session, argument).finding)
        return {}

    def unmute(self, _argument: Argument) -> Json:
        """Show again what was muted."""
        on_findings.unmute(self.session)
        return {}

    def log(self, argument: Argument) -> Json:
        """Show the log of a finding's check, of a named check, or of the last run that was not green."""
        check = argument.check or (
            finding_of(self.session, argument).finding.check if argument.range is not None else ""
        )
        self.session.spawn(on_findings.show_log(self.session, check))
        return {}

    async def cancel(self, argument: Argument) -> Json:
        """Stop a run, the newest when none is named."""
        run = argument.run or self.happenings.newest_run()
        if not run:
            raise UserProblem("no run is under way", "start one by a code action")
        async with asyncio.timeout(START_S):
            await self.session.link.ask(CancelRun(RunId(run)), Done)
        return {"run": run}

    async def pause_indexing(self, _argument: Argument) -> Json:
        """Read no more files until told to go on."""
        return await self._index(paused=True)

    async def resume_indexing(self, _argument: Argument) -> Json:
        """Go on reading files."""
        return await self._index(paused=False)

    async def _index(self, *, paused: bool) -> Json:
        async with asyncio.timeout(START_S):
            await self.session.link.ask(PauseIndexing(paused=paused), Done)
        return {"paused": paused}

    # --- proposals ------------------------------------------------------------------------------------------

    def accept(self, argument: Argument) -> Json:
        """Land a proposal, or hunks of it."""
        return self._accept(argument, force=False)

    def accept_anyway(self, argument: Argument) -> Json:
        """Land a proposal whatever its badge says."""
        return self._accept(argument, force=True)

    def reject(self, argument: Argument) -> Json:
        """Leave a proposal, or hunks of it."""
        self.session.spawn(deciding.reject(self.session, argument.proposal, argument.hunks))
        return {}

    async def refresh(self, argument: Argument) -> Json:
        """Ask again for a proposal whose lines were changed since."""
        session = self.session
        found = session.offers.get(argument.proposal)
        async with asyncio.timeout(START_S):
            await session.mirror.flush()
            texts = texts_of(session.documents)
            accepted = await session.link.ask(Refresh(found.id, deciding.place_of(session, found)), RunAccepted)
        session.offers.remember(accepted.run, texts)
        self.happenings.begin_run(accepted.run, f"asking again: {found.title}")
        return {"run": accepted.run}

    def show(self, argument: Argument) -> Json:
        """Show a proposal's diff."""
        self.session.spawn(deciding.show(self.session, argument.proposal))
        return {}

    def undo(self, argument: Argument) -> Json:
        """Take the last change back."""

        async def work() -> None:
            self.check_again(await deciding.undo(self.session, argument.run, argument.on_clash))

        self.session.spawn(work())
        return {}

    # --- the rest -------------------------------------------------------------------------------------------

    def verify(self, argument: Argument) -> Json:
        """Run the checks, on one document when it is named; or these tests; or those that reach what changed."""
        document = self.session.documents.get(argument.uri)
        paths = [document.path] if document is not None and document.path is not None else []

        async def work() -> None:
            if await asks.ensure_trust(self.session):
                wanted = () if argument.tests or argument.impact else tuple(paths)
                await self.verifying.verify(wanted, "command", argument.tests, impact=argument.impact)

        self.session.spawn(work())
        return {}

    def trust(self, argument: Argument) -> Json:
        """Say whether this folder's checks may run; asks the person when the argument does not tell."""

        async def work() -> None:
            if argument.trusted is None:
                trusted = await asks.ask_trust(self.session)
            else:
                trusted = await asks.set_trust(self.session, trusted=argument.trusted)
            if trusted:
                await self.verifying.verify((), "command")

        self.session.spawn(work())
        return {}

    def answer(self, argument: Argument) -> Json:
        """Answer a question that waits."""
        self.session.editor.questions.answer(argument.question, argument.choice)
        return {}

    async def status(self, argument: Argument) -> Json:
        """Return how things stand."""
        async with asyncio.timeout(STATUS_S):
            status = await self.session.refresh_status()
        if argument.show:
            self.session.editor.show(status.next_step or f"model {status.model}, sandbox {status.rung}")
        state = "ready" if status.trusted else "not trusted"
        return {
            "trusted": status.trusted,
            "rung": status.rung,
            "model": status.model,
            "state": "working" if self.happenings.newest_run() else state,
            "checks": list(status.checks),
            "next_step": status.next_step,
        }

    def seen(self, argument: Argument) -> Json:
        """The client tells which other tools' diagnostics it shows."""
        self.session.board.client_tells = True
        self.session.board.told_sources = {source.lower() for source in argument.sources}
        self.session.screen.refresh_soon()
        return {}

    # --- parts ----------------------------------------------------------------------------------------------

    def _accept(self, argument: Argument, *, force: bool) -> Json:
        async def work() -> None:
            taken = deciding.accept(self.session, argument.proposal, argument.hunks, argument.also, force=force)
            self.check_again(await taken)

        self.session.spawn(work())
        return {}

    async def _apply_own(self, document: Document, finding: Finding) -> None:
        edit = workspace_edit([ready(document, finding.fix)], self.session.editor.client)
        applied = await self.session.editor.apply(edit, f"Bridle: {finding.check}'s own fix")
        if applied.said != "yes":
            raise UserProblem(f"the fix was not applied: {applied.reason}", "choose it again")


COMMANDS: Mapping[str, Command] = {
    "bridle.verify": Commands.verify,
    "bridle.fix": Commands.fix,
    "bridle.edit": Commands.edit,
    "bridle.run": Commands.run,
    "bridle.workflows": Commands.workflows,
    "bridle.explain": Commands.explain,
    "bridle.again": Commands.again,
    "bridle.revert": Commands.revert,
    "bridle.acceptFinding": Commands.accept_finding,
    "bridle.takeBackFinding": Commands.take_back_finding,
    "bridle.mute": Commands.mute,
    "bridle.unmute": Commands.unmute,
    "bridle.log": Commands.log,
    "bridle.accept": Commands.accept,
    "bridle.acceptAnyway": Commands.accept_anyway,
    "bridle.reject": Commands.reject,
    "bridle.refresh": Commands.refresh,
    "bridle.show": Commands.show,
    "bridle.undo": Commands.undo,
    "bridle.trust": Commands.trust,
    "bridle.answer": Commands.answer,
    "bridle.status": Commands.status,
    "bridle.cancel": Commands.cancel,
    "bridle.pauseIndexing": Commands.pause_indexing,
    "bridle.resumeIndexing": Commands.resume_indexing,
    "bridle.seen": Commands.seen,
    **ON_RUNS,
    **ON_CONTEXT,
    **ON_REVIEW,
}
