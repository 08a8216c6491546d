"""What a run does besides the model's work, counted: programs, looks at the tree, waits for the disk, judgements."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from engine_driver import Driver

from bridle.harness.engine import CheckFinished, StartRun
from bridle.harness.shadow import trees
from bridle.harness.verify.objections import objections
from tests.harness.test_tidying import TRANSCRIPT

pytestmark = pytest.mark.slow

Opening = Callable[[str], Awaitable[Driver]]
PROGRAMS = ("trial", "ruff", "mypy", "pytest")


class Work:
    """Counts what real parts do."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.counts: Counter[str] = Counter()
        work = self

        class Counted(subprocess.Popen[bytes]):
            def __init__(self, args: Any, *more: Any, **named: Any) -> None:
                words = [str(word) for word in args]
                told = " ".join(words)
                name = next((one for one in PROGRAMS if "--" in words and one in told), "other")
                work.counts[name] += 1
                super().__init__(args, *more, **named)

        patch.setattr(subprocess, "Popen", Counted)
        self.count(patch, os, "fsync", "syncs")
        self.count(patch, os, "fdatasync", "syncs")
        self.count(patch, trees.Ground, "state", "looks")

    def count(self, patch: pytest.MonkeyPatch, where: object, name: str, told: str) -> None:
        """Count the calls of one function, which goes on doing what it does."""
        real = getattr(where, name)

        def counted(*given: Any, **named: Any) -> Any:
            self.counts[told] += 1
            return real(*given, **named)

        patch.setattr(where, name, counted)


async def test_a_run_starts_no_program_and_looks_at_nothing_more_often_than_it_needs(
    opening: Opening, trusted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript = tmp_path / "fresh.toml"
    transcript.write_text(TRANSCRIPT)
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(transcript))
    work = Work(monkeypatch)
    door = await opening("local")
    spoken: list[int] = []

    def judged(*given: Any) -> Any:
        spoken.append(sum(isinstance(event, CheckFinished) for event in door.events))
        return objections(*given)

    monkeypatch.setattr("bridle.harness.workflow.workbench.objections", judged)
    ended = await door.run(StartRun("edit", "Write a module."))
    assert ended.outcome == "succeeded"
    counts = work.counts
    assert counts["trial"] == 1, "the engine and the run ask once between them whether the sandbox holds"
    assert (counts["ruff"], counts["mypy"]) == (4, 2), "ground, the fixes twice, proof; ground and proof"
    assert counts["pytest"] == 3, "the test that fails on the ground is run again there, and not in the proof"
    assert spoken == [3], (
        "the gates judge once, while the checks of the proof run: only those of the ground have spoken"
    )
    assert counts["looks"] <= 40
    assert counts["syncs"] <= 38, "what can be asked for again waits for no disk"
