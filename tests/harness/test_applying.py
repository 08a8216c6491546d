"""Edits from the command line are killed at every single thing that they do: all of them stand then, or none."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from bridle.harness import applying
from bridle.harness.applying import apply
from bridle.harness.edits.disk import commit
from bridle.harness.edits.hashline import Plan, PlannedFile
from bridle.harness.nouns import UserProblem
from bridle.harness.proposals.ledger import Ledger
from bridle.harness.recovery import recover
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import list_runs
from bridle.harness.session.state import State
from bridle.indexer.text import LineEdit
from tests.harness.test_rewinding_killed import Countdown, Killed

BEFORE = {"a.txt": b"one\n", "gone.txt": b"gone\n"}
AFTER = {"a.txt": b"two\n", "deep/new.txt": b"new\n"}
PLAN = Plan(
    (
        PlannedFile("a.txt", b"one\n", b"two\n", (LineEdit(0, 1, "two\n"),), (LineEdit(0, 1, "one\n"),)),
        PlannedFile("deep/new.txt", None, b"new\n", (), ()),
        PlannedFile("gone.txt", b"gone\n", None, (), ()),
    )
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "root"


def lay_out(root: Path) -> None:
    root.mkdir()
    for path, data in BEFORE.items():
        (root / path).write_bytes(data)


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def apply_and_die(root: Path, after: int) -> bool:
    """Whether the process that applied was killed before it was done."""
    child = os.fork()
    if child == 0:
        countdown = Countdown(after)
        setattr(applying, "commit", partial(commit, disk=Killed(countdown)))  # noqa: B010 - it is no export of that module
        Journal.append = countdown.wrap(Journal.append)  # type: ignore[method-assign]
        Ledger.put = countdown.wrap(Ledger.put)  # type: ignore[method-assign]
        apply(root, State(root), PLAN, lambda: 1.0)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status != 0


@pytest.mark.slow
def test_what_is_killed_while_it_is_applied_stands_whole_and_can_be_taken_back_or_not_at_all(root: Path) -> None:
    stood: set[bool] = set()
    killed, n = True, 0
    while killed:
        place = root.with_name(f"root{n}")
        lay_out(place)
        killed = apply_and_die(place, n)
        for _ in range(2):
            recover(place, State(place), lambda: 2.0, lambda event: None)
        state, now = State(place), content(place)
        assert now in (BEFORE, AFTER), n
        parts = [part for offer in Ledger(state.proposals).newest_first() for part in offer.parts]
        assert len(parts) == (now == AFTER), n
        assert not any(row.state.unfinished for row in list_runs(state.journals)), n
        stood.add(now == AFTER)
        n += 1
    assert stood == {True, False}
    assert n > 15


def test_a_file_that_moved_on_is_refused_and_nothing_is_on_offer(root: Path) -> None:
    lay_out(root)
    (root / "a.txt").write_bytes(b"mine\n")
    with pytest.raises(UserProblem, match="changed on disk"):
        apply(root, State(root), PLAN, lambda: 1.0)
    assert content(root) == {**BEFORE, "a.txt": b"mine\n"}
    assert Ledger(State(root).proposals).newest_first() == ()
    (row,) = list_runs(State(root).journals)
    assert (row.state.workflow, row.state.outcome) == ("apply", "refused")
