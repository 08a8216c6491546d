"""The runs of one engine: begun, followed, stopped, taken up again. What happens inside one is `workflow.run`."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from time import localtime, strftime

import msgspec

from bridle.harness.audit.story import story
from bridle.harness.audit.telling import told
from bridle.harness.engine import RunAccepted, RunStory, Sessions, WorkflowRow, Workflows
from bridle.harness.forking import fork
from bridle.harness.ground import Brake, Ground
from bridle.harness.nouns import ProposalId, RunId, Selection, UserProblem
from bridle.harness.order import Order
from bridle.harness.phases.definition import Workflow
from bridle.harness.phases.library import parsed
from bridle.harness.session.fold import RunState, fold
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.session.runs import NO_TALK, RunRow, list_runs, look
from bridle.harness.workflow.run import Run

MAX_RUNS = 4
HAND_OVER_S = 20.0


class Runs:
    """All runs of one root that this engine has in hand; the others are on disk."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._state = ground.state
        self._now = ground.now
        self._brakes: dict[RunId, Brake] = {}

    @property
    def under_way(self) -> bool:
        """Whether a run goes."""
        return bool(self._brakes)

    def start(self, order: Order) -> RunAccepted:
        """Begin a run; it goes on by itself. Raises UserProblem."""
        workflow = self._ground.library.get(order.workflow)
        _expect_a_start(order, workflow)
        self._expect_room()
        model = self._ground.client().model
        run = RunId(strftime("%Y%m%d-%H%M%S-") + uuid.uuid4().hex[:6])
        journal = Journal(self._state.journals, run, self._now)
        journal.append(
            "started",
            {
                "workflow": order.workflow,
                "instruction": order.instruction,
                "at": order.at,
                "finding": order.finding,
                "versions": order.versions,
                "sources": order.sources,
                "pinned": order.pinned,
                "excluded": order.excluded,
                "model": model,
                "budget": self._ground.settings.budget,
                "pid": os.getpid(),
                "engine": self._ground.engine,
                "definition": msgspec.json.encode(workflow).decode(),
            },
        )
        return self._begin(run, order, workflow, journal, None)

    def resume(self, run: RunId, *, take: bool = False) -> RunAccepted:
        """Take up a run that was cut off, with `take` one that a process which does not answer has in hand as well.

        Raises UserProblem.
        """
        self._expect_room()
        row = look(self._state.journals, run)
        if run in self._brakes:
            raise UserProblem(f"run {run!r} is under way here", "follow it, or cancel it")
        if row.live and row.state.interrupted and not take:
            raise UserProblem(f"run {run!r} is in the hands of another Bridle ({_whose(row)})", _how_to_take(run))
        if not (row.resumable or (take and row.takeable)) or row.state.workflow in NO_TALK:
            raise UserProblem(f"run {run!r} cannot be resumed: {_why_not(row)}", "start a new one")
        workflow = self._workflow_of(row.state)
        self._ground.client()
        journal = Journal(self._state.journals, run, self._now, take=take)
        state = fold(journal.records)
        journal.append("resumed", {"pid": os.getpid(), "engine": self._ground.engine})
        return self._begin(run, order_of_state(state), workflow, journal, state)

    def again(self, run: RunId, at: Selection | None, versions: dict[str, int]) -> RunAccepted:
        """Begin a run with the order of an earlier one, on the text as it is now. Raises UserProblem."""
        state = look(self._state.journals, run).state
        if state.workflow in NO_TALK:
            raise UserProblem(f"{state.workflow!r} is no workflow that can be asked again", "run the command again")
        order = order_of_state(state)
        return self.start(msgspec.structs.replace(order, at=at or order.at, versions=versions))

    def fork(self, run: RunId, to: int) -> RunAccepted:
        """Make a run that stands where another one stood after its record `to`; it waits to be resumed."""
        return RunAccepted(fork(self._state, run, to, self._now))

    def cancel(self, run: RunId) -> None:
        """Stop a run; one that is over stays as it is."""
        brake = self._brakes.get(run)
        if brake is not None:
            brake.pull()

    async def hand_over(self, proposal: ProposalId) -> None:
        """End the run that makes `proposal`, which has the run's id, because the person takes it as it stands.

        A run whose proof is earned is about to end by itself and is waited for; any other is stopped. Raises
        UserProblem when it does not end in time.
        """
        brake = self._brakes.get(RunId(proposal))
        if brake is None or brake.task is None:
            return
        earned = self._ground.ledger.get(proposal).earned
        if earned is None or earned.state != "verified":
            brake.pull("you took its proposal as it stood")
        done, _ = await asyncio.wait([brake.task], timeout=HAND_OVER_S)
        if not done:
            raise UserProblem("the run that works on this proposal does not stop", "try again, or cancel the run first")

    def discard(self, run: RunId) -> None:
        """Give an interrupted run up; its journal stays. Raises UserProblem."""
        if not look(self._state.journals, run).resumable:
            raise UserProblem(f"run {run!r} is not an interrupted one", "'bridle sessions' lists them")
        journal = Journal(self._state.journals, run, self._now)
        try:
            journal.append("ended", {"outcome": "cancelled", "reason": "discarded by the person"})
        finally:
            journal.close()
        self._forget_shown(run)

    def workflows(self) -> Workflows:
        """Return the workflows that can be run here, and what is wrong with others."""
        library = self._ground.library
        rows = tuple(
            WorkflowRow(one.name, one.workflow.title, one.workflow.needs, one.workflow.changes, one.path, one.problem)
            for one in library.all()
        )
        return Workflows(rows, tuple((problem.message, problem.next_step) for problem in library.problems()))

    def sessions(self) -> Sessions:
        """Return all runs, the newest first."""
        return Sessions(tuple(row.as_row() for row in list_runs(self._state.journals)))

    def story(self, run: RunId) -> RunStory:
        """Return one run told as a whole. Raises UserProblem when there is none."""
        reading = read_journal(self._state.journals, run)
        row = RunRow(run, fold(reading.records), reading.live, reading.damage)
        return told(row, story(reading))

    async def close(self) -> None:
        """Leave every run as it stands: interrupted, and resumable."""
        tasks = [brake.task for brake in self._brakes.values() if brake.task is not None]
        for brake in self._brakes.values():
            brake.leave()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _workflow_of(self, state: RunState) -> Workflow:
        """Return the workflow that a run goes by: as it was when the run began. Raises UserProblem."""
        return parsed(state.definition) if state.definition else self._ground.library.get(state.workflow)

    def _begin(
        self, run: RunId, order: Order, workflow: Workflow, journal: Journal, before: RunState | None
    ) -> RunAccepted:
        brake = Brake()
        self._brakes[run] = brake

        async def whole() -> None:
            try:
                await Run(self._ground, run, order, workflow, journal, brake).execute(before)
            finally:
                journal.close()
                self._brakes.pop(run, None)
                if not brake.leaving:
                    self._forget_shown(run)

        brake.task = asyncio.create_task(whole())
        return RunAccepted(run)

    def _forget_shown(self, run: RunId) -> None:
        """A run that is over names no anchors any more."""
        shutil.rmtree(self._state.revisions / run, ignore_errors=True)

    def _expect_room(self) -> None:
        if len(self._brakes) >= MAX_RUNS:
            raise UserProblem(f"{MAX_RUNS} runs are under way already", "wait for one or cancel one")


def _expect_a_start(order: Order, workflow: Workflow) -> None:
    """Raises UserProblem where a workflow is not given what it starts from."""
    if workflow.needs == "finding" and order.finding is None:
        raise UserProblem(f"{order.workflow!r} starts from a finding, and there is none here", "run the checks first")
    if workflow.needs == "either" and order.finding is None and not order.instruction:
        raise UserProblem(
            f"{order.workflow!r} starts from a finding or from words, and there are neither here",
            "run the checks first, or say what is wrong",
        )
    if workflow.needs == "instruction" and not order.instruction:
        raise UserProblem(f"{order.workflow!r} starts from words, and there are none here", "say what is wanted")


def order_of_state(state: RunState) -> Order:
    """Return the order that a journal's run was given."""
    return Order(
        state.workflow,
        state.instruction,
        state.at,
        state.finding,
        state.versions,
        state.sources,
        state.pinned,
        state.excluded,
    )


def _whose(row: RunRow) -> str:
    return f"process {row.state.pid}, last heard of at {strftime('%H:%M:%S', localtime(row.state.last))}"


def _how_to_take(run: RunId) -> str:
    return f"go on with it there; if that one does not answer any more: bridle sessions resume {run} --take"


def _why_not(row: RunRow) -> str:
    if row.damage:
        return f"its journal is damaged: {row.damage}"
    if row.state.workflow in NO_TALK and row.resumable:
        return "it was one command, which is run again and not resumed"
    return f"it is over ({row.state.outcome or 'never began'})"
