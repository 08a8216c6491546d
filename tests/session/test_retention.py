"""What is remembered, and for how long: never less than somebody may still need, never more than was asked for."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rewinds import After, Lab

from bridle.harness.audit.wholeness import against, lines, problems, readings
from bridle.harness.nouns import Fault, ProposalId, RunId, UserProblem
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.journal import REGISTER, Journal, entered, journals_in
from bridle.harness.session.retention import DAY_S, MEBIBYTE, Keeping, RunFacts, let_go
from bridle.harness.settings import load, user_file
from bridle.harness.sweeping import FRESH_S, Sweeping, kept

NOW = 100 * DAY_S
ONE_DAY = Keeping(days=1)


def fact(name: str, age_days: float, size_mb: float = 0, needed: str = "", marks: str = "") -> RunFacts:
    return RunFacts(RunId(name), NOW - age_days * DAY_S, int(size_mb * MEBIBYTE), needed, frozenset(marks))


def names(runs: list[RunFacts], keeping: Keeping, sizes: dict[str, int] | None = None, others: str = "") -> list[str]:
    return [one.run for one in let_go(runs, frozenset(others), sizes or {}, keeping, NOW)]


def test_what_is_too_old_goes_unless_it_is_needed() -> None:
    runs = [fact("old", 31), fact("needed", 99, needed="it was interrupted"), fact("new", 29)]
    assert names(runs, Keeping(days=30)) == ["old"]


def test_of_what_is_too_much_the_oldest_goes_first_and_no_more_than_has_to() -> None:
    runs = [fact("c", 1, 4), fact("a", 9, 4), fact("b", 5, 4), fact("z", 20, 4, needed="on offer")]
    assert names(runs, Keeping(megabytes=12)) == ["a"]
    assert names(runs, Keeping(megabytes=8)) == ["a", "b"]
    assert names(runs, Keeping(megabytes=1)) == ["a", "b", "c"]


def test_a_content_counts_once_and_is_free_when_the_last_that_names_it_goes() -> None:
    runs = [fact("a", 9, 0, marks="xy"), fact("b", 5, 0, marks="x"), fact("c", 1, 0, marks="z")]
    sizes = dict.fromkeys("xyzo", 4 * MEBIBYTE)
    assert names(runs, Keeping(megabytes=16), sizes, others="o") == []
    assert names(runs, Keeping(megabytes=12), sizes, others="o") == ["a"]
    assert names(runs, Keeping(megabytes=8), sizes, others="o") == ["a", "b"]


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(
        st.builds(fact, st.uuids().map(str), st.floats(0, 60), st.floats(0, 9), st.sampled_from(("", "x"))), max_size=8
    ),
    keep=st.builds(Keeping, st.floats(1, 60), st.integers(0, 40)),
)
def test_nothing_that_is_needed_goes_and_the_rest_is_small_and_young(runs: list[RunFacts], keep: Keeping) -> None:
    gone = set(names(runs, keep))
    left = [one for one in runs if one.run not in gone]
    assert all(one.run not in gone for one in runs if one.needed)
    free = [one for one in left if not one.needed]
    assert all(NOW - one.last <= keep.days * DAY_S for one in free)
    assert not free or sum(one.size_bytes for one in left) <= keep.megabytes * MEBIBYTE


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.py").write_text("a\n")
    return Lab(tmp_path / "root")


def sweep(lab: Lab, keeping: Keeping = ONE_DAY, *, now: float = NOW) -> list[RunId]:
    """Let go of what is not needed at a time long after all that the lab does; returns the runs that are left."""
    for path in lab.state.blobs.rglob("*"):
        if path.is_file():
            os.utime(path, (1.0, 1.0))
    assert Sweeping(lab.state, lab.ledger, keeping, lambda: now).sweep(threading.Event())
    return [run for run in journals_in(lab.state.journals) if run != REGISTER]


async def test_a_run_that_is_over_goes_with_its_offer_and_contents_and_is_not_missed(lab: Lab) -> None:
    before = lab.stands()
    for name in ("r1", "r2"):
        lab.run(name, {"a.py": After(f"{name}\n".encode())})
        await lab.accept(name, force=True)
        await lab.undo(name)
    assert lab.stands() == before
    known = list(readings(lab.state.journals))
    export = lab.root.parent / "export"
    export.write_bytes(b"".join(msgspec.json.encode(x) + b"\n" for r in known for x in lines(r)))
    assert sweep(lab) == []
    assert lab.ledger.newest_first() == ()
    assert kept(lab.state) == (0, 0)
    assert problems(lab.state.journals, readings(lab.state.journals)) == ()
    register = entered(lab.state.journals)
    assert set(register.runs) == set(register.dropped) == {"r1", "r2"}
    assert against(export, readings(lab.state.journals), register.dropped) == ()


async def test_an_export_that_says_otherwise_than_what_was_let_go_is_found(lab: Lab) -> None:
    lab.run("r1", {"a.py": After(b"r1\n")})
    lab.standing.reject(ProposalId("r1"))
    [reading] = readings(lab.state.journals)
    export = lab.root.parent / "export"
    told = [msgspec.json.encode(line) + b"\n" for line in lines(reading)]
    export.write_bytes(b"".join([*told[:-1], told[-1].replace(b'"digest":"', b'"digest":"x')]))
    assert sweep(lab) == []
    dropped = entered(lab.state.journals).dropped
    assert [wrong.run for wrong in against(export, [], dropped)] == ["r1"]


async def test_what_is_interrupted_on_offer_or_was_the_last_to_land_stays_and_can_be_undone(lab: Lab) -> None:
    journal = Journal(lab.state.journals, RunId("cut"), lab.now)
    journal.append("started", {"workflow": "edit", "instruction": ""})
    journal.close()
    before = lab.stands()
    lab.run("offered", {"b.py": After(b"b\n")})
    lab.run("landed", {"a.py": After(b"a = 1\n")})
    await lab.accept("landed", force=True)
    assert sweep(lab) == ["cut", "landed", "offered"]
    await lab.undo()
    assert lab.stands() == before
    await lab.accept("offered", force=True)
    assert sweep(lab) == ["cut", "offered"]


async def test_a_run_in_hand_and_a_damaged_one_stay(lab: Lab) -> None:
    for name in ("damaged", "inhand"):
        lab.run(name, {"a.py": After(name.encode())})
        lab.standing.reject(ProposalId(name))
    log = lab.state.journals / "damaged.jsonl"
    log.write_bytes(log.read_bytes().replace(b"word", b"wrod"))
    journal = Journal(lab.state.journals, RunId("inhand"), lab.now)
    assert sweep(lab) == ["damaged", "inhand"]
    journal.close()
    assert sweep(lab) == ["damaged"]
    wrong = problems(lab.state.journals, readings(lab.state.journals))
    assert [one.run for one in wrong] == ["damaged"]


def test_files_that_are_nobodys_journal_hold_nothing_up(lab: Lab) -> None:
    lab.run("r1", {"a.py": After(b"r1\n")})
    lab.standing.reject(ProposalId("r1"))
    for name in ("no name.jsonl", "é.head", ".r1.0123abcd"):
        (lab.state.journals / name).write_bytes(b"what?")
        os.utime(lab.state.journals / name, (1.0, 1.0))
    assert sweep(lab) == ["no name", "é"]
    assert not (lab.state.journals / ".r1.0123abcd").exists()


def test_a_register_that_takes_no_more_keeps_every_run(lab: Lab) -> None:
    lab.run("r1", {"a.py": After(b"r1\n")})
    lab.standing.reject(ProposalId("r1"))
    register = lab.state.journals / REGISTER / f"{REGISTER}.jsonl"
    register.write_bytes(register.read_bytes().replace(b"r1", b"r2"))
    assert sweep(lab) == ["r1"]


def test_a_content_that_was_just_put_again_stays(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    old, new = blobs.put(b"old"), blobs.put(b"new")
    for name in (old, new):
        os.utime(tmp_path / name[:2] / name[2:], (1.0, 1.0))
    blobs.put(b"new")
    assert blobs.drop([old, new, "f" * 32], before=NOW) == 1
    assert blobs.get(new) == b"new"
    with pytest.raises(Fault):
        blobs.get(old)


def test_looking_again_is_due_after_hours_and_stops_when_told(lab: Lab) -> None:
    clock, cancel = Clock(), threading.Event()
    sweeping = Sweeping(lab.state, lab.ledger, Keeping(), clock)
    lab.run("r1", {"a.py": After(b"r1\n")})
    cancel.set()
    due = [sweeping.sweep(cancel), sweeping.due]
    cancel.clear()
    due += [sweeping.sweep(cancel), sweeping.due]
    clock.now += FRESH_S
    assert [*due, sweeping.due] == [False, True, True, False, True]


def test_how_long_is_for_the_person_to_say_and_not_for_the_project(lab: Lab) -> None:
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().write_text("[sessions]\nkeep_days = 7\nkeep_mb = 64\n")
    assert load(lab.root).sessions == Keeping(7, 64)
    (lab.root / "bridle.toml").write_text("[sessions]\nkeep_days = 1\n")
    with pytest.raises(UserProblem, match="sessions"):
        load(lab.root)
