"""A run goes back to any step of its own: byte-exact where nobody typed, and with what was typed where somebody did."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rewinds import After, Lab

from bridle.harness.nouns import ProposalId, RunId, UserProblem
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import look

LINES = [f"line {n}\n" for n in range(40)]
TEXT = "".join(LINES)


def changed(*lines: int, text: str = TEXT) -> str:
    for line in lines:
        text = text.replace(f"line {line}\n", f"line {line} {line}\nline\n")
    return text


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return make(tmp_path / "root")


def make(root: Path) -> Lab:
    (root / "deep").mkdir(parents=True)
    for name in ("a.py", "b.py", "open.py", "typed.py"):
        (root / name).write_text(TEXT)
    (root / ".gitignore").write_text("*.log\n")
    (root / "kept.log").write_bytes(TEXT.encode())
    (root / "dos.txt").write_bytes(TEXT.replace("\n", "\r\n").encode() + b"no end")
    (root / "blob.bin").write_bytes(bytes(range(256)))
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o750)
    (root / "private.txt").write_text("mine\n")
    (root / "private.txt").chmod(0o640)
    (root / "way").symlink_to("a.py")
    return Lab(root)


def everything() -> dict[str, After]:
    return {
        "a.py": After(changed(3, 12, 25).encode()),
        "open.py": After(changed(5, 30).encode()),
        "typed.py": After(("typed\n" + changed(8, 20)).encode()),
        "kept.log": After(changed(2).encode()),
        "dos.txt": After(changed(7).replace("\n", "\r\n").encode() + b"no end"),
        "blob.bin": After(bytes(reversed(range(256)))),
        "run.sh": After(None),
        "private.txt": After(b"mine\n", executable=True),
        "way": After(link="b.py"),
        "b.py": After(None),
        "deep/new.py": After(b"new\n", executable=True),
        "deep/other": After(link="../a.py"),
    }


async def play(lab: Lab, rng: random.Random) -> dict[int, dict[str, tuple[object, ...]]]:
    """Land parts of a change and take some back, at random; returns what stood after each of these steps."""
    lab.open("open.py", TEXT)
    lab.open("typed.py", "typed\n" + TEXT)
    proposal = lab.run("r", everything())
    groups = sorted({hunk.group for hunk in proposal.hunks}, key=int)
    rng.shuffle(groups)
    stood = {lab.n_steps("r"): lab.stands()}
    while groups:
        if rng.random() < 0.3 and lab.ledger.get(ProposalId("r")).parts:
            await lab.undo("r")
        else:
            await lab.accept("r", [groups.pop()], force=True)
        stood[lab.n_steps("r")] = lab.stands()
    return stood


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])
async def test_a_random_run_goes_back_to_each_of_its_steps_byte_for_byte(seed: int, lab: Lab) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same story each time
    stood = await play(lab, rng)
    steps = [*stood][:-1]
    for step in [*reversed(steps), *rng.sample(steps, len(steps))]:
        await lab.rewind("r", step)
        assert lab.stands() == stood[step], f"step {step} of {list(stood)}"
        assert {one.plan for one in lab.ledger.get(ProposalId("r")).parts} == {
            plan for plan, one in look(lab.state.journals, RunId("r")).state.landings.items() if one.state == "landed"
            and not one.undoes
        }  # fmt: skip
    while lab.ledger.get(ProposalId("r")).parts:
        await lab.undo("r")
    assert lab.stands() == stood[min(stood)], "what was brought forth again is taken back like any landing"


async def test_all_that_landed_goes_back_to_before_it_and_nothing_of_it_is_left(lab: Lab) -> None:
    before, step = lab.stands(), 3
    lab.run("r", {path: one for path, one in everything().items() if "open" not in path and "typed" not in path})
    await lab.accept("r", force=True)
    assert lab.stands() != before
    await lab.rewind("r", step)
    assert lab.stands() == before
    state = look(lab.state.journals, RunId("r")).state
    assert (state.outcome, state.landings, state.interrupted) == ("", {}, True)
    with pytest.raises(UserProblem, match="no landed change"):
        await lab.undo("r")


async def test_what_was_typed_since_stays(lab: Lab) -> None:
    lab.open("open.py", TEXT)
    lab.run("r", {"a.py": After(changed(3, 12).encode()), "open.py": After(changed(5).encode())})
    a = lab.root / "a.py"
    for hunk in ("1", "2", "3"):
        await lab.accept("r", [hunk], force=True)
    a.write_text("mine\n" + a.read_text() + "mine too\n")
    lab.documents["open.py"].insert(20, "and mine\n")
    lab.sync("open.py")
    await lab.rewind("r", 1)
    assert a.read_text() == "mine\n" + TEXT + "mine too\n"
    assert str(lab.documents["open.py"].text) == TEXT.replace("line 19\n", "and mine\nline 19\n")


async def test_where_it_meets_lines_that_were_changed_since_the_person_chooses(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3, 12).encode())})
    a = lab.root / "a.py"
    await lab.accept("r", ["1"], force=True)
    await lab.accept("r", ["2"], force=True)
    a.write_text(a.read_text().replace("line 3 3\nline\n", "line mine\n"))
    before = lab.stands()
    plan = await lab.rewind("r", 1)
    assert plan.refused
    [clash] = plan.clashes
    assert (clash.path, clash.mine, clash.before, clash.choice) == ("a.py", "line mine\n", "line 3\n", "")
    assert lab.stands() == before
    await lab.rewind("r", 1, choices={clash.id: "keep"})
    assert a.read_text() == TEXT.replace("line 3\n", "line mine\n")


async def test_a_clash_of_one_landing_is_not_taken_for_that_of_another(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3, 12).encode())})
    a = lab.root / "a.py"
    await lab.accept("r", ["1"], force=True)
    await lab.accept("r", ["2"], force=True)
    a.write_text(a.read_text().replace("line 3 3\nline\n", "mine\n").replace("line 12 12\nline\n", "mine 2\n"))
    first = await lab.rewind("r", 1)
    second = await lab.rewind("r", 1, choices={first.clashes[0].id: "take"})
    waiting = [clash for clash in second.clashes if not clash.choice]
    assert [clash.mine for clash in (*first.clashes, *waiting)] == ["mine 2\n", "mine\n"]
    await lab.rewind("r", 1, choices={first.clashes[0].id: "take", waiting[0].id: "keep"})
    assert a.read_text() == TEXT.replace("line 3\n", "mine\n")


async def test_files_go_back_and_the_conversation_stays_or_the_other_way_round(lab: Lab) -> None:
    before = lab.stands()
    lab.run("r", {"a.py": After(changed(3).encode())}, said=3)
    await lab.accept("r", force=True)
    landed = lab.stands()
    await lab.rewind("r", 2, "conversation")
    state = look(lab.state.journals, RunId("r")).state
    assert (len(state.messages), lab.stands()) == (1, landed)
    assert [one.state for one in state.landings.values()] == ["landed"]
    await lab.rewind("r", 2, "files")
    assert lab.stands() == before
    await lab.rewind("r", 5, "conversation")
    assert len(look(lab.state.journals, RunId("r")).state.messages) == 3


async def test_what_is_open_of_an_offer_falls_with_the_conversation_that_made_it(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3, 12).encode())})
    await lab.accept("r", ["1"], force=True)
    await lab.rewind("r", 2, "conversation")
    assert lab.states("r") == {"1": "accepted", "2": "rejected"}
    await lab.undo("r")
    assert (lab.root / "a.py").read_text() == TEXT


async def test_what_landed_can_be_taken_back_when_the_run_went_back_and_made_another_offer(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3).encode())})
    await lab.accept("r", force=True)
    await lab.rewind("r", 2, "conversation")
    lab.offer_again("r", {"b.py": After(changed(5).encode())})
    assert lab.states("r") == {"1": "open"}
    await lab.undo("r")
    assert (lab.root / "a.py").read_text() == TEXT
    assert lab.states("r") == {"1": "open"}, "what was taken back was none of this offer"


async def test_what_stood_on_offer_at_that_step_is_on_offer_again(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3, 12).encode())})
    await lab.accept("r", ["1"], force=True)
    await lab.rewind("r", 3)
    assert lab.states("r") == {"1": "open", "2": "open"}
    await lab.accept("r", force=True)
    assert (lab.root / "a.py").read_text() == changed(3, 12)


async def test_files_that_go_back_alone_leave_the_offer_as_an_undo_does(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3, 12).encode())})
    await lab.accept("r", ["1"], force=True)
    await lab.rewind("r", 3, "files")
    assert lab.states("r") == {"1": "undone", "2": "open"}


@pytest.mark.parametrize("step", [0, -1, 4, 99])
async def test_a_step_that_is_not_there_is_refused_with_those_that_are(step: int, lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3).encode())})
    with pytest.raises(UserProblem, match="its steps are 1 to 3"):
        await lab.rewind("r", step)


async def test_a_run_in_other_hands_is_refused_with_what_to_do(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3).encode())})
    journal = Journal(lab.state.journals, RunId("r"), lab.now)
    try:
        with pytest.raises(UserProblem, match="under way") as caught:
            await lab.rewind("r", 1)
    finally:
        journal.close()
    assert "cancel it" in caught.value.next_step


async def test_a_damaged_run_is_refused(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3).encode())})
    log = lab.state.journals / "r.jsonl"
    log.write_bytes(log.read_bytes().replace(b"word 0", b"word 1"))
    with pytest.raises(UserProblem, match="damaged"):
        await lab.rewind("r", 1)


async def test_the_journal_keeps_all_that_happened(lab: Lab) -> None:
    lab.run("r", {"a.py": After(changed(3).encode())})
    await lab.accept("r", force=True)
    n = lab.n_steps("r")
    await lab.rewind("r", 1)
    assert lab.n_steps("r") == n + 3
    state = look(lab.state.journals, RunId("r")).state
    assert (state.steps, state.workflow, state.messages) == (n + 3, "edit", ())
