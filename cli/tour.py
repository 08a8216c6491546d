"""`bridle tour`: the main job on a small real project, driven as an editor would drive it, on this machine.

Works on a copy of the examples, in a state folder of its own, and leaves both behind only when something failed.
Every figure it prints was measured in this run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from bridle.cli.common import note, print_json
from bridle.harness.nouns import UserProblem

SABOTAGES = ("verify", "anchors", "sandbox")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--json", action="store_true", help="print exactly one JSON document on standard output")
    parser.add_argument("--keep", action="store_true", help="keep the copy that the tour worked on")


def main(options: argparse.Namespace) -> int:
    """Take the tour; 1 when a stage does not show what it should."""
    from bridle.cli.tour_stages import Tour

    sabotage = os.environ.get("SABOTAGE", "")
    if sabotage and sabotage not in SABOTAGES:
        raise UserProblem(f"SABOTAGE={sabotage!r} is unknown", f"the sabotages are {', '.join(SABOTAGES)}")
    place = Path(tempfile.mkdtemp(prefix="bridle-tour-"))
    say = note if options.json else print
    try:
        tour = Tour(place, say, sabotage)
        ok = tour.take()
    finally:
        if options.keep:
            note(f"kept: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)
    if options.json:
        print_json(tour.document())
    return 0 if ok else 1
