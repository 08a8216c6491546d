"""`bridle apply`: hashline edits from a file onto the disk, against revisions that `bridle read` showed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from bridle.cli.common import add_root, find_root, print_json
from bridle.harness.nouns import UserProblem


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("edits", metavar="EDITS.json", help="the input of the edit tool, or - for standard input")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
