"""Edits in the lines of the file as it is now, and the text that they make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from bridle.context.anchors import lines_of
from bridle.context.readform import ReadMode, named
from bridle.harness.edits.hunks import Hunk, edits_of, trimmed
from bridle.indexer.text import LineEdit, dominant_end, line_body


class Placed(msgspec.Struct, frozen=True):
    """Replace lines ``[start, end)`` of the file as it is now by `text`, lines without ends.

    An insertion has none and stands before line `start`; `edge` says that an end of the file was meant.
    """

    start: int
    end: int
    text: tuple[str, ...]
    edge: Literal["", "0", "$"] = ""


class LineEndsJoinError(ValueError):
    """Two lines of the result would read as one: a carriage return would meet a line feed."""


class Result(msgspec.Struct, frozen=True):
    """A text after edits, and which lines of the text before they touched: nothing else lost its identity."""

    text: str
    edits: tuple[LineEdit, ...]
    inverse: tuple[LineEdit, ...]


def apply_placed(text: str, edits: Sequence[Placed]) -> Result:
    """Return `text` after `edits`, which do not overlap; insertions at one place land in the order given.

    A new line ends as the line whose place it takes, else as its neighbour; a file without a final line end keeps
    none. Raises LineEndsJoinError.
    """
    lines = lines_of(text)
    out: list[str] = []
    hunks: list[Hunk] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        out += lines[done : edit.start]
        hunks.append(Hunk(edit.start, edit.end, len(out), len(out) + len(edit.text)))
        out += _ended(edit, lines)
        done = edit.end
    out += lines[done:]
    plain, last = dominant_end(text), len(out) - 1
    out = [line if _has_end(line) or (line and n == last) else line + plain for n, line in enumerate(out)]
    joined = "".join(out)
    if lines_of(joined) != out:
        raise LineEndsJoinError
    return Result(joined, *edits_of(list(trimmed(_closed(hunks, lines), lines, out)), lines, out))


def _closed(hunks: Sequence[Hunk], lines: Sequence[str]) -> Iterator[Hunk]:
    """Yield `hunks`; one that puts lines below a last line without an end touches that line as well."""
    open_end = len(lines) if lines and not _has_end(lines[-1]) else -1
    for n, hunk in enumerate(hunks):
        below = hunk.old_start == open_end and hunk.new_end > hunk.new_start
        if below and not (n and hunks[n - 1].old_end == open_end):
            yield Hunk(hunk.old_start - 1, hunk.old_end, hunk.new_start - 1, hunk.new_end)
        else:
            yield hunk


def place_as_written(
    edit: Placed, bodies: Sequence[str], mode: ReadMode = "check", printed: Sequence[str] | None = None
) -> dict[str, str]:
    """Return `edit` as the tool takes it, its anchors those of `bodies`, the file's lines as they are now.

    `printed` are these lines as they are shown, secrets hidden.
    """
    text = {"text": "".join(f"{line}\n" for line in edit.text)} if edit.text else {}
    if edit.end == edit.start:
        place = edit.edge or (named(bodies, edit.start - 1, mode) if edit.start else "0")
        return {"after": place, **text}
    first, last = named(bodies, edit.start, mode), named(bodies, edit.end - 1, mode)
    old = (printed or bodies)[edit.start : edit.end]
    was = {"was": "".join(f"{line_body(line)}\n" for line in old)} if mode == "strict" else {}
    return {"at": first if edit.end - edit.start == 1 else f"{first}-{last}", **text, **was}


def as_lines(text: str | None) -> tuple[str, ...]:
    """Return the lines, without ends, that a tool's `text` means: none for None or ""."""
    return tuple(line_body(line) for line in lines_of(text or ""))


def _ended(edit: Placed, lines: Sequence[str]) -> list[str]:
    replaced = [_end(line) for line in lines[edit.start : edit.end]]
    beyond = replaced[-1] if replaced else _neighbour_end(edit.start, lines)
    ends = [replaced[n] if n < len(replaced) else beyond for n in range(len(edit.text))]
    if ends and edit.end == len(lines) and replaced and not replaced[-1]:
        ends[-1] = ""
    return [line + end for line, end in zip(edit.text, ends, strict=True)]


def _neighbour_end(start: int, lines: Sequence[str]) -> str:
    if start > 0:
        return _end(lines[start - 1])
    return _end(lines[0]) if lines else "\n"


def _end(line: str) -> str:
    return line[len(line_body(line)) :]


def _has_end(line: str) -> bool:
    return line.endswith(("\n", "\r"))
