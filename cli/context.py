"""`bridle context`: the context bill of a task: what a model would see, why, and what it costs."""

from __future__ import annotations

import argparse
from pathlib import Path

from bridle.cli.common import add_choices, add_root, find_root, note, pins_of, place, print_json, selection, with_engine
from bridle.harness.engine import Engine, GetContext, PackPiece, PackView, expect
from bridle.harness.nouns import UserProblem

MOST_SECONDS = 3_600.0
NOTED_EVERY = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("task", nargs="?", help="what is wanted, in words")
    parser.add_argument("--at", metavar="FILE:A-B", help="the lines that the person stands on")
    parser.add_argument("--budget", type=int, default=4000, help="tokens at most (default 4000)")
    add_choices(parser, "it")
    parser.add_argument("--why-not", metavar="FILE", default="", help="say why no more of this file is in it")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--calibrate", action="store_true", help="learn from this repository's own commits, and keep it where it helps"
    )
    what.add_argument("--forget", action="store_true", help="choose by the weights that ship again")
    parser.add_argument("--seconds", type=float, default=300.0, help="about how long to learn at most (default 300)")
    parser.add_argument("--text", action="store_true", help="print the text that would be sent, too")


def main(options: argparse.Namespace) -> int:
    """Print the bill, or learn by which weights it is made."""
    root = find_root(options.root)
    if options.calibrate or options.forget:
        if options.task is not None:
            raise UserProblem("--calibrate and --forget are about no task", "leave the words out")
        return _calibrate(root, options) if options.calibrate else _forget(root, options)
    if options.task is None:
        note("bridle: say what is wanted: bridle context TASK, or --calibrate, or --forget")
        return 2
    if options.budget < 1:
        raise UserProblem(f"--budget {options.budget} is no budget", "give a number of tokens from 1 on")
    why_not = place(options.why_not, root)[0] if options.why_not else ""
    at = selection(options.at, root)
    request = GetContext(options.task, at, options.budget, pins_of(options, root), tuple(options.exclude), why_not)

    async def ask(engine: Engine) -> PackView:
        return expect(await engine.call(request, 600.0), PackView)

    view = with_engine(root, ask)
    if options.json:
        print_json(as_json(view))
        return 0
    print(bill(view))
    if options.text:
        print(view.text)
    return 0


def _calibrate(root: Path, options: argparse.Namespace) -> int:
    """Learn from the commits of `root`; 1 where nothing is kept."""
    from bridle.harness.calibrating import calibrate
    from bridle.harness.session.state import State

    if not 1.0 <= options.seconds <= MOST_SECONDS:
        raise UserProblem(f"--seconds {options.seconds:g} is no such time", f"give 1 to {MOST_SECONDS:g}")

    def progress(n_done: int, n_all: int) -> None:
        if n_done % NOTED_EVERY == 0 or n_done == n_all:
            note(f"{n_done} of {n_all} commits looked at")

    found = calibrate(State(root), options.seconds, progress)
    if options.json:
        print_json(
            {
                "calibrated": found.kept,
                "reason": found.reason,
                "commits": found.n_commits,
                "cases": found.n_cases,
                "recall_before": found.before,
                "recall_after": found.after,
                "gain": [found.low, found.gain, found.high],
                "seconds": found.seconds,
            }
        )
    else:
        print(f"{'calibrated' if found.kept else 'not calibrated'}: {found.reason}")
        print(f"  learned from {found.n_cases} commits in {found.seconds:.0f} s")
    return int(not found.kept)


def _forget(root: Path, options: argparse.Namespace) -> int:
    """Go back to the weights that ship."""
    from bridle.harness.calibrated import Calibration
    from bridle.harness.session.state import State

    forgotten = Calibration(State(root).weights).forget()
    if options.json:
        print_json({"forgotten": forgotten})
    else:
        print("context is chosen by the weights that ship again" if forgotten else "nothing was calibrated here")
    return 0


def bill(view: PackView) -> str:
    """Return the bill for a terminal."""
    lines = [f"{view.n_tokens} of {view.budget} tokens, {len(view.pieces)} pieces"]
    lines += [f"  {p.n_tokens:5}  {p.detail:9}  {_where(p)}  {p.reason}" for p in view.pieces]
    if view.left_out:
        lines.append("left out:")
        lines += [f"  {path}: {reason}" for path, reason in view.left_out]
    lines += view.notes
    if view.why_not:
        lines.append(view.why_not)
    return "\n".join(lines)


def _where(piece: PackPiece) -> str:
    return f"{piece.path}:{piece.start_line + 1}-{piece.end_line}"


def as_json(view: PackView) -> dict[str, object]:
    """Return the command's document."""
    pieces = [
        {
            "path": p.path,
            "start_line": p.start_line + 1,
            "end_line": p.end_line,
            "detail": p.detail,
            "n_tokens": p.n_tokens,
            "reason": p.reason,
            "score": p.score,
        }
        for p in view.pieces
    ]
    return {
        "n_tokens": view.n_tokens,
        "budget": view.budget,
        "pieces": pieces,
        "outline": [piece for piece in pieces if piece["detail"] == "signature"],
        "left_out": [{"path": path, "reason": reason} for path, reason in view.left_out],
        "notes": list(view.notes),
        **({"why_not": view.why_not} if view.why_not else {}),
    }
