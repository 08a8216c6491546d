"""Landing from the command line: no editor, so every file is a closed one and the engine writes them all."""

from __future__ import annotations

import argparse
import sys
from typing import Literal

import msgspec

from bridle.cli.common import note
from bridle.harness.engine import (
    Clash,
    Engine,
    FinishLanding,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    PrepareRewind,
    PrepareUndo,
    expect,
)
from bridle.harness.nouns import UserProblem

TIMEOUT_S = 3600.0

OnClash = Literal["ask", "keep", "take", "refuse"]


def add_on_clash(parser: argparse.ArgumentParser) -> None:
    """Give a command `--on-clash`."""
    parser.add_argument(
        "--on-clash",
        choices=["ask", "keep", "take", "refuse"],
        default="ask",
        help="where it meets lines that you changed since: keep yours, take them back too, or refuse (default: ask)",
    )


def add_also(parser: argparse.ArgumentParser) -> None:
    """Give a command `--also`."""
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="FILE",
        help="take its change too, though the run was not started on it; may be given more than once",
    )


async def land(engine: Engine, request: PrepareLanding) -> str:
    """Prepare and finish; returns what happened, in a sentence. Raises UserProblem when nothing may land."""
    plan = expect(await engine.call(request, TIMEOUT_S), LandingPlan)
    if plan.confirm:
        confirmed = (*request.confirmed, *(path for path, why in plan.confirm.items() if _confirmed(path, why)))
        request = msgspec.structs.replace(request, confirmed=confirmed)
        plan = expect(await engine.call(request, TIMEOUT_S), LandingPlan)
    if plan.refused:
        raise UserProblem(f"nothing was changed: {plan.refused}", "look at the files and run the action again")
    badge = f" ({plan.proposal.badge.text})" if plan.proposal else ""
    return f"{plan.title}: wrote {await _finish(engine, plan)}{badge}"


async def take_back(engine: Engine, run: str, on_clash: OnClash) -> str:
    """Take a landed change back, as `land`; where it meets lines that were changed since, as `on_clash` says."""
    return await _back(engine, PrepareUndo(run), on_clash)


async def go_back(engine: Engine, request: PrepareRewind, on_clash: OnClash) -> str:
    """Bring a run back to an earlier step, as `take_back`."""
    return await _back(engine, request, on_clash)


async def _back(engine: Engine, request: PrepareUndo | PrepareRewind, on_clash: OnClash) -> str:
    plan = expect(await engine.call(request, TIMEOUT_S), LandingPlan)
    while on_clash != "refuse" and (waiting := [clash for clash in plan.clashes if not clash.choice]):
        choices = {**request.choices, **{clash.id: _choice(clash, on_clash) for clash in waiting}}
        request = msgspec.structs.replace(request, choices=choices)
        plan = expect(await engine.call(request, TIMEOUT_S), LandingPlan)
    if plan.refused:
        places = ", ".join(f"{clash.path}:{clash.start_line + 1}" for clash in plan.clashes if not clash.choice)
        step = f"--on-clash keep leaves your lines, --on-clash take takes them back too: {places}" if places else ""
        raise UserProblem(f"nothing was changed: {plan.refused}", step or "look at the files")
    kept = sum(clash.choice == "keep" for clash in plan.clashes)
    several = f"{kept} places left as you changed them" if kept > 1 else "1 place left as you changed it"
    told = f"; {several}" if kept else ""
    return f"{plan.title}: wrote {await _finish(engine, plan)}{told}"


def _confirmed(path: str, why: str) -> bool:
    """Ask about one file that leaves what the run was started on. Raises UserProblem on no."""
    note(f"{path}: {why}.")
    step = f"look at it with 'bridle proposals show'; --also {path} takes it, --hunk takes the others alone"
    if not sys.stdin.isatty():
        raise UserProblem(f"nothing was changed: {path}: {why}, and there is nobody to ask", step)
    if input("take its change too? [yes/no] ").strip().lower() not in ("y", "yes"):
        raise UserProblem(f"nothing was changed: {path} was not agreed to", step)
    return True


async def _finish(engine: Engine, plan: LandingPlan) -> str:
    result = expect(await engine.call(FinishLanding(plan.id, ()), TIMEOUT_S), LandingResult)
    if result.outcome != "applied":
        left = ", ".join(result.conflicts) or "nothing"
        raise UserProblem(f"{result.outcome}: {result.reason}", f"not changed: {left}")
    return ", ".join(result.written) or "nothing"


def _choice(clash: Clash, on_clash: OnClash) -> Literal["keep", "take"]:
    if on_clash in ("keep", "take"):
        return "keep" if on_clash == "keep" else "take"
    note(f"{clash.path}:{clash.start_line + 1}: you changed these lines since.")
    note(f"yours:\n{clash.mine}before:\n{clash.before}")
    if not sys.stdin.isatty():
        raise UserProblem("nothing was changed: there is nobody to ask", "say it with --on-clash keep or take")
    return "take" if input("keep yours, or take them back too? [keep/take] ").strip().lower() == "take" else "keep"
