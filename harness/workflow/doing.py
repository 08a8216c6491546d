"""What is done in a phase of each kind, and in which of its outcomes that ends.

A phase leaves behind what the next one is told (`_word`) and what the person is told where the run ends there (`told`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from bridle.harness.ground import Ground
from bridle.harness.nouns import Verdict
from bridle.harness.order import Order
from bridle.harness.phases.definition import Phase, Workflow
from bridle.harness.phases.validity import CONTRACT
from bridle.harness.proposals.badge import blames
from bridle.harness.session.journal import Journal
from bridle.harness.titles import headline
from bridle.harness.workflow.approving import APPROVE, REJECT, Papers
from bridle.harness.workflow.contract import contract, unobserved
from bridle.harness.workflow.conversation import Conversation
from bridle.harness.workflow.desk import Desk
from bridle.harness.workflow.ending import Ended, Parked, Reason, no_further
from bridle.harness.workflow.message import commit_message
from bridle.harness.workflow.offering import Offering
from bridle.harness.workflow.prompt import send_back
from bridle.harness.workflow.submitting import Judgement, Plan, Review, Submitted, as_markdown, name_of, steps_of
from bridle.harness.workflow.workbench import Workbench

PLAN = "plan.md"
SHOWN_RED = "reproduction.md"
NO_NEW_TEST = "The tests are green, but none ran that did not run before. Write tests that the runner collects."
NOT_RED = (
    "No test fails because of this yet: the checks find nothing new. Show the fault by a test that fails, or say why "
    "none can."
)


@dataclass(frozen=True)
class Hands:
    """All that a run works with. `say` tells a phase and a line of progress."""

    workflow: Workflow
    ground: Ground
    order: Order
    journal: Journal
    bench: Workbench
    desk: Desk
    offering: Offering
    say: Callable[[str, str], None]


class Phases:
    """The phases of one run, done one at a time."""

    def __init__(self, hands: Hands) -> None:
        self.rounds = 0
        self.told = self._said = ""
        self.steps_done = 0
        self.papers = Papers(hands.ground, hands.journal.run, hands.desk, hands.bench)
        self._workflow = hands.workflow
        self._order = hands.order
        self._bench = hands.bench
        self._desk = hands.desk
        self._offering = hands.offering
        self._say = hands.say
        self._talks: dict[str, Conversation] = {}
        self._submitted: dict[str, Submitted] = {}
        self._word = ""

    async def do(self, phase: Phase) -> str:
        """Do a phase; returns the outcome that it ends in. Raises Ended, Parked and whatever a talk raises."""
        doing: dict[str, Callable[[Phase], Awaitable[str]]] = {
            "talk": self._in_talk,
            "verify": self._verify,
            "reproduced": self._reproduced,
            "check": self._one_check,
            "format": self._format,
            "approve": self._approve,
            "step": self._next_step,
            "commit_message": self._commit_message,
        }
        return await doing[phase.kind](phase)

    def give_up(self, phase: Phase, why: str = "") -> NoReturn:
        """End the run because it gets no further; `why` is a reason of ours. Raises Ended."""
        badge = self._offering.badge
        if self._offering.proposal is None:
            times = f"{phase.name!r} was entered {phase.limit} times without getting further"
            raise Ended("failed", f"{times}: {self.told}" if self.told else times)
        outcome: Reason = "needs a person" if badge.state in ("refused", "verified") else "failed"
        raise Ended(outcome, no_further(badge.text, why, self._said))

    def contract(self) -> str:
        """Return what "done" means for this run, as it is known now."""
        plan = next((one for one in self._submitted.values() if isinstance(one, Plan)), None)
        criteria = plan.criteria if plan else ()
        return contract(self._order, self._bench.checks, self._offering.scope, self._desk.assumed, criteria)

    async def talk(self, phase: Phase) -> Conversation:
        """Return the talk of a phase, as far as it is."""
        if phase.name not in self._talks:

            def take(submitted: Submitted) -> None:
                self._submitted[phase.name] = submitted

            self._talks[phase.name] = await self._desk.talk(phase, take)
        return self._talks[phase.name]

    async def _in_talk(self, phase: Phase) -> str:
        self._say(phase.name, self._workflow.title if phase.role == "builder" else f"{phase.role} at work")
        if phase.role == "evaluator":
            self._talks.pop(phase.name, None)
        talk = await self.talk(phase)
        self._submitted.pop(phase.name, None)
        if not talk.begun:
            opening = await self._desk.opening(phase)
            for line in self._desk.sources.taken_problems():
                self._say(phase.name, line)
            talk.tell("\n\n".join(filter(None, [opening, self._word])))
        elif self._word or not talk.waits_for_model:
            talk.tell(self._word or "Go on.")
        self._word = ""

        def say(line: str) -> None:
            self._say(phase.name, line)

        def handed_in() -> bool:
            return phase.name in self._submitted

        self.told = self._said = await talk.talk(say, handed_in)
        if phase.answer and not handed_in():
            talk.tell(f"Your answer counts only when you hand it in: call `{name_of(phase.answer)}` now.")
            self.told = self._said = await talk.talk(say, handed_in)
            if not handed_in():
                raise Ended("failed", f"the model handed no answer in at {phase.name!r}: {self.told}")
        return await self._taken(phase)

    async def _taken(self, phase: Phase) -> str:
        """Keep what a talk came to; returns how the phase ends."""
        submitted = self._submitted.get(phase.name)
        text = as_markdown(submitted) if submitted is not None else self.told + "\n"
        if phase.artefact:
            self._desk.write(phase.artefact, text, phase.name)
            self.papers.show(phase.artefact)
        match submitted:
            case Plan():
                await self.papers.ask_criteria(unobserved(submitted.criteria))
                self._desk.write(CONTRACT, self.contract(), phase.name)
            case Judgement():
                return self._judged(submitted, text)
            case Review():
                return "found" if submitted.findings else "clean"
            case _:
                pass
        return "done"

    def _judged(self, judgement: Judgement, text: str) -> str:
        n_met = sum(one.met == "yes" for one in judgement.criteria)
        if judgement.outcome == "meets":
            unclear = len(judgement.criteria) - n_met
            left = f", {unclear} could not be told" if unclear else ""
            self._offering.note(f"an evaluator saw {n_met} of {len(judgement.criteria)} criteria met{left}")
        else:
            self._word = f"An evaluator objects to your change:\n\n{text}\nMend this, or say why it cannot be and stop."
            first = [*judgement.objections, *(one.saw for one in judgement.criteria if one.met == "no")][0]
            self._offering.note(f"an evaluator objects: {first}")
        return judgement.outcome

    # --- proof ----------------------------------------------------------------------------------------------

    async def _verify(self, phase: Phase) -> str:
        """Verify what stands; on red, what is wrong is told to the talk that is gone back to."""
        bench, offering = self._bench, self._offering
        self.rounds += 1
        if not bench.changed_since_judged():
            if offering.proposal is None:
                raise Ended("refused", "the model changed nothing" + (f": {self.told}" if self.told else ""))
            self.give_up(phase)
        offering.show(bench)
        if await self._tidied():
            bench.changed_since_judged()
            offering.show(bench)
        self._say("verify", "running the checks on the change")
        verdicts, judged = await asyncio.gather(bench.prove(offering.climb), asyncio.to_thread(bench.judged))
        self._desk.verdicts = verdicts
        flags = await asyncio.to_thread(bench.flags, verdicts, judged)
        before: tuple[Verdict, ...] = ()
        if offering.earns(verdicts, flags):
            self._say("verify", "running the tests and the configuration as they were on the change")
            before = await bench.prove_as_before(verdicts)
        self._note_what_holds(verdicts)
        earned = offering.settle(bench, verdicts, flags, before)
        self._say("verify", earned.text)
        if earned.state == "verified":
            if phase.new_tests and not bench.new_tests(verdicts):
                self._word, self.told = NO_NEW_TEST, "no test ran that did not run before"
                return "red"
            return "green"
        if any(v.outcome in ("unknown", "flaky") for v in verdicts) and not _blamed(verdicts):
            return "unclear"
        self._word = send_back(verdicts, flags, before, self._order.finding)
        return "red"

    def _note_what_holds(self, verdicts: tuple[Verdict, ...]) -> None:
        """Say on the proposal what was assumed, and whether the test that showed the fault passes now."""
        for assumed in self._desk.assumed:
            self._offering.note(f"assumed: {assumed.question} {assumed.answer}")
        shown = [line[2:] for line in self._desk.artefacts.get(SHOWN_RED, "").splitlines() if line.startswith("- ")]
        if shown:
            failing = {finding.test for verdict in verdicts for finding in verdict.findings}
            passed = [one for one in shown if one in self._bench.ran(verdicts) and one not in failing]
            told = f"red first: {', '.join(passed[:3])}" if passed else "no failing case reproduced"
            self._offering.note(told)

    async def _reproduced(self, phase: Phase) -> str:
        """Tell whether a test fails now that did not before: the fault is shown."""
        if not self._bench.changed_since_judged():
            self._word, self.told = NOT_RED, f"no failing case was written: {self.told}"
            return "green"
        self._say(phase.name, "running the test that is to show the fault")
        verdicts = self._desk.verdicts = await self._bench.check(None)
        fresh = [finding for verdict in verdicts for finding in verdict.findings if finding.new and finding.test]
        if fresh:
            tests = list(dict.fromkeys(finding.test for finding in fresh))
            lines = "".join(f"- {test}\n" for test in tests)
            self._desk.write(SHOWN_RED, f"# The fault is shown by\n\n{lines}", phase.name)
            self._say(phase.name, f"red: {headline(fresh[0])}")
            return "red"
        unclear = [verdict for verdict in verdicts if verdict.outcome in ("unknown", "timeout", "flaky")]
        self.told = f"{unclear[0].check}: {unclear[0].reason}" if unclear else f"nothing fails: {self.told}"
        self._word = NOT_RED
        return "unclear" if unclear else "green"

    async def _one_check(self, phase: Phase) -> str:
        if phase.check not in self._bench.checks:
            known = ", ".join(self._bench.checks) or "none"
            raise Ended("needs a person", f"this project has no check {phase.check!r} (it has: {known})")
        self._say(phase.name, f"running {phase.check}")
        verdicts = self._desk.verdicts = await self._bench.check(phase.check)
        self.told = ", ".join(f"{verdict.check} {verdict.outcome}" for verdict in verdicts)
        if any(verdict.outcome in ("unknown", "timeout", "flaky") for verdict in verdicts):
            return "unclear"
        self._word = send_back(verdicts, (), wanted=self._order.finding) if _blamed(verdicts) else ""
        return "red" if _blamed(verdicts) else "green"

    async def _format(self, phase: Phase) -> str:
        await self._tidied()
        return "done"

    async def _tidied(self) -> bool:
        """Let the linters mend by themselves what they can; returns whether that changed anything.

        It is no change of the model's to be judged anew.
        """
        fixes = await self._bench.tidy()
        for path, n_fixes in fixes.items():
            self._say("tidy", f"{path}: {n_fixes} fix{'es' * (n_fixes != 1)} by the linters themselves")
        return bool(fixes)

    # --- people and papers ----------------------------------------------------------------------------------

    async def _approve(self, phase: Phase) -> str:
        self._say(phase.name, f"waiting for your word on {', '.join(phase.shows)}")
        answer = await self.papers.approve(phase.shows)
        if answer == APPROVE:
            return "approved"
        if answer == REJECT:
            self.told = f"you did not approve {', '.join(phase.shows)}"
            return "rejected"
        raise Parked("needs a person", f"{', '.join(phase.shows)} waits for your word")

    async def _next_step(self, phase: Phase) -> str:
        steps = steps_of(self._desk.artefacts.get(PLAN, ""))
        self.steps_done += 1
        if self.steps_done >= len(steps):
            return "all"
        step = f"step {self.steps_done + 1} of {len(steps)}"
        self._say(phase.name, f"{step}: {steps[self.steps_done]}")
        self._word = f"That step is verified. Now {step}: {steps[self.steps_done]}"
        return "more"

    async def _commit_message(self, phase: Phase) -> str:
        proposal = self._offering.proposal
        if proposal is not None:
            self._desk.write("commit.md", commit_message(self._order, proposal), phase.name)
        return "done"


def _blamed(verdicts: tuple[Verdict, ...]) -> bool:
    return any(blames(finding) for verdict in verdicts for finding in verdict.findings)
