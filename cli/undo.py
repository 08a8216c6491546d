"""`bridle undo`: take back what a run landed, and keep what was changed since."""

from __future__ import annotations

import argparse

from bridle.cli.common import add_root, find_root, print_json, with_engine
from bridle.cli.landing import add_on_clash, take_back
from bridle.harness.engine import Engine, GetProposals, Proposals, expect


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("run", nargs="?", default="", help="the run, all that it landed (default: the last landing)")
    add_on_clash(parser)


def main(options: argparse.Namespace) -> int:
    """Undo."""
    said = with_engine(find_root(options.root), lambda engine: _undo(engine, options))
    if options.json:
        print_json({"undone": True, "message": "\n".join(said)})
    else:
        print("\n".join(said))
    return 0


async def _undo(engine: Engine, options: argparse.Namespace) -> list[str]:
    """Take back the last landing, or every one of the named run."""
    said = [await take_back(engine, options.run, options.on_clash)]
    while options.run and await _stands(engine, options.run):
        said.append(await take_back(engine, options.run, options.on_clash))
    return said


async def _stands(engine: Engine, run: str) -> bool:
    known = expect(await engine.call(GetProposals()), Proposals).proposals
    return any(hunk.state == "accepted" for one in known if one.run == run for hunk in one.hunks)
