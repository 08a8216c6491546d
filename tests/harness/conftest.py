"""A copy of the example project, a state folder of its own, and engines of both forms."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import keyring
import pytest
from engine_driver import Driver
from keyring.backends.fail import Keyring as NoKeyring

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Opening = Callable[[str], Awaitable[Driver]]


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example project in a folder of its own; whoever opens it replays the recorded transcripts."""
    root = tmp_path / "till"
    shutil.copytree(EXAMPLES / "till", root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = tmp_path / "config" / "bridle" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'python = "{sys.executable}"\n')
    monkeypatch.setenv("BRIDLE_MODEL", "replay")
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(EXAMPLES / "transcripts"))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # the backend has no types
    yield root
    keyring.set_keyring(before)


@pytest.fixture
async def opening(till: Path) -> AsyncIterator[Opening]:
    """Opens engines on the example project, "local" or "child", and closes them all in the end."""
    opened: list[Driver] = []

    async def open_one(form: str, settings: Mapping[str, object] | None = None) -> Driver:
        from bridle.harness.engine import Engine
        from bridle.harness.remote import ChildEngine
        from bridle.harness.workspace import open_engine

        engine: Engine
        if form == "child":
            engine = await ChildEngine(till, settings or {}, till.parent / "engine.log").start()
        else:
            engine = await open_engine(till, settings or {})
        opened.append(Driver(engine, till))
        return opened[-1]

    yield open_one
    for driver in opened:
        await driver.engine.close()


@pytest.fixture
def trusted(till: Path) -> Path:
    """The example project, trusted by the person."""
    from bridle.harness.permission.trust import Trust

    Trust(till).say(trusted=True)
    return till
