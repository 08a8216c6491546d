"""An engine that has nothing to do lets go of what is too old, and of nothing while it has."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridle.harness import workspace
from bridle.harness.engine import GetStatus
from bridle.harness.nouns import RunId
from bridle.harness.session.journal import Journal, entered, journals_in
from bridle.harness.session.state import State


@pytest.mark.slow
async def test_an_idle_engine_lets_old_runs_go(opening: Any, till: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "SWEEP_AFTER_S", 0.01)
    state = State(till)
    journal = Journal(state.journals, RunId("old"), lambda: 1.0)
    journal.append("started", {"workflow": "edit", "instruction": "long ago"})
    journal.append("ended", {"outcome": "failed"})
    journal.close()
    door = await opening("local")
    await door.engine.call(GetStatus())
    async with asyncio.timeout(30):
        while journals_in(state.journals):
            await asyncio.sleep(0.01)
    assert set(entered(state.journals).dropped) == {"old"}
