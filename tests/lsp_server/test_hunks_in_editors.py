"""Single hunks of a proposal in the editor: offered, taken, left, asked for again; and what an undo meets."""

from __future__ import annotations

from typing import Any

import pytest

from bridle.indexer.text import Place
from bridle.lsp_server import deciding
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient, Json
from tests.lsp_server.test_landing_in_editors import propose

pytestmark = pytest.mark.slow

TWO = "# two\n" + "".join(f"x{n} = {n}\n" for n in range(4)) + "a = 'WRONG'\n" + "y = 1\n" * 6 + "b = 'WRONG'\n"
FIRST, SECOND = 5, 12
ONE_RIGHT = TWO.replace("a = 'WRONG'", "a = 'RIGHT'")
BOTH_RIGHT = TWO.replace("WRONG", "RIGHT")


def two_hunks(editors: Start, client: str = "vscode", experimental: Json | None = None, **script: Any) -> EditorClient:
    editor = editors(client)
    if experimental is not None:
        editor.profile["capabilities"]["experimental"] = experimental
    (editor.root / "a.py").write_text(TWO)
    editor.start({"files": ["a.py"], **script})
    editor.open("a.py")
    propose(editor, line=FIRST)
    return editor


def run(editor: EditorClient, line: int, title: str) -> None:
    """Choose the action with these words."""
    [action] = [one for one in editor.actions("a.py", line) if title in one["title"]]
    command = action if isinstance(action["command"], str) else action["command"]
    editor.request("workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]})


@pytest.mark.parametrize("client", ["vscode", "neovim", "bare"])
def test_one_hunk_lands_and_the_other_stays_on_offer(editors: Start, client: str) -> None:
    editor = two_hunks(editors, client)
    assert any("leave hunk 1 of 2" in title for title in editor.titles("a.py", FIRST))
    assert not any("hunk 1 of 2" in title for title in editor.titles("a.py", SECOND)), "each on its own lines"
    run(editor, FIRST, "accept, hunk 1 of 2 alone")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == ONE_RIGHT
    editor.until(lambda: len(editor.messages("a.py", "bridle")) == 1, "one hunk to be left")
    run(editor, SECOND, "accept, verified")
    editor.until(lambda: editor.text("a.py") == BOTH_RIGHT, "the second hunk to land")


def test_a_hunk_that_is_left_is_shown_no_more(editors: Start) -> None:
    editor = two_hunks(editors)
    run(editor, SECOND, "leave hunk 2 of 2")
    editor.until(lambda: len(editor.messages("a.py", "bridle")) == 1, "one hunk to be left")
    run(editor, FIRST, "accept, verified")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == ONE_RIGHT


def test_a_hunk_whose_line_changed_needs_refresh_and_the_rest_lands(editors: Start) -> None:
    editor = two_hunks(editors)
    editor.change(editor.uri("a.py"), (Place(SECOND, 0), Place(SECOND, 1), "mine"))
    editor.wait_for_diagnostic("a.py", "needs refresh (hunk 2 of 2): you changed the same lines since")
    titles = editor.titles("a.py", SECOND)
    assert not any("hunk 2 of 2 alone" in title for title in titles)
    run(editor, FIRST, "(the 1 hunk that still stand)")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == ONE_RIGHT.replace("b = 'WRONG'", "mine = 'WRONG'")


def test_asking_again_begins_a_run_on_the_lines_as_they_are(editors: Start) -> None:
    editor = two_hunks(editors)
    editor.change(editor.uri("a.py"), (Place(SECOND, 0), Place(SECOND, 1), "mine"))
    editor.wait_for_diagnostic("a.py", "needs refresh")
    run(editor, SECOND, "ask again")
    editor.until(lambda: any("again" in m for m in editor.messages("a.py", "bridle")), "the new proposal")
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == BOTH_RIGHT.replace("b = ", "mine = ")


def test_code_lenses_carry_the_same_decisions_where_the_client_shows_them(editors: Start) -> None:
    editor = two_hunks(editors)
    document = {"textDocument": {"uri": editor.uri("a.py")}}
    lenses: list[Json] = editor.request("textDocument/codeLens", document)
    told = [(lens["range"]["start"]["line"], lens["command"]["title"].partition(",")[0]) for lens in lenses]
    assert told == [
        (FIRST, "Bridle: accept"),
        (FIRST, "show"),
        (FIRST, "reject"),
        (FIRST, "accept hunk 1 of 2"),
        (FIRST, "leave hunk 1 of 2"),
        (SECOND, "accept hunk 2 of 2"),
        (SECOND, "leave hunk 2 of 2"),
    ]
    command = next(lens["command"] for lens in lenses if lens["command"]["title"] == "accept hunk 2 of 2")
    editor.request("workspace/executeCommand", {k: command[k] for k in ("command", "arguments")})
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == TWO.replace("b = 'WRONG'", "b = 'RIGHT'")


def test_a_client_without_code_lenses_is_offered_none(editors: Start) -> None:
    assert "codeLensProvider" not in editors("bare").initialize()["capabilities"]


@pytest.mark.parametrize(
    ("choice", "then"),
    [(deciding.KEEP, TWO.replace("a = 'WRONG'", "a = 'RIGHT' + 'mine'")), (deciding.TAKE, TWO)],
)
def test_an_undo_asks_about_each_line_that_it_meets(editors: Start, choice: str, then: str) -> None:
    editor = two_hunks(editors)
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    editor.change(editor.uri("a.py"), (Place(FIRST, 11), Place(FIRST, 11), " + 'mine'"))
    asked: list[str] = []

    def answer(message: str, choices: list[str]) -> str | None:
        asked.append(message)
        return choice if choice in choices else None

    editor.choose = answer
    editor.command("undo")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == then
    [question] = [message for message in asked if "you changed these lines since" in message]
    assert "a = 'RIGHT' + 'mine'" in question
    assert "a = 'WRONG'" in question


def test_an_undo_that_nobody_answers_for_changes_nothing(editors: Start) -> None:
    editor = two_hunks(editors, "bare")
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    editor.change(editor.uri("a.py"), (Place(FIRST, 11), Place(FIRST, 11), " + 'mine'"))
    held = editor.text("a.py")
    editor.command("undo")
    editor.wait_shown("nothing was changed: the undo meets lines that you changed since (a.py:6)")
    assert editor.text("a.py") == held
    editor.command("undo", onClash="keep")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == TWO.replace("a = 'WRONG'", "a = 'RIGHT' + 'mine'")


def test_the_hunks_of_a_document_are_told_where_they_stand_now(editors: Start) -> None:
    editor = two_hunks(editors)
    editor.type("a.py", 0, "# above\n")
    first, second = editor.command("hunks", uri=editor.uri("a.py"))["hunks"]
    assert (first["start"], first["end"]) == (FIRST + 1, FIRST + 2)
    assert first["text"] == "a = 'RIGHT'\n"
    assert (first["title"], first["hunks"], first["broken"]) == ("hunk 1 of 2", ["1"], False)
    assert second["start"] > first["start"]
    whole = editor.command("hunks")["hunks"]
    assert [(row["path"], row["start"]) for row in whole] == [("a.py", first["start"]), ("a.py", second["start"])]
    editor.shut("a.py")
    closed = editor.command("hunks", proposal=first["proposal"])["hunks"]
    assert [row["start"] for row in closed] == [FIRST, SECOND], "as they were made"
    editor.open("a.py")
    editor.command("reject", proposal=first["proposal"], hunks=first["hunks"])
    editor.until(lambda: len(editor.command("hunks", uri=editor.uri("a.py"))["hunks"]) == 1, "the first to be gone")
    assert "is not open" in editor.refused("hunks", uri=editor.uri("b.py"))
