"""Turns a linter's edits by characters into edits of whole lines, or into none where that is not exact. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridle.harness.edits.hunks import diffed, edits_of
from bridle.indexer.text import LineEdit, line_body, split_lines

Place = tuple[int, int]


class CharacterEdit(msgspec.Struct, frozen=True, order=True):
    """Replace what stands from `start` to before `end` by `text`; places are 0-based line and character."""

    start: Place
    end: Place
    text: str


def whole_line_edits(text: str, edits: Sequence[CharacterEdit]) -> tuple[LineEdit, ...]:
    """Return line edits of `text` with the same effect; () when one lies outside, or two overlap."""
    lines = split_lines(text)
    parts: list[str] = []
    done: Place = (0, 0)
    for edit in sorted(edits):
        if not (done <= edit.start <= edit.end and _stands(lines, edit.start) and _stands(lines, edit.end)):
            return ()
        parts += (_between(lines, done, edit.start), edit.text)
        done = edit.end
    parts.append(_between(lines, done, (len(lines) - 1, len(lines[-1]))))
    fixed = split_lines("".join(parts))
    return edits_of(diffed(lines, fixed), lines, fixed)[0]


def _stands(lines: Sequence[str], place: Place) -> bool:
    line, character = place
    return 0 <= line < len(lines) and 0 <= character <= len(line_body(lines[line]))


def _between(lines: Sequence[str], start: Place, end: Place) -> str:
    if start[0] == end[0]:
        return lines[start[0]][start[1] : end[1]]
    return lines[start[0]][start[1] :] + "".join(lines[start[0] + 1 : end[0]]) + lines[end[0]][: end[1]]
