"""One run: open a shadow, prove the ground, let the model work, let the checks judge, put it on offer.

The model makes every call inside a phase and none about which phase comes next. What happens is journaled before
anything is built on it, so that a run that was killed goes on where it stood.
"""

from __future__ import annotations

import asyncio

from bridle.harness.engine import RunEnded, RunProgress
from bridle.harness.ground import Brake, Ground
from bridle.harness.model.budget import BudgetReached, Meter
from bridle.harness.model.client import ModelProblem
from bridle.harness.nouns import Finding, RunId, UserProblem, Verdict
from bridle.harness.order import WORKFLOWS, Order
from bridle.harness.proposals.badge import blames, headline, same
from bridle.harness.session.fold import RunState
from bridle.harness.session.journal import Journal
from bridle.harness.settings import user_file
from bridle.harness.shadow.shadow import SANDBOXES, Shadow
from bridle.harness.tools.foreign import Foreign
from bridle.harness.tools.permits import Permits, Terms
from bridle.harness.tools.toolbox import Tool
from bridle.harness.workflow.ending import Ended, Reason
from bridle.harness.workflow.offering import Offering
from bridle.harness.workflow.prompt import send_back
from bridle.harness.workflow.scope import scope_of
from bridle.harness.workflow.sheltering import open_ground
from bridle.harness.workflow.workbench import Workbench


class Run:
    """One run from its order to its ending."""

    def __init__(self, ground: Ground, run: RunId, order: Order, journal: Journal, brake: Brake) -> None:
        self.id = run
        self._ground = ground
        self._order = order
        self._journal = journal
        self._brake = brake
        self._meter = Meter(ground.settings.budget, ground.now)
        self._offering = Offering(ground, run, order, journal)
        self._rounds = 0
        self._phase = "start"

    async def execute(self, before: RunState | None = None) -> RunEnded:
        """Run to the end, from the beginning or from where `before` stood; whatever happens becomes an ending."""
        budget_s = self._ground.settings.budget.seconds
        try:
            async with asyncio.timeout(budget_s):
                await self._in_shadow(before)
        except Ended as end:
            return self._end(end.outcome, end.reason)
        except BudgetReached as limit:
            return self._end("turns" if limit.which == "turns" else "budget", str(limit))
        except TimeoutError:
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
        ground, journal = self._ground, self._journal
        terms = Terms(user_file(), ground.settings.hooks, ground.trusted, contained=shadow.rung in SANDBOXES)
        permits = Permits(ground.grants, journal, ground.ask, terms)
        more = await self._foreign_tools(permits)
        bench = Workbench(ground, self._order, journal, self._meter, self._brake, shadow, permits, more)
        self._say("guardrail", f"running the checks as they are ({shadow.rung})")
        baseline = await bench.prove_ground()
        self._expect_the_finding(baseline)
        self._offering.scope = scope_of(self._order, await ground.snapshot())
        if before is not None:
            self._say("resume", f"taking up {len(before.messages)} messages")
            await bench.restore(before)
        else:
            self._say("context", "gathering what matters")
            await bench.open_conversation()
        while True:
            self._rounds += 1
            self._phase = "build"
            words = await bench.build(lambda line: self._say("build", line))
            await self._judge(bench, words)

    async def _foreign_tools(self, permits: Permits) -> tuple[Tool, ...]:
        """Return the tools of the MCP servers that the person approved; those left out are told of."""
        servers = self._ground.servers
        if servers is None:
            return ()
        offered = await servers.offered()
        for note in offered.notes:
            self._say(self._phase, note)
        return Foreign(servers, self._ground.grants.policy, self._journal, permits).tools(offered)

    # --- judging --------------------------------------------------------------------------------------------

    async def _judge(self, bench: Workbench, words: str) -> None:
        """Verify what stands; ends the run, or tells the model what is wrong. Raises Ended."""
        changed = bench.changed_since_judged()
        if not changed and self._offering.proposal is None:
            raise Ended("refused", "the model changed nothing" + (f": {words}" if words else ""))
        if not changed:
            self._give_up(words)
        await self._tidy(bench)
        self._offering.show(bench)
        self._say("verify", "running the checks on the change")
        verdicts = await bench.prove(self._offering.climb)
        flags = await asyncio.to_thread(bench.flags, verdicts)
        before: tuple[Verdict, ...] = ()
        if self._offering.earns(verdicts, flags):
            self._say("verify", "running the tests and the configuration as they were on the change")
            before = await bench.prove_as_before(verdicts)
        earned = self._offering.settle(bench, verdicts, flags, before)
        self._say("verify", earned.text)
        if earned.state == "verified":
            raise Ended("succeeded", earned.text)
        if any(v.outcome in ("unknown", "flaky") for v in verdicts) and not _blamed(verdicts):
            raise Ended("needs a person", earned.text)
        if self._rounds >= WORKFLOWS[self._order.workflow].max_rounds:
            self._give_up(f"{self._rounds} rounds were not enough")
        bench.tell(send_back(verdicts, flags, before))

    async def _tidy(self, bench: Workbench) -> None:
        """Let the linters mend by themselves what they can; that is no change of the model's to be judged anew."""
        for path, n_fixes in (await bench.tidy()).items():
            self._say("tidy", f"{path}: {n_fixes} fix{'es' * (n_fixes != 1)} by the linters themselves")
        bench.changed_since_judged()

    def _give_up(self, words: str) -> None:
        badge = self._offering.badge
        outcome: Reason = "needs a person" if badge.state == "refused" else "failed"
        raise Ended(outcome, badge.text + (f". The model says: {words}" if words else ""))

    def _expect_the_finding(self, baseline: tuple[Verdict, ...]) -> None:
        """A fix starts red: the finding must be there on the text as it is."""
        wanted = self._order.finding
        if wanted is None:
            return
        judged = [v for v in baseline if v.check == wanted.check]
        if not judged or judged[0].outcome in ("unknown", "timeout", "flaky"):
            why = f"{judged[0].outcome}: {judged[0].reason}" if judged else "it was not found"
            raise Ended("needs a person", f"{wanted.check} cannot judge here ({why}), so no fix could be proved")
        if not _present(wanted, judged[0]):
            raise Ended("refused", f"nothing to fix: {headline(wanted)} does not fail on the text as it is")

    # --- telling --------------------------------------------------------------------------------------------

    def _say(self, phase: str, message: str) -> None:
        if phase != self._phase:
            self._phase = phase
            self._journal.append("phase", {"name": phase})
        self._ground.emit(RunProgress(self.id, phase, message, self._meter.usage))

    def _end(self, outcome: Reason, reason: str) -> RunEnded:
        proposal = ""
        try:
            proposal = self._offering.close(outcome)
            self._journal.append("ended", {"outcome": outcome, "reason": reason})
        except (UserProblem, OSError) as error:  # the disk that ended the run takes no ending either: it is told
            reason = f"{reason}; its end could not be kept: {error}"
        ended = RunEnded(self.id, outcome, reason, self._rounds, self._meter.usage, proposal)
        self._ground.emit(ended)
        return ended


def _close_shadow(opened: asyncio.Future[Shadow]) -> None:
    if not opened.cancelled() and opened.exception() is None:
        opened.result().close()


def _present(wanted: Finding, verdict: Verdict) -> bool:
    return any(same(finding, wanted) for finding in verdict.findings)


def _blamed(verdicts: tuple[Verdict, ...]) -> bool:
    return any(blames(finding) for verdict in verdicts for finding in verdict.findings)


def _with_step(message: str, next_step: str) -> str:
    return f"{message}; {next_step}" if next_step else message
