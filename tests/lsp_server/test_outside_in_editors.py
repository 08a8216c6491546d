"""A proposal that leaves what its run was started on: each such file is one question, in every editor."""

from __future__ import annotations

import pytest

from bridle.lsp_server.deciding import LEAVE_OUT, TAKE_TOO
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient
from tests.lsp_server.test_landing_in_editors import propose

WRONG = "x = 'WRONG'\n"
RIGHT = "x = 'RIGHT'\n"


def both(editors: Start, client: str) -> EditorClient:
    editor = editors(client)
    for name in ("a.py", "b.py"):
        (editor.root / name).write_text(WRONG)
    editor.start({"files": ["a.py", "b.py"], "outside": ["b.py"]})
    for name in ("a.py", "b.py"):
        editor.open(name)
    propose(editor, line=0)
    return editor


@pytest.mark.parametrize("client", ["vscode", "neovim"])
@pytest.mark.parametrize(("answer", "b"), [(TAKE_TOO, RIGHT), (LEAVE_OUT, WRONG)])
def test_a_file_outside_is_asked_about_and_taken_or_left(editors: Start, client: str, answer: str, b: str) -> None:
    editor = both(editors, client)
    asked: list[str] = []

    def choose(message: str, choices: list[str]) -> str:
        asked.append(message)
        return answer if answer in choices else ""

    editor.choose = choose
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py, b.py" if b == RIGHT else "not saved yet: a.py")
    assert (editor.text("a.py"), editor.text("b.py")) == (RIGHT, b)
    assert [message for message in asked if "b.py: the run was not started on this file" in message]


def test_no_answer_changes_nothing(editors: Start) -> None:
    editor = both(editors, "vscode")
    editor.choose = lambda message, choices: ""
    editor.command("accept")
    editor.wait_shown("b.py waits for your yes")
    assert editor.text("a.py") == WRONG


def test_files_that_are_named_beforehand_are_not_asked_about(editors: Start) -> None:
    editor = both(editors, "vscode")
    editor.choose = lambda message, choices: ""
    editor.command("accept", also=["b.py"])
    editor.until(lambda: editor.text("b.py") == RIGHT, "the second file to change")
    assert editor.text("a.py") == RIGHT
