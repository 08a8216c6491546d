"""Our loop on the same tasks: the real engine, headless, and each of its parts switched off by a switch that it has."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from asked import Asked
from door import Followed, follow, home, opened
from policy import Policy
from result import Result
from tasks import Judge, Task
from weak import Weak

from bridle.harness.engine import (
    CheckFinished,
    Engine,
    EngineEvent,
    Finding,
    FinishLanding,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    Proposal,
    ProposalChanged,
    ProposalId,
    StartRun,
    Verified,
    Verify,
    expect,
)

LONGEST_S = 300.0
WORKFLOW = """title = "Mend"
needs = "finding"

[[phase]]
name = "build"
say = '''
<task kind="{{kind}}">
{{instruction}}
</task>

{{finding}}{pack}
'''
limit = {limit}

[[phase]]
name = "verify"
kind = "verify"
on = {{ red = "build" }}
limit = {limit}
"""
REVIEW = """
[[phase]]
name = "review"
role = "evaluator"
answer = "verdict"
artefact = "review.md"
say = '''
Somebody else mended this fault. Judge it: is the cause mended, or only what showed it?

{finding}<change>
{diff}
</change>

<checks>
{verdicts}
</checks>
'''
on = { objects = "build" }
limit = 3
"""


class Form(NamedTuple):
    """What a form of our loop is set to."""

    pack: bool = True
    evaluator: bool = True
    gates: bool = True
    strict: bool = False
    read_mode: str = "check"
    tests: str = ""


FORMS = {
    "ours": Form(),
    "no anchors": Form(read_mode="plain"),
    "no evaluator": Form(evaluator=False),
    "no impact": Form(tests='gate = "all"'),
    "no pack": Form(pack=False),
    "no gates": Form(gates=False),
    "strict": Form(strict=True, tests="coverage = 1.0\nstrength_s = 20"),
}
"""By name. Without anchors, lines are named by their numbers alone; without impact, each round runs all tests; without
gates, somebody takes what the checks pass, whatever the gates say. Strict asks more of the tests than most people will,
that they execute each changed line, and takes only what the badge says of that they notice every small fault in it.
"""


def mend(task: Task, form: str, policy: Policy, seed: int, place: Path, judge: Judge) -> Result:
    """Let our loop work on a task; returns what became of it."""
    root = place / "project"
    task.write(root)
    weak = Weak(task, policy, seed)
    chosen = FORMS[form]
    flows = place / "config" / "bridle" / "workflows"
    flows.mkdir(parents=True)
    (flows / "mend.toml").write_text(workflow(chosen, policy), "utf-8")
    with Asked(weak) as server, home(place, server.url, _settings(chosen, policy)):
        followed, published, n_sessions = asyncio.run(_run(task, root, chosen))
    said = judge.verdict(task.project, (root / task.core).read_text("utf-8")) if published else None
    return Result(
        task=task.id,
        loop=form,
        hopeless=weak.hopeless,
        published=published,
        visible=said is not None and said.visible,
        hidden=said is not None and said.hidden,
        tokens=server.tokens,
        turns=server.turns,
        sessions=n_sessions,
        why=f"{followed.ended.outcome}: {followed.ended.reason}",
    )


def workflow(form: Form, policy: Policy) -> str:
    """Return the workflow of a form."""
    text = WORKFLOW.format(pack="{pack}" if form.pack else "", limit=policy.limits.test_runs)
    return text + (REVIEW if form.evaluator else "")


def _settings(form: Form, policy: Policy) -> str:
    return f'read_mode = "{form.read_mode}"\n[budget]\nturns = {policy.limits.turns}\n[tests]\n{form.tests}\n'


async def _run(task: Task, root: Path, form: Form) -> tuple[Followed, bool, int]:
    """Stand on the failing test and have it mended; returns the run, whether it was published, how often tests ran."""
    engine = await opened(root)
    try:
        verified = expect(await engine.call(Verify(), LONGEST_S), Verified)
        finding = _finding(verified, task)
        taking = _Taking()
        request = StartRun("mend", f"The test {task.failing!r} fails. Mend the cause.", finding=finding)
        followed = await follow(engine, request, _leave_it if form.gates else taking.watch)
        published = taking.taken
        wanted = followed.ended.outcome == "succeeded" and not published
        if wanted and not (form.strict and _survived(followed)):
            published = await land(engine, followed.ended.proposal, force=not form.gates)
        tests = [event for _, event in followed.heard if isinstance(event, CheckFinished)]
        return followed, published, 1 + sum(event.verdict.unit == "test" for event in tests)
    finally:
        await engine.close()


def _finding(verified: Verified, task: Task) -> Finding:
    found = [f for verdict in verified.verdicts for f in verdict.findings if f.test.endswith(f"::{task.failing}")]
    if len(found) != 1:
        raise AssertionError(f"{task.id}: the finding is not there: {verified.verdicts}")
    return found[0]


async def _leave_it(engine: Engine, event: EngineEvent) -> None:
    """Let the gates have their say."""


class _Taking:
    """Somebody who waves the gates through: what all checks pass is taken as soon as a gate alone refuses it."""

    def __init__(self) -> None:
        self.taken = False
        self._trying = False

    async def watch(self, engine: Engine, event: EngineEvent) -> None:
        """Take a proposal that only the gates are against."""
        if isinstance(event, ProposalChanged) and _only_refused(event.proposal) and not self._trying:
            self._trying = True
            self.taken = await land(engine, event.proposal.id, force=True)


def _survived(followed: Followed) -> bool:
    """Whether the proposal says that the tests did not notice a small fault in it."""
    shown = [event.proposal for _, event in followed.heard if isinstance(event, ProposalChanged)]
    return any(one.unit == "mutant" and one.passed < one.collected for one in shown[-1].verdicts) if shown else False


def _only_refused(proposal: Proposal) -> bool:
    passed = all(verdict.outcome == "pass" for verdict in proposal.verdicts)
    return proposal.badge.state == "refused" and bool(proposal.verdicts) and passed


async def land(engine: Engine, proposal: str, *, force: bool) -> bool:
    """Write a proposal to the files, as `bridle run --apply` does; returns whether all of it is there.

    With `force` whatever would need a person's word gets it.
    """
    request = PrepareLanding(ProposalId(proposal), force=force)
    plan = expect(await engine.call(request, LONGEST_S), LandingPlan)
    if plan.confirm and force:
        request = PrepareLanding(ProposalId(proposal), force=True, confirmed=tuple(plan.confirm))
        plan = expect(await engine.call(request, LONGEST_S), LandingPlan)
    if plan.refused or plan.confirm:
        return False
    result = expect(await engine.call(FinishLanding(plan.id, ()), LONGEST_S), LandingResult)
    return result.outcome == "applied"
