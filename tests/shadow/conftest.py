"""A small workspace with a history, and a way to open shadows over it that closes them in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridle.harness.shadow.limits import Limits
from bridle.harness.shadow.shadow import RUNGS, RungProbe, Shadow, open_shadow, probe

Opening = Callable[..., Shadow]


@pytest.fixture(scope="session")
def probed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RungProbe]:
    """What trying every rung of this machine showed."""
    return {tried.name: tried for tried in probe(tmp_path_factory.mktemp("probe"))}


@pytest.fixture(params=RUNGS)
def rung(request: pytest.FixtureRequest, probed: dict[str, RungProbe]) -> str:
    """Every rung that works on this machine."""
    tried = probed[request.param]
    if not tried.works:
        pytest.skip(f"{tried.name} does not work here: {tried.detail}")
    return tried.name


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config").write_text("[core]\n")
    (root / ".gitignore").write_text("build/\n*.log\n")
    (root / "a.py").write_text("print('saved')\n")
    (root / "tool.sh").write_text("#!/bin/sh\necho tool\n")
    (root / "tool.sh").chmod(0o755)
    (root / "pkg" / "deep").mkdir(parents=True)
    (root / "pkg" / "b.py").write_text("B = 1\n")
    (root / "pkg" / "deep" / "c.py").write_text("C = 1\n")
    return root


@pytest.fixture
def opening(tmp_path: Path, workspace: Path) -> Iterator[Opening]:
    opened: list[Shadow] = []

    def open_one(
        rung: str | None = None,
        buffers: dict[str, bytes] | None = None,
        root: Path = workspace,
        limits: Limits | None = None,
    ) -> Shadow:
        opened.append(open_shadow(root, tmp_path / "state", buffers or {}, rung=rung, limits=limits))
        return opened[-1]

    yield open_one
    for shadow in opened:
        shadow.close()
