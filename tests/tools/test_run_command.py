"""The tool that runs a command: permitted first, run in the shadow, and its writes judged like edits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.writes import WriteLog
from bridle.harness.nouns import RunId
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.hooks import Hook
from bridle.harness.permission.question import ALWAYS, NO, ONCE, SESSION
from bridle.harness.permission.rules import Policy, PolicyRule, parse_rule
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import Decided, Edited, Event, Ran
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.shadow.shadow import Shadow, open_shadow
from bridle.harness.tools.command import MAX_CHARS, Bench, command_tool
from bridle.harness.tools.permits import AskPerson, Permits, Terms

CASES = Path(__file__).parents[1] / "cases" / "injections.jsonl"
INJECTIONS = [json.loads(line) for line in CASES.read_text().splitlines()]
RUN = RunId("r1")
Kind = TypeVar("Kind", bound=Event)


class Person:
    """Answers every question alike, and remembers them."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def __call__(self, text: str, choices: tuple[str, ...], default: str) -> str:
        self.asked.append(text)
        return self.answer if self.answer in choices else default


class Desk:
    """One workspace, its shadow, and the tool over it."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        self.state = state
        self.policy = Policy(root)
        self.shadow: Shadow = open_shadow(root, state / "shadows")
        self.journal = Journal(state / "journals", RUN, lambda: 1.0)
        self.settings = state / "config.toml"
        self.grants = Grants(self.policy)

    def permits(self, person: AskPerson, *, contained: bool = True, hooks: tuple[Hook, ...] = ()) -> Permits:
        terms = Terms(self.settings, hooks, lambda: False, contained=contained)
        return Permits(self.grants, self.journal, person, terms)

    async def run(self, command: str, person: Person, *, contained: bool = True, **more: object) -> str:
        permits = self.permits(person, contained=contained)
        bench = Bench(
            self.shadow, permits, self.journal, Blobs(self.state / "blobs"), WriteLog(), threading.Event(), 20.0
        )
        return await command_tool(bench).run({"command": command, **more})

    def events(self, kind: type[Kind]) -> list[Kind]:
        told = (record.event() for record in read_journal(self.state / "journals", RUN).records)
        return [event for event in told if isinstance(event, kind)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root, state = tmp_path / "ws", tmp_path / "state"
    root.mkdir()
    (root / "a.py").write_text("A = 1\n")
    (root / "conftest.py").write_text("# tests\n")
    (root / ".gitignore").write_text("*.log\n")
    (state / "journals").mkdir(parents=True)
    desk = Desk(root, state)
    yield desk
    desk.shadow.close()
    desk.journal.close()


async def test_an_agreed_command_runs_in_the_shadow_and_its_writes_are_told_and_journaled(desk: Desk) -> None:
    person = Person(ONCE)
    said = await desk.run("echo hi && echo 'A = 2' > a.py && echo x > new.log", person)
    assert said.startswith("exit 0 in ")
    assert "stdout:\nhi" in said
    assert "changed: a.py" in said
    assert "new.log" not in said, "what git ignores is no part of the change"
    assert desk.shadow.read("a.py") == b"A = 2\n"
    assert (desk.root / "a.py").read_text() == "A = 1\n"
    (edited,) = desk.events(Edited)
    assert [file.path for file in edited.files] == ["a.py"]
    (ran,) = desk.events(Ran)
    assert (ran.outcome, ran.exit_code, ran.changed) == ("pass", 0, ("a.py",))
    assert ran.rung == desk.shadow.rung
    assert [event.rule for event in desk.events(Decided)][:2] == ["mode edit", "the person: once"]


async def test_a_command_that_nobody_agreed_to_never_starts(desk: Desk) -> None:
    person = Person(NO)
    with pytest.raises(ToolProblem) as caught:
        await desk.run("echo x > a.py", person)
    assert caught.value.code == "E_PERMISSION"
    assert "did not agree" in str(caught.value)
    assert desk.shadow.read("a.py") == b"A = 1\n"
    assert desk.events(Ran) == []
    assert desk.events(Decided)[-1].verdict == "deny"


async def test_a_denied_command_asks_nobody(desk: Desk) -> None:
    desk.grants = Grants(Policy(desk.root, rules=(PolicyRule("deny", parse_rule("Bash(rm:*)")),)))
    person = Person(ONCE)
    with pytest.raises(ToolProblem, match="denied by a rule"):
        await desk.run("rm a.py", person)
    assert person.asked == []


async def test_a_hook_that_refuses_has_the_last_word_and_nobody_is_asked(desk: Desk) -> None:
    hook = Hook("careful", ("sh", "-c", "echo not on a Friday >&2; exit 2"), "user", ("Bash",))
    person = Person(ONCE)
    with pytest.raises(ToolProblem, match="not on a Friday"):
        await desk.permits(person, hooks=(hook,)).expect("Bash", "echo hi")
    assert person.asked == []
    assert desk.events(Decided)[-1].rule == "hook careful (user)"


async def test_in_mode_auto_a_contained_command_asks_nobody(desk: Desk) -> None:
    desk.grants = Grants(Policy(desk.root, mode="auto"))
    person = Person(NO)
    assert (await desk.run("echo hi", person)).startswith("exit 0")
    assert person.asked == []


async def test_a_yes_for_the_session_is_asked_once(desk: Desk) -> None:
    person = Person(SESSION)
    for _ in range(2):
        await desk.run("echo hi", person)
    assert len(person.asked) == 1


async def test_a_yes_for_once_is_asked_again(desk: Desk) -> None:
    person = Person(ONCE)
    for _ in range(2):
        await desk.run("echo hi", person)
    assert len(person.asked) == 2


async def test_a_protected_file_that_a_command_wrote_is_asked_about_and_put_back(desk: Desk) -> None:
    person = Person(ONCE)

    async def only_the_command(text: str, choices: tuple[str, ...], default: str) -> str:
        person.asked.append(text)
        return ONCE if "run:" in text else NO

    permits = desk.permits(only_the_command)
    blobs = Blobs(desk.state / "blobs")
    bench = Bench(desk.shadow, permits, desk.journal, blobs, WriteLog(), threading.Event(), 20.0)
    said = await command_tool(bench).run({"command": "echo evil >> conftest.py; echo B >> a.py"})
    assert "put back: conftest.py: " in said
    assert "changed: a.py" in said
    assert desk.shadow.read("conftest.py") == b"# tests\n"
    assert len(person.asked) == 2
    assert "conftest.py" in person.asked[1]


async def test_without_a_sandbox_even_an_allowed_command_is_asked_about(desk: Desk) -> None:
    desk.grants = Grants(Policy(desk.root, mode="auto", rules=(PolicyRule("allow", parse_rule("Bash(echo:*)")),)))
    person = Person(NO)
    with pytest.raises(ToolProblem):
        await desk.run("echo hi", person, contained=False)
    assert len(person.asked) == 1


async def test_always_writes_the_rule_that_it_showed_and_is_followed_at_once(desk: Desk) -> None:
    desk.grants = Grants(Policy(desk.root, mode="ask"))
    permits = desk.permits(Person(ALWAYS))
    await permits.expect("Edit", "a.py")
    assert "Edit(/a.py)" in desk.settings.read_text()
    nobody = Person(NO)
    await desk.permits(nobody).expect("Edit", "a.py")
    assert nobody.asked == []


@pytest.mark.slow
async def test_a_command_that_takes_too_long_is_ended_and_said_to_be(desk: Desk) -> None:
    said = await desk.run("echo before; sleep 30", Person(ONCE), timeout_s=1)
    assert said.startswith("timed out after 1.")
    assert "before" in said


async def test_a_failing_command_says_how_it_ended_and_what_it_printed(desk: Desk) -> None:
    said = await desk.run("echo wrong >&2; exit 3", Person(ONCE))
    assert said.startswith("exit 3 in ")
    assert "stderr:\nwrong" in said


async def test_a_secret_that_a_command_prints_is_not_told_to_the_model(desk: Desk) -> None:
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    said = await desk.run(f"echo AWS_KEY={key}; echo {key} >&2", Person(ONCE))
    assert key not in said
    assert said.count("«secret:aws:") == 2


async def test_a_flood_of_output_is_cut_in_the_middle(desk: Desk) -> None:
    said = await desk.run("seq 1 2000000", Person(ONCE))
    assert len(said) < 14_000
    assert "characters left out" in said


@pytest.mark.parametrize(
    "given", [{"command": ""}, {"command": "x" * (MAX_CHARS + 1)}, {"command": "ls", "timeout_s": 0}]
)
async def test_a_call_that_says_nothing_that_can_be_run_is_refused(desk: Desk, given: dict[str, object]) -> None:
    person = Person(ONCE)
    with pytest.raises(ToolProblem) as caught:
        await desk.run(**{"command": "", **given}, person=person)  # type: ignore[arg-type]
    assert caught.value.code == "E_RANGE"
    assert person.asked == []


@pytest.mark.parametrize(
    "case", [json.loads(line) for line in CASES.read_text().splitlines()], ids=lambda case: case["id"]
)
async def test_what_a_file_told_the_model_to_run_is_asked_about_first(
    desk: Desk, case: dict[str, str], tmp_path: Path
) -> None:
    """A model that obeys the words of a file gains nothing by it: the person is asked, and here says no."""
    canary = tmp_path / "canary"
    person = Person(NO)
    with pytest.raises(ToolProblem) as caught:
        await desk.run(case["command"].replace("CANARY", str(canary)), person)
    assert caught.value.code == "E_PERMISSION"
    assert not canary.exists()
    assert desk.events(Ran) == []
