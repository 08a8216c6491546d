"""`bridle sessions`: the runs of this workspace, and what to do with one that was cut off."""

from __future__ import annotations

import argparse
from datetime import datetime

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json, with_engine
from bridle.cli.run import follow
from bridle.harness.engine import (
    DiscardRun,
    Engine,
    GetSessions,
    ResumeRun,
    RunId,
    SessionRow,
    Sessions,
    expect,
)
from bridle.harness.nouns import UserProblem


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("action", nargs="?", default="list", choices=["list", "show", "resume", "discard"])
    parser.add_argument("id", nargs="?", help="the run")


def main(options: argparse.Namespace) -> int:
    """Do what was asked; 1 when a resumed run is not green."""
    root = find_root(options.root)
    if options.action == "list":
        rows = with_engine(root, _list).sessions
        _print(rows, as_json=options.json)
        return 0
    if not options.id:
        raise UserProblem(f"'sessions {options.action}' needs a run", "take its id from 'bridle sessions'")
    run = RunId(options.id)
    if options.action == "show":
        rows = tuple(row for row in with_engine(root, _list).sessions if row.id == run)
        if not rows:
            raise UserProblem(f"there is no run {run!r}", "'bridle sessions' lists them")
        _print(rows, as_json=options.json)
        return 0
    if options.action == "discard":
        with_engine(root, lambda engine: engine.call(DiscardRun(run)))
        note(f"discarded {run}; its journal stays")
        return 0
    ended = follow(root, ResumeRun(run))
    if options.json:
        print_json({"run": ended.run, "outcome": ended.outcome, "reason": ended.reason})
    return 0 if ended.outcome == "succeeded" else 1


async def _list(engine: Engine) -> Sessions:
    return expect(await engine.call(GetSessions()), Sessions)


def _print(rows: tuple[SessionRow, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"sessions": [msgspec.to_builtins(row) for row in rows]})
        return
    for row in rows:
        when = datetime.fromtimestamp(row.started).astimezone().strftime("%Y-%m-%d %H:%M")
        mark = "  (can be resumed)" if row.resumable else ""
        print(f"{row.id}  {when}  {row.workflow:5} {row.outcome or 'interrupted':14} {row.instruction[:60]}{mark}")
    if not rows:
        print("no runs yet")
