"""Landing from the command line: no editor, so every file is a closed one and the engine writes them all."""

from __future__ import annotations

from bridle.harness.engine import Engine, FinishLanding, LandingPlan, LandingResult, PrepareLanding, PrepareUndo, expect
from bridle.harness.nouns import UserProblem

TIMEOUT_S = 3600.0


async def land(engine: Engine, request: PrepareLanding | PrepareUndo) -> str:
    """Prepare and finish; returns what happened, in a sentence. Raises UserProblem when nothing may land."""
    plan = expect(await engine.call(request, TIMEOUT_S), LandingPlan)
    if plan.refused:
        raise UserProblem(f"nothing was changed: {plan.refused}", "look at the files and run the action again")
    result = expect(await engine.call(FinishLanding(plan.id, ()), TIMEOUT_S), LandingResult)
    if result.outcome != "applied":
        left = ", ".join(result.conflicts) or "nothing"
        raise UserProblem(f"{result.outcome}: {result.reason}", f"not changed: {left}")
    return f"{plan.title}: wrote {', '.join(result.written) or 'nothing'}"
