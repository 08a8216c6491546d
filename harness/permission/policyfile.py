"""A policy as one JSON file, and questions to it as lines of JSON: how other programs ask what Bridle would decide.

A line that cannot be read is answered like any other, with deny, so that whoever asks gets an answer to every line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.decide import judge
from bridle.harness.permission.rules import EFFECTS, Policy, PolicyRule, mode_of, parse_rule
from bridle.indexer.bounded import read_bounded

MAX_BYTES = 1024 * 1024
TOOLS = {"command": "Bash", "edit": "Edit", "read": "Read"}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    workspace: str
    mode: str = "edit"
    allow: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class _Question(msgspec.Struct, frozen=True):
    kind: str
    input: str
    id: Any = None


class _Named(msgspec.Struct, frozen=True):
    id: Any = None


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one line. `error` says why it could not be taken for a question."""

    id: Any
    decision: str
    rule: str
    reason: str
    error: str = ""


def read_policy(path: Path) -> Policy:
    """Return the policy in a file: ``{workspace, mode, allow, ask, deny}``. Raises UserProblem."""
    try:
        data = read_bounded(path.resolve(), MAX_BYTES)
    except OSError as error:
        raise UserProblem(f"the policy {str(path)!r} cannot be read: {error}", "name a JSON file") from error
    try:
        file = msgspec.json.decode(data, type=_File)
    except msgspec.DecodeError as error:
        raise UserProblem(
            f"{str(path)!r} is no policy: {error}", "write {workspace, mode, allow: [...], ask: [...], deny: [...]}"
        ) from error
    root = Path(file.workspace).expanduser()
    if not root.is_absolute():
        raise UserProblem(f"the workspace {file.workspace!r} is not an absolute path", "write the whole path")
    rules = tuple(PolicyRule(effect, parse_rule(text)) for effect in EFFECTS for text in getattr(file, effect))
    return Policy(root, mode_of(file.mode), rules)


def answer(policy: Policy, line: bytes) -> Answer:
    """Return what the policy says to one line, ``{id, kind: command, edit or read, input}``."""
    if len(line) > MAX_BYTES:
        return _refused(None, f"the line is longer than {MAX_BYTES} bytes")
    try:
        question = msgspec.json.decode(line, type=_Question)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _refused(_id_of(line), f"the line is no question: {error}")
    tool = TOOLS.get(question.kind)
    if tool is None:
        return _refused(question.id, f"the kind {question.kind!r} is unknown: it is one of {', '.join(TOOLS)}")
    decision = judge(policy, tool, question.input)
    return Answer(question.id, decision.verdict, decision.rule, decision.reason)


def _refused(name: Any, error: str) -> Answer:
    return Answer(name, "deny", "built in: not understood", error, error)


def _id_of(line: bytes) -> Any:
    """Return the id of a line that is an object but no question; None when it tells none."""
    try:
        return msgspec.json.decode(line, type=_Named).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
