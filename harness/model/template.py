"""Tool inputs as templates: their slots are filled from what the live prompt showed.

    {anchor path="src/x.py" line="def total" nth=2}   the anchor of the shown line (nth of several, from 1)
    {stale path="src/x.py" line="def total"}          its number with another line's check word: to be refused
    {rev path="src/x.py" line="def total"}            the newest revision that showed it (`line` optional)

A place that was not shown is a problem, never a guess. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from bridle.harness.model.client import ModelProblem
from bridle.harness.model.shown import ShownFile, ShownLine

_SLOT = re.compile(r"\{(anchor|stale|rev)\b([^{}]*)\}")
_FIELD = re.compile(r'\s+(path|line|nth)=(?:"([^"]*)"|(\d+))')


def fill(value: Any, shown: Sequence[ShownFile]) -> Any:
    """Return `value` with every slot in it filled. Raises ModelProblem where one cannot be."""
    if isinstance(value, str):
        return _filled(value, shown)
    if isinstance(value, list):
        return [fill(item, shown) for item in cast("Any", value)]
    if isinstance(value, dict):
        return {key: fill(item, shown) for key, item in cast("Any", value).items()}
    return value


def _filled(text: str, shown: Sequence[ShownFile]) -> str | int:
    whole = _SLOT.fullmatch(text)
    if whole is not None and whole[1] == "rev":
        return int(_answer(whole, shown))
    return _SLOT.sub(lambda slot: _answer(slot, shown), text)


def _answer(slot: re.Match[str], shown: Sequence[ShownFile]) -> str:
    fields = {name: text or number for name, text, number in _FIELD.findall(slot[2])}
    if _FIELD.sub("", slot[2]).strip() or "path" not in fields:
        raise _problem(f"the transcript's {slot[0]} is not well formed")
    path, text, nth = fields["path"], fields.get("line", ""), int(fields.get("nth", "1"))
    for file in reversed([file for file in shown if file.path == path]):
        lines = file.matching(text)
        if not text or lines:
            return _told(slot[1], file, _one(lines, text, nth, path) if text else None)
    seen = f"{path!r} was shown, but not its line {text!r}" if _was_shown(path, shown) else f"{path!r} was not shown"
    raise _problem(f"the transcript points at a line that this prompt does not show: {seen}")


def _one(lines: list[ShownLine], text: str, nth: int, path: str) -> ShownLine:
    if not 1 <= nth <= len(lines) or (nth == 1 and len(lines) > 1):
        raise _problem(f"{len(lines)} shown lines of {path!r} hold {text!r}: the transcript has to say which (nth=…)")
    return lines[nth - 1]


def _told(kind: str, file: ShownFile, line: ShownLine | None) -> str:
    if kind == "rev":
        return str(file.rev)
    if line is None:
        raise _problem(f"the transcript names no line of {file.path!r}")
    return line.anchor if kind == "anchor" else f"{line.number}{_other_word(line, file)}"


def _other_word(line: ShownLine, file: ShownFile) -> str:
    """Return the check word of the nearest line with another one, as a line that has moved would leave
    behind.
    """
    others = [other for other in file.lines.values() if other.word != line.word]
    nearest = min(others, key=lambda other: abs(other.number - line.number), default=None)
    return nearest.word if nearest is not None else ("qu" if line.word != "qu" else "ex")


def _was_shown(path: str, shown: Sequence[ShownFile]) -> bool:
    return any(file.path == path for file in shown)


def _problem(message: str) -> ModelProblem:
    return ModelProblem("fatal", message, "replay the transcript on the example it was made for: `bridle tour`")
