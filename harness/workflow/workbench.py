"""Where one run works: its shadow, its checks and what they say of the change, set up once.

It knows how to do each thing; `walk.py` decides what comes next, and `desk.py` what the model sees of it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import msgspec

from bridle.harness.buffers import read_bytes
from bridle.harness.edits.writes import WriteLog
from bridle.harness.engine import CheckFinished, CheckStarted
from bridle.harness.ground import Brake, Ground
from bridle.harness.nouns import Finding, Flag, Verdict
from bridle.harness.order import Order
from bridle.harness.proposals.badge import blames
from bridle.harness.proposals.patches import Changed, changed
from bridle.harness.session.fold import RunState
from bridle.harness.session.journal import Journal
from bridle.harness.shadow.shadow import Shadow
from bridle.harness.tools.permits import Permits
from bridle.harness.verify.as_before import prove_as_before
from bridle.harness.verify.checks import Check
from bridle.harness.verify.depth import deepen
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.gates.vanished import vanished
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import ALL, Which
from bridle.harness.verify.ladder import Witness, known, verify
from bridle.harness.verify.objections import as_judged, objections
from bridle.harness.verify.records import Records
from bridle.harness.workflow.sheltering import open_ground
from bridle.harness.workflow.tidying import tidy
from bridle.indexer.encoding import text_of

OnVerdict = Callable[[Verdict], None]


class Judged(NamedTuple):
    """What the gates object to in a change as it stood."""

    stands: tuple[Changed, ...]
    flags: tuple[Flag, ...]


class Workbench:
    """Everything that one run holds in its hands, but for its talks with the model."""

    def __init__(
        self, ground: Ground, order: Order, journal: Journal, brake: Brake, shadow: Shadow, permits: Permits
    ) -> None:
        self.shadow = shadow
        self.permits = permits
        self.ground_digests: Mapping[str, str] = {}
        self.baseline: tuple[Finding, ...] = ()
        self._ground_receipts: dict[str, str] = {}
        self.openings = ground.buffers.openings()
        self._ground = ground
        self._order = order
        self._journal = journal
        self._brake = brake
        self._run = journal.run
        self._dirty = ground.buffers.dirty()
        self._checks: tuple[Check, ...] = ()
        self._records = Records(ground.state.folder)
        self._memory = Memory(ground.state.folder)
        self._judged: tuple[Changed, ...] = ()
        self._n_passages = 0
        self.log = WriteLog()

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the project's checks, once the ground was looked at."""
        return tuple(check.name for check in self._checks)

    # --- the ground -----------------------------------------------------------------------------------------

    async def prove_ground(self) -> tuple[Verdict, ...]:
        """Run every check before anything changes, unless they have just spoken on this very tree with these tools.

        What they find is not blamed on the run.
        """
        await self.look()
        verdicts = await asyncio.to_thread(known, self.shadow, self._checks, self._records)
        if verdicts is None:
            verdicts = await self._verify(self._checks, lambda verdict: None, ALL)
        self.baseline = tuple(finding for verdict in verdicts for finding in verdict.findings)
        self._ground_receipts = {verdict.check: verdict.receipt for verdict in verdicts}
        return verdicts

    def _discovered(self) -> tuple[Check, ...]:
        settings, files = self._ground.settings, self.ground_digests
        return discover(self._ground.root, settings.python or None, self._ground.grants.needs, files, settings.declared)

    def base(self, path: str) -> bytes | None:
        """Return a file as it was when the run began, the unsaved buffer where there was one."""
        return self._dirty[path] if path in self._dirty else read_bytes(self._ground.root / path)

    @property
    def stop(self) -> threading.Event:
        """Set when the run is over or stopped."""
        return self._brake.event

    async def look(self) -> None:
        """Find out what the ground is and which checks there are, and run none."""
        with self._patience(1):
            self.ground_digests = (await asyncio.to_thread(self.shadow.tree)).files
            self._checks = await asyncio.to_thread(self._discovered)

    def restore(self, before: RunState) -> None:
        """Put the shadow back to where an interrupted run left it."""
        for path, blob in before.changes.items():
            data = None if blob is None else self._ground.blobs.get(blob)
            self.shadow.write(path, data, before.executable.get(path))

    # --- the proof ------------------------------------------------------------------------------------------

    async def tidy(self) -> dict[str, int]:
        """Put the linters' own fixes into what the run changed; returns how many each file took."""
        paths = [one.path for one in self.changed() if one.after is not None]
        keep = (self._journal, self._ground.blobs, self.log)
        stop, timeout_s = self._brake.event, self._ground.settings.timeout_s
        with self._patience(len(self._checks)):
            return await asyncio.to_thread(tidy, self.shadow, self._checks, self.baseline, paths, keep, stop, timeout_s)

    async def prove(self, on_verdict: OnVerdict) -> tuple[Verdict, ...]:
        """Run every check on what stands in the shadow: of the tests those that reach the change, then, where nothing
        is left to mend and the gate is the full one, all of them.
        """
        verdicts = await self._verify(self._checks, on_verdict, self._by_impact)
        if not self._is_enough(verdicts):
            verdicts = await self._in_full(verdicts, on_verdict)
        return (*verdicts, *await self._deeper(verdicts, on_verdict))

    @property
    def _by_impact(self) -> Which:
        proof = self._ground.settings.tests
        return Which(impact=proof.gate != "all", enough=proof.stop_after)

    async def _in_full(self, verdicts: Sequence[Verdict], on_verdict: OnVerdict) -> tuple[Verdict, ...]:
        """Return the verdicts, those by a part of the tests replaced by those by all."""
        parts = {verdict.check for verdict in verdicts if verdict.extent}
        again = [check for check in self._checks if check.name in parts]
        full = {verdict.check: verdict for verdict in await self._verify(again, on_verdict, ALL)}
        return tuple(full.get(verdict.check, verdict) for verdict in verdicts)

    async def _deeper(self, verdicts: Sequence[Verdict], on_verdict: OnVerdict) -> tuple[Verdict, ...]:
        """Ask more of the tests of a change that is green, where the person wants that."""
        proof = self._ground.settings.tests
        if not (proof.coverage or proof.strength_s) or self._to_mend(verdicts):
            return ()
        changed = self.changed()
        texts = {one.path: (text_of(one.before), after) for one in changed if (after := text_of(one.after)) is not None}
        with self._patience(len(self._checks), proof.strength_s):
            found = await asyncio.to_thread(
                deepen,
                lambda: self.copy(changed),
                self._checks,
                verdicts,
                self._memory,
                texts,
                wanted=proof.coverage,
                strength_s=proof.strength_s,
                cancel=self._brake.event,
            )
        for verdict in found:
            on_verdict(verdict)
        return found

    def copy(self, changed: Sequence[Changed]) -> Shadow:
        """Open a second shadow with the same changes, to be thrown away."""
        shadow = open_ground(self._ground, self._dirty)
        for one in changed:
            shadow.write(one.path, one.after, one.executable and one.executable[1])
        return shadow

    def _to_mend(self, verdicts: Sequence[Verdict]) -> bool:
        unclear = any(verdict.outcome in ("unknown", "timeout", "flaky") for verdict in verdicts)
        return unclear or any(blames(finding) for verdict in verdicts for finding in verdict.findings)

    def _is_enough(self, verdicts: Sequence[Verdict]) -> bool:
        """Tell whether a proof by the tests that reach the change need not become one by all."""
        proof = self._ground.settings.tests
        parts = [verdict for verdict in verdicts if verdict.extent]
        too_long = any(self._memory.full_seconds(verdict.check) > proof.gate_s for verdict in parts)
        return not parts or self._to_mend(verdicts) or proof.gate == "impact" or too_long

    async def _verify(
        self, checks: Sequence[Check], on_verdict: OnVerdict, which: Which, shadow: Shadow | None = None
    ) -> tuple[Verdict, ...]:
        """Run checks on what stands in the shadow, or in a copy of it."""
        loop = asyncio.get_running_loop()
        emit = self._ground.emit

        def started(check: str) -> None:
            loop.call_soon_threadsafe(emit, CheckStarted(check, self._run))

        def finished(verdict: Verdict) -> None:
            loop.call_soon_threadsafe(emit, CheckFinished(verdict, self._run))
            loop.call_soon_threadsafe(on_verdict, verdict)

        with self._patience(1):
            verdicts = await asyncio.to_thread(
                verify,
                shadow or self.shadow,
                checks,
                Witness(started, finished, self._records, self._memory, which),
                baseline=self.baseline,
                cancel=self._brake.event,
                timeout_s=self._ground.settings.timeout_s,
            )
        self._journal_passages()
        return verdicts

    async def prove_as_before(self, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
        """Run the checks on the change with tests and configuration as they were; nothing where it left them."""
        with self._patience(len(self._checks)):
            return await asyncio.to_thread(
                prove_as_before,
                lambda: open_ground(self._ground, self._dirty),
                {one.path: (one.before, one.after) for one in self.changed()},
                self._checks,
                verdicts,
                cancel=self._brake.event,
                timeout_s=self._ground.settings.timeout_s,
            )

    def _patience(self, n_checks: int, more_s: float = 0.0) -> AbstractContextManager[None]:
        """Be patient with checks that say nothing before they end, each within its own time."""
        return self._ground.pulse.working(n_checks * self._ground.settings.timeout_s + more_s)

    def _journal_passages(self) -> None:
        """Journal which hosts the checks' proxies were asked for since this was last done."""
        asked = self.shadow.passages
        for passage in asked[self._n_passages :]:
            self._journal.append("egress", msgspec.structs.asdict(passage))
        self._n_passages = len(asked)

    def changed(self) -> tuple[Changed, ...]:
        """Return what differs from the ground, hands and commands alike, ignored paths left out."""
        return changed(self.shadow, self.base, self._dirty)

    def changed_since_judged(self) -> bool:
        """Tell whether anything stands differently since this was last asked."""
        stands = self.changed()
        differs = stands != self._judged
        self._judged = stands
        return differs

    def judged(self) -> Judged:
        """Return the gates' objections to what stands, by its text alone: no check need have spoken."""
        stands = self.changed()
        sides = {one.path: (as_judged(one.before), as_judged(one.after)) for one in stands}
        return Judged(stands, objections(sides, self._base_text))

    def flags(self, verdicts: Sequence[Verdict], judged: Judged) -> tuple[Flag, ...]:
        """Return all objections to what stands, of which the checks said this.

        What was `judged` while they ran is judged anew where anything stands differently now.
        """
        read = judged.flags if judged.stands == self.changed() else self.judged().flags
        told = {flag.path for flag in read if flag.blocks}
        return (*read, *(flag for flag in self._vanished(verdicts) if flag.path not in told))

    def _vanished(self, verdicts: Sequence[Verdict]) -> Iterator[Flag]:
        packages = {check.name: check.package for check in self._checks}
        for verdict in verdicts:
            before = self._records.ran(self._ground_receipts.get(verdict.check, ""))
            after = self._records.ran(verdict.receipt)
            if before is not None and after is not None:
                yield from vanished(before, after, packages.get(verdict.check, ""))

    def new_tests(self, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
        """Return the tests that ran for these verdicts and not on the ground."""
        found: set[str] = set()
        for verdict in verdicts:
            before = self._records.ran(self._ground_receipts.get(verdict.check, "")) or frozenset()
            found |= (self._records.ran(verdict.receipt) or frozenset()) - before
        return tuple(sorted(found))

    def ran(self, verdicts: Sequence[Verdict]) -> frozenset[str]:
        """Return the tests that ran for these verdicts."""
        known = (self._records.ran(verdict.receipt) for verdict in verdicts)
        return frozenset(test for ran in known if ran is not None for test in ran)

    async def check(self, name: str | None, shadow: Shadow | None = None) -> tuple[Verdict, ...]:
        """Run a check, all for none named, on what stands in the run's shadow or in a copy of it."""
        checks = [check for check in self._checks if name in (None, check.name)]
        return await self._verify(checks or self._checks, lambda verdict: None, self._by_impact, shadow)

    # --- reading --------------------------------------------------------------------------------------------

    def read_text(self, path: str) -> str | None:
        """Return a file's text as it stands in the shadow."""
        data = self.shadow.read(path)
        return None if data is None else text_of(data)

    def _base_text(self, path: str) -> str | None:
        return text_of(self.base(path))
