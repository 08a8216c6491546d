"""Edits from the command line as a landing: journaled before they are written, and taken back like any other.

No engine is needed: what is written here, the ledger and the journal tell the next one that starts, and what a crash
leaves half done it puts right.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from time import strftime

import msgspec

from bridle.harness.edits.disk import Write, commit
from bridle.harness.edits.hashline import Plan, PlannedFile
from bridle.harness.edits.patch import any_patch
from bridle.harness.nouns import Badge, FilePatch, RunId
from bridle.harness.proposals.ledger import Ledger, Offer, Part
from bridle.harness.proposals.parts import with_part
from bridle.harness.proposals.patches import Changed
from bridle.harness.proposals.unproved import named, unproved
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.harness.session.state import State

WORKFLOW = "apply"
UNPROVED = Badge("unverified", "not verified: applied from the command line")


def apply(root: Path, state: State, planned: Plan, now: Callable[[], float]) -> RunId:
    """Write a plan's files, all or none; returns the run that `bridle undo` takes back.

    Raises:
        UserProblem: a file is not as it was when the plan was made, or nothing can be kept of it.
        OSError: the disk refused; everything was taken back.
    """
    run = RunId(strftime("%Y%m%d-%H%M%S-") + uuid.uuid4().hex[:6])
    blobs, ledger, journal = Blobs(state.blobs), Ledger(state.proposals), Journal(state.journals, run, now)
    try:
        title = f"{WORKFLOW}: {named([file.path for file in planned.files])}"
        journal.append("started", {"workflow": WORKFLOW, "instruction": title, "pid": os.getpid()})
        changes = [Changed(f.path, f.before, f.after, source=f.renamed_from) for f in planned.files]
        offer = Offer(unproved(run, title, UNPROVED, changes, {}, blobs), ground={}, engine="", created=now())
        ledger.put(offer)
        try:
            part = _write(root, state, planned, offer, journal)
        except BaseException as error:
            ledger.drop(offer.proposal.id)
            journal.append("ended", {"outcome": "refused", "reason": f"nothing was written: {error}"})
            raise
        ledger.put(with_part(offer, msgspec.structs.replace(part, at=now())))
        written = [file.path for file in planned.files]
        journal.append("landed", {"plan": part.plan, "written": written, "unsaved": ()})
        journal.append("ended", {"outcome": "succeeded", "reason": "the edits were written"})
    finally:
        journal.close()
    return run


def _write(root: Path, state: State, planned: Plan, offer: Offer, journal: Journal) -> Part:
    """Write the files, the intent journaled first; returns what came to stand. Raises UserProblem, OSError."""
    proposal, blobs = offer.proposal, Blobs(state.blobs)
    hunks, plan = tuple(hunk.id for hunk in proposal.hunks), uuid.uuid4().hex[:12]
    modes = {file.path: _mode(root, file) for file in planned.files}
    files = [
        FileChange(f.path, _kept(f.before, blobs), _kept(f.after, blobs), mode=modes[f.path]) for f in planned.files
    ]
    journal.append("proposed", {"proposal": proposal.id, "files": [file.path for file in planned.files]})
    journal.append("prepared", {"plan": plan, "files": files, "proposal": proposal.id, "hunks": hunks})
    journal.append("confirmed", {"plan": plan, "unsaved": (), "files": files})
    writes = [Write(f.path, f.before, f.after, f.renamed_from) for f in planned.files]
    try:
        folders = commit(root, writes, state.landings)
    except BaseException as error:
        journal.append("rolled_back", {"plan": plan, "reason": str(error), "kept": ()})
        raise
    patches = tuple(_patch(file, modes[file.path]) for file in planned.files)
    return Part(plan, patches, hunks, folders=folders)


def _kept(data: bytes | None, blobs: Blobs) -> str | None:
    return None if data is None else blobs.put(data)


def _patch(file: PlannedFile, mode: int | None) -> FilePatch:
    patch = any_patch(file.path, file.before, file.after)
    return patch if mode is None else msgspec.structs.replace(patch, mode=mode)


def _mode(root: Path, file: PlannedFile) -> int | None:
    """Return the permission bits of a file that goes."""
    return stat.S_IMODE((root / file.path).stat().st_mode) if file.after is None else None
