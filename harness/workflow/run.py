"""One run: open a shadow, walk through the phases of its workflow, and say how it ended, whatever happened inside.

What happens is journaled before anything is built on it, so that a run that was killed goes on where it stood. A run
that met a limit, or waits for a person, is parked: it has not ended, and can be taken up again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from bridle.harness.engine import RunEnded, RunProgress
from bridle.harness.ground import Brake, Ground
from bridle.harness.model.budget import BudgetReached, Meter
from bridle.harness.model.client import ModelClient, ModelProblem
from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.order import Order
from bridle.harness.permission import protected
from bridle.harness.phases.definition import Workflow
from bridle.harness.pulse import Pulse
from bridle.harness.session.fold import RunState
from bridle.harness.session.journal import Journal
from bridle.harness.settings import user_file
from bridle.harness.shadow.shadow import SANDBOXES, Shadow
from bridle.harness.tools.foreign import Foreign
from bridle.harness.tools.permits import Permits, Terms
from bridle.harness.tools.toolbox import Tool
from bridle.harness.workflow.desk import Desk
from bridle.harness.workflow.doing import Hands
from bridle.harness.workflow.ending import Ended, Parked, Reason
from bridle.harness.workflow.offering import Offering
from bridle.harness.workflow.sheltering import open_ground
from bridle.harness.workflow.walk import Walk
from bridle.harness.workflow.workbench import Workbench
from bridle.indexer.snapshot import Snapshot


class Run:
    """One run from its order to its ending."""

    def __init__(
        self, ground: Ground, run: RunId, order: Order, workflow: Workflow, journal: Journal, brake: Brake
    ) -> None:
        self.id = run
        self._pulse = Pulse(ground.settings.budget.stall_s)
        self._ground = ground = _heard(ground, self._pulse)
        self._order = order
        self._workflow = workflow
        self._journal = journal
        self._brake = brake
        self._meter = Meter(ground.settings.budget, time.monotonic, also=ground.purse)
        self._offering = Offering(ground, run, order, journal)
        self._walk: Walk | None = None
        self._phase = self._last = "start"

    async def execute(self, before: RunState | None = None) -> RunEnded:
        """Run to the end, from the beginning or from where `before` stood; whatever happens becomes an ending."""
        budget_s, pulse = self._ground.settings.budget.seconds, self._pulse
        try:
            async with asyncio.timeout(budget_s), asyncio.timeout(None) as standstill:
                with pulse.watching(standstill):
                    await self._in_shadow(before)
        except Parked as end:
            return self._end(end.outcome, end.reason, parked=True)
        except Ended as end:
            return self._end(end.outcome, end.reason)
        except BudgetReached as limit:
            return self._end("turns" if limit.which == "turns" else "budget", str(limit), parked=True)
        except TimeoutError:
            if pulse.stopped:
                return self._end("stalled", f"nothing happened for {pulse.stall_s:g} s at {self._last!r}", parked=True)
            return self._end("timed out", f"the run used up its {budget_s:.0f} s")
        except asyncio.CancelledError:
            if self._brake.leaving:
                raise
            return self._end("cancelled", self._brake.reason)
        except UserProblem as problem:
            return self._end("needs a person", _with_step(problem.message, problem.next_step))
        except ModelProblem as problem:
            return self._end("failed", _with_step(f"the model: {problem.message}", problem.next_step))
        except Exception as error:  # noqa: BLE001 - a run is a border: what breaks inside ends it with its reason
            return self._end("failed", f"a fault of ours: {error!r}")
        raise AssertionError("a run ended without saying how")

    async def _in_shadow(self, before: RunState | None) -> None:
        with self._pulse.working():
            await asyncio.to_thread(self._ground.purse.look)
            shadow = await self._open_shadow()
        try:
            await self._phases(shadow, before)
        finally:
            self._brake.event.set()
            await asyncio.to_thread(shadow.close)

    async def _open_shadow(self) -> Shadow:
        """Open the shadow; one that is still being opened when the run is stopped is closed again."""
        ground = self._ground
        opening = asyncio.ensure_future(asyncio.to_thread(open_ground, ground, ground.buffers.dirty()))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_shadow)
            raise

    async def _phases(self, shadow: Shadow, before: RunState | None) -> None:
        self._journal.append("sheltered", {"rung": shadow.rung, "declined": shadow.declined})
        ground, journal, order = self._ground, self._journal, self._order
        terms = Terms(user_file(), ground.settings.hooks, ground.trusted, contained=shadow.rung in SANDBOXES)
        permits = Permits(ground.grants, journal, ground.ask, terms)
        more = await self._foreign_tools(permits)
        bench = Workbench(ground, order, journal, self._brake, shadow, permits)
        desk = Desk(ground, order, journal, self._meter, bench, more)
        self._walk = Walk(Hands(self._workflow, ground, order, journal, bench, desk, self._offering, self._say))
        preparing = asyncio.create_task(_prepare(ground.client()))
        try:
            await self._walk.go(before)
        finally:
            preparing.cancel()
            await asyncio.to_thread(desk.close)

    async def _foreign_tools(self, permits: Permits) -> tuple[Tool, ...]:
        """Return the tools of the MCP servers that the person approved; those left out are told of."""
        servers = self._ground.servers
        if servers is None:
            return ()
        offered = await servers.offered()
        for note in offered.notes:
            self._say(self._phase, note)
        return Foreign(servers, self._ground.grants.policy, self._journal, permits).tools(offered)

    # --- telling --------------------------------------------------------------------------------------------

    def _say(self, phase: str, message: str) -> None:
        self._last = message
        if phase != self._phase:
            self._phase = phase
            self._journal.append("phase", {"name": phase})
        self._ground.emit(RunProgress(self.id, phase, message, self._meter.usage))

    def _end(self, outcome: Reason, reason: str, *, parked: bool = False) -> RunEnded:
        proposal, kind = "", "parked" if parked else "ended"
        try:
            self._journal.append(kind, {"outcome": outcome, "reason": reason})
            proposal = self._offering.close(outcome)
        except (UserProblem, OSError) as error:  # the disk that ended the run takes no ending either: it is told
            reason = f"{reason}; its end could not be kept: {error}"
        if parked:
            reason = f"{reason}; it can be resumed"
        rounds = self._walk.rounds if self._walk is not None else 0
        ended = RunEnded(self.id, outcome, reason, rounds, self._meter.usage, proposal, parked)
        self._ground.emit(ended)
        return ended


def _heard(ground: Ground, pulse: Pulse) -> Ground:
    """Return the ground with everything on it heard by `pulse`: events beat, a person and the index are waited for."""

    async def ask(text: str, choices: tuple[str, ...], default: str) -> str:
        with pulse.working():
            return await ground.ask(text, choices, default)

    async def consent(endpoint: str, question: str) -> None:
        with pulse.working():
            await ground.consent(endpoint, question)

    async def question(message: str, choices: tuple[str, ...], default: str, **more: float) -> tuple[str, bool]:
        with pulse.working():
            return await ground.question(message, choices, default, **more)

    async def snapshot() -> Snapshot:
        with pulse.working():
            return await ground.snapshot()

    return replace(
        ground,
        pulse=pulse,
        emit=pulse.beating(ground.emit),
        ask=ask,
        consent=consent,
        question=question,
        snapshot=snapshot,
    )


async def _prepare(client: ModelClient) -> None:
    """Make what the first turn needs while the checks prove the ground."""
    await asyncio.to_thread(protected.prepare)
    await client.prepare()


def _close_shadow(opened: asyncio.Future[Shadow]) -> None:
    if not opened.cancelled() and opened.exception() is None:
        opened.result().close()


def _with_step(message: str, next_step: str) -> str:
    return f"{message}; {next_step}" if next_step else message
