"""How the weak model says the same in two edit tools: hashlines, and `str_replace`. Pure.

An intention is a text that a file is to become. What differs from the text that was shown becomes one edit, as small as
its lines allow; a slip makes it point at another place.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from bridle.harness.model.shown import ShownFile, ShownLine
from tests.model.messages_server import CallStep

Slip = Literal["", "misremembered", "neighbour"]
HASHLINE, TEXT_EDITOR = "hashline_edit", "str_replace_based_edit_tool"
MAX_CONTEXT = 12


class Hull(NamedTuple):
    """Lines ``[start, end)``, 0-based, that become others."""

    start: int
    end: int
    lines: tuple[str, ...]


def hull(known: list[str], wanted: list[str]) -> Hull | None:
    """Return the least run of lines that makes one text the other, None where they are the same."""
    blocks = [op for op in SequenceMatcher(None, known, wanted, autojunk=False).get_opcodes() if op[0] != "equal"]
    if not blocks:
        return None
    _, start, _, first, _ = blocks[0]
    _, _, end, _, last = blocks[-1]
    return Hull(start, end, tuple(wanted[first:last]))


def by_hashline(path: str, shown: ShownFile, change: Hull, slip: Slip, dice: random.Random) -> CallStep:
    """Return the call that makes a change of the lines as they were shown."""
    names = {number: line.anchor for number, line in shown.lines.items()}
    step = dice.choice([-2, -1, 1, 2])
    start, end = change.start, change.end
    if slip == "neighbour" and all(n + 1 + step in names for n in range(start, max(end, start + 1))):
        start, end = start + step, end + step
    elif slip == "misremembered":
        names = {number: _misnumbered(line, step) for number, line in shown.lines.items()}
    text = "".join(f"{line}\n" for line in change.lines)
    if start == end:
        edit = {"after": names.get(start, "0") if start else "0", "text": text}
    else:
        first, last = names[start + 1], names[end]
        edit = {"at": first if first == last else f"{first}-{last}", **({"text": text} if text else {})}
    return CallStep(HASHLINE, {"files": [{"path": path, "rev": shown.rev, "edits": [edit]}]})


def _misnumbered(line: ShownLine, step: int) -> str:
    return f"{max(1, line.number + step)}{line.word}"


def by_replacing(path: str, known: list[str], change: Hull, slip: Slip, dice: random.Random) -> CallStep:
    """Return the call that makes a change of the text as it is known, with so much around that it stands there once."""
    start, end, lines = change.start, change.end, list(change.lines)
    if start == end:
        start = max(0, start - 1)
        lines = [*known[start:end], *lines] if start < end else [*lines, known[start]]
        end = max(end, start + 1)
    if slip == "neighbour":
        step = dice.choice([-2, -1, 1, 2])
        if start + step >= 0 and end + step <= len(known):
            start, end = start + step, end + step
    else:
        start, end, lines = _told_apart(known, start, end, lines)
    old = "\n".join(known[start:end])
    if slip == "misremembered":
        place = dice.randrange(len(old) + 1)
        old = f"{old[:place]}x{old[place:]}"
    given = {"command": "str_replace", "path": path, "old_str": old, "new_str": "\n".join(lines)}
    return CallStep(TEXT_EDITOR, given)


def _told_apart(known: list[str], start: int, end: int, lines: list[str]) -> tuple[int, int, list[str]]:
    """Take in lines around until the text to be replaced stands there once."""
    whole = "\n".join(known)
    for _ in range(MAX_CONTEXT):
        if whole.count("\n".join(known[start:end])) == 1:
            break
        if start > 0:
            start -= 1
            lines = [known[start], *lines]
        if end < len(known):
            lines = [*lines, known[end]]
            end += 1
    return start, end, lines


def malformed(call: CallStep, dice: random.Random) -> CallStep:
    """Return a call that no tool takes as it is."""
    given: Mapping[str, Any] = call.input
    kind = dice.randrange(3)
    if kind == 0:
        return CallStep(f"{call.tool}s", dict(given))
    if kind == 1:
        return CallStep(call.tool, {"input": str(given)})
    least = next(iter(given), "path")
    return CallStep(call.tool, {**given, least: 7})
