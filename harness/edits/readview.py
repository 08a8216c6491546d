"""Showing a file so that it can be edited: the read form, and the record of what was shown.

The mode is that of the store of revisions, so that everything of one session is printed alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridle.context.anchors import lines_of
from bridle.context.readform import Range, joined, names, render
from bridle.context.redact import is_credential_file, redact
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.revisions import Revision, Revisions
from bridle.indexer.text import line_body


class ReadView(msgspec.Struct, frozen=True):
    """What a reader sees of one revision. `shown` is 0-based and half-open; `lines` are (anchor, text)."""

    path: str
    rev: int
    digest: str
    shown: tuple[Range, ...]
    total: int
    lines: tuple[tuple[str, str], ...]
    text: str


def read(revisions: Revisions, path: str, data: bytes | None, ranges: Sequence[Range] | None = None) -> ReadView:
    """Show `ranges` of a file (None: all of it) and record them as shown; secrets stand as placeholders.

    Raises ToolProblem: E_MISSING, E_ENCODING, E_SECRET for a credential file, E_RANGE where nothing would be
    shown.
    """
    if data is None:
        raise ToolProblem("E_MISSING", path, "There is no such file.")
    if is_credential_file(path):
        raise ToolProblem("E_SECRET", path, "This file holds credentials: it is never shown.")
    revision = revisions.note(path, data)
    return view(revisions, revision, [(0, 1 << 31)] if ranges is None else ranges)


def view(revisions: Revisions, revision: Revision, ranges: Sequence[Range]) -> ReadView:
    """Show `ranges` of a revision that is known already. Raises ToolProblem E_RANGE where nothing would be shown."""
    lines = lines_of(revision.text)
    shown = joined(ranges, len(lines))
    if lines and not shown:
        raise ToolProblem("E_RANGE", revision.path, f"The file has {len(lines)} lines; none of those asked for.")
    revisions.show(revision.path, revision.number, shown)
    printed = redact(revision.text).lines
    mode = revisions.mode
    called = (name for start, end in shown for name in names(lines, start, end, mode))
    bodies = (line_body(line) for start, end in shown for line in printed[start:end])
    text = render(revision.path, revision.number, lines, shown, printed, mode)
    return ReadView(
        revision.path,
        revision.number,
        revision.digest,
        shown,
        len(lines),
        tuple(zip(called, bodies, strict=True)),
        text if lines else f"{text}\n{EMPTY}",
    )


EMPTY = '(empty: only {"after": "0"} can be used)'
