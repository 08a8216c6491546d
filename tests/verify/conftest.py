"""A workspace, a shadow over it, and the ladder on both."""

from __future__ import annotations

from pathlib import Path

import pytest
from check_bench import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root, state = tmp_path / "workspace", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    return Bench(root, state)
