"""The proposal of one run while it grows: shown as soon as its edits stand, its badge climbing with each verdict."""

from __future__ import annotations

import msgspec

from bridle.harness.engine import ProposalChanged
from bridle.harness.ground import Ground
from bridle.harness.nouns import Badge, Flag, Proposal, ProposalId, RunId, Verdict
from bridle.harness.order import Order
from bridle.harness.permission.rules import Scope
from bridle.harness.proposals.badge import UNVERIFIED, badge
from bridle.harness.proposals.hunks import hunks_of, ids_of
from bridle.harness.proposals.ledger import Offer, Part
from bridle.harness.proposals.patches import capture, diff_text, sizes
from bridle.harness.proposals.standing import Standing
from bridle.harness.session.journal import Journal
from bridle.harness.workflow.scope import outside
from bridle.harness.workflow.workbench import Workbench


class Offering:
    """At most one proposal a run; its id is the run's. `scope` is where the run may write without being confirmed."""

    def __init__(self, ground: Ground, run: RunId, order: Order, journal: Journal) -> None:
        self._ground = ground
        self._run = run
        self._order = order
        self._journal = journal
        self.scope: Scope | None = None
        self._offer: Offer | None = None
        self._seen: list[Verdict] = []
        self._notes: list[str] = []

    @property
    def proposal(self) -> Proposal | None:
        """The proposal as it stands; None before the first edit."""
        return self._offer.proposal if self._offer else None

    @property
    def badge(self) -> Badge:
        """The badge as it stands."""
        return self._offer.proposal.badge if self._offer else UNVERIFIED

    def note(self, text: str) -> None:
        """Say something on the proposal besides its badge; the same thing is said once."""
        if text in self._notes:
            return
        self._notes.append(text)
        if self._offer is not None:
            self._change(msgspec.structs.replace(self._offer.proposal, notes=tuple(self._notes)))

    def show(self, bench: Workbench) -> None:
        """Put what stands in the shadow on offer, not verified yet."""
        changes = bench.changed()
        files = capture(changes, self._order.versions)
        for change in changes:
            self._keep(change.before)
            self._keep(change.after)
        added, removed = sizes(files)
        proposal = Proposal(
            id=ProposalId(self._run),
            run=self._run,
            title=self._order.title,
            files=files,
            badge=UNVERIFIED,
            diff=diff_text(changes),
            added=added,
            removed=removed,
            hunks=hunks_of(files, self._ground.blobs.get),
            outside=outside(files, self.scope),
            notes=tuple(self._notes),
        )
        self._seen = []
        self._offer = Offer(
            proposal,
            ground=dict(bench.ground_digests),
            baseline=bench.baseline,
            engine=self._ground.engine,
            openings=bench.openings,
            wanted=self._order.finding,
            created=self._ground.now(),
            parts=self._landed_before(),
        )
        self._journal.append("proposed", {"proposal": proposal.id, "files": [f.path for f in files]})
        self._put(proposal)

    def climb(self, verdict: Verdict) -> None:
        """One check has spoken: the badge names what is known so far."""
        self._seen.append(verdict)
        if self._offer is None:
            return
        spoken = ", ".join(f"{v.check} {v.outcome}" for v in self._seen)
        self._change(
            msgspec.structs.replace(
                self._offer.proposal, badge=Badge("checking", f"checking: {spoken} …"), verdicts=tuple(self._seen)
            )
        )

    def earns(self, verdicts: tuple[Verdict, ...], flags: tuple[Flag, ...]) -> bool:
        """Tell whether the change as it stands is green, so that it is worth asking the old proof."""
        return badge(verdicts, flags, self._order.finding).state == "verified"

    def settle(
        self, bench: Workbench, verdicts: tuple[Verdict, ...], flags: tuple[Flag, ...], before: tuple[Verdict, ...]
    ) -> Badge:
        """All checks have spoken, on the change and, where it touches the proof, with the proof as it was `before`."""
        assert self._offer is not None
        earned = badge(verdicts, flags, self._order.finding, before)
        checked = {"verdicts": verdicts, "flags": flags, "badge": earned, "before": before}
        self._journal.append("checked", checked, sync=True)
        self._offer = msgspec.structs.replace(self._offer, earned=earned, proved=ids_of(self._offer.proposal.hunks))
        self._change(msgspec.structs.replace(self._offer.proposal, badge=earned, verdicts=verdicts, flags=flags))
        self._tell_what_moved()
        return earned

    def close(self, outcome: str) -> str:
        """The run is over: a badge that was still climbing says that it stopped. Returns the proposal's id or ""."""
        if self._offer is None:
            return ""
        proposal = self._offer.proposal
        if proposal.badge.state in ("unverified", "checking"):
            stopped = Badge("unverified", f"not verified: the run ended ({outcome}) before the checks did")
            self._change(msgspec.structs.replace(proposal, badge=stopped))
        return proposal.id

    def _landed_before(self) -> tuple[Part, ...]:
        """Return what landed of an earlier offer of this run, which went back since; its hunks are none of this one."""
        offer = self._ground.ledger.of_run(self._run)
        return tuple(msgspec.structs.replace(part, hunks=()) for part in offer.parts) if offer else ()

    def _keep(self, data: bytes | None) -> None:
        if data is not None:
            self._ground.blobs.put(data)

    def _tell_what_moved(self) -> None:
        """Say which open documents changed while the checks ran on the text that the run began with."""
        ground = self._ground
        Standing(ground.ledger, ground.buffers, ground.emit).ground_moved(ground.buffers.versions())

    def _change(self, proposal: Proposal) -> None:
        """Tell of a change; what the person decided meanwhile stays decided."""
        kept = self._ground.ledger.of_run(self._run)
        there = kept.proposal if kept is not None else proposal
        self._put(msgspec.structs.replace(proposal, state=there.state, hunks=there.hunks))

    def _put(self, proposal: Proposal) -> None:
        assert self._offer is not None
        self._offer = msgspec.structs.replace(self._offer, proposal=proposal)
        self._ground.ledger.put(self._offer)
        self._ground.emit(ProposalChanged(proposal))
