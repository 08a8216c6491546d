"""What linters can mend by themselves is mended before the checks of a run, and no model is asked."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from check_bench import Bench
from engine_driver import Driver

from bridle.harness.edits.writes import WriteLog
from bridle.harness.engine import ProposalChanged, RunProgress, StartRun
from bridle.harness.nouns import Finding, RunId
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.workflow.tidying import fixes, tidy
from bridle.indexer.text import LineEdit

Opening = Callable[[str], Awaitable[Driver]]


def a_finding(path: str, *edits: tuple[int, int, str], new: bool = True) -> Finding:
    return Finding("ruff", path, 0, 1, "wrong", new=new, fix=tuple(LineEdit(*edit) for edit in edits))


def test_only_what_is_new_and_in_the_files_is_fixed_and_no_two_fixes_meet() -> None:
    findings = [
        a_finding("a.py", (4, 5, "x\n")),
        a_finding("a.py", (0, 1, ""), (2, 3, "")),
        a_finding("a.py", (3, 4, "meets the first\n")),
        a_finding("a.py", (9, 9, "meets nothing\n")),
        a_finding("a.py", (9, 9, "at the same place\n")),
        a_finding("a.py", (20, 21, ""), new=False),
        a_finding("b.py", (0, 1, "")),
        a_finding("c.py"),
    ]
    chosen = fixes(findings, ["a.py", "c.py"])
    assert {path: [(edit.start, edit.end) for edit in edits] for path, edits in chosen.items()} == {
        "a.py": [(0, 1), (2, 3), (4, 5), (9, 9)]
    }


@pytest.mark.slow
def test_a_fix_is_journaled_and_what_was_there_before_stays(tmp_path: Path) -> None:
    for name in ("workspace", "state", "journals", "blobs"):
        (tmp_path / name).mkdir()
    bench = Bench(tmp_path / "workspace", tmp_path / "state")
    bench.put({"ruff.toml": "", "a.py": "import os\n\nX = 1\n", "b.py": "import os\n"})
    ground = bench.one("ruff").findings
    before = b"import os\nimport sys\n\nX = 1\n"
    bench.shadow.write("a.py", before)
    journal = Journal(tmp_path / "journals", RunId("20261126-000000-abcdef"), lambda: 0.0)
    keep = (journal, Blobs(tmp_path / "blobs"), WriteLog())
    told = tidy(bench.shadow, bench.checks(), ground, ["a.py"], keep, threading.Event(), 60)
    assert told == {"a.py": 1}
    assert bench.shadow.read("a.py") == b"import os\n\nX = 1\n"
    (record,) = read_journal(tmp_path / "journals", journal.run).records
    assert record.kind == "edited"
    assert tidy(bench.shadow, bench.checks(), ground, ["a.py"], keep, threading.Event(), 60) == {}


TRANSCRIPT = """
[workspace]
name = "examples/till"

[workspace.files]
"AGENTS.md" = "f26d18d1540e509d194566e44d1a124d"

[[turns]]
text = "I write it."

[[turns.calls]]
tool = "hashline_edit"

[[turns.calls.input.files]]
path = "src/till/fresh.py"
create = true

[[turns.calls.input.files.edits]]
after = "0"
text = '''
import sys

FRESH = 1
'''

[[turns]]
text = "Done."
"""


@pytest.mark.slow
async def test_a_run_is_proved_with_the_linters_own_fixes_in_it(
    trusted: Path, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript = tmp_path / "recorded" / "fresh.toml"
    transcript.parent.mkdir()
    transcript.write_text(TRANSCRIPT)
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(transcript))
    door = await opening("local")
    ended = await door.run(StartRun("edit", "write it"))
    assert (ended.outcome, ended.rounds) == ("succeeded", 1), ended.reason
    proposal = await door.proposal(ended)
    assert "+import sys" not in proposal.diff
    assert "+FRESH = 1" in proposal.diff
    said = [event.message for event in door.events if isinstance(event, RunProgress) and event.phase == "tidy"]
    assert said == ["src/till/fresh.py: 1 fix by the linters themselves"]
    first = next(event.proposal for event in door.events if isinstance(event, ProposalChanged))
    assert "+import sys" in first.diff, "the hunks are shown before the linters take their time"
