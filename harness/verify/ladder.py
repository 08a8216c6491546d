"""Runs the checks of a tree from the cheapest up, and gives every verdict the tree that it was earned on.

A tree that moved under a check makes its verdict `unknown`, and the check runs once more. A check that blows up is
`unknown` too: nothing here ever turns an error into silence.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.shadow.contract import SANDBOXES, Shadow
from bridle.harness.shadow.environment import homes
from bridle.harness.verify.checkers.registry import checker_of
from bridle.harness.verify.checks import Check
from bridle.harness.verify.fingerprints import blame, fingerprint, fixed
from bridle.harness.verify.job import Job, unstarted
from bridle.harness.verify.needs import excused
from bridle.harness.verify.records import Records, receipt_of
from bridle.harness.verify.toolchain import toolchain
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.text import split_lines

MAX_FIXED = 200


class Witness(NamedTuple):
    """Who hears of a verification while it goes on, nobody if not said; `records` keeps a receipt of each verdict."""

    on_start: Callable[[str], None] = lambda check: None
    on_verdict: Callable[[Verdict], None] = lambda verdict: None
    records: Records | None = None


def verify(
    shadow: Shadow,
    checks: Sequence[Check],
    witness: Witness,
    *,
    paths: Sequence[str] = (),
    baseline: Sequence[Finding] = (),
    cancel: threading.Event,
    timeout_s: float,
) -> tuple[Verdict, ...]:
    """Return one verdict a check, in the order of `checks`.

    `paths` narrows a check to these files where its tool can be narrowed; a package that holds none of them is left
    out. What `baseline` holds is not `new`. `timeout_s` is the wall time of one check. When `cancel` is set, what has
    not ended is `unknown`, cancelled.
    """
    verdicts: list[Verdict] = []
    for check in checks:
        if paths and not any(check.owns(path) for path in paths):
            continue
        witness.on_start(check.name)
        tools = toolchain(check, shadow.workspace)
        judged = _steady(shadow, check, tuple(paths), cancel, timeout_s)
        judged = _excused(shadow, _compared(_known(shadow, judged), baseline, paths))
        receipt = receipt_of(check, judged, tools, "files" if paths else "all", time.time())
        ids, judged = judged.ids, msgspec.structs.replace(judged, receipt=receipt.id, ids=())
        witness.on_verdict(judged)
        if witness.records is not None:
            witness.records.keep(receipt, judged, ids)
        verdicts.append(judged)
    return tuple(verdicts)


def known(shadow: Shadow, checks: Sequence[Check], records: Records) -> tuple[Verdict, ...] | None:
    """Return what all the checks are known to say of what stands in the shadow, None where one must be asked."""
    tree = shadow.tree().digest
    found = [records.known(check, tree, toolchain(check, shadow.workspace), shadow.rung) for check in checks]
    verdicts = tuple(verdict for verdict in found if verdict is not None)
    return verdicts if checks and len(verdicts) == len(checks) else None


def _compared(judged: Verdict, baseline: Sequence[Finding], paths: Sequence[str]) -> Verdict:
    """Return the verdict with its findings told apart from those of the ground, and with what is gone of these."""
    before = [f for f in baseline if f.check == judged.check and (not paths or f.path in paths)]
    gone = fixed(judged.findings, before) if judged.outcome in ("pass", "fail") else ()
    return msgspec.structs.replace(judged, findings=blame(judged.findings, before), fixed=gone[:MAX_FIXED])


def _excused(shadow: Shadow, judged: Verdict) -> Verdict:
    """Return the verdict, unknown where what failed, failed before and lacks what a sandbox keeps from it."""
    if judged.outcome != "fail" or shadow.rung not in SANDBOXES:
        return judged
    known = judged.findings if not shadow.changes() else [finding for finding in judged.findings if not finding.new]
    return excused(judged, known, homes(os.environ), "your own settings")


def _steady(shadow: Shadow, check: Check, paths: tuple[str, ...], cancel: threading.Event, timeout_s: float) -> Verdict:
    """Return the verdict on a tree that held still; the second try is the last."""
    judged, moved = _once(shadow, check, paths, cancel, timeout_s)
    if moved and not cancel.is_set():
        judged, moved = _once(shadow, check, paths, cancel, timeout_s)
    if not moved:
        return judged
    reason = f"tree moved: {', '.join(moved[:3])} changed while {check.name} ran"
    return msgspec.structs.replace(
        judged, outcome="unknown", reason=reason, next_step="run it again when nothing is being saved", findings=()
    )


def _once(
    shadow: Shadow, check: Check, paths: tuple[str, ...], cancel: threading.Event, timeout_s: float
) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict of one run, and the paths that changed under it."""
    moved_before, before = set(shadow.moved()), shadow.tree()
    job = Job(check, shadow, before, paths, timeout_s, cancel)
    if cancel.is_set():
        return unstarted(job, "cancelled", "run it again"), ()
    if check.problem:
        return unstarted(job, check.problem, check.next_step), ()
    judged = _run(job)
    after = shadow.tree()
    changed = {path for path, _ in before.files.items() ^ after.files.items()}
    return judged, tuple(sorted(changed | (set(shadow.moved()) - moved_before)))


def _run(job: Job) -> Verdict:
    try:
        return checker_of(job.check)(job)
    except Exception as error:  # noqa: BLE001  # the next check still has its say
        reason = f"{job.check.name} could not be run: {type(error).__name__}: {error}"
        return unstarted(job, reason, "report this, with the log of the engine")


def _known(shadow: Shadow, judged: Verdict) -> Verdict:
    """Return the verdict, its findings with fingerprints, each file read once."""
    lines: dict[str, list[str]] = {}
    known: list[Finding] = []
    for finding in judged.findings:
        if finding.path not in lines:
            lines[finding.path] = _lines(shadow, finding.path)
        text = lines[finding.path]
        line = text[finding.start_line] if finding.start_line < len(text) else ""
        known.append(msgspec.structs.replace(finding, fingerprint=fingerprint(finding, line)))
    return msgspec.structs.replace(judged, findings=tuple(known))


def _lines(shadow: Shadow, path: str) -> list[str]:
    try:
        return split_lines(decode(shadow.read(path) or b"").text) if path else []
    except UndecodableError:
        return []
