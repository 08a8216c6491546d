"""`bridle exec`: one command in a shadow of the workspace; what it would change is told, and landed only when asked."""

from __future__ import annotations

import argparse
import sys

from bridle.cli.common import add_root, find_root, note, print_json, with_engine
from bridle.cli.landing import land
from bridle.harness.engine import Engine, Exec, Executed, PrepareLanding, ProposalId, expect

SLACK_S = 120.0
LONGEST_S = 7_200.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.usage = "bridle exec [--root DIR] [--json] [--apply] [--timeout SECONDS] -- CMD [ARG ...]"
    parser.add_argument("--apply", action="store_true", help="land what it changed (bridle undo takes it back)")
    parser.add_argument(
        "--timeout", type=_seconds, default=0.0, metavar="SECONDS", help="default: the setting timeout_s"
    )
    parser.add_argument("argv", nargs="+", metavar="CMD", help="the program and its arguments; no shell reads them")


def main(options: argparse.Namespace) -> int:
    """Run the command; 0 when it ended with 0 (and its changes landed, with --apply)."""
    argv = options.argv[1:] if options.argv[0] == "--" else options.argv
    request = Exec(tuple(argv), options.timeout, offer=options.apply)

    async def ask(engine: Engine) -> tuple[Executed, str]:
        done = expect(await engine.call(request, (options.timeout or LONGEST_S) + SLACK_S), Executed)
        landed = ""
        if done.proposal and done.outcome == "pass":
            landed = await land(engine, PrepareLanding(ProposalId(done.proposal), force=True))
        return done, landed

    done, landed = with_engine(find_root(options.root), ask)
    if options.json:
        print_json(as_json(done, landed=bool(landed)))
    else:
        _print(done, landed, apply=options.apply)
    return 0 if done.outcome == "pass" else 1


def as_json(done: Executed, *, landed: bool) -> dict[str, object]:
    """Return the command's document."""
    return {
        "run": done.run,
        "exit": done.exit_code,
        "outcome": done.outcome,
        "reason": done.reason,
        "seconds": round(done.seconds, 3),
        "cpu_seconds": round(done.cpu_s, 3),
        "peak_bytes": done.peak_bytes,
        "rung": done.rung,
        "changes": [
            {"path": change.path, "kind": change.kind}
            | ({"source": change.source} if change.source else {})
            | ({"left_out": change.left_out} if change.left_out else {})
            for change in done.changes
        ],
        "ignored": list(done.ignored),
        "stdout": done.stdout.decode("utf-8", "replace"),
        "stderr": done.stderr.decode("utf-8", "replace"),
        "truncated": done.truncated,
        "applied": landed,
    }


def _print(done: Executed, landed: str, *, apply: bool) -> None:
    sys.stdout.buffer.write(done.stdout)
    sys.stdout.buffer.flush()
    sys.stderr.buffer.write(done.stderr)
    sys.stderr.buffer.flush()
    how = f"exit {done.exit_code}" if done.exit_code is not None else done.outcome
    because = f" ({done.reason})" if done.reason else ""
    note(f"· {how}{because} after {done.seconds:.2f} s, on the rung {done.rung}")
    for change in done.changes:
        source = f" from {change.source}" if change.source else ""
        kept_out = f"  — stays here: {change.left_out}" if change.left_out else ""
        note(f"· {change.kind:8} {change.path}{source}{kept_out}")
    if done.ignored:
        note(f"· {len(done.ignored)} changed paths are ignored by git and stay in the shadow")
    if landed:
        note(f"· {landed}; bridle undo {done.run} takes it back")
    elif done.changes and apply:
        note("· nothing landed: " + ("the command failed" if done.outcome != "pass" else "none of it may"))
    elif done.changes:
        note("· nothing of the workspace was changed; --apply lands it")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and {LONGEST_S:.0f} seconds")
    return seconds
