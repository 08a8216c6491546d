"""Which tests reach the code on screen: hover, lens, and the actions that run and write tests."""

from __future__ import annotations

import pytest
from lsprotocol import types as lsp

from bridle.harness.engine import Finding, ReachRow
from bridle.lsp_server.actions import View, code_actions
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.documents import Document
from bridle.lsp_server.reaching import in_words
from tests.lsp_server.conftest import Start

TEXT = "def f():\n    return 1\n"


def offered(view: View) -> dict[str, lsp.CodeAction]:
    """Return the actions on the second line, by title."""
    item = lsp.TextDocumentItem(uri="file:///w/a.py", language_id="python", version=1, text=TEXT)
    place = lsp.Range(start=lsp.Position(line=1, character=0), end=lsp.Position(line=1, character=0))
    told = code_actions(view, Document(item, "a.py", 1, "utf-16"), place, None, Client(code_action_literals=True))
    return {one.title: one for one in told if isinstance(one, lsp.CodeAction)}


def row(**said: object) -> ReachRow:
    usual = {"name": "f", "start_line": 0, "end_line": 2, "n_tests": 7, "n_failed": 0}
    return ReachRow(**{**usual, **said})  # type: ignore[arg-type]  # as each case says


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (row(seconds_ago=12.0, same_text=True), "7 tests reach this · passed 12 s ago on this text"),
        (row(seconds_ago=130.0, same_text=False), "7 tests reach this · passed 2 min ago before it was changed"),
        (
            row(n_tests=1, n_failed=1, seconds_ago=90_000, same_text=True),
            "1 test reaches this · 1 failed 1 d ago on this text",
        ),
        (row(n_tests=0, seconds_ago=0.0, same_text=True), "no test reaches this, as far as any were seen"),
    ],
)
def test_what_became_of_the_tests_is_said_in_a_few_words(told: ReachRow, words: str) -> None:
    assert in_words(told) == words


def test_hover_on_a_functions_head_tells_of_its_tests_and_elsewhere_nothing(editors: Start) -> None:
    editor = editors("vscode")
    (editor.root / "a.py").write_text(TEXT)
    editor.start({"files": ["a.py"]})
    editor.open("a.py")
    params = {"textDocument": {"uri": editor.uri("a.py")}, "position": {"line": 0, "character": 4}}
    said = editor.request("textDocument/hover", params)["contents"]["value"]
    assert said.splitlines()[0] == "7 tests reach this · passed 12 s ago on this text"
    assert "test_a.py::test_f" in said
    assert editor.request("textDocument/hover", {**params, "position": {"line": 1, "character": 0}}) is None
    assert editor.request("textDocument/codeLens", {"textDocument": params["textDocument"]}) == []


def test_a_hover_says_nothing_where_the_person_wants_none(editors: Start) -> None:
    editor = editors("neovim")
    (editor.root / "a.py").write_text(TEXT)
    editor.start(initializationOptions={"settings": {"fake": {"files": ["a.py"]}, "hover": False}})
    editor.open("a.py")
    params = {"textDocument": {"uri": editor.uri("a.py")}, "position": {"line": 0, "character": 4}}
    assert editor.request("textDocument/hover", params) is None
    told = {"settings": {"bridle": {"fake": {"files": ["a.py"]}, "hover": True}}}
    editor.notify("workspace/didChangeConfiguration", told)
    assert editor.request("textDocument/hover", params) is not None


def test_a_lens_runs_the_tests_where_the_person_wants_lenses(editors: Start) -> None:
    editor = editors("vscode")
    (editor.root / "a.py").write_text(TEXT)
    settings = {"fake": {"files": ["a.py"]}, "lens.tests": True}
    editor.start(initializationOptions={"settings": settings})
    editor.open("a.py")
    [lens] = editor.request("textDocument/codeLens", {"textDocument": {"uri": editor.uri("a.py")}})
    assert lens["command"]["title"] == "Bridle: 7 tests reach this · passed 12 s ago on this text · run"
    assert lens["command"]["arguments"] == [{"uri": editor.uri("a.py"), "tests": ["test_a.py::test_f"]}]
    command = {key: lens["command"][key] for key in ("command", "arguments")}
    assert editor.request("workspace/executeCommand", command) == {}


def test_a_fault_that_no_test_noticed_has_its_test_written() -> None:
    survived = Finding("strength", "a.py", 1, 2, "no test notices when '1' becomes '2'", code="survived")
    found = offered(View(trusted=True, model="replay", findings=(survived,)))
    command = found["Bridle: write the missing test: no test notices when '1' becomes '2'"].command
    assert command is not None
    assert command.command == "bridle.edit"
    [argument] = command.arguments or ()
    assert argument is not None
    assert "fails when '1' becomes '2'" in argument["instruction"]


def test_the_tests_that_reach_what_changed_can_be_run() -> None:
    command = offered(View(trusted=True, model=""))["Bridle: run the tests that reach what changed"].command
    assert command is not None
    assert (command.command, command.arguments) == ("bridle.verify", [{"impact": True}])
