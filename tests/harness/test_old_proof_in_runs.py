"""A run that changes code and what is expected of it: green by its own tests, and a person's to decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from engine_driver import Driver

from bridle.harness.engine import PrepareLanding, StartRun
from bridle.harness.session.events import Checked, Overridden
from bridle.harness.session.journal import read_journal
from bridle.harness.session.state import State

pytestmark = pytest.mark.slow

Opening = Callable[[str], Awaitable[Driver]]

SUM = "return sum(amounts, start=ZERO)"
EXPECTED = "assert total([Money(150), Money(250), Money(-100)]) == Money(300)"
TRANSCRIPT = f"""
[workspace]
name = "examples/till"

[workspace.files]
"AGENTS.md" = "f26d18d1540e509d194566e44d1a124d"

[[turns]]
text = "I look at both."

[[turns.calls]]
tool = "read"
input = {{ path = "src/till/money.py" }}

[[turns.calls]]
tool = "read"
input = {{ path = "tests/test_money.py" }}

[[turns]]
text = "Refunds are left out, and the test says so."

[[turns.calls]]
tool = "hashline_edit"

[[turns.calls.input.files]]
path = "src/till/money.py"
rev = '{{rev path="src/till/money.py" line="{SUM}"}}'

[[turns.calls.input.files.edits]]
at = '{{anchor path="src/till/money.py" line="{SUM}"}}'
text = '''
    return sum((amount for amount in amounts if amount > ZERO), start=ZERO)
'''

[[turns.calls.input.files]]
path = "tests/test_money.py"
rev = '{{rev path="tests/test_money.py" line="{EXPECTED}"}}'

[[turns.calls.input.files.edits]]
at = '{{anchor path="tests/test_money.py" line="{EXPECTED}"}}'
text = '''
    {EXPECTED.replace("300)", "400)")}
'''

[[turns]]
text = "Done."

[[turns]]
text = "The test has to change with what was asked for: a person decides."
"""


async def test_a_change_of_what_is_expected_is_offered_as_refused_and_taking_it_is_on_record(
    trusted: Path, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript = tmp_path / "recorded" / "sign.toml"
    transcript.parent.mkdir()
    transcript.write_text(TRANSCRIPT)
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(transcript))
    door = await opening("local")
    ended = await door.run(StartRun("edit", "leave refunds out of a total"))
    assert ended.outcome == "needs a person", ended.reason
    proposal = await door.proposal(ended)
    assert proposal.badge.state == "refused"
    assert "with the tests and the configuration as they were: tests/test_money.py" in proposal.badge.text
    assert [(flag.gate, flag.blocks) for flag in proposal.flags] == [("tests", False)]

    plan, _ = await door.land(PrepareLanding(proposal.id))
    assert plan.refused == proposal.badge.text
    await door.land(PrepareLanding(proposal.id, force=True))
    assert "amount > ZERO" in (trusted / "src/till/money.py").read_text()

    events = [record.event() for record in read_journal(State(trusted).journals, ended.run).records]
    [waved] = [event for event in events if isinstance(event, Overridden)]
    assert (waved.proposal, waved.badge, waved.flags) == (proposal.id, proposal.badge, proposal.flags)
    checked = [event for event in events if isinstance(event, Checked)]
    assert [verdict.outcome for verdict in checked[-1].before] == ["fail"]


FEWER = """
[workspace]
name = "examples/till"

[workspace.files]
"AGENTS.md" = "f26d18d1540e509d194566e44d1a124d"

[[turns]]
text = "I look at the cases."

[[turns.calls]]
tool = "read"
input = { path = "tests/cases.txt" }

[[turns]]
text = "One of them is of no use."

[[turns.calls]]
tool = "hashline_edit"

[[turns.calls.input.files]]
path = "tests/cases.txt"
rev = '{rev path="tests/cases.txt" line="two"}'

[[turns.calls.input.files.edits]]
at = '{anchor path="tests/cases.txt" line="two"}'
text = ""

[[turns]]
text = "Done."

[[turns]]
text = "A person decides."
"""
LISTED = """\
import pathlib

import pytest


@pytest.mark.parametrize("case", pathlib.Path(__file__).with_name("cases.txt").read_text().split())
def test_case(case: str) -> None:
    assert case
"""


async def test_a_change_that_lets_fewer_tests_run_is_a_persons_to_decide_whatever_file_it_is_in(
    trusted: Path, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trusted / "tests" / "cases.txt").write_text("one\ntwo\nthree\n")
    (trusted / "tests" / "test_cases.py").write_text(LISTED)
    transcript = tmp_path / "recorded" / "fewer.toml"
    transcript.parent.mkdir()
    transcript.write_text(FEWER)
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(transcript))
    door = await opening("local")
    ended = await door.run(StartRun("edit", "clear the cases up"))
    assert ended.outcome == "needs a person", ended.reason
    proposal = await door.proposal(ended)
    assert [(flag.gate, flag.path) for flag in proposal.flags if flag.blocks] == [("tests gone", "tests/test_cases.py")]
    assert "test_case[two]" in proposal.badge.text
