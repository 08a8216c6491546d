"""Findings on their lines: fresh or said to be old, never doubled, never a run's; and the actions that stand there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridle.indexer.text import Place
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import CLIENTS, EditorClient
from tests.lsp_server.test_documents_follow import Heard

WRONG = 4
OLD = " (before your last edit)"
FINDING = "assert 1 == 2"


def verified(editors: Start, client: str = "vscode", **script: Any) -> EditorClient:
    editor = editors(client).start(script)
    editor.open("a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", FINDING)
    return editor


def lines_of(editor: EditorClient, path: str, source: str = "bridle·pytest") -> list[int]:
    return [d["range"]["start"]["line"] for d in editor.diagnostics.get(editor.uri(path), []) if d["source"] == source]


def test_a_finding_says_who_found_it_and_what_in_its_first_line(editors: Start) -> None:
    editor = verified(editors)
    found = editor.wait_for_diagnostic("a.py", FINDING)
    assert found["source"] == "bridle·pytest"
    assert found["message"].split("\n")[0] == FINDING
    assert found["range"] == {"start": {"line": WRONG, "character": 0}, "end": {"line": WRONG, "character": 18}}
    assert found["relatedInformation"][0]["message"] == "defined here"
    assert found["data"]["check"] == "pytest"


def test_a_client_without_related_information_reads_it_in_the_message(editors: Start) -> None:
    found = verified(editors, "bare").wait_for_diagnostic("a.py", FINDING)
    assert "relatedInformation" not in found
    assert found["message"].endswith("a.py:1: defined here")


def test_lines_typed_above_move_a_finding_and_say_that_it_is_old(editors: Start) -> None:
    editor = verified(editors)
    editor.type("a.py", 0, "# one\n# two\n")
    found = editor.wait_for_diagnostic("a.py", FINDING + OLD)
    assert found["range"]["start"]["line"] == WRONG + 2
    editor.command("verify")
    editor.until(lambda: OLD not in editor.messages("a.py", "bridle·pytest")[0], "the next check to make it fresh")
    assert lines_of(editor, "a.py") == [WRONG + 2]


def test_a_finding_goes_when_its_line_is_touched_and_others_turn_old(editors: Start) -> None:
    editor = verified(editors)
    editor.change(editor.uri("a.py"), (Place(WRONG, 0), Place(WRONG, 0), " "))
    editor.until(lambda: not editor.messages("a.py", "bridle·pytest"), "the finding to go")
    editor.wait_for_diagnostic("b.py", FINDING + OLD)


def test_a_check_that_finds_nothing_any_more_withdraws_with_an_empty_list(editors: Start) -> None:
    editor = verified(editors)
    editor.change(editor.uri("a.py"), (Place(WRONG, 12), Place(WRONG, 17), "RIGHT"))
    (editor.root / "b.py").write_text("")
    editor.save("a.py")
    editor.until(lambda: editor.diagnostics.get(editor.uri("b.py")) == [], "an empty list")


def test_a_check_without_a_verdict_takes_nothing_away_and_says_why(editors: Start) -> None:
    editor = verified(editors, checks=["missing"])
    editor.wait_shown("missing: unknown: not installed. Next: install it")
    editor.type("a.py", 0, "# BREAK pytest\n")
    editor.command("verify")
    editor.wait_shown("pytest: unknown: not installed. Next: install it")
    editor.wait_for_diagnostic("a.py", FINDING + OLD)
    assert lines_of(editor, "a.py") == [WRONG + 1]


def test_nothing_is_run_or_shown_before_a_person_trusts_the_folder(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    asked: list[str] = []

    def say_no(message: str, choices: list[str]) -> str:
        asked.append(message)
        return choices[-1]

    editor = editors("vscode").start({"trusted": False, "heard": str(heard.path)})
    editor.choose = say_no
    editor.open("a.py")
    editor.command("status")
    assert any("trust this folder" in title for title in editor.titles("a.py", WRONG))
    for _ in range(2):
        editor.save("a.py")
        editor.command("status")
    editor.until(lambda: asked, "the question")
    assert len(asked) == 1, "asked once by itself"
    editor.command("verify")
    editor.until(lambda: len(asked) == 2, "a command asks again")
    assert heard.all("Verify") == []
    assert editor.diagnostics == {}
    editor.choose = lambda message, choices: choices[0]
    editor.command("trust")
    editor.wait_for_diagnostic("a.py", FINDING)


def test_in_an_editor_whose_questions_stop_typing_a_save_asks_nothing(editors: Start) -> None:
    editor = editors("neovim").start({"trusted": False})
    editor.open("a.py")
    editor.command("status")
    editor.save("a.py")
    editor.wait_shown("not trusted")
    assert [m["method"] for m in editor.asked if m["method"] == "window/showMessageRequest"] == []


# --- beside other tools ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "seen", "shown"),
    [
        ("auto", [], True),
        ("auto", ["Ruff"], False),
        ("auto", ["Pylance"], True),
        ("on", ["Ruff"], True),
        ("off", [], False),
        ("nonsense", [], True),
    ],
)
def test_lint_is_shown_only_where_nobody_else_shows_it(
    editors: Start, settings: str, seen: list[str], shown: bool
) -> None:
    editor = editors("vscode")
    editor.initialize(initializationOptions={"settings": {"diagnostics": {"lint": settings}}})
    editor.notify("initialized", {})
    editor.open("a.py")
    editor.command("seen", sources=seen)
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", FINDING)
    assert (lines_of(editor, "a.py", "bridle·ruff") == [0]) is shown


@pytest.mark.parametrize(
    ("own", "editors_own", "shown"), [("on", "auto", True), ("off", "on", True), ("on", "off", False)]
)
def test_the_persons_own_file_counts_where_the_editor_leaves_the_choice(
    editors: Start, own: str, editors_own: str, shown: bool
) -> None:
    editor = editors("bare")
    options = {"settings": {"fake": {"lint": own}, "diagnostics": {"lint": editors_own}}}
    editor.initialize(initializationOptions=options)
    editor.notify("initialized", {})
    editor.open("a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", FINDING)
    assert (lines_of(editor, "a.py", "bridle·ruff") == [0]) is shown


def test_settings_that_change_count_at_once(editors: Start) -> None:
    editor = verified(editors)
    assert lines_of(editor, "a.py", "bridle·ruff") == [], "a client that told nothing gets no lint"
    settings = {"bridle": {"diagnostics.lint": "on"}}
    editor.notify("workspace/didChangeConfiguration", {"settings": settings})
    editor.until(lambda: lines_of(editor, "a.py", "bridle·ruff") == [0], "lint")
    editor.actions("a.py", 0, diagnostics=[{"range": here(0), "message": "x", "source": "Ruff"}])
    editor.command("seen", sources=["Ruff", "Pyright"])
    editor.notify("workspace/didChangeConfiguration", {"settings": {"bridle": {"diagnostics": {"lint": "auto"}}}})
    editor.until(lambda: lines_of(editor, "a.py", "bridle·ruff") == [], "no lint")


def test_a_bare_client_sees_lint_that_a_landed_change_brought(editors: Start) -> None:
    editor = editors("bare").start()
    editor.open("a.py", "x = 'WRONG UNUSED'\n")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", FINDING)
    assert lines_of(editor, "a.py", "bridle·ruff") == []
    editor.command("edit", uri=editor.uri("a.py"), range=here(0), instruction="mend")
    editor.wait_for_diagnostic("a.py", "on offer, verified")
    editor.command("accept")
    editor.wait_for_diagnostic("a.py", "UNUSED")
    assert lines_of(editor, "a.py", "bridle·ruff") == [0]


# --- actions --------------------------------------------------------------------------------------------------


def here(line: int, end: int | None = None) -> dict[str, object]:
    last = line if end is None else end
    return {"start": {"line": line, "character": 0}, "end": {"line": last, "character": 0}}


def test_actions_ask_nobody_and_prefer_nothing(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = verified(editors, heard=str(heard.path))
    editor.settle()
    before = heard.path.read_text()
    found = editor.actions("a.py", WRONG)
    assert heard.path.read_text() == before
    assert [a["title"] for a in found] == [
        "Bridle: fix and verify: assert 1 == 2 (a.py)",
        "Bridle: explain: assert 1 == 2",
        "Bridle: run pytest again on a.py",
        "Bridle: show the log of pytest",
        "Bridle: put into the baseline: assert 1 == 2",
        "Bridle: mute for this session: assert 1 == 2",
        "Bridle: edit line 5…",
        "Bridle: verify the whole folder",
        "Bridle: run the tests that reach what changed",
        "Bridle: review what changed since the last commit",
        "Bridle: pin line 5 for what runs see",
        "Bridle: keep this file out of what runs see",
    ]
    assert {a["kind"] for a in found} <= {"quickfix", "refactor.rewrite", "source.bridle"}
    assert not any("isPreferred" in action or "disabled" in action for action in found)
    assert [a["kind"] for a in editor.actions("a.py", WRONG, only=["refactor"])] == ["refactor.rewrite"]
    assert [a["kind"] for a in editor.actions("a.py", WRONG, only=["source.bridle"])] == ["source.bridle"] * 5
    assert editor.actions("a.py", WRONG, only=["source.fixAll", "source.organizeImports"]) == []


@pytest.mark.parametrize("client", CLIENTS)
def test_without_a_model_one_action_says_how_to_get_one(editors: Start, client: str) -> None:
    editor = verified(editors, client, model="")
    found = editor.titles("a.py", WRONG)
    assert [title for title in found if "model" in title or "fix" in title] == [
        "Bridle: set up a model, to have things fixed and edited…"
    ]
    assert "no model is set up" in editor.refused("edit", uri=editor.uri("a.py"), range=here(0), instruction="x")
    editor.command("status", show=True)
    editor.wait_shown("bridle key set")


@pytest.mark.parametrize("client", ["vscode", "bare"])
def test_a_checks_own_fix_needs_no_model(editors: Start, client: str) -> None:
    editor = editors(client)
    options = {"settings": {"fake": {"model": ""}, "diagnostics": {"lint": "on"}}}
    editor.initialize(initializationOptions=options)
    editor.notify("initialized", {})
    editor.open("a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", "UNUSED")
    editor.type("a.py", 0, "# above\n")
    action = editor.actions("a.py", 1)[0]
    assert "ruff's own fix" in action["title"]
    if client == "bare":
        editor.command("fix", **action["arguments"][0])
        editor.until(lambda: "import os" not in editor.text("a.py"), "the fix")
    else:
        assert "command" not in action
        editor.apply_edit(action["edit"])
    assert editor.text("a.py").startswith("# above\n\n\ndef total")


def test_an_instruction_in_the_buffer_becomes_an_action(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = verified(editors, heard=str(heard.path))
    assert "# bridle:" in editor.refused("edit", uri=editor.uri("a.py"), range=here(WRONG))
    editor.type("a.py", WRONG, "    # bridle: make this retry\n")
    editor.wait_for_diagnostic("a.py", "make this retry")
    found = editor.request(
        "textDocument/codeAction",
        {"textDocument": {"uri": editor.uri("a.py")}, "range": here(3, 6), "context": {"diagnostics": []}},
    )
    action = next(a for a in found if "make this retry" in a["title"])
    assert action["title"] == "Bridle: “make this retry” (lines 4-6)"
    editor.command("edit", uri=editor.uri("a.py"), range=here(3, 6))
    editor.wait_for_diagnostic("a.py", "on offer, verified")
    (run,) = heard.all("StartRun")
    assert run["instruction"] == "make this retry"
    assert run["at"] == {"path": "a.py", "start_line": 3, "end_line": 6}


def test_outside_the_folder_an_able_client_is_told_why(editors: Start, tmp_path: Path) -> None:
    editor = editors("vscode").start()
    editor.command("status")
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("x = 1\n")
    item = {"uri": elsewhere.as_uri(), "languageId": "python", "version": 1, "text": "x = 1\n"}
    editor.notify("textDocument/didOpen", {"textDocument": item})
    params = {"textDocument": {"uri": elsewhere.as_uri()}, "range": here(0), "context": {"diagnostics": []}}
    (action,) = editor.request("textDocument/codeAction", params)
    assert action["disabled"]["reason"] == "this document is not a file of the opened folder"


def test_a_place_outside_the_file_is_refused_in_words(editors: Start) -> None:
    editor = verified(editors)
    assert "has no line 100" in editor.refused("edit", uri=editor.uri("a.py"), range=here(99), instruction="x")
    assert "there is no finding at a.py:3" in editor.refused("fix", uri=editor.uri("a.py"), range=here(2))


def test_what_a_check_needs_is_granted_by_one_answer_and_it_runs_again(editors: Start) -> None:
    editor = editors("vscode")
    asked: list[str] = []

    def choose(message: str, choices: list[str]) -> str:
        asked.append(message)
        return "Grant it" if "Grant it" in choices else ""

    editor.choose = choose
    editor.start({"needs": {"pytest": "loopback:5432"}})
    editor.open("a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", "assert 1 == 2")
    assert [message for message in asked if "pytest: unknown: needs loopback:5432" in message]


def test_what_a_check_needs_is_only_said_where_a_question_would_stop_the_person(editors: Start) -> None:
    editor = editors("neovim").start({"needs": {"pytest": "loopback:5432"}})
    editor.open("a.py")
    editor.command("verify")
    editor.wait_shown("pytest: unknown: needs loopback:5432")


def test_what_a_check_needs_is_asked_once_and_only_said_afterwards(editors: Start) -> None:
    editor = editors("vscode")
    asked: list[str] = []
    editor.choose = lambda message, choices: asked.append(message)  # no answer
    editor.start({"needs": {"pytest": "loopback:5432"}})
    editor.open("a.py")
    for _ in range(3):
        editor.command("verify")
        editor.settle()
    editor.wait_shown("pytest: unknown: needs loopback:5432")
    assert len([message for message in asked if "needs loopback" in message]) == 1
