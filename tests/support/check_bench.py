"""One workspace under one shadow, and the ladder on both."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from plain_shadow import PlainShadow

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.shadow.contract import Shadow
from bridle.harness.verify.checks import Check
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import ALL
from bridle.harness.verify.ladder import Witness, verify
from bridle.harness.verify.records import Records


class Bench:
    """One workspace under one shadow."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        self.cancel = threading.Event()
        self.started: list[str] = []
        self.told: list[Verdict] = []
        self.python: str | None = sys.executable
        self.env: dict[str, str] = {}
        self.shadow: Shadow = PlainShadow(root, state)
        self.declared: tuple[Check, ...] = ()
        self.needs: dict[str, tuple[str, ...]] = {}
        self._state = state
        self.records = Records(state)
        self.memory: Memory | None = None
        self.which = ALL

    def put(self, files: Mapping[str, str]) -> None:
        """Write files of the workspace, as the person has them."""
        for path, text in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        self.shadow = PlainShadow(self.root, self._state, self.env)

    def verify(
        self, only: str = "", *, timeout_s: float = 60, baseline: Sequence[Finding] = (), paths: Sequence[str] = ()
    ) -> tuple[Verdict, ...]:
        return verify(
            self.shadow,
            self.checks(only),
            Witness(self.started.append, self.told.append, self.records, self.memory, self.which),
            paths=paths,
            baseline=baseline,
            cancel=self.cancel,
            timeout_s=timeout_s,
        )

    @property
    def n_runs(self) -> int:
        """How many commands ran since files were put."""
        assert isinstance(self.shadow, PlainShadow)
        return self.shadow.n_runs

    def checks(self, only: str = "") -> list[Check]:
        found = discover(self.root, self.python, self.needs, declared=self.declared)
        return [check for check in found if only in ("", check.name)]

    def one(self, only: str, *, timeout_s: float = 60, baseline: Sequence[Finding] = ()) -> Verdict:
        [verdict] = self.verify(only, timeout_s=timeout_s, baseline=baseline)
        return verdict
