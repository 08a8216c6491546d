"""One command of the person, run in a shadow of the tree as it is: what it would change is told, and may be offered.

The person typed it, so a rule that asks has its answer, and what is built in to keep a model in check does not bind
them; a rule that denies holds all the same. It is journaled like a run, and a change of it that lands is taken back
like any other.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import threading
import uuid
from collections.abc import Sequence
from time import strftime
from typing import Literal

import msgspec

from bridle.harness.answers import ShadowChange
from bridle.harness.buffers import read_bytes
from bridle.harness.engine import Exec, Executed, ProposalChanged
from bridle.harness.ground import Ground
from bridle.harness.nouns import Badge, RunId, UserProblem
from bridle.harness.permission.consulting import permit
from bridle.harness.permission.decide import judge
from bridle.harness.permission.decision import Decision, as_event
from bridle.harness.proposals.ledger import Offer
from bridle.harness.proposals.patches import Changed, changed, unofferable
from bridle.harness.proposals.unproved import unproved
from bridle.harness.session.journal import Journal
from bridle.harness.shadow.shadow import Shadow, open_shadow
from bridle.harness.tools.command import environment, outcome_of, programs_of
from bridle.indexer.process import Completed

WORKFLOW = "exec"
UNPROVED = Badge("unverified", "not verified: a command wrote it")
MAX_IGNORED = 1_000
STOP_S = 20.0


class Executing:
    """The commands of one root; each has its own shadow."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._under_way: set[threading.Event] = set()

    async def execute(self, request: Exec) -> Executed:
        """Run one command. Raises UserProblem when it may not run, or cannot."""
        line = shlex.join(request.argv)
        if not line.strip():
            raise UserProblem("there is no command to run", "write it behind --: bridle exec -- make test")
        run = RunId(strftime("%Y%m%d-%H%M%S-") + uuid.uuid4().hex[:6])
        journal = Journal(self._ground.state.journals, run, self._ground.now)
        cancel = threading.Event()
        self._under_way.add(cancel)
        try:
            journal.append(
                "started",
                {"workflow": WORKFLOW, "instruction": line, "pid": os.getpid(), "engine": self._ground.engine},
            )
            done = await self._judged(run, line, request, journal, cancel)
            journal.append(
                "ended", {"outcome": "succeeded" if done.outcome == "pass" else "failed", "reason": done.reason}
            )
            return done
        except BaseException as error:
            cancel.set()
            stopped = isinstance(error, asyncio.CancelledError)
            journal.append("ended", {"outcome": "cancelled" if stopped else "refused", "reason": str(error)})
            raise
        finally:
            self._under_way.discard(cancel)
            journal.close()

    def stop(self) -> None:
        """End whatever runs."""
        for cancel in self._under_way:
            cancel.set()

    async def _judged(
        self, run: RunId, line: str, request: Exec, journal: Journal, cancel: threading.Event
    ) -> Executed:
        ground = self._ground
        decision = await permit(ground.grants.policy, ground.settings.hooks, ground.trusted, "Bash", line)
        journal.append("decided", as_event("Bash", line, decision))
        binding = next((each for each in (decision, *decision.parts) if _binds(each)), None)
        if binding is not None:
            raise UserProblem(f"not run: {binding.reason} ({binding.rule})", "take the rule back if you mean it")
        working = asyncio.ensure_future(asyncio.to_thread(self._run, run, line, request, journal, cancel))
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:  # the journal is closed only when nobody writes into it any more
            cancel.set()
            await asyncio.wait([working], timeout=STOP_S)
            raise

    def _run(self, run: RunId, line: str, request: Exec, journal: Journal, cancel: threading.Event) -> Executed:
        ground, settings = self._ground, self._ground.settings
        dirty = ground.buffers.dirty()
        shadow = open_shadow(
            ground.root,
            ground.state.shadows,
            dirty,
            python=settings.python or None,
            required=settings.sandbox_required,
            limits=settings.limits,
            container=settings.container,
        )
        try:
            journal.append("sheltered", {"rung": shadow.rung, "declined": shadow.declined})
            done = shadow.run(
                request.argv,
                env=environment(ground.root, programs_of(ground.root, settings.python)),
                timeout_s=request.timeout_s or settings.timeout_s,
                cancel=cancel,
            )
            changes = changed(shadow, lambda path: dirty[path] if path in dirty else read_bytes(ground.root / path))
            told = tuple(map(self._told, changes))
            executed = _executed(run, done, shadow, told)
            journal.append("ran", _event(line, executed))
            offered = [one for one, said in zip(changes, told, strict=True) if not said.left_out]
            if request.offer and offered:
                self._offer(run, line, offered, journal)
                executed = msgspec.structs.replace(executed, proposal=run)
            return executed
        finally:
            shadow.close()

    def _told(self, one: Changed) -> ShadowChange:
        """Return what is told of one change, with the reason where it may not land."""
        decision = judge(self._ground.grants.policy, "Edit", one.path)
        why = unofferable(one) or (decision.reason if decision.verdict == "deny" else "")
        return ShadowChange(one.path, "renamed" if one.source else _kind(one), why, one.source)

    def _offer(self, run: RunId, line: str, changes: Sequence[Changed], journal: Journal) -> None:
        """Put what the command wrote on offer: it lands, and is taken back, as any proposal."""
        ground = self._ground
        proposal = unproved(run, f"exec: {line}", UNPROVED, changes, ground.buffers.versions(), ground.blobs)
        journal.append("proposed", {"proposal": proposal.id, "files": [file.path for file in proposal.files]})
        openings = ground.buffers.openings()
        ground.ledger.put(Offer(proposal, ground={}, engine=ground.engine, openings=openings, created=ground.now()))
        ground.emit(ProposalChanged(proposal))


def _binds(decision: Decision) -> bool:
    """Whether somebody said this no: a rule, a hook, the mode that was chosen."""
    return decision.verdict == "deny" and decision.origin != "built in"


def _kind(one: Changed) -> Literal["created", "modified", "deleted"]:
    if one.before is None:
        return "created"
    return "deleted" if one.after is None else "modified"


def _executed(run: RunId, done: Completed, shadow: Shadow, changes: tuple[ShadowChange, ...]) -> Executed:
    ignored = tuple(change.path for change in shadow.unoffered())[:MAX_IGNORED]
    reason = done.limit or ("it took too long" if done.timed_out else "it was stopped" if done.cancelled else "")
    return Executed(
        run,
        outcome_of(done),
        done.exit_code,
        done.seconds,
        shadow.rung,
        done.stdout,
        done.stderr,
        done.truncated,
        changes,
        ignored,
        reason,
        cpu_s=done.cpu_s,
        peak_bytes=done.peak_bytes,
    )


def _event(line: str, executed: Executed) -> dict[str, object]:
    return {
        "command": line,
        "outcome": executed.outcome,
        "exit_code": executed.exit_code,
        "seconds": executed.seconds,
        "rung": executed.rung,
        "changed": [change.path for change in executed.changes if not change.left_out],
        "refused": [change.path for change in executed.changes if change.left_out],
    }
