"""The person's say in what runs see: pinned, kept out, taken back; and why a file is not in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridle.lsp_server.choices import MAX_CHOICES, WHOLE_LINES
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient
from tests.lsp_server.test_documents_follow import Heard

HERE = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 0}}


def rows(first: int, last: int) -> dict[str, Any]:
    return {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}


def place(path: str, start: int, end: int) -> dict[str, Any]:
    return {"path": path, "start_line": start, "end_line": end}


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path / "heard.jsonl")


@pytest.fixture
def editor(editors: Start, heard: Heard, tmp_path: Path) -> EditorClient:
    """An editor in a.py, in which what is only to be looked at is written where the test finds it."""
    shown = str(tmp_path / "shown")
    settings = {"settings": {"shownFolder": shown, "fake": {"heard": str(heard.path)}}}
    editor = editors("vscode")
    editor.start({}, initializationOptions=settings)
    editor.open("a.py")
    editor.command("status")
    return editor


def bill(editor: EditorClient, tmp_path: Path, *said: str) -> list[str]:
    """Wait until the shown bill has these words, and return its lines."""
    file = tmp_path / "shown" / "context.md"
    until(editor, lambda: file.exists() and all(words in file.read_text() for words in said), f"a bill with {said}")
    return file.read_text().splitlines()


def until(editor: EditorClient, done: Callable[[], bool], what: str) -> None:
    """Wait for what no message tells."""

    def asked() -> bool:
        editor.settle()
        return done()

    editor.until(asked, what)


def test_what_is_pinned_and_kept_out_stands_in_the_bill_and_goes_with_every_run(
    editor: EditorClient, heard: Heard, tmp_path: Path
) -> None:
    editor.command("pin", uri=editor.uri("a.py"), range=rows(3, 5))
    editor.command("pin", uri=editor.uri("b.py"))
    answer = editor.command("exclude", pattern="migrations/**")
    pinned = [place("a.py", 3, 5), place("b.py", 0, WHOLE_LINES)]
    assert answer == {"pinned": pinned, "excluded": ["migrations/**"]}
    editor.wait_shown("kept out of runs of this session: migrations/**")
    editor.command("context", uri=editor.uri("a.py"), range=HERE, instruction="mend it")
    lines = bill(editor, tmp_path, "the selection")
    assert lines[1:3] == ["pinned by you: a.py:4-5, b.py", "kept out by you: migrations/**"]
    assert "until the session ends" in lines[3]
    editor.command("edit", uri=editor.uri("a.py"), range=HERE, instruction="mend it")
    (asked,), (run,) = heard.all("GetContext"), heard.all("StartRun")
    wished = {"pinned": pinned, "excluded": ["migrations/**"]}
    assert {key: asked[key] for key in wished} == {key: run[key] for key in wished} == wished


def test_a_pin_moves_with_its_lines_and_stays_where_they_were_when_the_file_is_closed(editor: EditorClient) -> None:
    editor.command("pin", uri=editor.uri("a.py"), range=rows(3, 5))
    editor.type("a.py", 0, "# one\n# two\n")
    assert editor.command("exclude", pattern="x")["pinned"] == [place("a.py", 5, 7)]
    editor.type("a.py", 6, "    # inside\n")
    editor.shut("a.py")
    editor.open("a.py", "another text\n")
    assert editor.command("exclude", pattern="y")["pinned"] == [place("a.py", 5, 8)]


def test_the_later_word_about_a_file_counts_and_can_be_taken_back(editor: EditorClient) -> None:
    file = editor.uri("b.py")
    editor.command("pin", uri=file)
    assert editor.command("exclude", uri=file) == {"pinned": [], "excluded": ["b.py"]}
    assert editor.command("pin", uri=file) == {"pinned": [place("b.py", 0, WHOLE_LINES)], "excluded": []}
    editor.command("exclude", pattern="x/**")
    assert editor.command("clearContext", uri=file) == {"pinned": [], "excluded": ["x/**"]}
    assert "nothing is pinned or kept out of b.py" in editor.refused("clearContext", uri=file)
    assert editor.command("clearContext") == {"pinned": [], "excluded": []}


def test_each_line_of_the_bill_has_its_actions_and_what_they_do_is_shown_in_it_at_once(
    editor: EditorClient, tmp_path: Path
) -> None:
    editor.command("context", uri=editor.uri("a.py"), range=HERE, instruction="mend it")
    lines = bill(editor, tmp_path, "over budget")
    shown = (tmp_path / "shown" / "context.md").as_uri()

    def offered(words: str) -> dict[str, dict[str, Any]]:
        line = next(number for number, text in enumerate(lines) if words in text)
        params = {"textDocument": {"uri": shown}, "range": rows(line, line), "context": {"diagnostics": []}}
        return {action["title"]: action["command"] for action in editor.request("textDocument/codeAction", params)}

    def choose(command: dict[str, Any]) -> None:
        params = {"command": command["command"], "arguments": command["arguments"]}
        editor.request("workspace/executeCommand", params)

    on_piece, left_out = offered("the selection"), offered("over budget")
    assert [*on_piece] == ["Bridle: pin a.py:1-1", "Bridle: keep a.py out", "Bridle: why no more of a.py?"]
    choose(left_out["Bridle: pin b.py"])
    lines = bill(editor, tmp_path, "pinned by you: b.py")
    choose(on_piece["Bridle: keep a.py out"])
    lines = bill(editor, tmp_path, "kept out by you: a.py")
    choose(offered("the selection")["Bridle: take back what you said of a.py"])
    until(editor, lambda: "kept out" not in "".join(bill(editor, tmp_path)), "to be taken back")
    assert offered("4000 tokens") == {}, "that line is about no file"


def test_why_a_file_is_not_in_it_is_told_for_the_task_that_was_asked_about_last(
    editor: EditorClient, heard: Heard
) -> None:
    assert "no task was asked about yet" in editor.refused("whyNot", uri=editor.uri("b.py"))
    assert not any("in the context?" in title for title in editor.titles("a.py", 4))
    editor.command("edit", uri=editor.uri("a.py"), range=HERE, instruction="mend it")
    assert any("in the context?" in title for title in editor.titles("a.py", 4))
    editor.command("whyNot", uri=editor.uri("b.py"))
    editor.wait_shown("Nothing leads to b.py")
    editor.command("whyNot", uri=editor.uri("b.py"), instruction="another thing")
    until(editor, lambda: len(heard.all("GetContext")) == 2, "the second question")
    asked = heard.all("GetContext")
    assert [(one["instruction"], one["why_not"]) for one in asked] == [("mend it", "b.py"), ("another thing", "b.py")]


def test_lines_and_files_offer_it_by_action(editor: EditorClient) -> None:
    titles = editor.titles("a.py", 4)
    assert "Bridle: pin line 5 for what runs see" in titles
    assert "Bridle: keep this file out of what runs see" in titles
    assert not any("take back what you pinned" in title for title in titles)
    editor.command("exclude", uri=editor.uri("a.py"))
    assert any("take back what you pinned or kept out" in title for title in editor.titles("a.py", 4))


def test_what_names_no_file_of_the_folder_is_refused_with_the_next_step(editor: EditorClient) -> None:
    assert "not a file of the opened folder" in editor.refused("pin", uri="file:///nowhere/x.py")
    params = {"command": "bridle.exclude", "arguments": [{}]}
    assert editor.error("workspace/executeCommand", params)[0] == -32602
    params = {"command": "bridle.exclude", "arguments": [{"pattern": "x" * 1001}]}
    assert editor.error("workspace/executeCommand", params)[0] == -32602
    assert "has no line 100" in editor.refused("pin", uri=editor.uri("a.py"), range=rows(99, 100))
    for number in range(MAX_CHOICES):
        editor.command("exclude", pattern=str(number))
    assert "take some back first" in editor.refused("exclude", pattern="more")
