"""From a finding to a landed change and back, in editors that can much, some and nothing; and what gets in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridle.indexer.text import Place
from bridle.lsp_server import accept
from bridle.lsp_server import editor as editor_module
from tests.lsp_server.conftest import SOURCE, Start
from tests.lsp_server.editor_client import CLIENTS, ERROR, EditorClient, Json
from tests.lsp_server.test_documents_follow import Heard

pytestmark = pytest.mark.slow

WRONG = 4
RIGHT = SOURCE.replace("WRONG", "RIGHT")


def propose(editor: EditorClient, path: str = "a.py", line: int = WRONG) -> str:
    """Verify, pick the fix, and wait for the proposal."""
    editor.command("verify")
    editor.wait_for_diagnostic(path, "assert 1 == 2")
    fix = next(action for action in editor.actions(path, line) if "fix and verify" in action["title"])
    command = fix if isinstance(fix["command"], str) else fix["command"]
    reply = editor.request(
        "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
    )
    editor.wait_for_diagnostic(path, "on offer, verified: 3 tests")
    run: str = reply["run"]
    return run


def opened(editors: Start, client: str = "vscode", *paths: str, **script: Any) -> EditorClient:
    editor = editors(client).start(script)
    for path in paths or ("a.py",):
        editor.open(path)
    return editor


@pytest.mark.parametrize("client", CLIENTS)
def test_a_finding_is_fixed_landed_and_taken_back_in_every_editor(editors: Start, client: str) -> None:
    editor = opened(editors, client)
    propose(editor)
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == RIGHT
    editor.until(lambda: not editor.messages("a.py"), "the findings to go")
    editor.type("a.py", 0, "# typed since\n")
    editor.command("undo")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == "# typed since\n" + SOURCE


def test_a_run_answers_at_once_shows_progress_and_asks_at_its_end(editors: Start) -> None:
    editor = opened(editors)
    asked: list[tuple[str, list[str]]] = []
    editor.choose = lambda message, choices: asked.append((message, choices)) or "Accept"  # type: ignore[func-returns-value] # append gives None
    propose(editor)
    editor.wait_shown("not saved yet: a.py")
    assert asked == [("Bridle: fix it: verified: 3 tests; sandbox: scratch copy (+1 -1)", ["Accept", "Show", "Reject"])]
    assert editor.text("a.py") == RIGHT


def test_an_editor_whose_questions_stop_typing_is_told_instead(editors: Start) -> None:
    editor = opened(editors, "neovim")
    propose(editor)
    editor.wait_shown("Accept, show or reject it by code action")
    assert [m for m in editor.asked if m["method"] == "window/showMessageRequest"] == []


def test_typing_above_while_it_runs_does_not_matter(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, heard=str(heard.path))
    propose(editor)
    editor.type("a.py", 0, "# one\n# two\n# three\n")
    assert any("accept, verified" in title for title in editor.titles("a.py", WRONG + 3)), "offered where it stands now"
    editor.command("accept")
    editor.wait_shown("not saved yet")
    assert editor.text("a.py") == "# one\n# two\n# three\n" + RIGHT
    (prepared,) = heard.all("PrepareLanding")
    (rebased,) = prepared["rebased"]
    assert [(e["start"], e["end"]) for e in rebased["edits"]] == [(WRONG + 3, WRONG + 4)]


def test_a_line_that_the_person_changed_is_never_overwritten(editors: Start) -> None:
    editor = opened(editors)
    propose(editor)
    editor.change(editor.uri("a.py"), (Place(WRONG, 4), Place(WRONG, 10), "yield "))
    editor.wait_for_diagnostic("a.py", "you changed the same lines since")
    editor.command("accept")
    editor.wait_shown("nothing was changed: you changed the same lines of a.py since")
    assert "yield" in editor.text("a.py")
    assert "RIGHT" not in editor.text("a.py")
    titles = editor.titles("a.py", WRONG)
    assert any("ask again, you changed its lines" in title for title in titles), "the proposal is kept"
    assert not any("accept" in title for title in titles)


def test_typing_in_the_same_message_as_the_echo_is_no_conflict(editors: Start) -> None:
    editor = opened(editors)
    propose(editor)
    uri = editor.uri("a.py")

    def with_typing(edit: Json) -> Json:
        (change,) = edit["documentChanges"]
        (only,) = change["edits"]
        start, end = (Place(only["range"][k]["line"], only["range"][k]["character"]) for k in ("start", "end"))
        editor.change(uri, (start, end, only["newText"]), (Place(0, 0), Place(0, 0), "# typed behind\n"))
        return {"applied": True}

    editor.apply = with_typing
    editor.command("accept")
    editor.wait_shown("not saved yet")
    editor.apply = editor.apply_edit
    editor.command("undo")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == "# typed behind\n" + SOURCE


@pytest.mark.parametrize("client", CLIENTS)
def test_typing_before_the_edit_reaches_the_editor_is_worked_in(editors: Start, client: str) -> None:
    """A client that checks versions refuses the stale edit and gets a fresh one; another applies it below."""
    editor = opened(editors, client)
    propose(editor)
    tries = 0

    def typing_first(edit: Json) -> Json:
        nonlocal tries
        tries += 1
        if tries == 1:
            editor.change(editor.uri("a.py"), (Place(7, 0), Place(7, 5), "x = 2"))
        return editor.apply_edit(edit)

    editor.apply = typing_first
    editor.command("accept")
    editor.wait_shown("not saved yet")
    assert editor.text("a.py") == RIGHT.replace("x = 1", "x = 2")
    assert tries == (1 if client == "bare" else 2)


@pytest.mark.parametrize("n_typed", [1, 3])
def test_an_edit_that_an_editor_put_at_its_old_place_is_taken_back_and_put_right(editors: Start, n_typed: int) -> None:
    """As eglot does while it holds typing back, and Neovim without our plug-in with a document never changed before."""
    editor = opened(editors, "bare")
    propose(editor)
    edits: list[Json] = []

    def typing_above_first(edit: Json) -> Json:
        edits.append(edit)
        if len(edits) == 1:
            for number in range(n_typed):
                editor.type("a.py", 0, f"# typed {number}\n")
        return editor.apply_edit(edit)

    editor.apply = typing_above_first
    editor.command("accept")
    editor.wait_shown("not saved yet")
    typed = "".join(f"# typed {number}\n" for number in reversed(range(n_typed)))
    assert editor.text("a.py") == typed + RIGHT
    assert len(edits) == 3, "the edit, what takes it back, and the edit again"
    editor.command("undo")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == typed + SOURCE


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("client", CLIENTS)
def test_an_edit_that_an_editor_tells_in_smaller_pieces_has_landed(editors: Start, client: str, at_once: bool) -> None:
    """As VS Code does, which looks for the smallest change: half of it is nobody's typing, and is not brought back."""
    editor = opened(editors, client)
    propose(editor)
    edits: list[Json] = []

    def in_pieces(edit: Json) -> Json:
        edits.append(edit)
        column = editor.text("a.py").split("\n")[WRONG].index("WRONG")
        pieces = [
            (Place(WRONG, column + 2), Place(WRONG, column + 5), "IGHT"),
            (Place(WRONG, column), Place(WRONG, column + 1), ""),
        ]
        for some in [pieces] if at_once else [pieces[:1], pieces[1:]]:
            editor.change(editor.uri("a.py"), *some)
        return {"applied": True}

    editor.apply = in_pieces
    editor.command("accept")
    editor.wait_shown("not saved yet")
    assert editor.text("a.py") == RIGHT
    assert len(edits) == 1


def test_a_document_that_moves_on_for_ever_is_given_up_after_three_tries(editors: Start) -> None:
    editor = opened(editors)
    propose(editor)
    tries = 0

    def always_typing(edit: Json) -> Json:
        nonlocal tries
        tries += 1
        editor.type("a.py", 0, f"# {tries}\n")
        return editor.apply_edit(edit)

    editor.apply = always_typing
    editor.command("accept")
    editor.wait_shown("nothing was changed: the document moved on")
    assert tries == 3
    assert editor.text("a.py").endswith(SOURCE)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"applied": False, "failureReason": "read-only"}, "read-only"),
        ({"applied": False}, "the editor refused it"),
        ({"applied": True}, "says that it applied the change, but the document does not show it"),
        ({"no": "sense"}, "gave no answer"),
        (None, "gave no answer"),
        (ERROR, "gave no answer"),
    ],
)
def test_what_the_editor_says_is_a_hint_and_the_proposal_is_kept(
    editors: Start, answer: Json | None, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(accept, "ECHO_S", 0.1)
    monkeypatch.setattr(editor_module, "ANSWER_S", 0.2)
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, "vscode", "a.py", "b.py", heard=str(heard.path), files=["a.py"])
    propose(editor)
    editor.apply = lambda edit: answer
    editor.command("accept")
    editor.wait_shown(told)
    assert editor.text("a.py") == SOURCE
    (finished,) = heard.all("FinishLanding")
    assert finished["failed"] == ["a.py"]
    editor.apply = editor.apply_edit
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_change_of_open_and_closed_files_lands_in_both(editors: Start, client: str) -> None:
    editor = opened(editors, client, "a.py", files=["a.py", "b.py"])
    propose(editor)
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == RIGHT
    assert (editor.root / "a.py").read_text() == SOURCE, "an open document is the person's to save"
    assert "RIGHT" in (editor.root / "b.py").read_text()


@pytest.mark.parametrize(("client", "edits"), [("vscode", 1), ("neovim", 2), ("bare", 2)])
def test_two_documents_are_one_edit_only_where_every_version_is_checked(
    editors: Start, client: str, edits: int
) -> None:
    editor = opened(editors, client, "a.py", "b.py", files=["a.py", "b.py"])
    propose(editor)
    sent: list[Json] = []
    editor.apply = lambda edit: sent.append(edit) or editor.apply_edit(edit)  # type: ignore[func-returns-value] # append gives None
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py, b.py")
    assert len(sent) == edits
    assert all(("documentChanges" in edit) is (client != "bare") for edit in sent)
    assert "RIGHT" in editor.text("a.py")
    assert "RIGHT" in editor.text("b.py")


def test_when_a_second_document_fails_the_first_is_taken_back(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, "neovim", "a.py", "b.py", files=["a.py", "b.py"], heard=str(heard.path))
    propose(editor)

    def fails_on_b(edit: Json) -> Json:
        if edit["documentChanges"][0]["textDocument"]["uri"] == editor.uri("b.py"):
            return {"applied": False, "failureReason": "no"}
        return editor.apply_edit(edit)

    editor.apply = fails_on_b
    editor.command("accept")
    editor.wait_shown("nothing was changed: no")
    assert editor.text("a.py") == SOURCE
    assert editor.text("b.py") == "y = 'WRONG'\nz = 2\n"
    (finished,) = heard.all("FinishLanding")
    assert finished["landed"] == []
    assert finished["failed"] == ["a.py", "b.py"]


def test_a_document_closed_before_it_lands_is_not_written_behind_the_persons_back(editors: Start) -> None:
    editor = opened(editors, "vscode", "a.py", "b.py", files=["a.py"])
    propose(editor)
    editor.apply = lambda edit: editor.shut("a.py") or {"applied": False, "failureReason": "it is closed"}  # type: ignore[func-returns-value] # closing gives None
    editor.command("accept")
    editor.wait_shown("nothing was changed")
    assert (editor.root / "a.py").read_text() == SOURCE


def test_what_the_engine_refuses_lands_only_anyway(editors: Start) -> None:
    badge = ["refused", "refused: an assertion was removed"]
    editor = editors("vscode").start({"badge": badge, "refuse": badge[1]})
    editor.open("a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", "assert 1 == 2")
    editor.command("fix", uri=editor.uri("a.py"), range=PLACE)
    editor.wait_for_diagnostic("a.py", "an assertion was removed")
    commands = [a["command"]["command"] for a in editor.actions("a.py", WRONG) if "command" in a]
    assert "bridle.acceptAnyway" in commands
    assert "bridle.accept" not in commands
    editor.command("accept")
    editor.wait_shown("nothing was changed: refused: an assertion was removed")
    assert editor.text("a.py") == SOURCE
    editor.command("acceptAnyway")
    editor.wait_shown("not saved yet")
    assert editor.text("a.py") == RIGHT


PLACE = {"start": {"line": WRONG, "character": 0}, "end": {"line": WRONG, "character": 0}}


def test_accepting_twice_lands_once(editors: Start) -> None:
    editor = opened(editors)
    propose(editor)
    editor.command("accept", proposal="r1")
    editor.command("accept", proposal="r1")
    editor.wait_shown("this proposal was accepted already")
    assert editor.text("a.py") == RIGHT


@pytest.mark.parametrize("client", CLIENTS)
def test_a_rejected_proposal_leaves_nothing_behind(editors: Start, client: str) -> None:
    editor = opened(editors, client)
    propose(editor)
    editor.command("reject")
    editor.until(lambda: not editor.messages("a.py", "bridle"), "the proposal to go")
    assert not any("accept" in title for title in editor.titles("a.py", WRONG))
    editor.command("accept")
    editor.wait_shown("there is no proposal to decide on. Next: run an action")
    assert editor.text("a.py") == SOURCE


@pytest.mark.parametrize("client", CLIENTS)
def test_a_proposal_is_shown_as_the_client_can(editors: Start, client: str) -> None:
    editor = opened(editors, client)
    propose(editor)
    editor.command("show")
    if client == "bare":
        assert "+++ b/a.py" in editor.wait_shown(".diff")
        return
    editor.until(lambda: any(m["method"] == "window/showDocument" for m in editor.asked), "the document")
    (shown,) = (m["params"]["uri"] for m in editor.asked if m["method"] == "window/showDocument")
    path = Path(shown.removeprefix("file://"))
    assert path.read_text().startswith("# fix it\n# verified: 3 tests")
    assert path.parent.stat().st_mode & 0o077 == 0
    assert editor.close() == 0
    assert not path.exists(), "what was only to be looked at goes with the door"


def test_a_folder_of_the_persons_is_used_for_what_is_shown(editors: Start, tmp_path: Path) -> None:
    editor = editors("bare")
    editor.initialize(initializationOptions={"shownFolder": str(tmp_path / "shown")})
    editor.notify("initialized", {})
    editor.open("a.py")
    propose(editor)
    editor.command("show")
    editor.wait_shown(str(tmp_path / "shown"))
    assert (tmp_path / "shown" / "r1.diff").exists()
