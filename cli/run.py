"""`bridle run`: one workflow from the command line, its proposal shown, landed only when asked."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json, selection
from bridle.cli.landing import add_also, land
from bridle.harness.engine import (
    Ask,
    CheckFinished,
    Engine,
    EngineEvent,
    Finding,
    GetProposals,
    PrepareLanding,
    Proposal,
    ProposalId,
    Proposals,
    ReplyTo,
    ResumeRun,
    RunEnded,
    RunProgress,
    StartRun,
    Verified,
    Verify,
    expect,
)
from bridle.harness.nouns import UserProblem

LONGEST_RUN_S = 7200.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("workflow", choices=["edit", "fix"])
    parser.add_argument("instruction", nargs="?", default="", help="what to do; for 'fix' it may be left out")
    parser.add_argument("--at", metavar="FILE:A-B", help="the lines that the person stands on")
    parser.add_argument("--apply", action="store_true", help="land the proposal when it is verified")
    add_also(parser)
    parser.add_argument("--yes", action="store_true", help="answer yes to the question before the first model call")


def main(options: argparse.Namespace) -> int:
    """Run the workflow; 0 when the proposal is verified (and landed, with --apply)."""
    root = find_root(options.root)
    request = StartRun(options.workflow, options.instruction, selection(options.at, root))
    if request.workflow == "edit" and not request.instruction.strip():
        raise UserProblem("'run edit' needs an instruction", 'write it behind: bridle run edit "make it retry"')
    ended, proposal, landed = asyncio.run(_whole(root, request, options))
    if options.json:
        print_json(as_json(ended, proposal))
    elif proposal is not None:
        print(proposal.diff, end="")
        print(proposal.badge.text)
        print(landed or f"accept it with: bridle proposals accept {proposal.id}, or in the editor")
    else:
        print(f"{ended.outcome}: {ended.reason}")
    return 0 if ended.outcome == "succeeded" else 1


def follow(root: Path, request: ResumeRun) -> RunEnded:
    """Resume a run and wait for its end."""

    async def whole() -> RunEnded:
        from bridle.harness.workspace import open_engine

        engine = await open_engine(root, {})
        try:
            return await _until_end(engine, request, yes=False)
        finally:
            await engine.close()

    return asyncio.run(whole())


async def _whole(root: Path, request: StartRun, options: argparse.Namespace) -> tuple[RunEnded, Proposal | None, str]:
    from bridle.harness.workspace import open_engine

    engine = await open_engine(root, {})
    try:
        if request.workflow == "fix":
            request = msgspec.structs.replace(request, finding=await _finding(engine, request))
        ended = await _until_end(engine, request, yes=options.yes)
        proposal = await _proposal(engine, ended.proposal)
        landed = ""
        if options.apply and ended.outcome == "succeeded" and proposal is not None:
            landed = await land(engine, PrepareLanding(proposal.id, confirmed=tuple(options.also)))
        return ended, proposal, landed
    finally:
        await engine.close()


async def _finding(engine: Engine, request: StartRun) -> Finding:
    """Run the checks and take the finding that is meant: the first at the place, else the first of all."""
    reply = expect(await engine.call(Verify(), LONGEST_RUN_S), Verified)
    found = [finding for verdict in reply.verdicts for finding in verdict.findings]
    at = request.at
    if at is not None:
        found = [f for f in found if f.path == at.path and f.start_line < at.end_line and at.start_line <= f.end_line]
    if not found:
        raise UserProblem("nothing to fix there: the checks found nothing", "'bridle verify' shows what they say")
    return found[0]


async def _until_end(engine: Engine, request: StartRun | ResumeRun, *, yes: bool) -> RunEnded:
    ended: asyncio.Future[RunEnded] = asyncio.get_running_loop().create_future()
    answering: set[asyncio.Task[object]] = set()

    def listen(event: EngineEvent) -> None:
        if isinstance(event, RunProgress):
            note(f"· {event.phase}: {event.message}")
        elif isinstance(event, CheckFinished) and event.run:
            note(f"·   {event.verdict.check}: {event.verdict.outcome}")
        elif isinstance(event, Ask):
            answering.add(asyncio.ensure_future(engine.call(ReplyTo(event.id, _answer(event, yes=yes)))))
        elif isinstance(event, RunEnded) and not ended.done():
            ended.set_result(event)

    engine.listen(listen)
    await engine.call(request, LONGEST_RUN_S)
    return await asyncio.wait_for(ended, LONGEST_RUN_S)


def _answer(ask: Ask, *, yes: bool) -> str:
    note(ask.message)
    if yes and ask.about == "consent":
        return ask.choices[0]
    if not sys.stdin.isatty():
        way = "--yes says yes" if ask.about == "consent" else "a rule under [permission] of your settings can allow it"
        note(f"nobody to ask here, so the answer is {ask.default!r}; {way}")
        return ask.default
    given = input(f"[{' / '.join(ask.choices)}] ").strip().lower()
    return next((choice for choice in ask.choices if given and choice.lower().startswith(given)), ask.default)


async def _proposal(engine: Engine, wanted: str) -> Proposal | None:
    reply = expect(await engine.call(GetProposals()), Proposals)
    return next((p for p in reply.proposals if p.id == ProposalId(wanted)), None)


def as_json(ended: RunEnded, proposal: Proposal | None) -> dict[str, object]:
    """Return the command's document."""
    verdicts = proposal.verdicts if proposal else ()
    return {
        "run": ended.run,
        "outcome": ended.outcome,
        "reason": ended.reason,
        "rounds": ended.rounds,
        "proposal": ended.proposal,
        "patch": proposal.diff if proposal else "",
        "badge": proposal.badge.text if proposal else "",
        "verdicts": [{"check": v.check, "outcome": v.outcome, "seconds": round(v.seconds, 3)} for v in verdicts],
        "usage": {
            "input": ended.usage.input_tokens,
            "output": ended.usage.output_tokens,
            "cache_read": ended.usage.cache_read_tokens,
            "cost_usd_micros": ended.usage.cost_usd_micros,
        },
    }
