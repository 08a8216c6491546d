"""What the model is told after its edits landed: the new revision and fresh anchors around each change."""

from __future__ import annotations

from bridle.context.readform import Range, around
from bridle.harness.edits.hashline import Plan, PlannedFile
from bridle.harness.edits.patch import line_edits
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.readview import view
from bridle.harness.edits.revisions import Revisions
from bridle.indexer.encoding import decode

MARGIN = 2
MAX_HUNK_LINES = 60


def landed(plan: Plan, revisions: Revisions) -> str:
    """Return the answer for a plan that was written (or for a dry run: that it could be), and record what it shows."""
    if plan.dry_run:
        return f"Nothing was written, as asked. All of it would land: {', '.join(file.path for file in plan.files)}."
    sources = {file.path: file for file in plan.files if file.after is None}
    renamed = {file.renamed_from for file in plan.files}
    files = [file for file in plan.files if file.path not in renamed]
    return "\n\n".join(_file(file, sources.get(file.renamed_from), revisions) for file in files)


def _file(file: PlannedFile, source: PlannedFile | None, revisions: Revisions) -> str:
    if file.after is None:
        return f"{file.path}: deleted."
    before = source.before if source else file.before
    _, inverse = line_edits(decode(before or b"").text, decode(file.after).text)
    ranges = [part for edit in inverse for part in _edges(edit.start, edit.end)]
    told = [f"{file.path}: renamed from {file.renamed_from}."] if source else []
    told += [f"Warning: {warning}." for warning in file.warnings]
    try:
        told.append(view(revisions, revisions.note(file.path, file.after), ranges).text)
    except ToolProblem:  # nothing changed but the name
        pass
    return "\n".join(told)


def _edges(start: int, end: int) -> list[Range]:
    """Return what to show of a change: all of it, of a long one its two ends."""
    if end - start <= MAX_HUNK_LINES:
        return [around(start, end, MARGIN)]
    return [around(start, start, MARGIN), around(end, end, MARGIN)]
