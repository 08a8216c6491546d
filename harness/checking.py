"""Verification that a person asked for, by saving or by command: no model, the tree as it is, unsaved buffers included.

Of one origin only the newest counts: a later request ends an earlier one, whose answer is "cancelled".
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from bridle.harness.buffers import Buffers
from bridle.harness.engine import (
    CheckFinished,
    CheckStarted,
    EngineEvent,
    GrantNeeds,
    Verified,
    Verify,
)
from bridle.harness.nouns import Finding, Outcome, Verdict
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.remember import meet_needs
from bridle.harness.session.state import State
from bridle.harness.settings import Settings, user_file
from bridle.harness.shadow.shadow import Shadow, open_shadow
from bridle.harness.unsheltered import Unsheltered
from bridle.harness.verify.as_before import Sides, prove_as_before
from bridle.harness.verify.checks import Check
from bridle.harness.verify.depth import deepen
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import ALL, Which
from bridle.harness.verify.ladder import Witness, known, verify
from bridle.harness.verify.needs import access_of
from bridle.harness.verify.records import Records
from bridle.harness.verify.rewinding import differing, rewind
from bridle.indexer.encoding import text_of

RANK: tuple[Outcome, ...] = ("fail", "timeout", "unknown", "flaky", "pass")
"""Which outcome tells of all: the first of these that any check has."""


WHOLE = Verify()

Complete = Callable[[Verdict, Shadow], Verdict]
"""Adds to a verdict of the person's tree what they are told besides; used on the thread that ran the check."""


class Checking:
    """The checks of one root."""

    def __init__(
        self,
        root: Path,
        state: State,
        settings: Settings,
        buffers: Buffers,
        emit: Callable[[EngineEvent], None],
        unsheltered: Unsheltered,
        grants: Grants,
        completing: Callable[[], Complete],
    ) -> None:
        self._root = root
        self._state = state
        self._settings = settings
        self._buffers = buffers
        self._emit = emit
        self._unsheltered = unsheltered
        self._grants = grants
        self._completing = completing
        self.records = Records(state.folder)
        self.memory = Memory(state.folder)
        self._told: set[str] = set()
        self._current: dict[str, threading.Event] = {}

    async def verify(self, request: Verify) -> Verified:
        """Run the checks in a shadow of the tree as it is; a save runs none where the person did not agree to that."""
        if request.origin == "save" and not await self._unsheltered.allowed():
            return Verified("cancelled", "", (), self._buffers.versions())
        cancel = self._take_turn(request.origin)
        buffers = self._buffers.versions()
        try:
            baseline = await self._baseline(request.since, cancel) if request.since else ()
            impact = request.tests in ("impact", "changed") or (not request.tests and request.origin == "save")
            asked = request
            if request.tests == "changed":
                asked = msgspec.structs.replace(request, paths=await self._differing())
                if not asked.paths:
                    return Verified("unknown", "", (), buffers)
            which = Which(impact=impact, only=request.only, enough=self._settings.tests.stop_after)
            tree, verdicts = await self.prove(self._buffers.dirty(), {}, baseline, cancel, asked, which=which)
            if request.strength_s or (self._settings.tests.coverage and request.tests in ("impact", "changed")):
                verdicts = (*verdicts, *await self._deeper(verdicts, request.strength_s, cancel))
        except asyncio.CancelledError:
            cancel.set()
            raise
        if cancel.is_set():
            return Verified("cancelled", tree, verdicts, buffers)
        gone = await asyncio.to_thread(self._forget_gone, verdicts)
        return Verified(worst(verdicts), tree, verdicts, buffers, gone)

    async def prove(
        self,
        dirty: Mapping[str, bytes],
        changes: Mapping[str, bytes | None],
        baseline: Sequence[Finding],
        cancel: threading.Event,
        asked: Verify = WHOLE,
        run: str = "",
        executable: Mapping[str, bool] = {},
        which: Which = ALL,
    ) -> tuple[str, tuple[Verdict, ...]]:
        """Run the checks on the tree with `dirty` buffers and `changes`; returns its digest and the verdicts.

        `asked` narrows them to files and checks, and says nothing else here.
        `executable` is that bit of changed files, where it changes. `run` marks the events as a proposal's, which are
        not the person's standing findings. `which` says which of the tests run.
        """
        loop = asyncio.get_running_loop()
        buffers = self._buffers.versions()

        complete = None if run else self._completing()

        def started(check: str) -> None:
            loop.call_soon_threadsafe(self._emit, CheckStarted(check, run))

        def finished(verdict: Verdict) -> None:
            if not cancel.is_set():
                loop.call_soon_threadsafe(self._emit, CheckFinished(verdict, run, buffers))

        def whole() -> tuple[str, tuple[Verdict, ...]]:
            shadow = self._open_shadow(dirty)
            try:
                _put(shadow, changes, executable)
                checks = [one for one in self._checks(shadow) if not asked.checks or one.name in asked.checks]
                told: list[Verdict] = []

                def judged(verdict: Verdict) -> None:
                    told.append(complete(verdict, shadow) if complete else verdict)
                    finished(told[-1])

                verdicts = verify(
                    shadow,
                    checks,
                    Witness(started, judged, self.records, self.memory, which),
                    paths=asked.paths,
                    baseline=tuple(baseline),
                    cancel=cancel,
                    timeout_s=self._settings.timeout_s,
                )
                return (verdicts[0].tree if verdicts else shadow.tree().digest), tuple(told)
            finally:
                shadow.close()

        return await asyncio.to_thread(whole)

    async def _deeper(
        self, verdicts: Sequence[Verdict], strength_s: float, cancel: threading.Event
    ) -> tuple[Verdict, ...]:
        """Return what more is to be said of what differs from the last commit. Raises UserProblem."""
        dirty = self._buffers.dirty()

        def whole() -> tuple[Verdict, ...]:
            shadow, base = self._open_shadow(dirty), self._open_shadow({})
            try:
                paths = differing(shadow)
                rewind(base, "HEAD")
                texts = {path: (text_of(base.read(path)), text_of(shadow.read(path))) for path in paths}
                changes = {path: (before, after) for path, (before, after) in texts.items() if after is not None}
                return deepen(
                    lambda: self._open_shadow(dirty),
                    self._checks(shadow),
                    verdicts,
                    self.memory,
                    changes,
                    wanted=self._settings.tests.coverage,
                    strength_s=strength_s,
                    cancel=cancel,
                )
            finally:
                shadow.close()
                base.close()

        return await asyncio.to_thread(whole)

    async def _differing(self) -> tuple[str, ...]:
        """Return the paths that differ from the last commit, unsaved buffers included. Raises UserProblem."""

        def whole() -> tuple[str, ...]:
            shadow = self._open_shadow(self._buffers.dirty())
            try:
                return differing(shadow)
            finally:
                shadow.close()

        return await asyncio.to_thread(whole)

    async def prove_as_before(
        self, dirty: Mapping[str, bytes], sides: Sides, verdicts: Sequence[Verdict], cancel: threading.Event
    ) -> tuple[Verdict, ...]:
        """Return what the checks say of a change with the tests and the configuration as they were before it.

        `sides` is the change, `verdicts` what the checks said of it as it stands; see `as_before.py`.
        """

        def whole() -> tuple[Verdict, ...]:
            checks = self._discovered(None)
            opened, limit = partial(self._open_shadow, dirty), self._settings.timeout_s
            return prove_as_before(opened, sides, checks, verdicts, cancel=cancel, timeout_s=limit)

        return await asyncio.to_thread(whole)

    def _forget_gone(self, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
        """Return the files that findings were told of before and that are there no more, each once."""
        there = self._buffers.versions()
        told = self._told | {finding.path for verdict in verdicts for finding in verdict.findings if finding.path}
        gone = {path for path in told if path not in there and not os.path.lexists(self._root / path)}
        self._told = told - gone
        return tuple(sorted(gone))

    async def warm(self, cancel: threading.Event) -> bool:
        """Find out what the checks say of the tree as it is, unless it is known; tells whether that came to an end."""

        def whole() -> bool:
            shadow = self._open_shadow(self._buffers.dirty())
            try:
                self._judged(shadow, cancel)
            finally:
                shadow.close()
            return not cancel.is_set()

        return await asyncio.to_thread(whole)

    async def _baseline(self, revision: str, cancel: threading.Event) -> tuple[Finding, ...]:
        """Return what the checks find in the tree of a commit, of which a check that came to no verdict finds nothing.

        Raises UserProblem.
        """

        def whole() -> tuple[Finding, ...]:
            shadow = self._open_shadow({})
            try:
                rewind(shadow, revision)
                return tuple(finding for verdict in self._judged(shadow, cancel) for finding in verdict.findings)
            finally:
                shadow.close()

        return await asyncio.to_thread(whole)

    def _judged(self, shadow: Shadow, cancel: threading.Event) -> tuple[Verdict, ...]:
        """Return what the checks say of what stands in a shadow, asked only where it is not known."""
        checks = self._checks(shadow)
        return known(shadow, checks, self.records) or verify(
            shadow,
            checks,
            Witness(records=self.records, memory=self.memory),
            cancel=cancel,
            timeout_s=self._settings.timeout_s,
        )

    def _checks(self, shadow: Shadow) -> tuple[Check, ...]:
        return self._discovered(shadow.tree().files)

    def _discovered(self, files: Iterable[str] | None) -> tuple[Check, ...]:
        settings = self._settings
        return discover(self._root, settings.python or None, self._grants.needs, files, settings.declared)

    async def ground(self, dirty: Mapping[str, bytes]) -> dict[str, str]:
        """Return path → digest of the tree as it is, with `dirty` buffers in place."""

        def whole() -> dict[str, str]:
            shadow = self._open_shadow(dirty)
            try:
                return dict(shadow.tree().files)
            finally:
                shadow.close()

        return await asyncio.to_thread(whole)

    def _open_shadow(self, dirty: Mapping[str, bytes]) -> Shadow:
        settings = self._settings
        return open_shadow(
            self._root,
            self._state.shadows,
            dirty,
            python=settings.python,
            required=settings.sandbox_required,
            limits=settings.limits,
            container=settings.container,
        )

    async def grant(self, request: GrantNeeds) -> None:
        """Keep what the person grants a check, and hold to it at once. Raises UserProblem."""
        access_of(request.needs)
        await asyncio.to_thread(meet_needs, user_file(), request.check, request.needs)
        self._grants.meet(request.check, request.needs)

    def stop(self) -> None:
        """End whatever runs."""
        for cancel in self._current.values():
            cancel.set()

    def _take_turn(self, origin: str) -> threading.Event:
        older = self._current.get(origin)
        if older is not None:
            older.set()
        self._current[origin] = threading.Event()
        return self._current[origin]


def worst(verdicts: Sequence[Verdict]) -> Outcome:
    """Return the outcome that tells of all of them; nothing checked is nothing known."""
    said = {verdict.outcome for verdict in verdicts}
    for outcome in RANK:
        if outcome in said:
            return outcome
    return "unknown"


def _put(shadow: Shadow, changes: Mapping[str, bytes | None], executable: Mapping[str, bool]) -> None:
    for path, data in changes.items():
        shadow.write(path, data, executable.get(path))
