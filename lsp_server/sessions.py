"""What the person does with runs that are over or were cut off: on, back, another way, or given up."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from bridle.harness.engine import (
    DiscardRun,
    Done,
    ForkRun,
    GetSessions,
    PrepareRewind,
    ResumeRun,
    RunAccepted,
    RunId,
    SessionRow,
    Sessions,
    UserProblem,
)
from bridle.lsp_server import deciding
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.happenings import Happenings
from bridle.lsp_server.session import Session

ASK_S = 8.0
CHOOSE_S = 600.0
MAX_CHOICES = 4
MAX_WORDS = 40

Json = dict[str, Any]


async def resume(session: Session, happenings: Happenings, argument: Argument) -> Json:
    """Go on with an interrupted run; with `take` even where another process has it. Raises UserProblem."""
    run = _resumable(session, argument)
    async with asyncio.timeout(ASK_S):
        await session.mirror.flush()
        accepted = await session.link.ask(ResumeRun(run, argument.take), RunAccepted)
    happenings.begin_run(accepted.run, "taking up an interrupted run")
    return {"run": accepted.run}


async def discard(session: Session, argument: Argument) -> Json:
    """Give an interrupted run up. Raises UserProblem."""
    async with asyncio.timeout(ASK_S):
        await session.link.ask(DiscardRun(_resumable(session, argument)), Done)
        await session.refresh_status()
    return {}


async def fork(session: Session, argument: Argument) -> Json:
    """Begin a run where another one stood, at its last step unless one is named. Raises UserProblem."""
    run = RunId(argument.run) if argument.run else await _chosen(session, "Which run shall be forked?")
    async with asyncio.timeout(ASK_S):
        accepted = await session.link.ask(ForkRun(run, argument.to), RunAccepted)
        await session.refresh_status()
    session.editor.show(f"{accepted.run} stands where {run} stood; bridle.resume goes on with it")
    return {"run": accepted.run, "parent": run}


async def rollback(session: Session, argument: Argument) -> list[str]:
    """Bring a run back to a step, its first unless one is named; returns the files that changed. Raises UserProblem."""
    run = RunId(argument.run) if argument.run else await _chosen(session, "Which run shall go back to its beginning?")
    changed = await deciding.rewind(session, PrepareRewind(run, argument.to or 1, argument.only), argument.on_clash)
    await session.refresh_status()
    return changed


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
    return f"{when} {row.workflow}: {row.instruction[:MAX_WORDS]} ({row.id[-6:]})"


def _resumable(session: Session, argument: Argument) -> RunId:
    status = session.status
    run = argument.run or next(iter(status.resumable if status else ()), "")
    if not run:
        raise UserProblem("there is no interrupted run", "'bridle sessions' lists the runs")
    return RunId(run)
