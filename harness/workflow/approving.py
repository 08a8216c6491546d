"""What a person reads and decides while a run goes on: its papers as files, questions before the work, a yes to a plan.

A paper is a plain file in the workspace's state. Who edits it before they approve has it as they left it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bridle.context.rules import COPILOT
from bridle.context.rules import RULES as MODEL_RULES
from bridle.harness.answers import Paper
from bridle.harness.ground import Ground
from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.order import Order
from bridle.harness.permission.decide import decide, looked
from bridle.harness.session.storage import make_private, write_whole
from bridle.harness.workflow.desk import Desk
from bridle.harness.workflow.doubts import doubts
from bridle.harness.workflow.ending import Ended
from bridle.harness.workflow.submitting import Criterion
from bridle.harness.workflow.workbench import Workbench
from bridle.indexer.bounded import read_bounded

APPROVE, REJECT, LATER = "Approve", "Reject", "Later"
WAIT_S = 600.0
MAX_PAPER_BYTES = 256 * 1024
RULES = (*MODEL_RULES, COPILOT)
STOP = "Stop"


class Papers:
    """The papers and questions of one run."""

    def __init__(self, ground: Ground, run: RunId, desk: Desk, bench: Workbench) -> None:
        self._ground = ground
        self._run = run
        self._desk = desk
        self._bench = bench
        self._folder = ground.state.papers / run
        self._written: dict[str, str] = {}

    def show(self, name: str) -> None:
        """Put a paper where the person can read it, and tell of it; a full disk stops no run here."""
        try:
            path = self._put(name)
        except (OSError, UserProblem):
            return
        self._ground.emit(Paper(self._run, name, path, self._desk.artefacts.get(name, "")))

    async def approve(self, names: Sequence[str]) -> str:
        """Ask whether the papers hold; returns the answer, `LATER` where none comes in time."""
        paths = [str(self._folder / name) if self._is_theirs(name) else self._put(name) for name in names]
        for name, path in zip(names, paths, strict=True):
            self._ground.emit(Paper(self._run, name, path, self._desk.artefacts.get(name, "")))
        where = ", ".join(paths)
        words = f"May the run go on by this? You can edit it before you approve: {where}"
        answer, told = await self._ground.question(words, (APPROVE, REJECT, LATER), LATER, timeout_s=WAIT_S)
        if not told or answer == LATER:
            return LATER
        if answer == APPROVE:
            for name in names:
                await asyncio.to_thread(self._take_back, name)
        return answer

    async def ask_doubts(self, order: Order) -> None:
        """Ask about what is doubtful in the task, found without a model. Raises Ended where the person stops there."""
        snapshot = await self._ground.snapshot()
        rules = {path: text for path in RULES if (text := self._bench.read_text(path)) is not None}
        found = await asyncio.to_thread(doubts, order.instruction, snapshot, self._denied, rules)
        for doubt in found:
            answer = await self._desk.question(doubt.question, doubt.choices, doubt.default)
            if answer == STOP:
                raise Ended("cancelled", "stopped by you before the work began; no file was changed")

    async def ask_criteria(self, criteria: Sequence[Criterion]) -> None:
        """Ask what to do where no check can show that the work is done."""
        if not criteria:
            return
        listed = "; ".join(one.text for one in criteria[:3])
        review, test = "A review decides", "Write a test for each first"
        await self._desk.question(f"No check can show: {listed}. What then?", (review, test), review)

    def _denied(self, path: str) -> str:
        policy = self._ground.grants.policy
        decision = decide(policy, looked(policy, "Edit", path))
        return decision.reason if decision.verdict == "deny" else ""

    def _put(self, name: str) -> str:
        path = make_private(make_private(self._folder.parent) / self._folder.name) / name
        text = self._written[name] = self._desk.artefacts.get(name, "")
        write_whole(path, text.encode("utf-8", "replace"))
        return str(path)

    def _is_theirs(self, name: str) -> bool:
        """Whether a paper lies there as the person made it, while they were asked or while the run was parked."""
        text = self._on_disk(name)
        return text is not None and text != self._written.get(name, self._desk.artefacts.get(name, ""))

    def _take_back(self, name: str) -> None:
        """Keep what the person made of a paper."""
        text = self._on_disk(name)
        if text is not None and text != self._desk.artefacts.get(name, ""):
            self._desk.write(name, text, "person")

    def _on_disk(self, name: str) -> str | None:
        """Return a paper as it lies there; None where there is none, or nothing of use in it."""
        try:
            text = read_bounded(self._folder / name, MAX_PAPER_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        return text if text.strip() else None
