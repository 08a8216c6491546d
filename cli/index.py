"""`bridle index`: what is in the workspace, and how long it took to know."""

from __future__ import annotations

import argparse
import resource
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bridle.cli.common import add_root, find_root, note, print_json

if TYPE_CHECKING:
    from bridle.indexer.snapshot import Snapshot

SHOWN_SKIPPED = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("path", nargs="?", type=Path, help="the folder to index (default: the workspace)")


def main(options: argparse.Namespace) -> int:
    """Index, from the store where files are known, and print the figures."""
    from bridle.harness.session.state import State
    from bridle.indexer.index import Index

    root = find_root(options.path or options.root)
    index = Index(root, State(root).index)
    try:
        snapshot = index.refresh(_progress)
    finally:
        index.close()
    document = as_json(snapshot)
    if options.json:
        print_json(document)
    else:
        print(text(document))
    return 0


def _progress(n_done: int, n_files: int) -> None:
    if n_done == n_files or n_done % 200 == 0:
        note(f"· {n_done} of {n_files} files")
