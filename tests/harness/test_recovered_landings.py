"""A landing that stood when its engine died can be taken back; one that is being written is left to its writer."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.edits.disk import Recovered, recover
from bridle.harness.engine import LandingPlan, PrepareLanding, PrepareUndo, expect
from bridle.harness.nouns import UserProblem
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.harness.session.lock import held
from bridle.harness.session.state import State

MONEY = "src/till/money.py"
TEST = "test_half_a_cent_is_rounded_up"
BUG = "        return Money(self.cents * rate // 100)\n"
FIXED = "        return Money((self.cents * rate + 50) // 100)\n"
PAUSED_HALFWAY = """
import sys
from pathlib import Path
from bridle.harness.edits.disk import Write, commit
from bridle.harness.edits.filesystem import RealFileSystem

class Pausing(RealFileSystem):
    def rename(self, old, new):
        super().rename(old, new)
        if new.name == "a.py":
            print("halfway", flush=True)
            sys.stdin.readline()

commit(Path(sys.argv[1]), [Write(name, b"old", b"new") for name in ("a.py", "b.py")], Path(sys.argv[2]), Pausing())
"""


async def prepared(opening: Any) -> tuple[str, str]:
    """Fix, prepare the landing, and end the engine there; returns the run and the plan."""
    door = await opening("local")
    ended = await door.fix(TEST)
    plan = expect(await door.engine.call(PrepareLanding(ended.proposal), 60), LandingPlan)
    assert plan.closed_files == (MONEY,)
    await door.engine.close()
    return ended.run, plan.id


def confirm(root: Path, run: Any, **payload: Any) -> None:
    """Journal what an engine journals before it writes, and no more."""
    journal = Journal(State(root).journals, run, lambda: 1.0)
    journal.append("confirmed", payload)
    journal.close()


@pytest.mark.slow
async def test_a_landing_that_stood_when_the_engine_died_can_be_undone(opening: Any, trusted: Path) -> None:
    original = (trusted / MONEY).read_text()
    run, plan = await prepared(opening)
    confirm(trusted, run, plan=plan)
    (trusted / MONEY).write_text(original.replace(BUG, FIXED))
    door = await opening("local")
    _, undone = await door.land(PrepareUndo())
    assert undone is not None
    assert (undone.outcome, undone.written) == ("applied", (MONEY,))
    assert (trusted / MONEY).read_text() == original


@pytest.mark.slow
async def test_a_document_that_held_the_change_when_the_engine_died_can_be_undone(opening: Any, trusted: Path) -> None:
    original = (trusted / MONEY).read_text()
    run, plan = await prepared(opening)
    held_then = "# typed\n" + original
    blobs = Blobs(State(trusted).blobs)
    before, after = (blobs.put(text.encode()) for text in (held_then, held_then.replace(BUG, FIXED)))
    file = FileChange(MONEY, before, after, open=True)
    confirm(trusted, run, plan=plan, unsaved=(MONEY,), files=(file,))
    door = await opening("local")
    document = await door.open(MONEY, "# typed since\n" + held_then.replace(BUG, FIXED))
    _, undone = await door.land(PrepareUndo())
    assert undone is not None
    assert (undone.outcome, undone.unsaved) == ("applied", (MONEY,))
    assert str(document.text) == "# typed since\n" + held_then
    assert (trusted / MONEY).read_text() == original


@pytest.mark.slow
async def test_an_undo_that_stood_when_the_engine_died_is_not_offered_again(opening: Any, trusted: Path) -> None:
    original = (trusted / MONEY).read_text()
    door = await opening("local")
    ended = await door.fix(TEST)
    await door.land(PrepareLanding(ended.proposal))
    undo = expect(await door.engine.call(PrepareUndo(), 60), LandingPlan)
    await door.engine.close()
    confirm(trusted, ended.run, plan=undo.id)
    (trusted / MONEY).write_text(original)
    door = await opening("local")
    assert (await door.proposal(ended)).state == "undone"
    with pytest.raises(UserProblem, match="no landed change"):
        await door.land(PrepareUndo())


def test_what_another_process_is_writing_is_never_taken_back(tmp_path: Path) -> None:
    root, journal = tmp_path / "project", tmp_path / "journal"
    root.mkdir()
    for name in ("a.py", "b.py"):
        (root / name).write_bytes(b"old")
    done: list[Recovered] = []
    command = [sys.executable, "-c", PAUSED_HALFWAY, str(root), str(journal)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"halfway\n"
        with pytest.raises(UserProblem, match="another Bridle"), held(journal / "lock", 0):
            pass
        recovering = threading.Thread(target=lambda: done.append(recover(root, journal)))
        recovering.start()
        recovering.join(0.3)
        assert recovering.is_alive(), "it waits for its turn"
        writer.communicate(b"go on\n", timeout=30)
    recovering.join(30)
    assert writer.returncode == 0
    assert done == [Recovered()]
    assert {(root / name).read_bytes() for name in ("a.py", "b.py")} == {b"new"}
