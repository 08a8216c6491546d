"""`bridle workflows`: what can be run here, and what is wrong with files that were to be workflows."""

from __future__ import annotations

import argparse

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json, with_engine
from bridle.harness.engine import Engine, GetWorkflows, Workflows, expect

NEEDS = {
    "instruction": "says what is wanted",
    "finding": "starts from a finding",
    "either": "starts from a finding, or from words",
    "nothing": "needs no words",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)


def main(options: argparse.Namespace) -> int:
    """List them; 1 when a file cannot be used."""
    found = with_engine(find_root(options.root), _all)
    if options.json:
        rows = [msgspec.to_builtins(row) for row in found.workflows]
        problems = [{"message": message, "next_step": step} for message, step in found.problems]
        print_json({"workflows": rows, "problems": problems})
    else:
        for row in found.workflows:
            kind = "" if row.changes else ", changes nothing"
            print(f"{row.name:12} {row.title} ({NEEDS[row.needs]}{kind})" + (f"  {row.path}" if row.path else ""))
    for message, step in found.problems:
        note(f"{message}; {step}")
    return int(bool(found.problems))


async def _all(engine: Engine) -> Workflows:
    return expect(await engine.call(GetWorkflows()), Workflows)
