"""A library that crashes the engine leaves a trace of where."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from bridle.harness.engine import Closed, GetStatus
from bridle.harness.remote import ChildEngine


@pytest.mark.slow
async def test_a_crash_leaves_what_every_thread_was_doing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    root, log = tmp_path / "root", tmp_path / "engine.log"
    root.mkdir()
    engine = ChildEngine(root, {}, log)
    await engine.start()
    await engine.call(GetStatus())
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSEGV)
    for _ in range(2):
        try:
            await engine.call(GetStatus())
        except Closed:
            continue
    await engine.close()
    told = log.read_text("utf-8", "replace")
    assert "Fatal Python error: Segmentation fault" in told
    assert "child.py" in told
