"""Commands answer at once, whatever the engine does; work is shown and can be stopped; questions have a default."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from bridle.lsp_server.verifying import QUIET_S
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import CLIENTS, EditorClient
from tests.lsp_server.test_documents_follow import Heard

HERE = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 0}}


def opened(editors: Start, client: str = "vscode", **script: Any) -> EditorClient:
    editor = editors(client).start(script)
    editor.open("a.py")
    editor.command("status")
    return editor


def edit(editor: EditorClient, instruction: str = "mend it") -> str:
    reply = editor.command("edit", uri=editor.uri("a.py"), range=HERE, instruction=instruction)
    run: str = reply["run"]
    return run


@pytest.mark.parametrize("name", ["verify", "accept", "acceptAnyway", "reject", "show", "undo", "trust", "context"])
def test_a_command_answers_at_once_when_the_engine_does_not(editors: Start, name: str) -> None:
    stalled = ["Verify", "PrepareLanding", "PrepareUndo", "Reject", "SetTrust", "GetContext"]
    editor = opened(editors, stall=stalled)
    edit(editor)
    editor.wait_for_diagnostic("a.py", "on offer")
    begun = time.monotonic()
    editor.command(name, uri=editor.uri("a.py"), range=HERE)
    assert time.monotonic() - begun < 0.5


def test_status_says_how_things_stand(editors: Start) -> None:
    assert opened(editors).command("status") == {
        "trusted": True, "rung": "scratch copy", "model": "replay", "state": "ready",
        "checks": ["ruff", "pytest"], "next_step": "",
    }  # fmt: skip


def progress(editor: EditorClient, kind: str) -> list[dict[str, Any]]:
    found = [m["params"] for m in editor.received if m.get("method") == "$/progress"]
    return [params for params in found if params["value"]["kind"] == kind]


def test_indexing_is_shown_with_its_rate_and_pauses_when_cancelled(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, indexing=True, heard=str(heard.path))
    editor.until(lambda: progress(editor, "begin"), "how far it is")
    (begin,) = [p for p in progress(editor, "begin") if "indexing" in p["value"]["title"]]
    assert (begin["value"]["cancellable"], begin["value"]["message"]) == (True, "1 of 2 files, 7 a second")
    editor.notify("window/workDoneProgress/cancel", {"token": begin["token"]})
    editor.until(lambda: progress(editor, "end"), "its end")
    said = "paused at 1 files; the command bridle.resumeIndexing goes on"
    assert progress(editor, "end")[-1]["value"]["message"] == said
    assert editor.command("resumeIndexing") == {"paused": False}
    assert editor.command("pauseIndexing") == {"paused": True}
    assert [request["paused"] for request in heard.all("PauseIndexing")] == [True, False, True]


def test_a_run_is_shown_under_a_token_of_its_own_and_stops_when_cancelled(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, endless=True, heard=str(heard.path))
    first, second = edit(editor), edit(editor)
    editor.until(lambda: len({p["token"] for p in progress(editor, "begin")} - index_tokens(editor)) == 2, "two begins")
    begins = [p for p in progress(editor, "begin") if "edit" in p["value"]["title"]]
    assert all(p["value"]["cancellable"] for p in begins)
    editor.notify("window/workDoneProgress/cancel", {"token": begins[0]["token"]})
    editor.until(lambda: heard.all("CancelRun"), "the cancel")
    assert heard.all("CancelRun") == [{"run": first}]
    editor.until(lambda: any(p["token"] == begins[0]["token"] for p in progress(editor, "end")), "its end")
    assert editor.command("cancel") == {"run": second}
    assert heard.all("CancelRun")[-1] == {"run": second}
    editor.until(lambda: len(progress(editor, "end")) >= 2, "its end")
    assert "no run is under way" in editor.refused("cancel")


def test_a_run_that_ends_before_it_was_heard_of_is_not_under_way(editors: Start) -> None:
    editor = opened(editors, instant=True)
    edit(editor)
    editor.wait_shown("no change is on offer: nothing to do")
    assert editor.command("status")["state"] == "ready"
    assert [p for p in progress(editor, "begin") if "edit" in p["value"]["title"]] == []


def index_tokens(editor: EditorClient) -> set[str]:
    return {p["token"] for p in progress(editor, "begin") if "indexing" in p["value"]["title"]}


def test_a_client_without_progress_is_told_at_the_end_only(editors: Start) -> None:
    editor = opened(editors, "bare")
    edit(editor)
    editor.wait_shown("Accept, show or reject it by code action")
    assert [m for m in editor.received if m.get("method") == "$/progress"] == []


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("answer", ["Send", "Do not send", None, "something else"])
def test_the_engines_question_has_an_answer_or_its_default(
    editors: Start, tmp_path: Path, client: str, answer: str | None
) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, client, ask="Bridle: may 3 files be sent?", heard=str(heard.path))
    questions: list[str] = []

    def choose(message: str, choices: list[str]) -> str | None:
        questions.append(message)
        return answer if "Send" in choices else None

    editor.choose = choose
    run = edit(editor)
    editor.until(lambda: heard.all("ReplyTo"), "the answer")
    assert heard.all("ReplyTo") == [{"ask": run, "choice": "Send" if answer == "Send" else "Do not send"}]
    assert questions[0] == "Bridle: may 3 files be sent?"
    editor.wait_shown("nothing was sent") if answer != "Send" else editor.wait_for_diagnostic("a.py", "on offer, ver")


def test_the_first_save_is_checked_at_once_and_those_of_the_next_moment_with_it(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, heard=str(heard.path))
    editor.open("b.py")
    for _ in range(3):
        editor.save("a.py")
        editor.save("b.py")
    editor.wait_for_diagnostic("a.py", "assert 1 == 2")
    time.sleep(4 * QUIET_S)
    editor.command("verify")
    editor.wait_shown("pytest on 3 tests")
    asked = [(one["paths"], one["origin"]) for one in heard.all("Verify")]
    assert asked[0] == (["a.py"], "save")
    assert asked[-1] == ([], "command")
    assert all(origin == "save" for _, origin in asked[:-1])
    assert ["a.py", "b.py"] in [paths for paths, _ in asked[1:-1]], "those of the next moment go together"
    assert len(asked) < 6, "six saves are not six checks, however slowly they come"


@pytest.mark.slow
def test_a_save_that_stays_alone_is_checked_once(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, heard=str(heard.path))
    for _ in range(2):
        editor.save("a.py")
        time.sleep(4 * QUIET_S)
    editor.command("verify")
    editor.wait_shown("pytest on 3 tests")
    assert [one["paths"] for one in heard.all("Verify")] == [["a.py"], ["a.py"], []]


def test_the_engine_knows_the_text_before_it_is_asked_about_it(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, heard=str(heard.path))
    editor.type("a.py", 0, "# just typed\n")
    edit(editor)
    assert heard.text("a.py").startswith("# just typed\n")
    kinds = [line.split('"')[1] for line in heard.path.read_text().splitlines()]
    assert kinds.index("SyncBuffers") < kinds.index("StartRun")


def test_an_interrupted_run_is_said_and_taken_up_or_given_up(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, resumable=["r7"], heard=str(heard.path))
    editor.wait_shown("a run was interrupted")
    assert editor.command("resume") == {"run": "r7"}
    editor.command("discard", run="r7")
    assert heard.all("DiscardRun") == [{"run": "r7"}]


def test_the_context_bill_is_shown(editors: Start) -> None:
    editor = opened(editors, "bare")
    editor.command("context", uri=editor.uri("a.py"), range=HERE)
    assert "7 of 4000 tokens\nas it was\n" in editor.wait_shown("the selection")


def test_our_own_plug_ins_hear_how_things_stand(editors: Start) -> None:
    editor = editors("bare")
    editor.start({"trusted": False}, capabilities={"experimental": {"bridleStatus": True}})

    def texts() -> list[str]:
        return [m["params"]["text"] for m in editor.received if m.get("method") == "bridle/status"]

    editor.until(lambda: "not trusted" in texts(), "the status")
    editor.open("a.py")
    editor.command("trust", trusted=True)
    editor.until(lambda: texts()[-1] == "ready", "ready")
    edit(editor)
    editor.until(lambda: texts()[-1] == "1 proposal", "a proposal")
    edit(editor)

    def spent() -> dict[str, int]:
        told = [m["params"] for m in editor.received if m.get("method") == "bridle/status"]
        found: dict[str, int] = told[-1]["spent"]
        return found

    editor.until(lambda: spent() == {"tokens": 640, "cost_usd_micros": 8_000}, "what both runs came to")


def test_others_hear_of_no_custom_method(editors: Start) -> None:
    editor = opened(editors)
    editor.settle()
    assert [m["method"] for m in editor.received if "bridle/" in m.get("method", "")] == []


@pytest.mark.parametrize("client", CLIENTS)
def test_why_a_command_was_refused_is_seen_in_every_editor(editors: Start, client: str) -> None:
    editor = opened(editors, client)
    reason = editor.refused("fix", uri=editor.uri("a.py"), range=HERE)
    assert reason == "there is no finding at a.py:5. Next: run the checks first"
    assert any(reason in message for message in editor.shown) is (client == "bare")


def test_workflows_are_listed_with_what_is_wrong_with_others(editors: Start) -> None:
    editor = opened(editors)
    assert editor.command("workflows") == {
        "workflows": [{"name": "review", "title": "Review code", "needs": "nothing"}],
        "problems": ["mine.toml:3: what?; mend it"],
    }


def test_a_workflow_runs_on_lines_or_on_none_and_what_it_wrote_is_shown(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, heard=str(heard.path))
    place = {"start": {"line": 3, "character": 0}, "end": {"line": 5, "character": 0}}
    asked = {"textDocument": {"uri": editor.uri("a.py")}, "range": place, "context": {"diagnostics": []}}
    found = {action["title"]: action for action in editor.request("textDocument/codeAction", asked)}
    explain = found["Bridle: explain lines 4-5"]["command"]
    assert {
        "Bridle: write tests for lines 4-5",
        "Bridle: document lines 4-5",
        "Bridle: review lines 4-5",
    } < found.keys()
    assert not any("explain lines" in title for title in editor.titles("a.py", 3))
    editor.request("workspace/executeCommand", explain)
    editor.until(lambda: any(m["method"] == "window/showDocument" for m in editor.asked), "what it wrote")
    shown = [m["params"]["uri"] for m in editor.asked if m["method"] == "window/showDocument"]
    assert shown[0].endswith("explanation.md")
    editor.command("run", **found["Bridle: review what changed since the last commit"]["command"]["arguments"][0])
    runs = [(run["workflow"], run["at"] and run["at"]["start_line"]) for run in heard.all("StartRun")]
    assert runs == [("explain", 3), ("review", None)]
    assert "no workflow is named" in editor.refused("run")
    assert not any("no change is on offer" in text for text in editor.shown)


def choose(editor: EditorClient, words: str) -> None:
    """Choose the one action with these words."""
    (action,) = [one for one in editor.actions("a.py", 4) if words in one["title"]]
    editor.request("workspace/executeCommand", action["command"])


@pytest.mark.parametrize("answer", ["Send", "Do not send"])
def test_in_an_editor_without_questions_one_stands_on_its_line_until_an_action_answers_it(
    editors: Start, tmp_path: Path, answer: str
) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, "helix", ask="Bridle: may 3 files be sent?", heard=str(heard.path))
    editor.titles("a.py", 4)  # here the person looks
    run = edit(editor)
    asked = editor.wait_for_diagnostic("a.py", "may 3 files be sent?\nanswer by code action: Send, Do not send")
    assert (asked["range"]["start"]["line"], asked["code"]) == (4, "question")
    editor.wait_shown("Bridle: may 3 files be sent? Answer by code action: Send, Do not send")
    choose(editor, f"Bridle: {answer} (may 3 files be sent?)")
    editor.until(lambda: heard.all("ReplyTo"), "the answer")
    assert heard.all("ReplyTo") == [{"ask": run, "choice": answer}]
    editor.until(lambda: "may 3 files" not in str(editor.messages("a.py")), "the question to go")
    assert not any("may 3 files" in title for title in editor.titles("a.py", 4))
    assert "that question is not asked any more" in editor.refused("answer", question="gone", choice="Send")


def test_in_an_editor_without_questions_the_folder_is_trusted_by_two_actions(editors: Start, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(editors, "helix", trusted=False, heard=str(heard.path))
    choose(editor, "Bridle: trust this folder")
    editor.wait_for_diagnostic("a.py", "They are programs of that folder")
    assert not any("trust this folder, so" in title for title in editor.titles("a.py", 4)), "it is asked once"
    (waiting,) = [one for one in editor.actions("a.py", 4) if "Trust this folder" in one["title"]]
    (told,) = waiting["command"]["arguments"]
    assert "'Perhaps' is no answer" in editor.refused("answer", **{**told, "choice": "Perhaps"})
    choose(editor, "Bridle: Trust this folder")
    editor.until(lambda: heard.all("SetTrust"), "the answer")
    assert heard.all("SetTrust") == [{"trusted": True}]


def test_helix_is_told_why_a_command_was_refused_and_each_message_in_one_line(editors: Start) -> None:
    editor = opened(editors, "helix")
    editor.refused("cancel")
    editor.wait_shown("no run is under way. Next: start one by a code action")
    edit(editor)
    editor.wait_for_diagnostic("a.py", "on offer")
    editor.command("show")
    said = editor.wait_shown("holds it: open it to read")
    assert Path(said.removeprefix("Bridle: ").partition(" holds it")[0]).read_text("utf-8").startswith("# ")
    assert [message for message in editor.shown if "\n" in message] == []


def test_a_token_that_was_agreed_to_is_ended_even_where_the_work_was_over_by_then(editors: Start) -> None:
    editor = opened(editors, endless=True)
    editor.slow.add("window/workDoneProgress/create")
    number = len(editor.asked)
    run = edit(editor)
    editor.until(lambda: editor.asked[number:], "the question for a token")
    (made,) = editor.asked[number:]
    assert editor.command("cancel") == {"run": run}
    editor.until(lambda: editor.command("status")["state"] == "ready", "the run to be over")
    assert made["params"]["token"] not in str(progress(editor, "begin"))
    editor.serve(made)
    editor.until(lambda: made["params"]["token"] in str(progress(editor, "end")), "its end")
    assert made["params"]["token"] in str(progress(editor, "begin"))
