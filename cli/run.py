"""`bridle run`: one workflow from the command line, its proposal shown, landed only when asked."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec

from bridle.cli.common import add_choices, add_root, find_root, note, pins_of, print_json, selection
from bridle.cli.landing import add_also, land
from bridle.harness.engine import (
    Ask,
    CheckFinished,
    Engine,
    EngineEvent,
    Finding,
    GetProposals,
    Paper,
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
from bridle.harness.phases.library import SHIPPED, shipped

LONGEST_RUN_S = 7200.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("workflow", help="edit, fix, feature, test, document, explain, review, triage, or your own")
    parser.add_argument("instruction", nargs="?", default="", help="what to do; some workflows need none")
    parser.add_argument("--at", metavar="FILE:A-B", help="the lines that the person stands on")
    parser.add_argument(
        "--with",
        dest="sources",
        action="append",
        default=[],
        metavar="SOURCE.NAME=VALUE",
        help="an argument of a source that the workflow names, as issue.file=issue.txt; may be repeated",
    )
    add_choices(parser, "what the run sees")
    parser.add_argument("--apply", action="store_true", help="land the proposal when it is verified")
    add_also(parser)
    parser.add_argument("--yes", action="store_true", help="answer yes to the question before the first model call")


def main(options: argparse.Namespace) -> int:
    """Run the workflow; 0 when the proposal is verified (and landed, with --apply)."""
    root = find_root(options.root)
    request = StartRun(options.workflow, options.instruction, selection(options.at, root))
    if (
        request.workflow in SHIPPED
        and shipped(request.workflow).needs == "instruction"
        and not request.instruction.strip()
    ):
        how = f'write it behind: bridle run {request.workflow} "make it retry"'
        raise UserProblem(f"'run {request.workflow}' needs an instruction", how)
    request = msgspec.structs.replace(
        request,
        sources=_sources(options.sources),
        pinned=pins_of(options, root),
        excluded=tuple(options.exclude),
    )
    ended, proposal, landed, papers = asyncio.run(_whole(root, request, options))
    if options.json:
        print_json(as_json(ended, proposal) | {"papers": papers})
    elif proposal is not None:
        print(proposal.diff, end="")
        print(proposal.badge.text)
        for said in proposal.notes:
            print(f"· {said}")
        print(landed or f"accept it with: bridle proposals accept {proposal.id}, or in the editor")
    elif papers and ended.outcome == "succeeded":
        print("\n\n".join(text.strip() for text in papers.values()))
    else:
        print(f"{ended.outcome}: {ended.reason}")
    return 0 if ended.outcome == "succeeded" else 1


def _sources(given: list[str]) -> dict[str, dict[str, str]]:
    """Return the arguments of sources. Raises UserProblem."""
    found: dict[str, dict[str, str]] = {}
    for one in given:
        key, sign, value = one.partition("=")
        source, dot, name = key.partition(".")
        if not sign or not dot or not source or not name:
            raise UserProblem(
                f"--with {one!r} names no argument of a source", "write it as: --with issue.file=issue.txt"
            )
        found.setdefault(source, {})[name] = value
    return found


def follow(root: Path, request: ResumeRun) -> RunEnded:
    """Resume a run and wait for its end."""

    async def whole() -> RunEnded:
        from bridle.harness.workspace import open_engine

        engine = await open_engine(root, {})
        try:
            return await _until_end(engine, request, {}, yes=False)
        finally:
            await engine.close()

    return asyncio.run(whole())


async def _whole(
    root: Path, request: StartRun, options: argparse.Namespace
) -> tuple[RunEnded, Proposal | None, str, dict[str, str]]:
    """Run it; returns its end, its proposal, what was said of the landing, and what it wrote to be read."""
    from bridle.harness.workspace import open_engine

    engine = await open_engine(root, {})
    try:
        if request.workflow == "fix":
            request = msgspec.structs.replace(request, finding=await _finding(engine, request))
        papers: dict[str, str] = {}
        ended = await _until_end(engine, request, papers, yes=options.yes)
        proposal = await _proposal(engine, ended.proposal)
        landed = ""
        if options.apply and ended.outcome == "succeeded" and proposal is not None:
            landed = await land(engine, PrepareLanding(proposal.id, confirmed=tuple(options.also)))
        return ended, proposal, landed, papers
    finally:
        await engine.close()


async def _finding(engine: Engine, request: StartRun) -> Finding | None:
    """Run the checks and take the finding that is meant: the first at the place, else the first of all.

    Where they find nothing there, words alone say what is wrong: None, and a test has to show it first.
    """
    reply = expect(await engine.call(Verify(), LONGEST_RUN_S), Verified)
    found = [finding for verdict in reply.verdicts for finding in verdict.findings]
    at = request.at
    if at is not None:
        found = [f for f in found if f.path == at.path and f.start_line < at.end_line and at.start_line <= f.end_line]
    if not found and request.instruction.strip():
        return None
    if not found:
        raise UserProblem("nothing to fix there: the checks found nothing", "'bridle verify' shows what they say")
    return found[0]


async def _until_end(engine: Engine, request: StartRun | ResumeRun, papers: dict[str, str], *, yes: bool) -> RunEnded:
    """Follow a run to its end; `papers` takes what it writes to be read."""
    ended: asyncio.Future[RunEnded] = asyncio.get_running_loop().create_future()
    answering: set[asyncio.Task[object]] = set()

    def listen(event: EngineEvent) -> None:
        if isinstance(event, RunProgress):
            note(f"· {event.phase}: {event.message}")
        elif isinstance(event, CheckFinished) and event.run:
            note(f"·   {event.verdict.check}: {event.verdict.outcome}")
        elif isinstance(event, Paper):
            note(f"· {event.name}: {event.path}")
            papers[event.name] = event.text
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
        note(f"nobody to ask here, so the answer is {ask.default!r}" + (f"; {way}" if ask.about != "task" else ""))
        return "" if ask.about == "task" else ask.default
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
        "resumable": ended.resumable,
        "proposal": ended.proposal,
        "patch": proposal.diff if proposal else "",
        "badge": proposal.badge.text if proposal else "",
        "notes": list(proposal.notes) if proposal else [],
        "verdicts": [{"check": v.check, "outcome": v.outcome, "seconds": round(v.seconds, 3)} for v in verdicts],
        "usage": {
            "input": ended.usage.input_tokens,
            "output": ended.usage.output_tokens,
            "cache_read": ended.usage.cache_read_tokens,
            "cost_usd_micros": ended.usage.cost_usd_micros,
        },
    }
