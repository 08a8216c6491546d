"""What the person does with runs that are over or were cut off: looked at, on, back, another way, or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from bridle.harness.engine import (
    DiscardRun,
    Done,
    ForkRun,
    GetSessions,
    GetStory,
    PrepareRewind,
    ResumeRun,
    RunAccepted,
    RunId,
    RunStory,
    SessionRow,
    Sessions,
    UserProblem,
)
from bridle.lsp_server import deciding
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.desk import CommandOf, Desk
from bridle.lsp_server.session import Session

ASK_S = 8.0
CHOOSE_S = 600.0
MAX_CHOICES = 4
MAX_WORDS = 40

Json = dict[str, Any]


async def resume(desk: Desk, argument: Argument) -> Json:
    """Go on with an interrupted run; with `take` even where another process has it. Raises UserProblem."""
    session, run = desk.session, _resumable(desk.session, argument)
    async with asyncio.timeout(ASK_S):
        await session.mirror.flush()
        accepted = await session.link.ask(ResumeRun(run, argument.take), RunAccepted)
    desk.happenings.begin_run(accepted.run, "taking up an interrupted run")
    return {"run": accepted.run}


async def discard(desk: Desk, argument: Argument) -> Json:
    """Give an interrupted run up. Raises UserProblem."""
    session = desk.session
    async with asyncio.timeout(ASK_S):
        await session.link.ask(DiscardRun(_resumable(session, argument)), Done)
        await session.refresh_status()
    session.tell_runs()
    return {}


async def fork(desk: Desk, argument: Argument) -> Json:
    """Begin a run where another one stood, at its last step unless one is named. Raises UserProblem."""
    session = desk.session
    run = RunId(argument.run) if argument.run else await _chosen(session, "Which run shall be forked?")
    async with asyncio.timeout(ASK_S):
        accepted = await session.link.ask(ForkRun(run, argument.to), RunAccepted)
        await session.refresh_status()
    session.tell_runs()
    session.editor.show(f"{accepted.run} stands where {run} stood; bridle.resume goes on with it")
    return {"run": accepted.run, "parent": run}


def rollback(desk: Desk, argument: Argument) -> Json:
    """Bring a run back to an earlier step of its own, its first unless one is named."""
    session = desk.session

    async def work() -> None:
        run = RunId(argument.run) if argument.run else await _chosen(session, "Which run shall go back?")
        request = PrepareRewind(run, argument.to or 1, argument.only)
        changed = await deciding.rewind(session, request, argument.on_clash)
        await session.refresh_status()
        desk.check_again(changed)

    session.spawn(work())
    return {}


async def listed(desk: Desk, argument: Argument) -> Json:
    """Return the runs of this folder, the newest first; with `show`, open the list."""
    session = desk.session
    async with asyncio.timeout(ASK_S):
        rows = (await session.link.ask(GetSessions(), Sessions)).sessions
    if argument.show:
        lines = [*map(_line, rows)] or ["no runs yet"]
        session.spawn(deciding.show_text(session, "sessions.txt", "\n".join(lines) + "\n"))
    folder = session.places.uri("").rstrip("/")
    return {"folder": folder, "sessions": [_as_json(row) for row in rows]}


async def story(desk: Desk, argument: Argument) -> Json:
    """Return one run with its latest steps; with `show`, open all that is told of it. Raises UserProblem."""
    session = desk.session
    run = RunId(argument.run) if argument.run else await _chosen(session, "Which run shall be shown?")
    async with asyncio.timeout(ASK_S):
        told = await session.link.ask(GetStory(run), RunStory)
    if argument.show:
        session.spawn(deciding.show_text(session, f"{run}.txt", "\n".join(told.lines) + "\n"))
    return {"session": _as_json(told.session), "steps": [msgspec.to_builtins(step) for step in told.steps]}


ON_RUNS: Mapping[str, CommandOf] = {
    "bridle.sessions": listed,
    "bridle.story": story,
    "bridle.resume": resume,
    "bridle.discard": discard,
    "bridle.rollback": rollback,
    "bridle.fork": fork,
}


def _as_json(row: SessionRow) -> Json:
    used = row.usage
    return {
        "id": row.id,
        "workflow": row.workflow,
        "instruction": row.instruction,
        "title": row.title or row.instruction,
        "state": _state(row),
        "started": row.started,
        "steps": row.steps,
        "resumable": row.resumable,
        "live": row.live,
        "parent": row.parent,
        "tokens": used.input_tokens + used.output_tokens,
        "cost_usd_micros": used.cost_usd_micros,
    }


def _line(row: SessionRow) -> str:
    when = datetime.fromtimestamp(row.started).astimezone().strftime("%Y-%m-%d %H:%M")
    title = (row.title or row.instruction)[:MAX_WORDS]
    return f"{row.id}  {when}  {row.workflow}: {title}: {_state(row)}, {row.steps} steps"


def _state(row: SessionRow) -> str:
    """Return how a run stands, in a word or two."""
    if row.live and not row.outcome:
        return "under way"
    return row.outcome or "interrupted"


async def _chosen(session: Session, words: str) -> RunId:
    """Ask which of the latest runs is meant. Raises UserProblem where nobody says."""
    found = (await session.link.ask(GetSessions(), Sessions)).sessions
    rows = {_title(row): row.id for row in [row for row in found if not row.live][:MAX_CHOICES]}
    if not rows:
        raise UserProblem("there is no run", "'bridle sessions' lists the runs")
    choice = await session.editor.ask(words, tuple(rows), CHOOSE_S) if session.editor.client.questions else None
    if choice not in rows:
        raise UserProblem("no run is named", f'name one: {{"run": "{next(iter(rows.values()))}"}} is the latest')
    return rows[choice]


def _title(row: SessionRow) -> str:
    when = datetime.fromtimestamp(row.started).astimezone().strftime("%H:%M")
    return f"{when} {row.workflow}: {(row.title or row.instruction)[:MAX_WORDS]} ({row.id[-6:]})"


def _resumable(session: Session, argument: Argument) -> RunId:
    status = session.status
    run = argument.run or next(iter(status.resumable if status else ()), "")
    if not run:
        raise UserProblem("there is no interrupted run", "'bridle sessions' lists the runs")
    return RunId(run)
