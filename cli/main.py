"""The `bridle` command: finds the command asked for, runs it, and turns what went wrong into one of four exit codes.

Exit codes: 0 done, 1 not green or refused, 2 usage, 3 a fault of ours. A command's module is imported only when
it is called, so that `bridle --version` stays fast.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Collection, Sequence
from importlib import import_module
from types import ModuleType

COMMANDS = {
    "serve": "speak the Language Server Protocol with an editor",
    "init": "find what is here, and write a commented bridle.toml for it",
    "tour": "see the whole of it on a small project, on this machine",
    "doctor": "check what Bridle needs here, each with the next step",
    "trust": "let Bridle run this folder's own checks, or take that back",
    "permissions": "tell what would be decided about a command, an edit or a read, and by which rule",
    "key": "set, test or remove the model's key",
    "mcp": "serve an agent by MCP; list, approve or drop the servers whose tools a model may call",
    "index": "index the workspace and print what is in it",
    "symbols": "tell where a name is defined",
    "graph": "tell what depends on what: callers, tests, impact, circles",
    "context": "show what a model would see for a task, and why",
    "read": "print lines of a file with their anchors",
    "apply": "apply hashline edits from a file, all or nothing",
    "exec": "run one command in a shadow of the workspace, and see what it would change",
    "verify": "run the project's checks and print the verdicts",
    "run": "let the model change code in a shadow and prove it",
    "proposals": "list, show, accept or reject what is on offer, hunk by hunk if need be",
    "workflows": "what can be run here, and what is wrong with your own",
    "sessions": "runs: list, show, roll back, fork, resume, export, discard",
    "audit": "tell what was done here, by whom and by which rule; check that nothing of it was altered",
    "cost": "tell what the model's answers cost, by run, phase, model or day",
    "undo": "take back the last change that landed",
    "completion": "print a script by which a shell completes all of this",
}
"""Each command is a module of the same name here, with `configure(parser)` and `main(options) -> int`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    parser = _parser([word for word in given if word in COMMANDS][:1])
    options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return 2
    try:
        return int(_module(options.command).main(options))
    except KeyboardInterrupt:
        return _say("stopped", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except Exception as error:  # noqa: BLE001 - the border of the program: every error becomes a message and a code
        return _explain(error)


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of all commands, for which all of them are imported."""
    return _parser(COMMANDS)


def _parser(wanted: Collection[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bridle", description="An agent harness that lives in your editor.")
    parser.add_argument("--version", action=_Version, nargs=0, help="tell the version and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name in wanted:
            _module(name).configure(command)
    return parser


class _Version(argparse.Action):
    """Tells the version; finding it out takes a third of a start, so nobody else does."""

    def __call__(self, *_: object) -> None:
        from importlib.metadata import version

        print(f"bridle {version('bridle')}")
        raise SystemExit(0)


def _module(name: str) -> ModuleType:
    return import_module(f"bridle.cli.{name}")


def _explain(error: Exception) -> int:
    from bridle.harness.nouns import UserProblem

    if os.environ.get("BRIDLE_DEBUG"):
        traceback.print_exc()
    if isinstance(error, UserProblem):
        return _say(f"{error.message}" + (f"\n  next: {error.next_step}" if error.next_step else ""), 1)
    return _say(f"a fault of ours: {type(error).__name__}: {error}\n  next: run it again with BRIDLE_DEBUG=1", 3)


def _say(text: str, code: int) -> int:
    print(f"bridle: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
