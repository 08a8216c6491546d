"""Verification that a person asked for, by saving or by command: no model, the tree as it is, unsaved buffers included.

Of one origin only the newest counts: a later request ends an earlier one, whose answer is "cancelled".
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bridle.harness.buffers import Buffers
from bridle.harness.engine import CheckFinished, CheckStarted, EngineEvent, GrantNeeds, Verified, Verify
from bridle.harness.nouns import Finding, Outcome, Verdict
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.remember import meet_needs
from bridle.harness.session.state import State
from bridle.harness.settings import Settings, user_file
from bridle.harness.shadow.shadow import Shadow, open_shadow
from bridle.harness.unsheltered import Unsheltered
from bridle.harness.verify.checks import Check
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.ladder import Witness, known, verify
from bridle.harness.verify.needs import access_of
from bridle.harness.verify.records import Records
from bridle.harness.verify.rewinding import rewind

RANK: tuple[Outcome, ...] = ("fail", "timeout", "unknown", "flaky", "pass")
"""Which outcome tells of all: the first of these that any check has."""


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
    ) -> None:
        self._root = root
        self._state = state
        self._settings = settings
        self._buffers = buffers
        self._emit = emit
        self._unsheltered = unsheltered
        self._grants = grants
        self.records = Records(state.folder)
        self._current: dict[str, threading.Event] = {}

    async def verify(self, request: Verify) -> Verified:
        """Run the checks in a shadow of the tree as it is; a save runs none where the person did not agree to that."""
        if request.origin == "save" and not await self._unsheltered.allowed():
            return Verified("cancelled", "", (), self._buffers.versions())
        cancel = self._take_turn(request.origin)
        buffers = self._buffers.versions()
        try:
            baseline = await self._baseline(request.since, cancel) if request.since else ()
            tree, verdicts = await self.prove(self._buffers.dirty(), {}, baseline, cancel, paths=request.paths)
        except asyncio.CancelledError:
            cancel.set()
            raise
        if cancel.is_set():
            return Verified("cancelled", tree, verdicts, buffers)
        return Verified(worst(verdicts), tree, verdicts, buffers)

    async def prove(
        self,
        dirty: Mapping[str, bytes],
        changes: Mapping[str, bytes | None],
        baseline: Sequence[Finding],
        cancel: threading.Event,
        paths: Sequence[str] = (),
        run: str = "",
        executable: Mapping[str, bool] = {},
    ) -> tuple[str, tuple[Verdict, ...]]:
        """Run every check on the tree with `dirty` buffers and `changes`; returns its digest and the verdicts.

        `executable` is that bit of changed files, where it changes. `run` marks the events as a proposal's, which are
        not the person's standing findings.
        """
        loop = asyncio.get_running_loop()
        buffers = self._buffers.versions()

        def started(check: str) -> None:
            loop.call_soon_threadsafe(self._emit, CheckStarted(check, run))

        def finished(verdict: Verdict) -> None:
            if not cancel.is_set():
                loop.call_soon_threadsafe(self._emit, CheckFinished(verdict, run, buffers))

        def whole() -> tuple[str, tuple[Verdict, ...]]:
            shadow = self._open_shadow(dirty)
            try:
                _put(shadow, changes, executable)
                checks = self._checks(shadow)
                verdicts = verify(
                    shadow,
                    checks,
                    Witness(started, finished, self.records),
                    paths=tuple(paths),
                    baseline=tuple(baseline),
                    cancel=cancel,
                    timeout_s=self._settings.timeout_s,
                )
                return (verdicts[0].tree if verdicts else shadow.tree().digest), verdicts
            finally:
                shadow.close()

        return await asyncio.to_thread(whole)

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
            Witness(records=self.records),
            cancel=cancel,
            timeout_s=self._settings.timeout_s,
        )

    def _checks(self, shadow: Shadow) -> tuple[Check, ...]:
        settings, files = self._settings, shadow.tree().files
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
