"""What the person is told besides a verdict on their own tree: what they accepted, where it comes from, its log.

Verdicts of runs never come here. What is asked of the past and of the index happens on the thread that ran the check,
so that nobody waits who types.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from time import strftime

import msgspec

from bridle.harness.engine import AcceptFinding, GetReversal, Kept, Reversal, TakeBackFinding
from bridle.harness.ground import Ground
from bridle.harness.nouns import RunId, UserProblem, Verdict
from bridle.harness.session.journal import Journal
from bridle.harness.session.storage import make_private
from bridle.harness.shadow.contract import Shadow
from bridle.harness.tracing import Before, Changes, past_of, reversal, traced
from bridle.harness.verify.accepted import Acceptance, Accepted, with_accepted
from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError
from bridle.indexer.snapshot import Snapshot

WORKFLOW = "accepted findings"
SNAPSHOT_S = 2.0
FRESH_S = 24 * 3600.0
MAX_LOGS = 50


class Completing:
    """The verdicts of one root on their way to the person."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._accepted = Accepted(ground.state.folder / "accepted.json", ground.now)
        self._logs = make_private(ground.state.folder / "logs")

    def begin(self) -> Callable[[Verdict, Shadow], Verdict]:
        """Gather what is known before a verification, on the event loop; returns what completes its verdicts."""
        accepted = self._accepted.all()
        return Completion(self._ground, accepted, self._landed(), self._logs, asyncio.get_running_loop()).complete

    async def answer(self, request: AcceptFinding | TakeBackFinding | GetReversal) -> Kept | Reversal:
        """Answer what a person asks about a finding; accepting is journaled as an act of theirs. Raises UserProblem."""
        match request:
            case AcceptFinding():
                return self._kept(self._accepted.accept(request.finding, request.count), "accepted")
            case TakeBackFinding():
                return self._kept(self._accepted.take_back(request.fingerprint), "taken back")
            case GetReversal():
                return await asyncio.to_thread(self.reversal, request)

    def reversal(self, request: GetReversal) -> Reversal:
        """Return how a change is taken back on the text as it is. Raises UserProblem."""
        origin = request.origin
        now = self._ground.buffers.current(origin.path)
        known = past_of(self._ground.root, self._landed())([origin.path])[origin.path]
        before = next((one for one in known if one.since == origin.since), None)
        if now is None or before is None:
            raise UserProblem(f"nothing is known any more of {origin.path} at {origin.since}", "run the checks again")
        if before.data is None:
            raise UserProblem(f"{origin.path} is new since {origin.since}", "delete it, if that is what you want")
        try:
            edits = reversal(now, before.data, origin.start_line, max(origin.end_line, origin.start_line + 1))
        except UndecodableError as error:
            raise UserProblem(f"{origin.path} cannot be read as text: {error}", "change it by hand") from error
        if not edits:
            raise UserProblem(f"these lines of {origin.path} are as they were at {origin.since}", "run the check again")
        return Reversal(origin.path, edits, origin.since, digest(now))

    def _landed(self) -> dict[str, Before]:
        """Return how files were before Bridle's own last change of them, as far as that is a matter of today."""
        ground = self._ground
        standing = [(part.at, offer, part) for offer in ground.ledger.newest_first() for part in offer.parts]
        found: dict[str, Before] = {}
        for at, offer, part in sorted(standing, key=lambda one: one[0], reverse=True):
            if ground.now() - at > FRESH_S:
                break
            for file in part.files:
                if file.path not in found:
                    with contextlib.suppress(UserProblem, OSError, KeyError):
                        data = None if file.before is None else ground.blobs.get(file.before)
                        found[file.path] = Before(f"Bridle's change {offer.proposal.title!r}", data)
        return found

    def _kept(self, changed: Acceptance, what: str) -> Kept:
        words = f"{what}: {changed.check}: {changed.path}: {changed.message}"
        run = RunId(strftime("%Y%m%d-%H%M%S-") + uuid.uuid4().hex[:6])
        journal = Journal(self._ground.state.journals, run, self._ground.now)
        try:
            journal.append("started", {"workflow": WORKFLOW, "instruction": words, "pid": os.getpid()})
            journal.append("accepted", {"what": what, **msgspec.structs.asdict(changed)})
            journal.append("ended", {"outcome": "succeeded", "reason": ""})
        finally:
            journal.close()
        return Kept(tuple((one.check, one.fingerprint, one.count) for one in self._accepted.all()), words)


class Completion:
    """What one verification is completed with; used on the thread that runs its checks."""

    def __init__(
        self,
        ground: Ground,
        accepted: tuple[Acceptance, ...],
        landed: Mapping[str, Before],
        logs: Path,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._ground = ground
        self._accepted = accepted
        self._landed = landed
        self._logs = logs
        self._loop = loop

    def complete(self, verdict: Verdict, shadow: Shadow) -> Verdict:
        """Return the verdict as the person is told it."""
        log_file = keep_log(self._logs, verdict)
        findings = with_accepted(verdict.findings, self._accepted)
        if log_file:
            uri = Path(log_file).as_uri()
            findings = tuple(one if one.href else msgspec.structs.replace(one, href=uri) for one in findings)
        told = msgspec.structs.replace(verdict, findings=findings, log_file=log_file)
        if not findings:
            return told
        snapshot = self._snapshot() if any(finding.test for finding in findings) else None
        return traced(told, snapshot, Changes(shadow.read, past_of(self._ground.root, self._landed)))

    def _snapshot(self) -> Snapshot | None:
        asked = asyncio.run_coroutine_threadsafe(_of(self._ground), self._loop)
        try:
            return asked.result(SNAPSHOT_S)
        except Exception:  # noqa: BLE001 - without an index a finding is told as it is
            asked.cancel()
            return None


def keep_log(folder: Path, verdict: Verdict) -> str:
    """Write the log of a verdict where an editor can open it, in place of the check's last one; "" where it cannot."""
    if not verdict.log.strip():
        return ""
    name = re.sub(r"[^\w.-]", "_", verdict.check)[:60]
    path = folder / f"{name}-{digest(verdict.check.encode())[:8]}.log"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(_head(verdict) + verdict.log)
        _clean_up(folder)
    except OSError:
        return ""
    return str(path)


def _head(verdict: Verdict) -> str:
    command = " ".join(verdict.command) or "not started"
    ended = "did not end by itself" if verdict.exit_code is None else f"exit code {verdict.exit_code}"
    why = f": {verdict.reason}" if verdict.reason else ""
    return f"{verdict.check}: {verdict.outcome}{why}\n{command}\n{ended}; tree {verdict.tree}; {verdict.rung}\n\n"


def _clean_up(folder: Path) -> None:
    """Keep the newest logs alone: checks come and go with their packages."""
    known = list(folder.glob("*.log"))
    if len(known) > MAX_LOGS:
        for old in sorted(known, key=lambda path: path.stat().st_mtime_ns)[:-MAX_LOGS]:
            old.unlink(missing_ok=True)


async def _of(ground: Ground) -> Snapshot:
    return await ground.snapshot()
