"""The read form: how lines are shown so that they can be edited.

A head names the path, the revision and the lines shown; then each line as anchor, tab, text. What is left out
is marked and cannot be edited. Ranges are 0-based and half-open inside, 1-based and inclusive on paper.

There are three modes. ``check`` prints number and check word, and asks for both. ``plain`` prints the number alone,
which is cheaper, and is content with it: a slip of the number to another line that was shown goes unnoticed; the
record of shown lines, the map from the revision to now, `was` and the guards stay. ``strict`` prints as ``check``
and asks besides for the old text wherever lines are replaced or deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from bridle.context.anchors import check_words_of

Range = tuple[int, int]
"""Lines ``start <= n < end``, 0-based."""

ReadMode = Literal["plain", "check", "strict"]
"""How a line is named, from the cheapest to the safest."""

READ_MODES: tuple[ReadMode, ...] = ("plain", "check", "strict")

ELIDED = "…"

_ENDS = "\r\n"  # a line has one end at most


def head(path: str, number: int, ranges: Sequence[Range], total: int) -> str:
    """Return the head line: path, revision, lines shown, lines there are."""
    shown = ",".join(f"{start + 1}-{end}" for start, end in ranges) or "0"
    return f"[{path} v{number} {shown}/{total}]"


def named(lines: Sequence[str], index: int, mode: ReadMode = "check") -> str:
    """Return how the 0-based line `index` of `lines` is named in `mode`."""
    return names(lines, index, index + 1, mode)[0]


def names(lines: Sequence[str], start: int, end: int, mode: ReadMode = "check") -> list[str]:
    """Return how each of ``lines[start:end]`` is named in `mode`."""
    numbers = map(str, range(start + 1, end + 1))
    return list(numbers) if mode == "plain" else [*map(str.__add__, numbers, check_words_of(lines, start, end))]


def anchored(
    lines: Sequence[str],
    ranges: Sequence[Range],
    shown_as: Sequence[str] | None = None,
    mode: ReadMode = "check",
) -> list[str]:
    """Return the lines of `ranges`, each behind its anchor, with a mark wherever lines are left out.

    `shown_as` is what to print in place of `lines` (secrets hidden); the anchors are those of `lines`.
    """
    printed = lines if shown_as is None else shown_as
    out: list[str] = []
    done = 0
    for start, end in ranges:
        if start > done:
            out.append(ELIDED)
        pairs = zip(names(lines, start, end, mode), printed[start:end], strict=True)
        out += [f"{name}\t{line.rstrip(_ENDS)}" for name, line in pairs]
        done = end
    if done < len(lines):
        out.append(ELIDED)
    return out


def render(
    path: str,
    number: int,
    lines: Sequence[str],
    ranges: Sequence[Range],
    shown_as: Sequence[str] | None = None,
    mode: ReadMode = "check",
) -> str:
    """Return the whole read form of `ranges` of one revision, without a final line end."""
    return "\n".join([head(path, number, ranges, len(lines)), *anchored(lines, ranges, shown_as, mode)])


def joined(ranges: Iterable[Range], total: int) -> tuple[Range, ...]:
    """Return `ranges` cut to ``[0, total)``, sorted, with those that touch made one."""
    out: list[Range] = []
    for start, end in sorted((max(0, start), min(total, end)) for start, end in ranges):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def covers(ranges: Iterable[Range], start: int, end: int) -> bool:
    """Whether joined `ranges` hold every line of ``[start, end)``."""
    return start >= end or any(a <= start and end <= b for a, b in ranges)


def around(start: int, end: int, margin: int) -> Range:
    """Return the range with `margin` lines more on both sides; cut it with `joined`."""
    return start - margin, end + margin
