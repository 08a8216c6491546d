"""What needs no model: the linters' own safe fixes, put into what a run changed before its checks are run.

Only findings that the ground did not have, and only in files that the run changed. A fix is an edit like the model's:
journaled, and the lines that the model was shown are followed through it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

from bridle.harness.edits.writes import WriteLog
from bridle.harness.nouns import Finding
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.harness.shadow.contract import Shadow
from bridle.harness.verify.checks import Check
from bridle.harness.verify.ladder import Witness, verify
from bridle.indexer.encoding import UndecodableError, decode, encode
from bridle.indexer.text import LineEdit, apply_edits

MAX_TIMES = 3
"""One fix can uncover another; linters that undo each other are left to the model."""


def tidy(
    shadow: Shadow,
    checks: Sequence[Check],
    baseline: Sequence[Finding],
    paths: Sequence[str],
    keep: tuple[Journal, Blobs, WriteLog],
    cancel: threading.Event,
    timeout_s: float,
) -> dict[str, int]:
    """Fix what can be fixed without a model in these files of the shadow; returns how many fixes each took."""
    style = [check for check in checks if check.stage == "style" and not check.problem]
    told: dict[str, int] = {}
    for _ in range(MAX_TIMES if paths else 0):
        if cancel.is_set():
            break
        verdicts = verify(shadow, style, Witness(), paths=paths, baseline=baseline, cancel=cancel, timeout_s=timeout_s)
        wanted = fixes([finding for verdict in verdicts for finding in verdict.findings], paths)
        done = {path: len(edits) for path, edits in wanted.items() if _put(shadow, path, edits, keep)}
        if not done:
            break
        told = {path: told.get(path, 0) + done.get(path, 0) for path in (*told, *done)}
    return told


def fixes(findings: Iterable[Finding], paths: Sequence[str]) -> Mapping[str, tuple[LineEdit, ...]]:
    """Return the edits of new findings in these files, by path: those of one finding whole, none that meets another."""
    chosen: dict[str, list[LineEdit]] = {}
    for finding in findings:
        if not (finding.new and finding.fix and finding.path in paths):
            continue
        there = chosen.setdefault(finding.path, [])
        if not any(_meet(edit, other) for edit in finding.fix for other in there):
            there.extend(finding.fix)
    return {path: tuple(sorted(edits, key=lambda edit: (edit.start, edit.end))) for path, edits in chosen.items()}


def _meet(one: LineEdit, other: LineEdit) -> bool:
    """Tell whether two edits touch: also where one ends as the other begins, or both insert at one place."""
    return one.start <= other.end and other.start <= one.end


def _put(shadow: Shadow, path: str, edits: tuple[LineEdit, ...], keep: tuple[Journal, Blobs, WriteLog]) -> bool:
    journal, blobs, log = keep
    before = shadow.read(path)
    if before is None:
        return False
    try:
        form = decode(before)
        after = encode(apply_edits(form.text, edits), form.encoding, form.bom)
    except (UndecodableError, UnicodeEncodeError):
        return False
    if after == before:
        return False
    journal.append("edited", {"files": (FileChange(path, blobs.put(before), blobs.put(after)),)})
    shadow.write(path, after)
    log.record(path, before, after, edits)
    return True
