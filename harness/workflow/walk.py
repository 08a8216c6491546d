"""The way of one run through the phases of its workflow: each entered, done, left, and journaled as left.

What comes next is decided by outcomes alone, which are typed; what a model wrote freely decides nothing. A run that was
cut off goes on in the phase that it had not left, with the talks and artefacts that its journal kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from bridle.harness.nouns import Verdict
from bridle.harness.phases.conditions import holds, parse
from bridle.harness.phases.definition import ENDS, FAIL, PARK, REFUSE, SUCCEED, Phase, Workflow
from bridle.harness.phases.validity import CONTRACT
from bridle.harness.proposals.badge import same
from bridle.harness.session.fold import RunState
from bridle.harness.titles import headline
from bridle.harness.workflow.doing import PLAN, Hands, Phases
from bridle.harness.workflow.ending import Ended, Reason
from bridle.harness.workflow.scope import scope_of
from bridle.harness.workflow.submitting import steps_of


class Walk:
    """One run under way."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._workflow = hands.workflow
        self._phases = Phases(hands)
        self._visits: Counter[str] = Counter()

    @property
    def rounds(self) -> int:
        """How often the checks spoke on the change."""
        return self._phases.rounds

    async def go(self, before: RunState | None) -> None:
        """Go through the phases to an end, from the beginning or from where `before` stood. Raises Ended, Parked."""
        place = await self._begin() if before is None else await self._take_up(before)
        while True:
            phase = self._workflow.phases[place]
            if not holds(parse(phase.when), self._counted()):
                target = self._workflow.after(place, phase.outcomes[0])
            else:
                outcome = await self._enter(phase)
                self._hands.journal.append(
                    "left", {"phase": phase.name, "outcome": outcome, "visit": self._visits[phase.name]}
                )
                target = self._workflow.after(place, outcome)
            if target in ENDS:
                self._end(target)
            place = self._workflow.place(target)

    # --- where it begins ------------------------------------------------------------------------------------

    async def _begin(self) -> int:
        await self._settle_terms()
        if self._workflow.asks:
            await self._phases.papers.ask_doubts(self._hands.order)
        self._hands.desk.write(CONTRACT, self._phases.contract(), "bridle")
        self._hands.say("context", "gathering what matters")
        return 0

    async def _take_up(self, before: RunState) -> int:
        """Put everything back to where an interrupted run left it; returns the phase to go on in."""
        self._hands.say("resume", f"taking up {len(before.messages)} messages")
        await self._settle_terms()
        await asyncio.to_thread(self._hands.bench.restore, before)
        desk = self._hands.desk
        desk.sources.fetched = dict(before.fetched)
        desk.artefacts, desk.assumed, desk.verdicts = dict(before.artefacts), list(before.assumed), before.verdicts
        if CONTRACT not in desk.artefacts:
            desk.write(CONTRACT, self._phases.contract(), "bridle")
        place = 0
        for left in before.left:
            self._visits[left.phase] = left.visit
            at = self._workflow.place(left.phase)
            self._phases.steps_done += left.outcome in ("more", "all") and self._workflow.phases[at].kind == "step"
            target = self._workflow.after(at, left.outcome)
            place = self._workflow.place(target) if target not in ENDS else at
        for name, phase in taken_up(self._workflow, before.talks).items():
            talk = await self._phases.talk(phase)
            talk.restore([dict(message) for message in before.talks[name]], before.cuts.get(name, 0))
        return place

    async def _settle_terms(self) -> None:
        """Know the ground: prove it where the checks have a say, and find out where this run may write."""
        if self._workflow.proves:
            self._hands.say("guardrail", f"running the checks as they are ({self._hands.bench.shadow.rung})")
            self._expect_the_finding(await self._hands.bench.prove_ground())
        else:
            await self._hands.bench.look()
        self._hands.offering.scope = scope_of(self._hands.order, await self._hands.ground.snapshot())

    def _expect_the_finding(self, baseline: tuple[Verdict, ...]) -> None:
        """What starts from a finding starts red: it must be there on the text as it is."""
        wanted = self._hands.order.finding
        if wanted is None:
            return
        judged = [v for v in baseline if v.check == wanted.check]
        if not judged or judged[0].outcome in ("unknown", "timeout", "flaky"):
            why = f"{judged[0].outcome}: {judged[0].reason}" if judged else "it was not found"
            raise Ended("needs a person", f"{wanted.check} cannot judge here ({why}), so no fix could be proved")
        if not any(same(finding, wanted) for finding in judged[0].findings):
            raise Ended("refused", f"nothing to fix: {headline(wanted)} does not fail on the text as it is")

    def _counted(self) -> dict[str, int]:
        """Return the numbers that conditions may name."""
        proposal, order = self._hands.offering.proposal, self._hands.order
        return {
            "change.files": len(proposal.files) if proposal else 0,
            "change.lines": proposal.added + proposal.removed if proposal else 0,
            "order.finding": int(order.finding is not None),
            "order.selection": int(order.at is not None),
            "order.words": len(order.instruction.split()),
            "checks": len(self._hands.bench.checks),
            "steps": len(steps_of(self._hands.desk.artefacts.get(PLAN, ""))),
            "rounds": self.rounds,
        }

    async def _enter(self, phase: Phase) -> str:
        self._visits[phase.name] += 1
        if self._visits[phase.name] > phase.limit:
            self._phases.give_up(phase, f"{self.rounds} rounds were not enough")
        return await self._phases.do(phase)

    # --- the end --------------------------------------------------------------------------------------------

    def _end(self, end: str) -> None:
        badge, proposal = self._hands.offering.badge, self._hands.offering.proposal
        told = badge.text if proposal is not None else self._phases.told.strip() or "done"
        outcomes: dict[str, Reason] = {SUCCEED: "succeeded", FAIL: "failed", PARK: "needs a person", REFUSE: "refused"}
        if end == SUCCEED or proposal is None:
            raise Ended(outcomes[end], told)
        said = f"; {self._phases.told}" if self._phases.told and self._phases.told not in told else ""
        raise Ended(outcomes[end], f"{told}{said}" if badge.state == "verified" else told)


def taken_up(workflow: Workflow, talks: Iterable[str]) -> dict[str, Phase]:
    """Return which talks of a run that was cut off go on, and in which phase.

    An evaluator's does not: it judges anew, in a copy of what stands then. A journal that names no phase for a talk
    means the first that builds.
    """
    builder = next((n for n, phase in enumerate(workflow.phases) if phase.may_write), 0)
    places = {name: workflow.place(name) if name else builder for name in talks}
    found = {name: workflow.phases[at] for name, at in places.items() if at >= 0}
    return {name: phase for name, phase in found.items() if phase.role != "evaluator"}
