"""A workspace, a shadow over it, and the ladder on both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from check_bench import Bench
from js_bench import node_folder


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root, state = tmp_path / "workspace", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    return Bench(root, state)


@pytest.fixture
def js(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The bench for JavaScript: the Node of the tests is first on PATH."""
    bench.env = {"PATH": f"{node_folder()}:{os.environ['PATH']}"}
    monkeypatch.setenv("PATH", bench.env["PATH"])
    return bench
