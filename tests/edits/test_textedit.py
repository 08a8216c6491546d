"""Anthropic's text editor tool on the engine of the hashline edits: the same checks, offers in its own words."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from edit_desk import Desk
from hypothesis import given, settings
from hypothesis import strategies as st

from bridle.harness.edits import textedit
from bridle.harness.edits.hashline import plan, would_land
from bridle.harness.edits.problems import ToolProblem

SOURCE = "import os\n\n\ndef load(path):\n    total = 1\n    return total\n\n\ndef save(path):\n    return 1\n"


class Editor(Desk):
    """A desk at which commands of the text editor tool land."""

    def __init__(self, files: dict[str, bytes | str]) -> None:
        super().__init__(files, "plain")

    def do(self, **given: Any) -> None:
        change = textedit.parse(given)
        assert isinstance(change, textedit.Change)
        there = self.revisions, self.files.get, self.moved
        made = textedit.planned(change, self.revisions, lambda r: plan(r, *there), lambda r: would_land(r, *there))
        for file in made.files:
            assert file.after is not None
            self.files[file.path] = file.after

    def refused(self, **given: Any) -> ToolProblem:
        before = dict(self.files)
        with pytest.raises(ToolProblem) as caught:
            self.do(**given)
        assert self.files == before
        return caught.value

    def send(self, problem: ToolProblem) -> None:
        self.do(**json.loads(str(problem).rpartition("send this as it is:\n")[2]))


def replace(path: str, old: str, new: str) -> dict[str, Any]:
    return {"command": "str_replace", "path": path, "old_str": old, "new_str": new}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total = 1", "total = 2"),
        ("    total = 1\n", ""),
        ("    total = 1\n", "    total = 2\n    total += 1\n"),
        ("import os\n\n\ndef load", "def load"),
        ("(path):\n    total", "(path, x):\n    total"),
        ("1\n    return total", "1\n    return total + 1"),
        ("import os", "import os\nimport re"),
        ("load(path):\n    total = 1\n", "load(path): \n    total = 2\n"),
        (SOURCE, "x = 1\n"),
        ("\n    return 1\n", " return 1\n"),
    ],
)
def test_a_text_that_stands_once_is_replaced_as_python_would(old: str, new: str) -> None:
    at = Editor({"a.py": SOURCE})
    at.read("a.py")
    at.do(**replace("a.py", old, new))
    assert at.text("a.py") == SOURCE.replace(old, new)


@settings(deadline=None)
@given(st.data())
def test_a_replacement_is_that_of_a_string_or_a_refusal(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ab c\n", min_size=1, max_size=20).map(lambda t: t.strip("\n") + "\n"))
    start = data.draw(st.integers(0, len(text) - 1))
    old = text[start : data.draw(st.integers(start + 1, len(text)))]
    new = data.draw(st.text(alphabet="xy\n", max_size=6))
    at = Editor({"a.txt": text})
    at.read("a.txt")
    try:
        at.do(**replace("a.txt", old, new))
    except ToolProblem as problem:
        alone = text.count(old) == 1 and text.find(old, text.find(old) + 1) < 0
        if alone:
            assert problem.code in {"E_NOOP", "E_ECHO"}  # noqa: PT017 - it may be refused and need not be
        return
    wanted = text.replace(old, new)
    assert at.text("a.txt") in {wanted, f"{wanted}\n" if wanted else wanted}


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"a\r\nb\r\nc\r\n", "a\nb", "x\ny", b"x\r\ny\r\nc\r\n"),
        (b"a\nb", "b", "c", b"a\nc"),
        (b"a\nb", "a\nb", "c\nd", b"c\nd"),
        (b"\xef\xbb\xbfa\nb\n", "a", "c", b"\xef\xbb\xbfc\nb\n"),
        (b"# coding: latin-1\n\xe9\n", "\xe9", "\xfc", b"# coding: latin-1\n\xfc\n"),
    ],
)
def test_bytes_around_a_replacement_stay(before: bytes, old: str, new: str, after: bytes) -> None:
    at = Editor({"a.txt": before})
    at.read("a.txt")
    at.do(**replace("a.txt", old, new))
    assert at.files["a.txt"] == after


def test_a_text_that_stands_twice_is_refused_with_its_lines() -> None:
    at = Editor({"a.txt": "x\ny\nx\n"})
    at.read("a.txt")
    problem = at.refused(**replace("a.txt", "x", "z"))
    assert problem.code == "E_ANCHOR"
    assert "on lines 1, 3" in str(problem)
    assert at.refused(**replace("b.txt", "x", "z")).code == "E_UNSEEN"


def test_texts_that_overlap_are_two() -> None:
    at = Editor({"a.txt": "aaa\n"})
    at.read("a.txt")
    assert at.refused(**replace("a.txt", "aa", "b")).code == "E_ANCHOR"


def test_a_text_that_differs_in_blanks_alone_is_refused_and_offered_as_it_stands() -> None:
    at = Editor({"a.py": SOURCE})
    at.read("a.py")
    problem = at.refused(**replace("a.py", "      total = 1", "    total = 2"))
    assert problem.code == "E_ANCHOR"
    at.send(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_what_was_not_shown_cannot_be_replaced_until_the_refusal_has_shown_it() -> None:
    at = Editor({"a.py": SOURCE})
    at.read("a.py", (1, 3))
    problem = at.refused(**replace("a.py", "total = 1", "total = 2"))
    assert problem.code == "E_UNSEEN"
    at.send(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_lines_that_moved_since_carry_the_replacement_and_changed_ones_are_refused() -> None:
    at = Editor({"a.py": SOURCE})
    at.read("a.py")
    at.files["a.py"] = ("# mine\n" + SOURCE).encode()
    at.do(**replace("a.py", "total = 1", "total = 2"))
    assert at.text("a.py") == "# mine\n" + SOURCE.replace("total = 1", "total = 2")
    at.files["a.py"] = SOURCE.replace("total = 1", "total = 7").encode()
    problem = at.refused(**replace("a.py", "total = 1", "total = 3"))
    assert problem.code == "E_CONFLICT"
    assert "total = 7" in str(problem)
    at.send(problem)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 3")


def test_what_was_seen_before_an_edit_can_still_be_replaced_after_it() -> None:
    at = Editor({"a.py": SOURCE})
    at.read("a.py")
    at.do(**replace("a.py", "import os", "import re"))
    at.revisions.note("a.py", at.files["a.py"])
    at.read("a.py", (1, 2))
    at.do(**replace("a.py", "    return 1", "    return 2"))
    assert at.text("a.py") == SOURCE.replace("import os", "import re").replace("return 1", "return 2")


def test_the_guards_are_the_same_and_their_offer_is_a_command() -> None:
    at = Editor({"a.py": SOURCE})
    at.read("a.py")
    assert at.refused(**replace("a.py", "total = 1", "total = (")).code == "E_SYNTAX"
    assert at.refused(**replace("a.py", "total = 1", "total = 1")).code == "E_NOOP"
    echo = at.refused(**replace("a.py", "    total = 1\n", "    total = 2\n    return total\n"))
    assert echo.code == "E_ECHO"
    at.send(echo)
    assert at.text("a.py") == SOURCE.replace("total = 1", "total = 2")


def test_a_secret_stays_where_it_stands() -> None:
    key = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"
    at = Editor({"a.py": f'token = "{key}"\nb = 1\n'})
    shown = at.read("a.py").lines[0][1]
    at.do(**replace("a.py", shown, shown.replace("token", "t")))
    assert at.text("a.py") == f't = "{key}"\nb = 1\n'
    at.read("a.py")
    assert at.refused(**replace("a.py", "b = 1", shown)).code == "E_SECRET"


def test_a_file_is_created_and_one_that_is_there_is_offered_to_be_replaced() -> None:
    at = Editor({"old.txt": "old\n"})
    at.do(command="create", path="new.txt", file_text="a\nb\n")
    assert at.text("new.txt") == "a\nb\n"
    problem = at.refused(command="create", path="old.txt", file_text="new\n")
    assert problem.code == "E_EXISTS"
    at.send(problem)
    assert at.text("old.txt") == "new\n"


@pytest.mark.parametrize(("line", "after"), [(0, "x\na\nb\n"), (1, "a\nx\nb\n"), (2, "a\nb\nx\n")])
@pytest.mark.parametrize("key", ["insert_text", "new_str"])
def test_text_is_inserted_below_a_line(line: int, after: str, key: str) -> None:
    at = Editor({"a.txt": "a\nb\n"})
    at.read("a.txt")
    at.do(**{"command": "insert", "path": "a.txt", "insert_line": line, key: "x"})
    assert at.text("a.txt") == after


def test_text_is_inserted_into_an_empty_file_and_not_beyond_the_end() -> None:
    at = Editor({"a.txt": b"", "b.txt": "b\n"})
    at.read("a.txt")
    at.read("b.txt")
    at.do(command="insert", path="a.txt", insert_line=0, insert_text="x\n")
    assert at.text("a.txt") == "x\n"
    assert at.refused(command="insert", path="b.txt", insert_line=9, insert_text="x").code == "E_RANGE"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"command": "undo_edit", "path": "a"},
        {"command": "str_replace", "path": "a"},
        {"command": "str_replace", "path": "a", "old_str": "", "new_str": "x"},
        {"command": "str_replace", "path": "a", "old_str": "x", "new_str": 3},
        {"command": "create", "path": "a"},
        {"command": "insert", "path": "a", "insert_line": True, "insert_text": "x"},
        {"command": "insert", "path": "a", "insert_line": -1, "insert_text": "x"},
        {"command": "insert", "path": "a", "insert_line": 1},
        {"command": "view", "path": "a", "view_range": [3, 1]},
        {"command": "view", "path": "a", "view_range": [0, 1]},
        {"command": "view", "path": "a", "view_range": "1-2"},
        {"command": "view", "path": "../a"},
        {"command": "create", "path": "/etc/passwd", "file_text": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ToolProblem) as caught:
        textedit.parse(given)
    assert caught.value.code in {"E_RANGE", "E_PERMISSION"}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["command", "path", "old_str", "new_str", "file_text", "insert_line", "view_range"]),
        st.sampled_from(["view", "create", "insert", "str_replace", "a.txt", "a", "", "\n", [1, 2], [1, -1]])
        | st.integers()
        | st.none(),
    )
)
def test_any_input_is_done_or_refused_with_a_problem(given_input: dict[str, Any]) -> None:
    at = Editor({"a.txt": "a\nb\n"})
    at.read("a.txt")
    with contextlib.suppress(ToolProblem):
        if isinstance(textedit.parse(given_input), textedit.Change):
            at.do(**given_input)


def test_a_folder_is_listed_two_levels_deep() -> None:
    paths = ["a.py", "b/c.py", "b/d/e.py", "b/d/f.py"]
    assert textedit.listing("", paths) == "a.py\nb/\nb/c.py\nb/d/"
    assert textedit.listing("b", paths) == "b/c.py\nb/d/\nb/d/e.py\nb/d/f.py"
    assert textedit.listing("x", paths) == ""


def test_the_tool_is_declared_by_the_newest_type_that_the_library_knows() -> None:
    anthropic = pytest.importorskip("anthropic.types")
    declared = anthropic.ToolTextEditor20250728Param.__annotations__
    assert textedit.SPEC["type"] in str(declared["type"])
    assert textedit.SPEC["name"] in str(declared["name"])
    newest = max(name for name in dir(anthropic) if name.startswith("ToolTextEditor"))
    assert newest.startswith("ToolTextEditor20250728")
