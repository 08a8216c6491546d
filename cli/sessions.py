"""`bridle sessions`: the runs of this workspace, what each did, and going on, back or another way from any step."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json, with_engine
from bridle.cli.landing import add_on_clash, go_back
from bridle.cli.run import follow
from bridle.harness.audit.sharing import as_markdown, shared
from bridle.harness.audit.story import as_document, story
from bridle.harness.audit.telling import lines_of
from bridle.harness.engine import (
    DiscardRun,
    Engine,
    ForkRun,
    GetSessions,
    PrepareRewind,
    ResumeRun,
    RunAccepted,
    RunId,
    SessionRow,
    Sessions,
    expect,
)
from bridle.harness.nouns import UserProblem
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.journal import read_journal
from bridle.harness.session.runs import look
from bridle.harness.session.state import State
from bridle.harness.session.storage import write_whole


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument(
        "action", nargs="?", default="list", choices=["list", *_ACTIONS], help="what to do (default: list)"
    )
    parser.add_argument("id", nargs="?", help="the run")
    parser.add_argument(
        "--to", type=int, default=0, metavar="STEP", help="rollback, fork: the step, as 'show' numbers them"
    )
    parser.add_argument(
        "--take",
        action="store_true",
        help="resume: even where another Bridle has the run in hand and does not answer; it can then write no more",
    )
    parser.add_argument("--only", choices=["files", "conversation"], help="rollback: leave the other as it is")
    add_on_clash(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="export: write it there instead of printing it")
    parser.add_argument("--markdown", action="store_true", help="export: a page to read instead of JSON")
    parser.add_argument("--with-files", action="store_true", help="export: with the files that the run touched")


def main(options: argparse.Namespace) -> int:
    """Do what was asked; 1 when a resumed run is not green."""
    root = find_root(options.root)
    if options.action == "list":
        rows = with_engine(root, _list).sessions
        _print(rows, as_json=options.json)
        return 0
    if not options.id:
        raise UserProblem(f"'sessions {options.action}' needs a run", "take its id from 'bridle sessions'")
    return _ACTIONS[options.action](root, RunId(options.id), options)


# --- looking ------------------------------------------------------------------------------------------------------


def _show(root: Path, run: RunId, options: argparse.Namespace) -> int:
    journals = State(root).journals
    told = story(read_journal(journals, run))
    row = look(journals, run).as_row()
    if options.json:
        print_json({"sessions": [msgspec.to_builtins(row)], **as_document(told)})
        return 0
    _print((row,), as_json=False)
    print("\n".join(lines_of(told)))
    return 0


def _export(root: Path, run: RunId, options: argparse.Namespace) -> int:
    state = State(root)
    reading = read_journal(state.journals, run)
    content = Blobs(state.blobs).get if options.with_files else None
    document = shared(story(reading), reading, content)
    text = as_markdown(document) if options.markdown else msgspec.json.format(msgspec.json.encode(document)).decode()
    if options.output is None:
        print(text)
        return 0
    write_whole(options.output.absolute(), text.encode("utf-8", "replace"))
    note(f"wrote {options.output}; read it before you hand it on: only what looks like a key was hidden")
    return 0


# --- doing --------------------------------------------------------------------------------------------------------


def _resume(root: Path, run: RunId, options: argparse.Namespace) -> int:
    ended = follow(root, ResumeRun(run, options.take))
    if options.json:
        print_json({"run": ended.run, "outcome": ended.outcome, "reason": ended.reason})
    return 0 if ended.outcome == "succeeded" else 1


def _fork(root: Path, run: RunId, options: argparse.Namespace) -> int:
    reply = with_engine(root, lambda engine: engine.call(ForkRun(run, options.to)))
    new = expect(reply, RunAccepted).run
    if options.json:
        print_json({"run": new, "parent": run})
    else:
        print(f"{new} stands where {run} stood; go on with: bridle sessions resume {new}")
    return 0


def _rollback(root: Path, run: RunId, options: argparse.Namespace) -> int:
    request = PrepareRewind(run, options.to or 1, options.only or "")
    said = with_engine(root, lambda engine: go_back(engine, request, options.on_clash))
    row = look(State(root).journals, run).as_row()
    if options.json:
        print_json({"run": run, "to": request.to, "message": said, "sessions": [msgspec.to_builtins(row)]})
    else:
        print(said)
        if row.resumable:
            print(f"go on from there with: bridle sessions resume {run}")
    return 0


def _discard(root: Path, run: RunId, options: argparse.Namespace) -> int:
    with_engine(root, lambda engine: engine.call(DiscardRun(run)))
    if options.json:
        print_json({"run": run, "discarded": True})
    note(f"discarded {run}; its journal stays")
    return 0


async def _list(engine: Engine) -> Sessions:
    return expect(await engine.call(GetSessions()), Sessions)


def _print(rows: tuple[SessionRow, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"sessions": [msgspec.to_builtins(row) for row in rows]})
        return
    for row in rows:
        when = datetime.fromtimestamp(row.started).astimezone().strftime("%Y-%m-%d %H:%M")
        mark = "  (can be resumed)" if row.resumable else "  (under way)" if row.live else ""
        print(f"{row.id}  {when}  {row.workflow:5} {row.outcome or 'interrupted':14} {row.instruction[:60]}{mark}")
    if not rows:
        print("no runs yet")


_ACTIONS: dict[str, Callable[[Path, RunId, argparse.Namespace], int]] = {
    "show": _show,
    "resume": _resume,
    "fork": _fork,
    "rollback": _rollback,
    "discard": _discard,
    "export": _export,
}
