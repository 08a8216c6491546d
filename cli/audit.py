"""`bridle audit`: what was done in this workspace, by whom and by which rule; and whether the record of it is whole."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.harness.audit.afterwards import counted, fates
from bridle.harness.audit.trail import Action, actions
from bridle.harness.audit.wholeness import Wrong, against, lines, problems, readings
from bridle.harness.buffers import read_bytes
from bridle.harness.nouns import Fault, RunId, UserProblem
from bridle.harness.proposals.ledger import Ledger
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.journal import Reading, entered, read_journal
from bridle.harness.session.state import State
from bridle.harness.session.storage import write_whole

DIALOGUE = frozenset(("told", "tool_replied", "model_called"))
"""What is only said to the model: shown with --all."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument(
        "action",
        nargs="?",
        default="show",
        choices=["show", "verify", "export", "hunks"],
        help="what to do (default: show)",
    )
    parser.add_argument("run", nargs="?", help="show, export, hunks: this run alone")
    parser.add_argument("--all", action="store_true", help="show: what was said to the model as well")
    parser.add_argument("--against", type=Path, metavar="FILE", help="verify: hold the journals against an export too")
    parser.add_argument("--output", type=Path, metavar="FILE", help="export: write it there instead of printing it")


def main(options: argparse.Namespace) -> int:
    """Do what was asked; 1 when something was altered, or is gone."""
    state = State(find_root(options.root))
    journals = state.journals
    if options.action == "hunks":
        return _hunks(state, options)
    if options.action == "verify":
        return _verify(journals, options)
    known = _asked(journals, options.run)
    if options.action == "export":
        return _export(known, options)
    found = [one for one in _by_time(known) if options.all or one.kind not in DIALOGUE]
    damaged = {reading.run: reading.damage for reading in known if reading.damage}
    if options.json:
        print_json({"actions": [msgspec.to_builtins(one) for one in found], "damaged": damaged})
        return int(bool(damaged))
    for one in found:
        print(_line(one))
    for run, problem in damaged.items():
        note(f"{run}: {problem}")
    if not found:
        print("nothing was done here yet")
    return int(bool(damaged))


def _asked(journals: Path, run: str | None) -> list[Reading]:
    return [read_journal(journals, RunId(run))] if run else list(readings(journals))


def _by_time(known: list[Reading]) -> list[Action]:
    return sorted((one for reading in known for one in actions(reading)), key=lambda one: (one.time, one.run, one.seq))


def _line(one: Action) -> str:
    more = [f"rule {one.rule}"] if one.rule else []
    more += [one.rung] if one.rung and one.kind == "ran" else []
    return f"{one.when}  {one.run}  {one.who:6} {one.text}" + (f"  [{'; '.join(more)}]" if more else "")


def _verify(journals: Path, options: argparse.Namespace) -> int:
    if options.run:
        raise UserProblem("'audit verify' looks at all runs", "leave the name of the run out")
    known = list(readings(journals))
    wrong: tuple[Wrong, ...] = problems(journals, known)
    if options.against is not None:
        wrong += against(options.against, known, entered(journals).dropped)
    n_records = sum(len(reading.records) for reading in known)
    if options.json:
        rows = [msgspec.to_builtins(one) for one in wrong]
        print_json({"whole": not wrong, "runs": len(known), "records": n_records, "problems": rows})
        return int(bool(wrong))
    for one in wrong:
        print(f"{one.run}: {one.problem}")
    if wrong:
        note("what is told of these runs is not to be relied on from there on")
    else:
        held = f", and stand as in {options.against}" if options.against else ""
        print(f"runs: {len(known)}, records: {n_records}, all whole{held}")
    return int(bool(wrong))


def _export(known: list[Reading], options: argparse.Namespace) -> int:
    damaged = [reading for reading in known if reading.damage]
    for reading in damaged:
        note(f"{reading.run}: {reading.damage}; what stands before is exported")
    told = _encoded(known)
    if options.output is None:
        sys.stdout.buffer.writelines(told)
        sys.stdout.buffer.flush()
    else:
        write_whole(options.output.absolute(), b"".join(told))
        note(f"wrote {options.output}; keep it where this machine cannot write")
    return int(bool(damaged))


def _hunks(state: State, options: argparse.Namespace) -> int:
    """Tell what became of every hunk that was offered."""
    offers = [one for one in Ledger(state.proposals).newest_first() if options.run in (None, one.proposal.run)]
    blobs = Blobs(state.blobs)

    def content(name: str) -> bytes | None:
        try:
            return blobs.get(name)
        except Fault:  # it was let go, or is not what was kept: how the hunk stands is not known then
            return None

    found = list(fates(offers, content, lambda path: read_bytes(state.root / path)))
    if options.json:
        print_json({"hunks": [msgspec.to_builtins(one) for one in found], "counts": counted(found)})
        return 0
    for one in found:
        lines = f" ({one.kept} of {one.lines} lines)" if one.afterwards == "edited since" else ""
        said = f": {one.afterwards}{lines}" if one.afterwards else ""
        print(f"{one.proposal}  {one.path}  hunk {one.hunk}  {one.state}{said}")
    print(", ".join(f"{name.replace('_', ' ')} {number}" for name, number in counted(found).items()))
    return 0


def _encoded(known: list[Reading]) -> Iterator[bytes]:
    return (msgspec.json.encode(line) + b"\n" for reading in known for line in lines(reading))
