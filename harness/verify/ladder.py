"""Runs the checks of a tree from the cheapest up, and gives every verdict the tree that it was earned on.

A tree that moved under a check makes its verdict `unknown`, and the check runs once more. A check that blows up is
`unknown` too: nothing here ever turns an error into silence.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import NamedTuple

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.shadow.contract import SANDBOXES, Shadow, Standing
from bridle.harness.shadow.environment import homes
from bridle.harness.verify.checkers.registry import checker_of
from bridle.harness.verify.checks import Check
from bridle.harness.verify.fingerprints import blame, fingerprint, fixed
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import ALL, Job, Which, steady_failures, unstarted
from bridle.harness.verify.needs import excused
from bridle.harness.verify.records import Extent, Records, receipt_of
from bridle.harness.verify.toolchain import toolchain
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.files import TreeState
from bridle.indexer.text import split_lines

MAX_FIXED = 200
NO_TREE = TreeState("", {})
"""Of a job that was not begun."""


class Witness(NamedTuple):
    """Who hears of a verification while it goes on, nobody if not said; `records` keeps a receipt of each verdict.

    `memory` learns what tests do, and `which` of them run.
    """

    on_start: Callable[[str], None] = lambda check: None
    on_verdict: Callable[[Verdict], None] = lambda verdict: None
    records: Records | None = None
    memory: Memory | None = None
    which: Which = ALL


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
    kept: list[Future[None]] = []
    stands: Standing | None = None
    with ThreadPoolExecutor(1, "receipts") as disk:  # a receipt is on the disk when this returns, not when it is told
        for check in checks:
            if paths and not any(check.owns(path) for path in paths):
                continue
            if witness.which.only and check.tool != "pytest":
                continue
            witness.on_start(check.name)
            job = _job(check, shadow, witness, paths, baseline, cancel, timeout_s)
            judged, stands = _steady(job, stands)
            judged = _excused(shadow, _compared(_known(shadow, judged), baseline, paths))
            judged, keeping = _told(job, judged, witness, disk)
            verdicts.append(judged)
            kept += keeping
    for one in kept:
        one.result()
    return tuple(verdicts)


def _told(job: Job, judged: Verdict, witness: Witness, disk: Executor) -> tuple[Verdict, list[Future[None]]]:
    """Tell a verdict; returns it with its receipt, and the keeping of both, which goes on while the next check runs."""
    extent: Extent = "tests" if judged.extent else "files" if job.paths else "all"
    receipt = receipt_of(job.check, judged, job.tools, extent, time.time())
    ids, judged = judged.ids, msgspec.structs.replace(judged, receipt=receipt.id, ids=())
    witness.on_verdict(judged)
    records = witness.records
    return judged, [] if records is None else [disk.submit(records.keep, receipt, judged, ids)]


def _job(
    check: Check,
    shadow: Shadow,
    witness: Witness,
    paths: Sequence[str],
    baseline: Sequence[Finding],
    cancel: threading.Event,
    timeout_s: float,
) -> Job:
    before = [finding for finding in baseline if finding.check == check.name]
    failing = frozenset(finding.test for finding in before if finding.test)
    job = Job(check, shadow, NO_TREE, tuple(paths), timeout_s, cancel, witness.memory, witness.which, failing)
    tools = toolchain(check, shadow.workspace)
    return msgspec.structs.replace(job, steady=steady_failures(before), tools=tools)


def known(shadow: Shadow, checks: Sequence[Check], records: Records) -> tuple[Verdict, ...] | None:
    """Return what all the checks are known to say of what stands in the shadow, None where one must be asked."""
    tree = shadow.tree().digest
    found = [records.known(check, tree, toolchain(check, shadow.workspace), shadow.rung) for check in checks]
    verdicts = tuple(verdict for verdict in found if verdict is not None)
    return verdicts if checks and len(verdicts) == len(checks) else None


def _compared(judged: Verdict, baseline: Sequence[Finding], paths: Sequence[str]) -> Verdict:
    """Return the verdict with its findings told apart from those of the ground, and with what is gone of these."""
    before = [f for f in baseline if f.check == judged.check and (not paths or f.path in paths)]
    asked_again = [f for f in before if not (f.test and judged.ids) or f.test in judged.ids]
    gone = fixed(judged.findings, asked_again) if judged.outcome in ("pass", "fail") else ()
    return msgspec.structs.replace(judged, findings=blame(judged.findings, before), fixed=gone[:MAX_FIXED])


def _excused(shadow: Shadow, judged: Verdict) -> Verdict:
    """Return the verdict, unknown where what failed, failed before and lacks what a sandbox keeps from it."""
    if judged.outcome != "fail" or shadow.rung not in SANDBOXES:
        return judged
    known = judged.findings if not shadow.changes() else [finding for finding in judged.findings if not finding.new]
    return excused(judged, known, homes(os.environ), "your own settings")


def _steady(job: Job, stands: Standing | None) -> tuple[Verdict, Standing]:
    """Return the verdict on a tree that held still, and how it stands then; the second try is the last.

    `stands` is how it stood when the check before ended: what moved since has moved under this one.
    """
    judged, moved, stands = _once(job, stands or job.shadow.standing())
    if moved and not job.cancel.is_set():
        judged, moved, stands = _once(job, stands)
    if not moved:
        return judged, stands
    reason = f"tree moved: {', '.join(moved[:3])} changed while {job.check.name} ran"
    step = "run it again when nothing is being saved"
    return msgspec.structs.replace(judged, outcome="unknown", reason=reason, next_step=step, findings=()), stands


def _once(job: Job, before: Standing) -> tuple[Verdict, tuple[str, ...], Standing]:
    """Return the verdict of one run, the paths that changed under it, and how the tree stands after it."""
    job = msgspec.structs.replace(job, tree=before.tree)
    if job.cancel.is_set():
        return unstarted(job, "cancelled", "run it again"), (), before
    if job.check.problem:
        return unstarted(job, job.check.problem, job.check.next_step), (), before
    judged = _run(job)
    after = job.shadow.standing()
    changed = {path for path, _ in before.tree.files.items() ^ after.tree.files.items()}
    return judged, tuple(sorted(changed | (set(after.moved) - set(before.moved)))), after


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
