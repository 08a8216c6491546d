"""A landing is killed at every single thing that it does to the disk; the next start must make sense of what
is left.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bridle.harness.engine import EngineEvent, Note
from bridle.harness.nouns import RunId
from bridle.harness.recovery import recover
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.harness.session.records import Record
from bridle.harness.session.runs import look
from bridle.harness.session.state import State
from bridle.indexer.digest import digest

RUN = RunId("r1")
BEFORE = {"a.py": b"a = 1\r\n", "b.py": b"b = 1", "gone.py": b"gone\n", "new/c.py": None}
AFTER = {"a.py": b"a = 2\r\n", "b.py": b"b = 2", "gone.py": None, "new/c.py": b"c = 1\n"}
KILLED_AT = """
import os, signal, sys
from pathlib import Path
from bridle.harness.edits.disk import Write, commit
from bridle.harness.edits.filesystem import RealFileSystem

class Killed:
    left = int(sys.argv[3])
    def __getattr__(self, name):
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        Killed.left -= 1
        return getattr(RealFileSystem(), name)

root = Path(sys.argv[1])
before, after = eval(sys.argv[4])
commit(root, [Write(path, before[path], after[path]) for path in before], Path(sys.argv[2]), Killed())
"""


class Desk:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        for path, data in BEFORE.items():
            if data is not None:
                (self.root / path).write_bytes(data)
        (self.root / "a.py").chmod(0o755)
        self.state = State(self.root, folder / "state")
        self.told: list[EngineEvent] = []

    def intend(self, *, confirmed: bool) -> None:
        blobs = Blobs(self.state.blobs)
        for data in (*BEFORE.values(), *AFTER.values()):
            if data is not None:
                blobs.put(data)
        journal = Journal(self.state.journals, RUN, lambda: 1.0)
        journal.append("started", {"workflow": "edit", "instruction": ""})
        files = tuple(FileChange(path, mark(BEFORE[path]), mark(AFTER[path])) for path in BEFORE)
        journal.append("prepared", {"plan": "p1", "files": files})
        if confirmed:
            journal.append("confirmed", {"plan": "p1"})
        journal.close()

    def write_and_die(self, after_steps: int) -> bool:
        """Whether it was killed before it was done."""
        done = subprocess.run(
            [sys.executable, "-c", KILLED_AT, self.root, self.state.landings, str(after_steps), repr((BEFORE, AFTER))],
            timeout=60,
            check=False,
        )
        assert done.returncode in (0, -9)
        return done.returncode == -9

    def recover(self) -> None:
        recover(self.root, self.state, lambda: 2.0, self.told.append)

    def stands(self) -> dict[str, bytes | None]:
        return {path: (self.root / path).read_bytes() if (self.root / path).exists() else None for path in BEFORE}

    def everything(self) -> dict[str, tuple[int, bytes]]:
        files = [
            p for top in (self.root, self.state.folder) for p in top.rglob("*") if p.is_file() and p.name != "lock"
        ]
        return {str(path): (path.stat().st_mode, path.read_bytes()) for path in files}


def mark(data: bytes | None) -> str | None:
    return None if data is None else digest(data)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.slow
def test_wherever_a_landing_dies_all_of_it_stands_or_none_and_the_journal_says_which(tmp_path: Path) -> None:
    killed, step, seen = True, 0, set[str]()
    while killed:
        folder = tmp_path / str(step)
        folder.mkdir()
        desk = Desk(folder)
        desk.intend(confirmed=True)
        killed = desk.write_and_die(step)
        desk.recover()
        landing = look(desk.state.journals, RUN).state.landings["p1"]
        assert desk.stands() == (AFTER if landing.state == "landed" else BEFORE), f"killed at step {step}"
        assert (desk.root / "a.py").stat().st_mode & 0o777 == 0o755
        assert {p.name for p in desk.root.iterdir()} <= {"a.py", "b.py", "gone.py", "new"}
        once = desk.everything()
        desk.recover()
        assert desk.everything() == once
        seen.add(landing.state)
        step += 1
    assert step > 8
    assert seen == {"landed", "rolled back"}


def test_an_intent_that_was_never_confirmed_is_rolled_back(desk: Desk) -> None:
    desk.intend(confirmed=False)
    desk.recover()
    assert look(desk.state.journals, RUN).state.landings["p1"].state == "rolled back"
    assert desk.stands() == BEFORE


def test_a_file_that_the_person_changed_since_is_kept_and_told(desk: Desk) -> None:
    desk.intend(confirmed=True)
    (desk.root / "b.py").write_bytes(b"mine")
    desk.recover()
    landing = look(desk.state.journals, RUN).state.landings["p1"]
    assert (landing.state, landing.kept) == ("rolled back", ("b.py",))
    assert desk.stands() == {**BEFORE, "b.py": b"mine"}
    assert any(isinstance(event, Note) and "b.py" in event.message for event in desk.told)


def test_a_damaged_journal_is_told_and_left_alone(desk: Desk) -> None:
    desk.intend(confirmed=True)
    log = desk.state.journals / "r1.jsonl"
    log.write_bytes(log.read_bytes().replace(b"edit", b"fix!"))
    before = desk.everything()
    desk.recover()
    assert desk.everything() == before
    assert any(isinstance(event, Note) and "damaged" in event.message for event in desk.told)


def test_recovery_looks_at_each_record_a_few_times_however_many_there_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_read, n_records = [0], 500
    read = Record.event

    def counted(record: Record) -> object:
        n_read[0] += 1
        return read(record)

    journal = Journal(desk.state.journals, RunId("long"), lambda: 1.0)
    journal.append("started", {"workflow": "edit", "instruction": ""})
    for n in range(n_records):
        journal.append("told", {"message": {"role": "user", "content": str(n)}, "talk": "build"})
    journal.append("prepared", {"plan": "p1", "files": ()})
    journal.close()
    monkeypatch.setattr(Record, "event", counted)
    desk.recover()
    assert look(desk.state.journals, RunId("long")).state.landings["p1"].state == "rolled back"
    assert n_read[0] < 3.1 * n_records, "listed, settled, and looked at here"
