"""What was done is told in words, what it cost is summed up, and nothing that was altered passes for whole."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridle.cli.main import main
from bridle.harness.audit.spending import WAYS, bills, spending, spent_on, summed, total
from bridle.harness.audit.trail import MAX_TEXT, actions
from bridle.harness.audit.wholeness import against, lines, problems, readings
from bridle.harness.nouns import RunId, Usage, UserProblem
from bridle.harness.session.events import KINDS
from bridle.harness.session.journal import REGISTER, Journal, drop, entered, journals_in, read_journal
from bridle.harness.session.state import State

Story = list[tuple[str, dict[str, Any]]]
MESSAGE: dict[str, Any] = {"role": "assistant", "content": []}
BADGE = {"state": "not green", "text": "1 check failed"}
CHANGE = {"path": "a.py", "before": None, "after": "0" * 32}


def reply(micros: int | None, **used: int) -> tuple[str, dict[str, Any]]:
    usage = Usage(10, 5, cost_usd_micros=micros, turns=1)
    return "model_replied", {"message": MESSAGE, "usage": usage, "stop_reason": "end_turn", **used}


STORY: Story = [
    ("started", {"workflow": "edit", "instruction": "mend\nit", "model": "a-model"}),
    ("sheltered", {"rung": "scratch copy", "declined": ["no overlay"]}),
    ("phase", {"name": "build"}),
    ("told", {"message": MESSAGE}),
    ("model_called", {"turn": 1}),
    reply(7),
    ("tool_called", {"id": "t", "name": "read"}),
    ("decided", {"tool": "run_command", "subject": "rm -rf .", "verdict": "deny", "rule": "deny: rm", "reason": "no"}),
    ("egress", {"host": "a.example", "port": 443, "refused": "not granted"}),
    ("mcp_called", {"name": "mcp__a__b", "outcome": "answered", "rule": "allow: mcp__a__b", "n_bytes": 3}),
    ("edited", {"files": [CHANGE]}),
    ("tool_replied", {"message": MESSAGE}),
    ("ran", {"command": "make", "outcome": "fail", "exit_code": 2, "seconds": 1.5, "rung": "scratch copy"}),
    ("phase", {"name": "fix"}),
    reply(None),
    ("model_failed", {"reason": "broken off", "usage": Usage(4, 2, cost_usd_micros=3, turns=1)}),
    ("reranked", {"usage": Usage(4, 2, cost_usd_micros=3, turns=1)}),
    ("checked", {"verdicts": [], "badge": BADGE}),
    ("proposed", {"proposal": "p", "files": ["a.py"]}),
    ("overridden", {"proposal": "p", "badge": BADGE}),
    ("prepared", {"plan": "l1", "files": [CHANGE], "proposal": "p", "hunks": ["1"]}),
    ("confirmed", {"plan": "l1"}),
    ("landed", {"plan": "l1", "written": ["a.py"]}),
    ("rolled_back", {"plan": "l2", "reason": "the disk is full"}),
    ("undone", {"plan": "l1"}),
    ("assumed", {"question": "Which total?", "answer": "Cart.total"}),
    ("fetched", {"source": "history", "key": "history path=a.py", "blob": "0" * 32, "n_bytes": 9}),
    ("compacted", {"talk": "build", "start": 3}),
    ("left", {"phase": "build", "outcome": "done"}),
    ("written", {"name": "plan.md", "text": "# Plan", "by": "plan"}),
    ("parked", {"outcome": "budget", "reason": "all spent"}),
    ("accepted", {"what": "accepted", "check": "ruff", "fingerprint": "f", "path": "a.py", "message": "long line"}),
    ("budget", {"limit": "turns"}),
    ("resumed", {"pid": 9}),
    ("left", {"phase": "build", "outcome": "done"}),
    ("written", {"name": "plan.md", "text": "1. mend it", "by": "plan"}),
    ("assumed", {"question": "Which of two?", "answer": "the first"}),
    ("rewound", {"to": 3, "what": "files", "written": ["a.py"]}),
    ("forked", {"parent": "r0", "step": 4}),
    ("ended", {"outcome": "succeeded", "reason": "all green"}),
]


class Ticks:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def write(folder: Path, run: str = "r1", story: Story = STORY, now: Ticks | None = None) -> None:
    journal = Journal(folder, RunId(run), now or Ticks())
    for kind, payload in story:
        journal.append(kind, payload)
    journal.close()


def test_every_kind_of_event_has_its_line_and_its_actor(tmp_path: Path) -> None:
    write(tmp_path)
    told = list(actions(read_journal(tmp_path, RunId("r1"))))
    assert {one.kind for one in told} == KINDS.keys() - {"entered", "dropped"}
    assert all(one.text and "does not know" not in one.text and len(one.text) <= MAX_TEXT for one in told)
    by_kind = {one.kind: one for one in told}
    assert (by_kind["started"].who, by_kind["started"].text) == ("person", "edit: mend it")
    assert (by_kind["decided"].rule, by_kind["decided"].text) == ("deny: rm", "deny: run_command rm -rf . (no)")
    assert (by_kind["edited"].who, by_kind["edited"].rung, by_kind["edited"].files) == (
        "model",
        "scratch copy",
        ("a.py",),
    )
    assert (by_kind["overridden"].who, by_kind["prepared"].who, by_kind["landed"].who) == ("person", "person", "bridle")
    replied = next(one for one in told if one.kind == "model_replied")
    assert (replied.model, replied.tokens, replied.cost_usd_micros) == ("a-model", 15, 7)


def test_a_line_holds_nothing_that_a_terminal_would_obey(tmp_path: Path) -> None:
    write(tmp_path, story=[("started", {"workflow": "edit", "instruction": "\x1b[2Ja\u202eb" + "x" * 999})])
    (one,) = actions(read_journal(tmp_path, RunId("r1")))
    assert one.text.isprintable()
    assert len(one.text) == MAX_TEXT


def test_cost_is_summed_by_each_key_and_what_is_unknown_is_said(tmp_path: Path) -> None:
    now = Ticks()
    write(tmp_path, "r1", now=now)
    write(tmp_path, "r2", [STORY[0], STORY[2], reply(100)], now)
    spent = [one for reading in readings(tmp_path) for one in spending(reading)]
    phases = {one.key: (one.calls, one.cost_usd_micros, one.known) for one in summed(spent, "phase")}
    assert phases == {"build": (2, 107, True), "fix": (3, 6, False)}
    assert [one.key for one in summed(spent, "run")] == ["r2", "r1"]
    assert [one.key for one in summed(spent, "model")] == ["a-model"]
    assert [(one.key, one.calls) for one in summed(spent, "day")] == [(spent[0].day, 5)]
    whole = total("all", spent)
    assert (whole.usage.input_tokens, whole.usage.output_tokens, whole.cost_usd_micros, whole.known) == (
        38,
        19,
        113,
        False,
    )


def change(log: list[bytes], dice: random.Random) -> list[bytes]:
    at, line = dice.randrange(len(log)), dice.choice([b"0", b"~", b"\xff"])
    where = dice.randrange(len(log[at]) - 1)
    changed = log[at][:where] + line + log[at][where + 1 :]
    return [*log[:at], changed if changed != log[at] else log[at][:where] + b"!" + log[at][where + 1 :], *log[at + 1 :]]


def removal(log: list[bytes], dice: random.Random) -> list[bytes]:
    at = dice.randrange(len(log))
    return log[:at] + log[at + 1 :]


def reorder(log: list[bytes], dice: random.Random) -> list[bytes]:
    one, other = dice.sample(range(len(log)), 2)
    log = list(log)
    log[one], log[other] = log[other], log[one]
    return log


def truncation(log: list[bytes], dice: random.Random) -> list[bytes]:
    whole = b"".join(log)
    return [whole[: dice.randrange(len(whole))]]


@pytest.mark.parametrize("harm", [change, removal, reorder, truncation])
def test_whatever_is_done_to_a_journal_is_found(tmp_path: Path, harm: Any) -> None:
    dice = random.Random(4)  # noqa: S311  # a test that can be repeated
    write(tmp_path)
    path = tmp_path / "r1.jsonl"
    log = path.read_bytes().splitlines(keepends=True)
    assert problems(tmp_path, readings(tmp_path)) == ()
    for _ in range(50):
        path.write_bytes(b"".join(harm(log, dice)))
        assert [one.run for one in problems(tmp_path, readings(tmp_path))] == ["r1"]


@pytest.mark.parametrize("gone", [(".jsonl",), (".head",), (".jsonl", ".head")])
def test_a_journal_that_is_gone_is_missed(tmp_path: Path, gone: tuple[str, ...]) -> None:
    write(tmp_path, "r1")
    write(tmp_path, "r2")
    for ending in gone:
        (tmp_path / f"r1{ending}").unlink()
    assert [one.run for one in problems(tmp_path, readings(tmp_path))] == ["r1"]


def test_a_journal_that_was_never_entered_is_told_and_those_from_before_the_register_are_not(tmp_path: Path) -> None:
    now = Ticks()
    write(tmp_path, "old", now=now)
    for path in (tmp_path / REGISTER).iterdir():
        path.unlink()
    write(tmp_path, "r1", now=now)
    assert entered(tmp_path).runs == ("r1",)
    assert problems(tmp_path, readings(tmp_path)) == ()
    other = tmp_path / "other"
    other.mkdir()
    write(other, "planted", now=now)
    for path in other.glob("planted.*"):
        path.rename(tmp_path / path.name)
    assert [one.problem for one in problems(tmp_path, readings(tmp_path))] == [
        "it was never entered in the register of runs"
    ]


def test_a_register_that_was_shortened_is_told_and_holds_up_nobody(tmp_path: Path) -> None:
    write(tmp_path, "r1")
    write(tmp_path, "r2")
    register = tmp_path / REGISTER / f"{REGISTER}.jsonl"
    register.write_bytes(register.read_bytes().splitlines(keepends=True)[0])
    write(tmp_path, "r3")
    assert REGISTER in {one.run for one in problems(tmp_path, readings(tmp_path))}


def test_a_journal_that_was_made_anew_with_its_hashes_differs_from_its_export(tmp_path: Path) -> None:
    folder, export = tmp_path / "journals", tmp_path / "export"
    folder.mkdir()
    write(folder, "r1")
    write(folder, "r2")
    export.write_bytes(b"".join(json_lines(folder)))
    assert against(export, readings(folder)) == ()
    write(folder, "r3")  # more is no harm
    assert against(export, readings(folder)) == ()
    for path in folder.glob("r1.*"):
        path.unlink()
    write(folder, "r1", [("started", {"workflow": "edit", "instruction": "another"}), *STORY[1:]])
    assert problems(folder, readings(folder)) == ()
    (wrong,) = against(export, readings(folder))
    assert (wrong.run, wrong.problem) == ("r1", "record 1 is not the one that stands in the export")


def json_lines(folder: Path) -> list[bytes]:
    return [msgspec.json.encode(line) + b"\n" for reading in readings(folder) for line in lines(reading)]


@pytest.mark.parametrize("text", [b"", b"{}\n", b"\xff\n", b'{"run": 3}\n'])
def test_what_is_no_export_is_refused_with_its_line(tmp_path: Path, text: bytes) -> None:
    export = tmp_path / "export"
    export.write_bytes(text)
    if not text:
        assert against(export, []) == ()
        return
    with pytest.raises(UserProblem, match="line 1 is no line of an export"):
        against(export, [])


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = tmp_path / "root"
    place.mkdir()
    write(State(place).journals, "r1")
    return place


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(list(words))
    return code, capsys.readouterr().out


def test_the_command_shows_verifies_and_exports(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--root", str(root))
    code, text = told(capsys, "audit", *at)
    assert code == 0
    assert "person edit: mend it" in text
    assert "asked the model" not in text
    code, text = told(capsys, "audit", "show", "r1", "--all", "--json", *at)
    assert len(json.loads(text)["actions"]) == len(STORY)
    export = tmp_path / "kept.jsonl"
    assert told(capsys, "audit", "export", "--output", str(export), *at) == (0, "")
    code, text = told(capsys, "audit", "verify", "--against", str(export), *at)
    assert (code, text) == (0, f"runs: 1, records: {len(STORY)}, all whole, and stand as in {export}\n")
    log = State(root).journals / "r1.jsonl"
    log.write_bytes(log.read_bytes().replace(b"rm -rf .", b"rm -rf /"))
    code, text = told(capsys, "audit", "verify", "--json", *at)
    assert code == 1
    assert json.loads(text)["problems"] == [
        {"run": "r1", "problem": "record 9 was altered, removed or put in another place"}
    ]
    assert told(capsys, "audit", "show", "nope", *at)[0] == 1


def test_the_command_tells_what_was_spent(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--root", str(root))
    code, text = told(capsys, "cost", "--by", "phase", "--json", *at)
    assert code == 0
    assert [(row["key"], row["calls"], row["cost_usd_micros"]) for row in json.loads(text)["rows"]] == [
        ("build", 1, 7),
        ("fix", 3, None),
    ]
    code, text = told(capsys, "cost", *at)
    assert "at least $0.00, not all is known" in text
    assert "no model was asked here since 2999-01-01 yet" in told(capsys, "cost", "--since", "2999-01-01", *at)[1]
    assert told(capsys, "cost", "--since", "soon", *at)[0] == 1


def test_what_a_run_cost_that_was_let_go_stays_in_the_sums(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--root", str(root))
    before = {by: told(capsys, "cost", "--by", by, "--json", *at) for by in WAYS}
    day = json.loads(before["day"][1])["rows"][0]["key"]
    state = State(root)
    on_day = spent_on(state.folder.parent, day)
    assert on_day.input_tokens == 28
    drop(state.journals, RunId("r1"), "too old", Ticks(), bills)
    assert journals_in(state.journals) == ()
    assert {by: told(capsys, "cost", "--by", by, "--json", *at) for by in WAYS} == before
    assert spent_on(state.folder.parent, day) == on_day


def test_what_a_run_cost_is_counted_whatever_became_of_it(tmp_path: Path) -> None:
    ends: list[Story] = [
        [("ended", {"outcome": "cancelled", "reason": "discarded by the person"})],
        [("proposed", {"proposal": "p"}), ("prepared", {"plan": "l", "files": []}), ("undone", {"plan": "l"})],
        [("rewound", {"to": 1, "what": "both", "plan": "w"})],
        [("parked", {"outcome": "budget"})],
        [],
    ]
    for number, end in enumerate(ends):
        write(tmp_path, f"r{number}", [STORY[0], reply(7), *end])
    spent = [one for reading in readings(tmp_path) for one in spending(reading)]
    assert [(one.run, one.usage.cost_usd_micros) for one in spent] == [(f"r{n}", 7) for n in range(len(ends))]
