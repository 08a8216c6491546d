"""A proposal in the editor's own preview: all ticked, a part, nothing; answered late, given up, never answered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridle.indexer.text import LineEdit, Place, apply_edits
from bridle.lsp_server.landing import same_text, which_stand
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import CLIENTS, PROFILES, RECORDED, EditorClient, Json
from tests.lsp_server.test_hunks_in_editors import BOTH_RIGHT, FIRST, ONE_RIGHT, SECOND, TWO, run, two_hunks
from tests.lsp_server.test_landing_exactly import edited
from tests.lsp_server.test_landing_in_editors import propose

ACTION = "review in the editor's own preview"
CONFIRM = {"vscode", "neovim_0.12"}
"""Of all recorded editors those that let a person confirm the parts of an edit."""


@settings(max_examples=200)
@given(edited(), st.sets(st.integers(0, 20)))
def test_any_choice_among_edits_is_read_from_the_text(case: tuple[str, tuple[LineEdit, ...]], wanted: set[int]) -> None:
    text, edits = case
    after = apply_edits(text, [edit for number, edit in enumerate(edits) if number in wanted])
    found = which_stand(text, edits, after)
    assert found is not None
    assert same_text(apply_edits(text, [edits[number] for number in sorted(found)]), after)
    assert len(found) >= len(wanted & {*range(len(edits))}), "the largest choice"
    assert which_stand(text, edits, f"{after}\nnobody wrote this") is None


def only(edit: Json, marks: Collection[str]) -> Json:
    """What a client applies where the person ticked these marks alone."""
    changes = [
        change | {"edits": [one for one in change["edits"] if one["annotationId"] in marks]}
        for change in edit["documentChanges"]
    ]
    return {"documentChanges": [change for change in changes if change["edits"]]}


def asked_for(editor: EditorClient) -> Json:
    """The edit that was sent with the preview."""
    editor.until(lambda: any(one["method"] == "workspace/applyEdit" for one in editor.asked), "the preview")
    found: Json = next(one for one in editor.asked if one["method"] == "workspace/applyEdit")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("client", sorted({*CLIENTS, *PROFILES, *(path.stem for path in RECORDED.glob("*.json"))}))
def test_a_preview_is_offered_where_the_editor_confirms_edits_and_nowhere_else(editors: Start, client: str) -> None:
    editor = two_hunks(editors, client)
    offered = [title for title in editor.titles("a.py", FIRST) if ACTION in title]
    assert len(offered) == (client in CONFIRM)
    if client not in CONFIRM:
        editor.command("preview")
        editor.wait_shown("this editor has no preview of edits")
        assert editor.text("a.py") == TWO


@pytest.mark.slow
@pytest.mark.parametrize("client", sorted(CONFIRM))
def test_what_is_applied_whole_lands_with_its_badge(editors: Start, client: str) -> None:
    editor = two_hunks(editors, client)
    run(editor, FIRST, ACTION)
    editor.wait_shown("verified: 3 tests; sandbox: scratch copy; not saved yet: a.py")
    assert editor.text("a.py") == BOTH_RIGHT
    edit = asked_for(editor)["params"]["edit"]
    [change] = edit["documentChanges"]
    assert [one["annotationId"] for one in change["edits"]] == ["1", "2"]
    notes = edit["changeAnnotations"]
    assert {one["needsConfirmation"] for one in notes.values()} == {True}
    assert notes["1"]["label"] == "verified: hunk 1 of 2"
    assert notes["1"]["description"] == "as a whole verified: 3 tests; sandbox: scratch copy"
    editor.until(lambda: not editor.messages("a.py", "bridle"), "nothing to be on offer")
    editor.command("undo")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == TWO


def take(editor: EditorClient, *marks: str) -> None:
    """The person ticks these."""
    editor.apply = lambda edit: editor.apply_edit(only(edit, marks))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "badge"), [("verified", "verified: 3 tests, as chosen"), ("not green", "not green: x")]
)
def test_a_part_is_called_verified_only_once_it_was_as_it_was_chosen(editors: Start, said: str, badge: str) -> None:
    editor = two_hunks(editors, chosen=[said, badge])
    take(editor, "1")
    run(editor, FIRST, ACTION)
    taken = editor.wait_shown("hunk 1 of 2 taken, not verified as chosen; checking that now; not saved yet: a.py")
    told = editor.wait_shown(badge)
    assert editor.shown.index(taken) < editor.shown.index(told)
    assert ("takes it back" in told) == (said != "verified")
    assert editor.text("a.py") == ONE_RIGHT
    editor.until(lambda: len(editor.messages("a.py", "bridle")) == 1, "the other hunk to be on offer still")
    assert any("accept, " in title for title in editor.titles("a.py", SECOND))
    editor.apply = editor.apply_edit
    editor.type("a.py", 0, "# mine\n")
    editor.command("undo")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == "# mine\n" + TWO, "exactly what landed is taken back"


@pytest.mark.slow
@pytest.mark.parametrize("answer", [{"applied": False}, {"applied": True}])
def test_where_nothing_was_ticked_nothing_changes_and_all_stays_on_offer(editors: Start, answer: Json) -> None:
    editor = two_hunks(editors)
    editor.apply = lambda edit: answer
    run(editor, FIRST, ACTION)
    editor.wait_shown("nothing of it was taken")
    assert editor.text("a.py") == TWO
    editor.apply = editor.apply_edit
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == BOTH_RIGHT


@pytest.mark.slow
def test_while_the_person_looks_all_else_is_answered_and_another_landing_refused(editors: Start) -> None:
    editor = two_hunks(editors)
    editor.slow.add("workspace/applyEdit")
    run(editor, FIRST, ACTION)
    asking = asked_for(editor)
    assert editor.titles("a.py", FIRST), "a request is answered"
    for name in ("accept", "undo", "preview"):
        editor.shown.clear()
        editor.command(name)
        editor.wait_shown("the preview of 'fix it' is open in the editor. Next: apply or discard it there")
    editor.type("a.py", 0, "# mine\n")
    editor.settle()
    assert editor.text("a.py") == "# mine\n" + TWO
    editor.serve(asking)
    editor.wait_shown("the document moved on")
    assert editor.text("a.py") == "# mine\n" + TWO
    editor.slow.clear()
    editor.command("accept")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == "# mine\n" + BOTH_RIGHT


@pytest.mark.slow
def test_when_the_preview_is_closed_the_status_no_longer_says_that_there_is_work(editors: Start) -> None:
    """Whatever told the status while it was open, as a check of a file that was saved does."""
    editor = two_hunks(editors, experimental={"bridleStatus": True})
    editor.slow.add("workspace/applyEdit")
    run(editor, FIRST, ACTION)
    asking = asked_for(editor)
    editor.command("status")

    def last() -> str:
        texts = [m["params"]["text"] for m in editor.received if m.get("method") == "bridle/status"]
        return texts[-1] if texts else ""

    editor.until(lambda: last() == "working", "that it works")
    editor.apply = lambda edit: {"applied": False}
    editor.serve(asking)
    editor.wait_shown("nothing of it was taken")
    editor.until(lambda: last() == "1 proposal", "that a proposal waits")


@pytest.mark.slow
def test_what_was_typed_beside_the_preview_takes_the_badge_until_it_is_proved_again(editors: Start) -> None:
    editor = two_hunks(editors)
    editor.open("b.py")
    editor.slow.add("workspace/applyEdit")
    run(editor, FIRST, ACTION)
    asking = asked_for(editor)
    editor.type("b.py", 0, "# mine\n")
    editor.serve(asking)
    editor.wait_shown("verified, then changed: b.py; checking again as it stands")
    editor.wait_shown("verified: 3 tests, as chosen")
    assert editor.text("a.py") == BOTH_RIGHT


@pytest.mark.slow
@pytest.mark.parametrize("way", ["endPreview", "progress"])
def test_a_preview_that_was_given_up_claims_nothing_of_what_comes_later(editors: Start, way: str) -> None:
    editor = two_hunks(editors)
    editor.slow.add("workspace/applyEdit")
    run(editor, FIRST, ACTION)
    asking = asked_for(editor)
    if way == "progress":
        begun: list[Any] = []

        def find() -> bool:
            begun[:] = [
                one["params"]["token"]
                for one in editor.received
                if one.get("method") == "$/progress" and "tick what to take" in one["params"]["value"].get("title", "")
            ]
            return bool(begun)

        editor.until(find, "progress that can be cancelled")
        editor.notify("window/workDoneProgress/cancel", {"token": begun[0]})
    else:
        editor.command("endPreview")
    editor.wait_shown("nothing of it was taken (given up)")
    editor.serve(asking)
    editor.wait_for_diagnostic("a.py", "needs refresh")
    assert editor.text("a.py") == BOTH_RIGHT, "it is the person's own now"
    assert "no preview is open" in editor.refused("endPreview")
    editor.command("undo")
    editor.wait_shown("there is no landed change to take back")


@pytest.mark.slow
@pytest.mark.parametrize("own", [True, False])
def test_a_client_that_goes_while_its_preview_is_open_ends_the_door(editors: Start, own: bool) -> None:
    editor = editors("vscode", own=own)
    (editor.root / "a.py").write_text(TWO)
    editor.start({"files": ["a.py"]})
    editor.open("a.py")
    propose(editor, line=FIRST)
    editor.slow.add("workspace/applyEdit")
    run(editor, FIRST, ACTION)
    asked_for(editor)
    editor.wire.sink.close()
    assert editor.wire.wait(5.0) == 1
    assert (editor.root / "a.py").read_text() == TWO


@pytest.mark.slow
def test_files_that_are_closed_are_opened_for_the_preview(editors: Start) -> None:
    editor = editors("vscode").start({"files": ["a.py", "b.py"]})
    editor.open("a.py")
    propose(editor, line=4)
    editor.slow.add("window/showDocument")
    run(editor, 4, ACTION)
    editor.until(lambda: any(one["method"] == "window/showDocument" for one in editor.asked), "the file to be opened")
    showing = editor.asked[-1]
    assert (showing["params"]["uri"], showing["params"]["takeFocus"]) == (editor.uri("b.py"), False)
    editor.open("b.py")
    editor.serve(showing)
    take(editor, "2")
    editor.wait_shown("hunk 2 of 2 taken, not verified as chosen; checking that now; not saved yet: b.py")
    assert "'RIGHT'" in editor.text("b.py")
    assert "'WRONG'" in editor.text("a.py")


@pytest.mark.slow
def test_an_edit_that_comes_change_by_change_is_read_when_it_is_whole(editors: Start) -> None:
    """A client may send an edit cut down to what differs, place by place, each in a message of its own."""
    editor = two_hunks(editors)

    def in_bits(_: Json) -> Json:
        for line in (SECOND, FIRST):
            for at, letter in enumerate("RIGHT"):
                editor.change(editor.uri("a.py"), (Place(line, 5 + at), Place(line, 6 + at), letter))
        return {"applied": True}

    editor.apply = in_bits
    run(editor, FIRST, ACTION)
    editor.wait_shown("verified: 3 tests; sandbox: scratch copy; not saved yet: a.py")
    assert editor.text("a.py") == BOTH_RIGHT
