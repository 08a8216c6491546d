"""The three modes of the read form: how lines are named, what an edit must say, and what protects it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from edit_desk import Desk, Lines

from bridle.context.readform import READ_MODES, ReadMode
from bridle.context.tokens import count
from bridle.harness.edits.readview import read
from bridle.harness.edits.request import TOOL, tool_for
from bridle.harness.edits.revisions import Revisions
from bridle.harness.workflow.prompt import system_prompt

SOURCE = "one\ntwo\nthree\nfour\n"
KEY = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"


def edit(*edits: dict[str, Any], path: str = "a.txt", rev: int = 1) -> dict[str, Any]:
    return {"files": [{"path": path, "rev": rev, "edits": list(edits)}]}


def test_plain_names_lines_by_number_alone() -> None:
    at = Desk({"a.txt": SOURCE}, "plain")
    assert at.read("a.txt", (2, 3)).text == "[a.txt v1 2-3/4]\n…\n2\ttwo\n3\tthree\n…"


@pytest.mark.parametrize("place", ["2", 2, "2-2", [2, 2], "[2,2]", " 2 ", "2\ttwo"])
def test_in_plain_a_number_is_enough(place: object) -> None:
    at = Desk({"a.txt": SOURCE}, "plain")
    at.read("a.txt")
    at.land(edit({"at": place, "text": "TWO"}))
    assert at.text("a.txt") == "one\nTWO\nthree\nfour\n"


def test_in_plain_a_word_that_is_given_must_be_right() -> None:
    at = Desk({"a.txt": SOURCE}, "plain")
    at.read("a.txt")
    assert at.refusal(edit({"at": "2zz", "text": "TWO"})).code == "E_ANCHOR"
    at.land(edit({"at": Lines(Desk({"a.txt": SOURCE}).read("a.txt"))[2], "text": "TWO"}))


def test_in_plain_only_lines_that_were_shown_and_still_stand_can_be_edited() -> None:
    at = Desk({"a.txt": SOURCE}, "plain")
    at.read("a.txt", (1, 2))
    assert at.refusal(edit({"at": "4", "text": "x"})).code == "E_UNSEEN"
    at.files["a.txt"] = b"one\nTWO\nthree\nfour\n"
    problem = at.refusal(edit({"at": "2", "text": "x"}))
    assert problem.code == "E_CONFLICT"
    assert "\n2\tTWO" in str(problem)
    at.land(edit({"at": "1", "text": "x"}))
    assert at.text("a.txt") == "x\nTWO\nthree\nfour\n"


@pytest.mark.parametrize("text", ["2\tTWO\n3\tTHREE", "2\tTWO\n3\tthree", "7\tx\n8\ty\n9\tz"])
def test_in_plain_pasted_numbers_are_refused_and_the_bare_text_is_offered(text: str) -> None:
    at = Desk({"a.txt": SOURCE}, "plain")
    at.read("a.txt")
    problem = at.refusal(edit({"at": "2-3", "text": text}))
    assert problem.code == "E_ECHO"
    at.resend(problem)
    assert "\t" not in at.text("a.txt")


def test_in_plain_a_table_whose_rows_are_numbered_may_be_written() -> None:
    at = Desk({"a.tsv": "1\ta\n2\tb\n"}, "plain")
    at.read("a.tsv")
    at.land(edit({"after": "2", "text": "3\tc\n4\td"}, path="a.tsv"))
    assert at.text("a.tsv") == "1\ta\n2\tb\n3\tc\n4\td\n"


@pytest.mark.parametrize("kind", ["at", "block"])
def test_strict_asks_what_stands_there_and_offers_it(kind: str) -> None:
    at = Desk({"a.py": "a = 1\nb = 2\n"}, "strict")
    line = Lines(at.read("a.py"))
    problem = at.refusal(edit({kind: line[2], "text": "b = 3"}, path="a.py"))
    assert problem.code == "E_ANCHOR"
    assert "'was'" in str(problem)
    assert json.loads(problem.fragment)["files"][0]["edits"][0]["was"] == "b = 2\n"
    at.resend(problem)
    assert at.text("a.py") == "a = 1\nb = 3\n"


def test_strict_lets_an_insertion_be_and_lands_what_says_the_truth() -> None:
    at = Desk({"a.txt": SOURCE}, "strict")
    line = Lines(at.read("a.txt"))
    at.land(edit({"after": line[1], "text": "x"}, {"at": line[2:3], "was": "two\nthree"}))
    assert at.text("a.txt") == "one\nx\nfour\n"
    assert at.refusal(edit({"at": line[4], "text": "y", "was": "five"})).code == "E_ANCHOR"


def test_what_stands_there_may_be_told_as_it_was_shown_with_its_secret_hidden() -> None:
    at = Desk({"a.py": f'token = "{KEY}"\nb = 1\n'}, "strict")
    view = at.read("a.py")
    shown = view.lines[0][1]
    problem = at.refusal(edit({"at": Lines(view)[1], "text": shown.replace("token", "t")}, path="a.py"))
    assert KEY not in str(problem)
    at.resend(problem)
    assert at.text("a.py") == f't = "{KEY}"\nb = 1\n'


@pytest.mark.parametrize("mode", READ_MODES)
def test_reading_editing_and_refusing_print_one_form(mode: ReadMode) -> None:
    at = Desk({"a.txt": SOURCE}, mode)
    view = at.read("a.txt")
    at.files["a.txt"] = SOURCE.replace("two", "2").encode()
    problem = at.refusal(edit({"at": Lines(view)[2], "text": "x", "was": "two"}))
    printed = [line.partition("\t")[0] for line in str(problem).split("\n") if "\t" in line]
    assert printed
    assert all(name.isdecimal() == (mode == "plain") for name in printed)
    at.resend(problem)
    assert at.text("a.txt") == SOURCE.replace("two", "x")


def test_a_session_remembers_how_each_revision_was_shown(tmp_path: Path) -> None:
    Revisions(tmp_path).note("a", b"x\n")
    read(Revisions(tmp_path, "plain"), "a", b"x\n")
    again = Revisions(tmp_path)
    assert (again.mode, again.mode_of("a", 1)) == ("plain", "plain")
    read(Revisions(tmp_path, "check"), "b", b"y\n")
    assert (again.mode, again.mode_of("a", 1), again.mode_of("b", 1)) == ("check", "plain", "check")


def test_the_tool_and_the_opening_words_speak_of_lines_as_they_are_shown() -> None:
    plain, check, strict = (tool_for(mode)["description"] for mode in READ_MODES)
    assert check == TOOL["description"]
    assert "41th" not in plain
    assert '"41-44"' in plain
    assert "check word" not in plain
    assert "`was` repeats them" in strict
    prompts = [system_prompt(mode) for mode in READ_MODES]
    assert len(set(prompts)) == 3
    assert "check word" not in prompts[0]
    assert all("{" not in prompt for prompt in prompts)


@pytest.mark.parametrize("mode", READ_MODES)
def test_the_description_of_the_tool_costs_at_most_450_tokens(mode: ReadMode) -> None:
    assert count(tool_for(mode)["description"]) <= 450
