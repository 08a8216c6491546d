"""The edit tool: what lands, what is refused, and that a refusal can be answered with what it offers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from edit_desk import Desk, Lines

from bridle.harness.edits.hashline import TOOL, parse
from bridle.harness.edits.problems import ToolProblem
from bridle.indexer.history import LoggedMap
from bridle.indexer.text import LineChange

SOURCE = """\
import os

@cached
def load(path):
    with open(path) as f:
        return f.read()


def save(path, text):
    total = 1
    return total
"""


def edit(path: str, rev: int, *edits: dict[str, Any]) -> dict[str, Any]:
    return {"files": [{"path": path, "rev": rev, "edits": list(edits)}]}


# --- what lands ---------------------------------------------------------------------------------------------------


def test_all_edits_of_a_call_mean_the_revision_that_was_read() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    at.land(
        edit(
            "a.py",
            1,
            {"at": line[10], "text": "    total = 2\n    total += 1"},
            {"after": line[1], "text": "import re"},
            {"at": line[5:6], "text": "    return open(path).read()\n"},
        )
    )
    assert at.text("a.py") == SOURCE.replace("import os\n", "import os\nimport re\n").replace(
        "    with open(path) as f:\n        return f.read()\n", "    return open(path).read()\n"
    ).replace("total = 1\n", "total = 2\n    total += 1\n")


def test_text_left_out_deletes_the_lines() -> None:
    at = Desk({"a.txt": "a\nb\nc\n"})
    at.land(edit("a.txt", 1, {"at": Lines(at.read("a.txt"))[2]}))
    assert at.text("a.txt") == "a\nc\n"


def test_one_newline_as_text_is_a_blank_line() -> None:
    at = Desk({"a.txt": "a\nb\nc\n"})
    at.land(edit("a.txt", 1, {"at": Lines(at.read("a.txt"))[2], "text": "\n"}))
    assert at.text("a.txt") == "a\n\nc\n"


def test_insertions_at_one_place_land_in_the_order_given() -> None:
    at = Desk({"a.txt": "a\nb\n"})
    line = Lines(at.read("a.txt"))
    at.land(edit("a.txt", 1, {"after": line[1], "text": "1"}, {"after": line[1], "text": "2"}))
    assert at.text("a.txt") == "a\n1\n2\nb\n"


def test_after_the_last_line_of_a_replaced_range_is_below_its_replacement() -> None:
    at = Desk({"a.txt": "a\nb\nc\n"})
    line = Lines(at.read("a.txt"))
    at.land(edit("a.txt", 1, {"after": line[2], "text": "below"}, {"at": line[1:2], "text": "new"}))
    assert at.text("a.txt") == "new\nbelow\nc\n"


@pytest.mark.parametrize(("place", "expected"), [("0", "x\na\nb\n"), ("$", "a\nb\nx\n"), (0, "x\na\nb\n")])
def test_the_ends_of_the_file_need_no_check_word(place: object, expected: str) -> None:
    at = Desk({"a.txt": "a\nb\n"})
    at.read("a.txt", (1, 1))
    at.land(edit("a.txt", 1, {"after": place, "text": "x"}))
    assert at.text("a.txt") == expected


@pytest.mark.parametrize("first", [3, 4])
def test_a_block_is_the_whole_definition_with_its_decorators(first: int) -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    at.land(edit("a.py", 1, {"block": line[first], "text": "def load():\n    pass"}))
    assert at.text("a.py") == SOURCE[:11] + "def load():\n    pass\n" + SOURCE[SOURCE.index("\n\ndef save") :]


def test_a_block_in_a_file_with_lone_carriage_returns_and_form_feeds_is_found_by_its_lines() -> None:
    at = Desk({"a.py": b"x = 1\n\x0c\r\ndef f():\r\n    '\xc3\xa9'\n    return 1\n\ny = 2\n"})
    line = Lines(at.read("a.py"))
    at.land(edit("a.py", 1, {"block": line[3], "text": "def f(): ..."}))
    assert at.files["a.py"] == b"x = 1\n\x0c\r\ndef f(): ...\r\n\ny = 2\n"


def test_a_block_is_found_where_lines_end_with_carriage_returns_alone() -> None:
    at = Desk({"a.py": b"x = 1  # one\rdef f():\r    return 1\ry = 2\r"})
    line = Lines(at.read("a.py"))
    at.land(edit("a.py", 1, {"block": line[2], "text": "def f(): ..."}))
    assert at.files["a.py"] == b"x = 1  # one\rdef f(): ...\ry = 2\r"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [("a.py", "a = 1; b = 2\n", 1), ("a.py", "f(\n    a,\n)\n", 2), ("a.txt", "a\n", 1), ("a.py", "a = (\n", 1)],
)
def test_what_is_no_whole_statement_is_no_block(path: str, text: str, line: int) -> None:
    at = Desk({path: text})
    place = Lines(at.read(path))[line]
    assert at.refusal(edit(path, 1, {"block": place, "text": "c = 3"})).code == "E_RANGE"


def test_files_are_created_deleted_and_renamed_in_one_call() -> None:
    at = Desk({"old.py": "a = 1\n", "gone.txt": "x\n", "b.txt": "b\n"})
    line = Lines(at.read("old.py"))
    at.read("gone.txt")
    planned = at.land(
        {
            "files": [
                {"path": "new/n.py", "create": True, "edits": [{"after": "0", "text": "n = 1"}]},
                {"path": "gone.txt", "rev": 1, "delete": True},
                {"path": "old.py", "rev": 1, "rename": "now.py", "edits": [{"at": line[1], "text": "a = 2"}]},
            ]
        }
    )
    assert at.files == {"new/n.py": b"n = 1\n", "now.py": b"a = 2\n", "b.txt": b"b\n"}
    assert [file.renamed_from for file in planned.files if file.path == "now.py"] == ["old.py"]


def test_a_dry_run_says_so_in_its_plan() -> None:
    at = Desk({"a.txt": "a\n"})
    call = edit("a.txt", 1, {"at": Lines(at.read("a.txt"))[1], "text": "b"}) | {"dry_run": True}
    assert at.try_plan(call).dry_run


@pytest.mark.parametrize("form", ["json", "single file", "one edit", "v1"])
def test_a_call_is_read_in_the_forms_that_models_send(form: str) -> None:
    at = Desk({"a.txt": "a\n"})
    one = {"at": Lines(at.read("a.txt"))[1], "text": "b"}
    at.land(
        {
            "json": {"files": json.dumps([{"path": "./a.txt", "rev": 1, "edits": [one]}])},
            "single file": {"path": "a.txt", "rev": 1, "edits": [one]},
            "one edit": {"files": {"path": "a.txt", "rev": 1, "edits": one}},
            "v1": edit("a.txt", 1, one) | {"files": [{"path": "a.txt", "rev": "v1", "edits": [one]}]},
        }[form]
    )
    assert at.text("a.txt") == "b\n"


# --- drift --------------------------------------------------------------------------------------------------------


def test_lines_inserted_above_by_the_person_carry_the_edit_along() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    at.files["a.py"] = ("# 1\n# 2\n# 3\n" + SOURCE).encode()
    at.land(edit("a.py", 1, {"at": line[10], "text": "    total = 2"}))
    assert at.text("a.py") == "# 1\n# 2\n# 3\n" + SOURCE.replace("total = 1", "total = 2")


def test_the_log_tells_two_equal_lines_apart_where_a_diff_cannot() -> None:
    at = Desk({"a.txt": "x\nx\nx\n"})
    line = Lines(at.read("a.txt"))
    at.files["a.txt"] = b"x\nx\nx\nx\n"
    call = edit("a.txt", 1, {"at": line[2], "text": "here"})
    assert at.refusal(call).code == "E_CONFLICT"
    at.moved = lambda path, number: LoggedMap([LineChange(0, 0, 1)])
    at.land(call)
    assert at.text("a.txt") == "x\nx\nhere\nx\n"


def test_a_second_copy_of_the_lines_makes_a_diff_refuse() -> None:
    block = "def f():\n    a = 1\n    return a\n\n"
    at = Desk({"a.py": "import os\n\n" + block + "print(1)\n"})
    line = Lines(at.read("a.py"))
    at.files["a.py"] = ("import os\n\n" + block + block + "print(1)\n").encode()
    assert at.refusal(edit("a.py", 1, {"at": line[4], "text": "    a = 2"})).code == "E_CONFLICT"


def test_a_line_that_was_doubled_beside_other_changes_is_not_told_apart_by_a_diff() -> None:
    at = Desk({"a.txt": "a\nb\nc\nd\n"})
    line = Lines(at.read("a.txt"))
    at.files["a.txt"] = b"a\nb\nb\nc # x\nc\nd\n"
    assert at.refusal(edit("a.txt", 1, {"at": line[2], "text": "x"})).code == "E_CONFLICT"


def test_a_line_without_any_neighbour_left_is_not_trusted_to_a_diff() -> None:
    at = Desk({"a.txt": "a\nb\nc\nd\n"})
    line = Lines(at.read("a.txt"))
    at.files["a.txt"] = b"a\nnew\nb\nnew\nc\nd\n"
    assert at.refusal(edit("a.txt", 1, {"at": line[2], "text": "x"})).code == "E_CONFLICT"


def test_a_log_that_tells_of_a_line_which_reads_otherwise_is_not_believed() -> None:
    at = Desk({"a.txt": "a\nb\nc\n"})
    line = Lines(at.read("a.txt"))
    at.files["a.txt"] = b"new\na\nb\nc\n"
    at.moved = lambda path, number: LoggedMap([])
    assert at.refusal(edit("a.txt", 1, {"at": line[2], "text": "x"})).code == "E_CONFLICT"


def test_the_end_of_the_file_is_where_it_is_now() -> None:
    at = Desk({"a.txt": "a\n"})
    at.read("a.txt")
    at.files["a.txt"] = b"a\nb\n"
    at.land(edit("a.txt", 1, {"after": "$", "text": "c"}))
    assert at.text("a.txt") == "a\nb\nc\n"


# --- refusals and their offers ------------------------------------------------------------------------------------


def test_a_wrong_number_with_the_right_word_offers_the_line_of_the_word() -> None:
    at = Desk({"a.py": SOURCE})
    right = Lines(at.read("a.py"))[10]
    problem = at.refusal(edit("a.py", 1, {"at": "9" + right[-2:], "text": "    total = 2"}))
    assert problem.code == "E_ANCHOR"
    assert right in str(problem)
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


@pytest.mark.parametrize("form", ["{n}", "{n}zz"])
def test_a_wrong_or_missing_word_offers_the_word_of_the_line(form: str) -> None:
    at = Desk({"a.py": SOURCE})
    at.read("a.py")
    problem = at.refusal(edit("a.py", 1, {"at": form.format(n=10), "text": "    total = 2"}))
    assert problem.code == "E_ANCHOR"
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_the_fine_edits_of_a_refused_call_are_named_and_offered_again() -> None:
    at = Desk({"a.py": SOURCE, "b.txt": "b\n"})
    line, other = Lines(at.read("a.py")), Lines(at.read("b.txt"))
    problem = at.refusal(
        {
            "files": [
                {
                    "path": "a.py",
                    "rev": 1,
                    "edits": [{"at": line[1], "text": "import re"}, {"at": "10zz", "text": "    total = 2"}],
                },
                {"path": "b.txt", "rev": 1, "edits": [{"at": other[1], "text": "c"}]},
            ]
        }
    )
    assert "Fine as they are: a.py edit 1; b.txt." in str(problem)
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("import os", "import re").replace("total = 1", "total = 2")
    assert at.text("b.txt") == "c\n"


def test_every_problem_of_a_call_is_told_at_once() -> None:
    at = Desk({"a.py": SOURCE, "b.txt": "b\n"})
    at.read("a.py"), at.read("b.txt")
    problem = at.refusal(
        {
            "files": [
                {"path": "a.py", "rev": 1, "edits": [{"at": "1zz"}, {"at": "99zz"}]},
                {"path": "b.txt", "rev": 4, "edits": [{"at": "1zz"}]},
                {"path": "c.txt", "rev": 1, "edits": [{"at": "1zz"}]},
            ]
        }
    )
    assert [one.code for one in problem.problems] == ["E_ANCHOR", "E_RANGE", "E_REV_UNKNOWN", "E_MISSING"]


def test_a_changed_target_is_refused_and_shown_as_it_is_now() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    at.files["a.py"] = SOURCE.replace("total = 1", "total = 7").encode()
    problem = at.refusal(edit("a.py", 1, {"at": line[10], "text": "    total = 2"}))
    assert problem.code == "E_CONFLICT"
    assert "total = 7" in str(problem)
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_a_line_that_the_person_put_into_the_range_makes_a_conflict() -> None:
    at = Desk({"a.txt": "a\nb\nc\nd\n"})
    line = Lines(at.read("a.txt"))
    at.files["a.txt"] = b"a\nb\nmine\nc\nd\n"
    assert at.refusal(edit("a.txt", 1, {"at": line[2:3], "text": "x"})).code == "E_CONFLICT"


def test_unseen_lines_cannot_be_edited_until_the_refusal_has_shown_them() -> None:
    at = Desk({"a.py": SOURCE})
    at.read("a.py", (1, 2))
    whole = Desk({"a.py": SOURCE})
    line = Lines(whole.read("a.py"))
    problem = at.refusal(edit("a.py", 1, {"at": line[10], "text": "    total = 2"}))
    assert problem.code == "E_UNSEEN"
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_a_block_with_an_unseen_line_is_unseen() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py", (3, 4)))
    problem = at.refusal(edit("a.py", 1, {"block": line[3], "text": "def load(): ..."}))
    assert problem.code == "E_UNSEEN"
    at.resend(problem)
    assert "def load(): ...\n" in at.text("a.py")


def test_an_unknown_revision_is_never_guessed_but_the_one_that_fits_is_offered() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    problem = at.refusal(edit("a.py", 9, {"at": line[10], "text": "    total = 2"}))
    assert problem.code == "E_REV_UNKNOWN"
    at.resend(problem)
    assert "total = 2" in at.text("a.py")


def test_a_missing_revision_is_refused() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    call = {"files": [{"path": "a.py", "edits": [{"at": line[10], "text": "    total = 2"}]}]}
    at.resend(at.refusal(call))
    assert "total = 2" in at.text("a.py")


@pytest.mark.parametrize(("kind", "first", "last"), [("at", 3, 5), ("at", 3, 3), ("after", 2, 2), ("after", 3, 3)])
def test_overlapping_edits_are_refused_and_the_first_alone_is_offered(kind: str, first: int, last: int) -> None:
    at = Desk({"a.txt": "a\nb\nc\nd\ne\n"})
    line = Lines(at.read("a.txt"))
    edits = [{"at": line[2:4], "text": "x"}, {kind: line[first:last], "text": "y"}]
    problem = at.refusal(edit("a.txt", 1, *edits))
    assert problem.code == "E_OVERLAP"
    at.resend(problem)
    assert at.text("a.txt") == "a\nx\ne\n"


def test_a_backward_range_is_refused_and_offered_the_right_way_round() -> None:
    at = Desk({"a.txt": "a\nb\nc\nd\n"})
    line = Lines(at.read("a.txt"))
    problem = at.refusal(edit("a.txt", 1, {"at": f"{line[3]}-{line[2]}", "text": "x"}))
    assert problem.code == "E_RANGE"
    at.resend(problem)
    assert at.text("a.txt") == "a\nx\nd\n"


@pytest.mark.parametrize("place", ["99zz", "somewhere", None, "1-2-3", ["a"]])
def test_a_place_that_is_none_is_refused(place: object) -> None:
    at = Desk({"a.txt": "a\n"})
    at.read("a.txt")
    with pytest.raises(ToolProblem) as caught:
        at.land(edit("a.txt", 1, {"at": place, "text": "x"}))
    assert caught.value.code == "E_RANGE"


def test_an_echo_of_the_line_below_is_refused_with_both_readings() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    problem = at.refusal(edit("a.py", 1, {"at": line[10], "text": "    total = 2\n    return total"}))
    assert problem.code == "E_ECHO"
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_an_echo_of_the_line_above_an_insertion_is_refused() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    problem = at.refusal(edit("a.py", 1, {"after": line[10], "text": "    total = 1\n    total += 1"}))
    assert problem.code == "E_ECHO"
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1\n", "total = 1\n    total += 1\n")


def test_a_line_that_stood_twice_before_is_no_echo() -> None:
    at = Desk({"a.txt": "x\nx\ny\n"})
    line = Lines(at.read("a.txt"))
    at.land(edit("a.txt", 1, {"at": line[2], "text": "x\nz"}))
    assert at.text("a.txt") == "x\nx\nz\ny\n"


def test_swapping_two_lines_by_two_edits_is_no_echo() -> None:
    at = Desk({"a.txt": "a\nb\nc\n"})
    line = Lines(at.read("a.txt"))
    at.land(edit("a.txt", 1, {"at": line[1], "text": "b"}, {"at": line[2], "text": "a"}))
    assert at.text("a.txt") == "b\na\nc\n"


def test_pasted_anchors_are_refused_and_the_bare_text_is_offered() -> None:
    at = Desk({"a.py": SOURCE})
    line = Lines(at.read("a.py"))
    problem = at.refusal(edit("a.py", 1, {"at": line[10], "text": f"{line[10]}\t    total = 2"}))
    assert problem.code == "E_ECHO"
    at.resend(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_a_change_that_stops_the_file_from_parsing_is_refused() -> None:
    at = Desk({"a.py": SOURCE, "b.py": "def (:\n", "c.json": "{}\n"})
    line, broken, data = (Lines(at.read(path)) for path in ("a.py", "b.py", "c.json"))
    assert at.refusal(edit("a.py", 1, {"at": line[10], "text": "    total = ("})).code == "E_SYNTAX"
    assert at.refusal(edit("a.py", 1, {"at": line[10], "text": "   total = 1"})).code == "E_SYNTAX"
    assert at.refusal(edit("c.json", 1, {"at": data[1], "text": "{,}"})).code == "E_SYNTAX"
    at.land(edit("b.py", 1, {"at": broken[1], "text": "def f(:"}))  # it did not parse before either


def test_merge_conflict_markers_are_refused() -> None:
    at = Desk({"a.txt": "a\n"})
    line = Lines(at.read("a.txt"))
    problem = at.refusal(edit("a.txt", 1, {"at": line[1], "text": "<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs"}))
    assert problem.code == "E_SYNTAX"


def test_an_edit_that_changes_nothing_is_refused_and_the_others_offered() -> None:
    at = Desk({"a.txt": "a\nb\n"})
    line = Lines(at.read("a.txt"))
    problem = at.refusal(edit("a.txt", 1, {"at": line[1], "text": "a"}, {"at": line[2], "text": "c"}))
    assert problem.code == "E_NOOP"
    at.resend(problem)
    assert at.text("a.txt") == "a\nc\n"


def test_creating_a_file_that_is_there_offers_to_replace_it_once_it_was_shown() -> None:
    at = Desk({"a.txt": "old\n"})
    call = {"files": [{"path": "a.txt", "create": True, "edits": [{"after": "0", "text": "new"}]}]}
    problem = at.refusal(call)
    assert problem.code == "E_EXISTS"
    at.resend(problem)
    assert at.text("a.txt") == "new\n"


def test_a_rename_onto_a_file_is_refused() -> None:
    at = Desk({"a.txt": "a\n", "b.txt": "b\n"})
    assert at.refusal({"files": [{"path": "a.txt", "rename": "b.txt"}]}).code == "E_EXISTS"


def test_a_missing_file_offers_the_one_of_the_same_name_that_was_read() -> None:
    at = Desk({"src/a.py": SOURCE})
    line = Lines(at.read("src/a.py"))
    problem = at.refusal(edit("a.py", 1, {"at": line[10], "text": "    total = 2"}))
    assert problem.code == "E_MISSING"
    at.resend(problem)
    assert "total = 2" in at.text("src/a.py")


def test_a_file_can_be_deleted_only_when_it_was_shown_whole_and_did_not_change() -> None:
    at = Desk({"a.txt": "a\nb\n"})
    at.read("a.txt", (1, 1))
    call = {"files": [{"path": "a.txt", "rev": 1, "delete": True}]}
    assert at.refusal(call).code == "E_UNSEEN"
    at.read("a.txt")
    at.files["a.txt"] = b"a\nc\n"
    assert at.refusal(call).code == "E_CONFLICT"


def test_a_belief_about_the_old_lines_that_is_wrong_is_refused() -> None:
    at = Desk({"a.txt": "a\nb\n"})
    line = Lines(at.read("a.txt"))
    assert at.refusal(edit("a.txt", 1, {"at": line[1], "text": "x", "was": "b"})).code == "E_ANCHOR"
    at.land(edit("a.txt", 1, {"at": line[1], "text": "x", "was": "a\n"}))


def test_an_empty_file_takes_text_only_at_its_start() -> None:
    at = Desk({"a.txt": b""})
    assert "0" in at.read("a.txt").text
    assert at.refusal(edit("a.txt", 1, {"at": "1zz", "text": "x"})).code == "E_RANGE"
    at.land(edit("a.txt", 1, {"after": "0", "text": "x"}))
    assert at.text("a.txt") == "x\n"


@pytest.mark.parametrize("path", ["../a.txt", "/etc/passwd", "a/../../b", "~/x", "a\\b", "a\nb"])
def test_paths_that_leave_the_root_are_refused(path: str) -> None:
    with pytest.raises(ToolProblem) as caught:
        parse({"files": [{"path": path, "create": True}]})
    assert caught.value.code in {"E_PERMISSION", "E_RANGE"}


@pytest.mark.parametrize(
    "call",
    [
        None,
        "x",
        {},
        {"files": []},
        {"files": [None]},
        {"files": [{"path": "a", "edits": [{}]}]},
        {"files": [{"path": "a", "edits": [{"at": "1aa", "after": "1aa"}]}]},
        {"files": [{"path": "a", "edits": [{"at": "1aa", "text": 3}]}]},
        {"files": [{"path": "a", "edits": [{"at": "1aa", "tekst": ""}]}]},
        {"files": [{"path": "a", "rev": "x"}]},
        {"files": [{"path": "a", "create": True, "delete": True}]},
        {"files": [{"path": "a", "create": True}, {"path": "a", "delete": True}]},
        {"files": [{"path": "a", "rename": "b"}, {"path": "b", "create": True}]},
        {"files": [{"path": "a", "create": "yes"}]},
    ],
)
def test_a_call_that_cannot_be_read_says_what_was_expected(call: object) -> None:
    with pytest.raises(ToolProblem, match="Nothing was written"):
        parse(call)


# --- secrets ------------------------------------------------------------------------------------------------------

KEY = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"


def test_a_secret_is_shown_as_a_placeholder_and_stays_where_it_stood() -> None:
    at = Desk({"a.py": f'token = "{KEY}"\nother = 1\n'})
    view = at.read("a.py")
    assert KEY not in view.text
    shown = view.lines[0][1]
    at.land(edit("a.py", 1, {"at": Lines(view)[1], "text": shown.replace("token", "TOKEN")}))
    assert at.text("a.py") == f'TOKEN = "{KEY}"\nother = 1\n'


def test_a_secret_cannot_be_moved_to_another_line_or_file() -> None:
    at = Desk({"a.py": f'token = "{KEY}"\nother = 1\n'})
    view = at.read("a.py")
    shown = view.lines[0][1]
    problem = at.refusal(edit("a.py", 1, {"at": Lines(view)[2], "text": shown.replace("token", "t")}))
    assert problem.code == "E_SECRET"
    create = {"files": [{"path": "b.py", "create": True, "edits": [{"after": "0", "text": shown}]}]}
    assert at.refusal(create).code == "E_SECRET"


def test_no_refusal_tells_a_secret() -> None:
    at = Desk({"a.py": f'token = "{KEY}"\nother = 1\n'})
    view = at.read("a.py")
    shown = view.lines[0][1]
    problem = at.refusal(
        edit(
            "a.py",
            1,
            {"at": Lines(view)[1], "text": shown.replace("token", "T")},
            {"at": Lines(view)[2], "text": "other = 1"},
        )
    )
    assert problem.code == "E_NOOP"
    assert KEY not in str(problem)
    at.resend(problem)
    assert at.text("a.py") == f'T = "{KEY}"\nother = 1\n'


@pytest.mark.parametrize("path", [".env", "deploy/server.pem", "home/id_rsa"])
def test_credential_files_are_neither_shown_nor_touched(path: str) -> None:
    at = Desk({path: "x\n", "a.txt": "a\n"})
    with pytest.raises(ToolProblem) as caught:
        at.read(path)
    assert caught.value.code == "E_SECRET"
    assert at.refusal({"files": [{"path": path, "rename": "readable.txt"}]}).code == "E_SECRET"


def test_the_description_of_the_tool_is_short() -> None:
    assert len(TOOL["description"]) < 1700
