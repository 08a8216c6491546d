"""`bridle read`: lines of a file in the hashline read form; what is shown here may be edited by `bridle apply`."""

from __future__ import annotations

import argparse

from bridle.cli.common import add_root, find_root, place, print_json
from bridle.harness.nouns import UserProblem


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument(
        "--mode",
        choices=("plain", "check", "strict"),
        help="name lines by number (plain), with a check word (check, the default), or ask for the old text too",
    )
    parser.add_argument("place", metavar="FILE[:A-B]", help="a file, and lines of it (1-based, inclusive)")


def main(options: argparse.Namespace) -> int:
    """Print the lines with their anchors."""
    from bridle.harness.buffers import read_bytes
    from bridle.harness.edits.links import check_names
    from bridle.harness.edits.problems import ToolProblem
    from bridle.harness.edits.readview import read
    from bridle.harness.edits.revisions import Revisions
    from bridle.harness.permission.consulting import permit_now
    from bridle.harness.permission.trust import Trust
    from bridle.harness.session.state import State
    from bridle.harness.settings import load

    root = find_root(options.root)
    path, first, end = place(options.place, root)
    settings = load(root, {})
    decision = permit_now(settings.policy, settings.hooks, lambda: Trust(root).trusted, "Read", path)
    if decision.verdict == "deny":
        raise UserProblem(f"{path!r} may not be read: {decision.reason}", "name a file of the workspace")
    data = read_bytes(root / path)
    if data is None:
        raise UserProblem(f"{path!r} is not a readable file", "name a file of the workspace")
    ranges = None if first is None or end is None else ((first, end),)
    try:
        check_names(root, [path])
        view = read(Revisions(State(root).cli_session, options.mode or "check"), path, data, ranges)
    except ToolProblem as problem:
        raise UserProblem(str(problem), "name other lines or another file") from problem
    if options.json:
        print_json(
            {
                "path": path,
                "rev": view.rev,
                "digest": view.digest,
                "shown": [[a + 1, b] for a, b in view.shown],
                "total": view.total,
                "mode": options.mode or "check",
                "lines": [{"anchor": anchor, "text": text} for anchor, text in view.lines],
            }
        )
    else:
        print(view.text, end="" if view.text.endswith("\n") else "\n")
    return 0
