"""What a person does with a finding besides fixing it, in every kind of client; and what goes when its ground goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridle.harness.engine import Finding, Origin, Related, Values
from bridle.indexer.digest import digest
from bridle.indexer.text import Place
from tests.lsp_server.conftest import SOURCE, Start
from tests.lsp_server.editor_client import CLIENTS, EditorClient
from tests.lsp_server.test_documents_follow import Heard

pytestmark = pytest.mark.slow

WRONG = 4
FAILS = "got == 2, not 3"
REACHED = "reached by a failing test: test_b: got == 2, not 3"
Opened = Callable[..., EditorClient]


def failing(**more: Any) -> Finding:
    """A test of b.py that fails by the changed function at a.py:4."""
    kept = {
        "related": (Related("a.py", 3, "total was changed since HEAD", changed=True),),
        "origin": Origin("a.py", WRONG, WRONG + 1, "HEAD"),
        "values": (Values("a.py", WRONG, WRONG + 1, digest(SOURCE.encode()), (("got", "3"),)),),
    }
    fields = {**kept, **more}
    return Finding(
        "pytest", "b.py", 1, 2, FAILS, code="AssertionError", test="b.py::test_b", fingerprint="fb", **fields
    )


@pytest.fixture
def opened(editors: Start, tmp_path: Path) -> Opened:
    """Opens an editor whose engine finds exactly `findings`, and has it verify."""

    def make(*findings: Finding, client: str = "vscode", own: str = "x = 1\n", **script: Any) -> EditorClient:
        file = tmp_path / "findings.json"
        file.write_bytes(msgspec.json.encode(list(findings)))
        editor = editors(client).start({"findings": str(file), **script})
        (editor.root / "b.py").write_text(own + "z = 2\n")
        editor.open("a.py")
        editor.open("b.py")
        editor.command("verify")
        editor.wait_for_diagnostic("b.py", FAILS)
        return editor

    return make


def at(editor: EditorClient, path: str, line: int, **more: object) -> dict[str, object]:
    place = {"line": line, "character": 0}
    return {"uri": editor.uri(path), "range": {"start": place, "end": place}, **more}


def reached(editor: EditorClient) -> list[tuple[int, str]]:
    found = editor.diagnostics.get(editor.uri("a.py"), [])
    return [(d["range"]["start"]["line"], d["message"].split("\n")[0]) for d in found if d.get("code") == "changed"]


def hover(editor: EditorClient, path: str, line: int) -> str:
    params = {"textDocument": {"uri": editor.uri(path)}, "position": {"line": line, "character": 0}}
    found = editor.request("textDocument/hover", params)
    return found["contents"]["value"] if found else ""


def find_nothing(editor: EditorClient, tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_bytes(b"[]")
    editor.command("verify")
    editor.until(lambda: not editor.messages("b.py"), "the failure to go")


# --- the changed function -------------------------------------------------------------------------------------


def test_a_failing_test_stands_at_its_assertion_and_at_the_changed_function(opened: Opened, tmp_path: Path) -> None:
    editor = opened(failing())
    editor.until(lambda: reached(editor) == [(3, REACHED)], "the changed function")
    [there] = [d for d in editor.diagnostics[editor.uri("a.py")] if d.get("code") == "changed"]
    assert (there["severity"], there["source"]) == (3, "bridle·pytest")
    assert there["relatedInformation"][0]["location"]["uri"] == editor.uri("b.py")
    here = editor.wait_for_diagnostic("b.py", FAILS)
    assert here["relatedInformation"][0]["location"]["uri"] == editor.uri("a.py")
    find_nothing(editor, tmp_path)
    editor.until(lambda: reached(editor) == [], "the changed function to be let go")


def test_the_changed_function_is_followed_and_let_go_when_its_line_is_touched(opened: Opened) -> None:
    editor = opened(failing())
    editor.type("a.py", 0, "# one\n")
    editor.until(lambda: reached(editor) == [(4, REACHED)], "the place to move")
    editor.change(editor.uri("a.py"), (Place(4, 0), Place(4, 0), " "))
    editor.until(lambda: reached(editor) == [], "the place to go")


def test_several_tests_that_reach_one_function_are_one_diagnostic(opened: Opened) -> None:
    other = msgspec.structs.replace(failing(), test="b.py::test_c", start_line=0, end_line=1, fingerprint="fc")
    editor = opened(failing(), other)
    editor.until(lambda: reached(editor) == [(3, "reached by 2 failing tests: test_c, test_b")], "one place for both")


# --- values ---------------------------------------------------------------------------------------------------


def test_values_are_hovered_where_it_failed_until_the_text_is_another(opened: Opened) -> None:
    editor = opened(failing())
    assert hover(editor, "a.py", WRONG) == "`test_b` failed with\n```python\ngot = 3\n```"
    assert hover(editor, "a.py", 0) == hover(editor, "b.py", 1) == ""
    editor.type("a.py", 0, "# one\n")
    assert hover(editor, "a.py", WRONG) == hover(editor, "a.py", WRONG + 1) == ""


def test_values_go_to_no_model(opened: Opened, tmp_path: Path) -> None:
    from bridle.harness.engine import StartRun
    from bridle.harness.order import order_of

    assert order_of(StartRun("fix", "", finding=failing()), {}).finding == failing(values=())


# --- explained, run again, log --------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_a_finding_is_explained_without_a_model(opened: Opened, client: str) -> None:
    editor = opened(failing(), client=client, model="")
    [action] = [a for a in editor.actions("b.py", 1) if "explain" in a["title"]]
    argument = action["arguments"][0] if client == "bare" else action["command"]["arguments"][0]
    editor.command("explain", **argument)
    if client == "bare":
        assert "# test\\_b: got == 2, not 3" in editor.wait_shown("test\\_b")
    else:
        editor.until(lambda: any(m["method"] == "window/showDocument" for m in editor.asked), "a document")
        uri = next(m["params"]["uri"] for m in editor.asked if m["method"] == "window/showDocument")
        text = Path(uri.removeprefix("file://")).read_text()
        assert text.startswith("# test\\_b: got == 2, not 3\n")
        assert "- command: `python -m pytest`" in text


def test_a_finding_is_run_again_by_its_check_on_its_file_alone(opened: Opened, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(failing(), heard=str(heard.path))
    editor.command("again", **at(editor, "b.py", 1))
    editor.until(lambda: len(heard.all("Verify")) == 2, "the check")
    asked = heard.all("Verify")[1]
    assert (asked["paths"], asked["checks"], asked["origin"]) == (["b.py"], ["pytest"], "command")


def test_the_log_of_a_check_is_opened(opened: Opened, tmp_path: Path) -> None:
    log = tmp_path / "pytest.log"
    log.write_text("what it said\n")
    editor = opened(failing(), log=str(log))
    editor.command("log", check="pytest")
    editor.until(lambda: [m for m in editor.asked if m["method"] == "window/showDocument"], "the log")
    assert editor.asked[-1]["params"]["uri"] == log.as_uri()
    editor.command("log", check="mypy")
    editor.wait_shown("mypy has left no log here. Next: run the checks first")


# --- taken back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_the_change_that_a_finding_comes_from_is_taken_back_in_its_document(opened: Opened, client: str) -> None:
    editor = opened(failing(), client=client)
    title = "Bridle: take back the change of a.py:5 since HEAD"
    assert title in editor.titles("b.py", 1)
    editor.type("a.py", 0, "# typed above\n")
    editor.command("revert", **at(editor, "b.py", 1))
    editor.until(lambda: "RIGHT" in editor.text("a.py"), "the change to be taken back")
    assert editor.text("a.py") == "# typed above\n" + SOURCE.replace("WRONG", "RIGHT")


def test_lines_that_the_person_changed_since_are_not_taken_back(opened: Opened) -> None:
    editor = opened(failing())
    editor.change(editor.uri("a.py"), (Place(WRONG, 0), Place(WRONG, 0), " "))
    editor.command("revert", **at(editor, "b.py", 1))
    editor.wait_shown("you changed these lines of a.py since. Next: run the check again")
    assert "RIGHT" not in editor.text("a.py")


def test_a_closed_file_is_opened_first_or_named(opened: Opened) -> None:
    editor = opened(failing())
    editor.shut("a.py")
    editor.command("revert", **at(editor, "b.py", 1))
    editor.until(lambda: [m for m in editor.asked if m["method"] == "window/showDocument"], "the file")
    editor.open("a.py")
    editor.until(lambda: "RIGHT" in editor.text("a.py"), "the change to be taken back")
    plain = opened(failing(), client="bare")
    plain.shut("a.py")
    plain.command("revert", **at(plain, "b.py", 1))
    plain.wait_shown("a.py is not open, so nothing was taken back. Next: open it, then choose it again")


def test_what_was_not_there_before_is_not_offered_to_be_taken_back(opened: Opened) -> None:
    editor = opened(failing(origin=Origin("a.py", WRONG, WRONG + 1, "HEAD", whole=True)))
    assert not [title for title in editor.titles("b.py", 1) if "take back" in title]


# --- accepted, muted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_a_finding_is_put_into_the_baseline_and_taken_out_again(opened: Opened, tmp_path: Path, client: str) -> None:
    heard = Heard(tmp_path / "heard.jsonl")
    editor = opened(failing(), client=client, heard=str(heard.path))
    editor.command("acceptFinding", **at(editor, "b.py", 1))
    assert editor.wait_for_diagnostic("b.py", f"{FAILS} (accepted)")["severity"] == 4
    assert heard.all("AcceptFinding")[0]["count"] == 1
    assert "Bridle: take out of the baseline: test_b: got == 2, not 3" in editor.titles("b.py", 1)
    editor.command("verify")
    editor.settle()
    assert editor.wait_for_diagnostic("b.py", f"{FAILS} (accepted)")
    editor.command("takeBackFinding", fingerprint="fb")
    editor.until(lambda: "(accepted)" not in editor.messages("b.py")[0], "it to be new again")
    assert editor.wait_for_diagnostic("b.py", FAILS)["severity"] == 1


def test_accepted_findings_are_not_shown_where_the_person_set_it_so(opened: Opened) -> None:
    editor = opened(failing())
    editor.command("acceptFinding", **at(editor, "b.py", 1))
    editor.wait_for_diagnostic("b.py", "(accepted)")
    settings = {"bridle": {"diagnostics": {"accepted": "off"}}}
    editor.notify("workspace/didChangeConfiguration", {"settings": settings})
    editor.until(lambda: not editor.messages("b.py"), "the accepted finding to go")
    assert not [title for title in editor.titles("b.py", 1) if "test_b" in title]
    editor.command("takeBackFinding")
    assert "taken back" in editor.wait_shown("taken back")


def test_a_muted_finding_is_silent_until_all_are_shown_again(opened: Opened) -> None:
    editor = opened(failing())
    editor.command("mute", **at(editor, "b.py", 1))
    editor.until(lambda: not editor.messages("b.py") and not reached(editor), "the finding to go")
    assert hover(editor, "a.py", WRONG) == ""
    assert [title for title in editor.titles("b.py", 1) if "muted" in title or "test_b" in title] == [
        "Bridle: show what is muted again (1 finding)"
    ]
    editor.command("verify")
    editor.settle()
    assert editor.messages("b.py") == []
    editor.command("unmute")
    editor.wait_for_diagnostic("b.py", FAILS)


@pytest.mark.parametrize("name", ["explain", "again", "revert", "acceptFinding", "mute"])
def test_what_is_not_there_is_told_in_words(opened: Opened, name: str) -> None:
    editor = opened(failing())
    assert "there is no finding at a.py:2" in editor.refused(name, **at(editor, "a.py", 1))
    assert "has no line 100" in editor.refused(name, **at(editor, "a.py", 99))


# --- nothing stale --------------------------------------------------------------------------------------------


def test_a_check_that_is_no_more_takes_its_findings_with_it(opened: Opened, tmp_path: Path) -> None:
    editor = opened(failing())
    (editor.root / "no pytest").touch()
    editor.save("a.py")
    editor.settle()
    assert editor.messages("b.py"), "a check of some files tells nothing of the others"
    editor.command("verify")
    editor.until(lambda: not editor.messages("b.py"), "its findings to go")
    editor.until(lambda: reached(editor) == [], "the changed function to be let go")


def test_a_check_that_cannot_run_any_more_leaves_no_squiggle_and_loses_nothing(opened: Opened) -> None:
    editor = opened(failing())
    (editor.root / "broken pytest").touch()
    editor.command("verify")
    editor.wait_shown("pytest: unknown: not installed. Next: install it")
    assert editor.wait_for_diagnostic("b.py", f"{FAILS} (no verdict since)")["severity"] == 4


@pytest.mark.parametrize("way", ["deleted", "renamed", "folder", "gone from the disk"])
def test_a_file_that_is_gone_takes_its_findings_with_it(opened: Opened, tmp_path: Path, way: str) -> None:
    inner = Finding("pytest", "pkg/c.py", 0, 1, "in the folder", fingerprint="fc")
    editor = opened(failing(), inner)
    editor.shut("b.py")
    if way == "deleted":
        editor.notify("workspace/didDeleteFiles", {"files": [{"uri": editor.uri("b.py")}]})
    elif way == "renamed":
        files = [{"oldUri": editor.uri("b.py"), "newUri": editor.uri("d.py")}]
        editor.notify("workspace/didRenameFiles", {"files": files})
    elif way == "folder":
        editor.notify("workspace/didDeleteFiles", {"files": [{"uri": editor.uri("pkg")}]})
        editor.until(lambda: not editor.messages("pkg/c.py"), "what was in the folder to go")
        assert editor.messages("b.py")
        return
    else:
        (editor.root / "b.py").unlink()
        editor.save("a.py")
    editor.until(lambda: editor.diagnostics.get(editor.uri("b.py")) == [], "an empty list")
    editor.until(lambda: reached(editor) == [], "the changed function to be let go")


def test_a_file_closed_without_being_saved_takes_its_findings_with_it(opened: Opened) -> None:
    editor = opened(failing())
    editor.type("b.py", 2, "# never saved\n")
    editor.shut("b.py")
    editor.until(lambda: editor.diagnostics.get(editor.uri("b.py")) == [], "an empty list")
    editor.until(lambda: reached(editor) == [], "the changed function to be let go")


def test_what_is_found_outside_of_the_folder_stands_nowhere(opened: Opened) -> None:
    strange = ["/etc/passwd", "../other.py", "a/../../c.py", ""]
    editor = opened(failing(), *(Finding("pytest", path, 0, 1, "elsewhere", fingerprint=path) for path in strange))
    assert {uri for uri, found in editor.diagnostics.items() if found} <= {editor.uri("a.py"), editor.uri("b.py")}


def test_what_is_found_in_files_of_odd_names_stands_on_them(opened: Opened) -> None:
    odd = ["with space.py", "a#b%20.py", "naïve 😀.py", "two\nlines.py", "q?u.py"]
    editor = opened(
        failing(), *(Finding("pytest", path, 0, 1, f"in {n}", fingerprint=path) for n, path in enumerate(odd))
    )
    for number, path in enumerate(odd):
        editor.wait_for_diagnostic(path, f"in {number}")


def test_more_findings_than_a_file_can_show_are_counted(opened: Opened) -> None:
    many = [Finding("pytest", "a.py", n % 7, n % 7 + 1, f"m{n}", fingerprint=f"f{n}") for n in range(1_200)]
    editor = opened(failing(), *many)
    editor.wait_for_diagnostic("a.py", "more findings of this file are not shown")
    editor.settle()
    found = editor.diagnostics[editor.uri("a.py")]
    [left_out] = [d for d in found if d.get("code") == "left out"]
    shown = [d for d in found if d["message"].startswith(("m", "assert"))]
    assert left_out["message"].startswith(f"{1_201 - len(shown)} more")
    assert len(found) == 201
