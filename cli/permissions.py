"""`bridle permissions`: what would be decided, and by which rule; nothing is run.

`check` answers lines of JSON by a policy file, `explain` tells a person about one command.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json

if TYPE_CHECKING:
    from bridle.harness.permission.decision import Decision
    from bridle.harness.permission.rules import Policy


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="answer questions from standard input by a policy file, a line of JSON each",
        description="Reads lines {id, kind: command | edit | read, input}, writes lines {id, decision, rule, reason}.",
    )
    add_root(check)
    check.add_argument("--policy", type=Path, required=True, metavar="FILE", help="{workspace, mode, allow, ask, deny}")
    explain = actions.add_parser(
        "explain", help="tell what would be decided about a command", description="Nothing is run. Quote the command."
    )
    add_root(explain)
    explain.add_argument("--policy", type=Path, default=None, metavar="FILE", help="a policy file, not the settings")
    explain.add_argument("line", nargs="+", metavar="CMD", help="the command")


def main(options: argparse.Namespace) -> int:
    """Decide without doing; 2 when a line of `check` is no question."""
    return _check(options) if options.action == "check" else _explain(options)


def _check(options: argparse.Namespace) -> int:
    from bridle.harness.permission.policyfile import MAX_BYTES, answer, read_policy

    policy = read_policy(options.policy)
    code = 0
    for number, line in enumerate(_lines(sys.stdin.buffer, MAX_BYTES), start=1):
        if not line.strip():
            continue
        told = answer(policy, line)
        if told.error:
            note(f"bridle: line {number}: {told.error}")
            code = 2
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()
    return code


def _lines(stream: IO[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield the lines; of one that is too long only so much that it can be told, in bounded memory."""
    while line := stream.readline(max_bytes + 2):
        whole = line.endswith(b"\n")
        yield line
        while not whole and (rest := stream.readline(max_bytes)):
            whole = rest.endswith(b"\n")


def _explain(options: argparse.Namespace) -> int:
    from bridle.harness.permission.decide import judge

    command = options.line[0] if len(options.line) == 1 else shlex.join(options.line)
    decision = judge(_policy(options), "Bash", command)
    if options.json:
        print_json({"command": command, **_told(decision), "parts": [_told(part) for part in decision.parts]})
    else:
        _print(command, decision)
    return 0


def _policy(options: argparse.Namespace) -> Policy:
    from bridle.harness.permission.policyfile import read_policy
    from bridle.harness.settings import load

    return read_policy(options.policy) if options.policy else load(find_root(options.root), {}).policy


def _told(decision: Decision) -> dict[str, str]:
    told = {"decision": decision.verdict, "rule": decision.rule, "origin": decision.origin, "reason": decision.reason}
    return {"text": decision.text, **told} if decision.text else told


def _print(command: str, decision: Decision) -> None:
    from bridle.harness.permission.showing import shown

    print(f"{decision.verdict}: {shown(command)}")
    print(f"  {shown(decision.reason)} [{shown(decision.rule)}]")
    for part in decision.parts:
        print(f"  {part.verdict:5}  {shown(part.text)}")
        print(f"         {shown(part.reason)} [{shown(part.rule)}]")
