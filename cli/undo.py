"""`bridle undo`: take back what a run landed, and keep what was changed since."""

from __future__ import annotations

import argparse

from bridle.cli.common import add_root, find_root, print_json, with_engine
from bridle.cli.landing import land
from bridle.harness.engine import PrepareUndo


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("run", nargs="?", default="", help="the run (default: the last change that landed)")


def main(options: argparse.Namespace) -> int:
    """Undo."""
    said = with_engine(find_root(options.root), lambda engine: land(engine, PrepareUndo(options.run)))
    if options.json:
        print_json({"undone": True, "message": said})
    else:
        print(said)
    return 0
