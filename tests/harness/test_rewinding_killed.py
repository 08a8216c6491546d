"""Going back is killed at every single thing that it does; the next start lets all of it stand, or nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rewinds import After, Lab

from bridle.harness import landings as room
from bridle.harness.edits.disk import commit
from bridle.harness.edits.filesystem import RealFileSystem
from bridle.harness.engine import EngineEvent, FinishLanding, PrepareRewind
from bridle.harness.nouns import ProposalId, RunId
from bridle.harness.proposals.ledger import Ledger
from bridle.harness.recovery import recover
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import look

RUN = RunId("r")


class Countdown:
    """Kills this process before the n-th thing is done."""

    def __init__(self, left: int) -> None:
        self.left = left

    def tick(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def wrap(self, done: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            self.tick()
            return done(*given, **named)

        return wrapped


class Killed:
    """A disk on which everything that is done counts."""

    def __init__(self, countdown: Countdown) -> None:
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        return self._countdown.wrap(getattr(RealFileSystem(), name))


def made(folder: Path) -> Lab:
    (folder / "root" / "deep").mkdir(parents=True)
    root = folder / "root"
    (root / "a.py").write_bytes(b"a = 1\r\n")
    (root / "gone.sh").write_bytes(b"gone\n")
    (root / "gone.sh").chmod(0o750)
    (root / "way").symlink_to("a.py")
    lab = Lab(root)
    lab.run("r", {
        "a.py": After(b"a = 2\r\n", executable=True),
        "gone.sh": After(None),
        "way": After(link="deep"),
        "deep/new.py": After(b"new\n"),
    })  # fmt: skip
    return lab


def go_back_and_die(lab: Lab, plan: str, after: int) -> bool:
    """Whether the process that went back was killed before it was done."""
    child = os.fork()
    if child == 0:
        countdown = Countdown(after)
        setattr(room, "commit", partial(commit, disk=Killed(countdown)))  # noqa: B010 - it is no export of that module
        Journal.append = countdown.wrap(Journal.append)  # type: ignore[method-assign]
        Ledger.put = countdown.wrap(Ledger.put)  # type: ignore[method-assign]
        asyncio.run(lab.landings.finish(FinishLanding(plan, ())))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status != 0


@pytest.mark.slow
def test_wherever_going_back_dies_all_of_it_stands_or_none_and_it_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    killed, step, seen = True, 0, set[bool]()
    while killed:
        folder = tmp_path / str(step)
        lab = made(folder)
        before = lab.stands()
        asyncio.run(lab.accept("r", force=True))
        after = lab.stands()
        plan = asyncio.run(lab.landings.prepare_rewind(PrepareRewind(RUN, 2)))
        killed = go_back_and_die(lab, plan.id, step)
        told: list[EngineEvent] = []
        recover(lab.root, lab.state, lab.now, told.append)
        went_back = look(lab.state.journals, RUN).state.outcome == ""
        assert lab.stands() == (before if went_back else after), f"killed at {step}"
        parts = Lab(lab.root).ledger.get(ProposalId("r")).parts
        assert bool(parts) == (not went_back)
        once = everything(folder)
        recover(lab.root, lab.state, lab.now, told.append)
        assert everything(folder) == once
        seen.add(went_back)
        if not went_back:
            asyncio.run(Lab(lab.root).rewind("r", 2))
            assert lab.stands() == before
        step += 1
    assert step > 10
    assert seen == {True, False}


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all files below a folder and the state beside it, locks apart."""
    tops = (folder, Path(os.environ["XDG_STATE_HOME"]))
    files = [path for top in tops for path in top.rglob("*") if path.is_file() and path.name != "lock"]
    return {str(path): (path.stat().st_mode, path.read_bytes()) for path in files}
