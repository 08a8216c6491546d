"""Runs that are over, from the editor: back to a step, another way, on; and which run is meant where none is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridle.indexer.text import Place
from bridle.lsp_server import deciding
from bridle.lsp_server.arguments import read_argument
from bridle.lsp_server.protocol import Refusal
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient
from tests.lsp_server.test_documents_follow import Heard
from tests.lsp_server.test_hunks_in_editors import FIRST, TWO, two_hunks

ROWS = [
    {
        "id": f"2026-{n}", "workflow": "edit", "instruction": f"mend {n}", "outcome": "failed", "started": 1000.0,
        "steps": 9, "resumable": False, "usage": {}, "live": n == 1,
    }
    for n in range(3)
]  # fmt: skip


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path / "heard.jsonl")


def begun(editors: Start, heard: Heard, client: str = "vscode", **script: Any) -> EditorClient:
    return editors(client).start({"heard": str(heard.path), **script})


@pytest.mark.slow
def test_a_run_goes_back_in_open_documents_and_keeps_what_was_typed(editors: Start, heard: Heard) -> None:
    editor = two_hunks(editors, heard=str(heard.path))
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    editor.change(editor.uri("a.py"), (Place(FIRST, 11), Place(FIRST, 11), " + 'mine'"))
    editor.choose = lambda message, choices: deciding.KEEP if deciding.KEEP in choices else None
    [run] = [asked["proposal"] for asked in heard.all("PrepareLanding")]
    editor.command("rollback", run=run, to=4, only="files")
    editor.until(lambda: editor.text("a.py") == TWO.replace("a = 'WRONG'", "a = 'RIGHT' + 'mine'"), "to be back")
    assert heard.all("PrepareRewind") == [{"run": run, "to": 4, "only": "files", "choices": {}}]


def test_without_a_name_the_person_chooses_among_the_latest_that_nobody_has_in_hand(
    editors: Start, heard: Heard
) -> None:
    editor = begun(editors, heard, sessions=ROWS)
    offered: list[list[str]] = []

    def choose(message: str, choices: list[str]) -> str | None:
        offered.append(choices)
        return next((choice for choice in choices if "mend 2" in choice), None)

    editor.choose = choose
    assert editor.command("fork", to=3) == {"run": "2026-2-3", "parent": "2026-2"}
    assert [[("mend 0" in one, "mend 2" in one) for one in each] for each in offered] == [
        [(True, False), (False, True)]
    ]
    editor.wait_shown("2026-2-3 stands where 2026-2 stood")


def test_where_nobody_says_which_nothing_is_done(editors: Start, heard: Heard) -> None:
    editor = begun(editors, heard, "bare", sessions=ROWS)
    assert 'name one: {"run": "2026-0"} is the latest' in editor.refused("fork")
    editor.command("rollback")
    editor.wait_shown('name one: {"run": "2026-0"} is the latest')
    assert heard.all("ForkRun") == heard.all("PrepareRewind") == []


def test_a_run_is_taken_from_another_process_only_when_that_is_said(editors: Start, heard: Heard) -> None:
    editor = begun(editors, heard, resumable=["r7"])
    assert editor.command("resume") == {"run": "r7"}
    assert editor.command("resume", run="r8", take=True) == {"run": "r8"}
    assert heard.all("ResumeRun") == [{"run": "r7", "take": False}, {"run": "r8", "take": True}]


def test_runs_are_listed_with_their_state_and_cost_and_told_step_by_step(editors: Start, heard: Heard) -> None:
    editor = begun(editors, heard, sessions=ROWS)
    answer = editor.command("sessions")
    assert answer["folder"] == editor.root.as_uri()
    assert answer["sessions"][1] == {
        "id": "2026-1", "workflow": "edit", "instruction": "mend 1", "title": "mend 1", "state": "failed",
        "started": 1000.0, "steps": 9, "resumable": False, "live": True, "parent": "",
        "tokens": 0, "cost_usd_micros": 0,
    }  # fmt: skip
    told = editor.command("story", run="2026-1")
    assert told["session"]["id"] == "2026-1"
    assert [(step["seq"], step["text"], step["stands"]) for step in told["steps"]] == [
        (1, "began", True),
        (2, "mended", False),
    ]
    assert "there is no run '2027'" in editor.refused("story", run="2027")


@pytest.mark.parametrize(("name", "words"), [("sessions", "edit: mend 2: failed, 9 steps"), ("story", "asked: mend")])
def test_a_client_without_a_view_of_runs_opens_them_as_a_text(
    editors: Start, heard: Heard, name: str, words: str
) -> None:
    editor = begun(editors, heard, "bare", sessions=ROWS)
    editor.command(name, run="2026-2", show=True)
    editor.wait_shown(words)


def test_only_who_shows_runs_is_told_that_they_are_others_now(editors: Start, heard: Heard) -> None:
    def told(editor: EditorClient) -> int:
        return sum(message.get("method") == "bridle/sessions" for message in editor.received)

    plain = begun(editors, heard, sessions=ROWS)
    showing = editors("vscode")
    showing.start({"sessions": ROWS}, capabilities={"experimental": {"bridleSessions": True}})

    def plays(editor: EditorClient) -> None:
        editor.command("run", workflow="explain", instruction="this")
        editor.until(lambda: any("explanation" in str(message) for message in editor.received), "its end")
        editor.settle()

    plays(plain)
    plays(showing)
    assert (told(plain), told(showing)) == (0, 2), "it began, and it ended"
    showing.command("discard", run="2026-0")
    showing.command("fork", run="2026-0")
    showing.until(lambda: told(showing) == 4, "to be told of both")
    showing.settle()
    assert told(showing) == 4


@pytest.mark.parametrize("given", [{"to": -1}, {"to": "3"}, {"only": "both"}, {"take": 1}, {"run": 5}, {"to": 10**9}])
def test_an_argument_of_another_shape_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match=r"bridle\.rollback"):
        read_argument("bridle.rollback", [given])
