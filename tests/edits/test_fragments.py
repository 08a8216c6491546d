"""Errors are the model's next prompt: for every code that offers a call, sending that call as it is applies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest
from edit_desk import Desk, Lines

from bridle.context.readform import READ_MODES, ReadMode
from bridle.harness.edits.problems import Code

KEY = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"
TEXT = "one\ntwo\nthree\nfour\nfive\n"
Call = Callable[[Lines], dict[str, Any]]


def edits(*wishes: dict[str, Any], path: str = "a.txt", **more: Any) -> dict[str, Any]:
    return {"files": [{"path": path, "rev": 1, "edits": list(wishes), **more}]}


class Case(msgspec.Struct, frozen=True):
    """A call that is refused with `code`; `after` is a.txt once the offer was sent, None where none is made.

    `shown` are the lines that were read, `now` is the file as somebody left it meanwhile.
    """

    code: Code
    name: str
    call: Call
    after: str | None
    before: str = TEXT
    now: str | None = None
    shown: tuple[int, int] | None = None
    path: str = "a.txt"
    modes: tuple[ReadMode, ...] = READ_MODES


WORDS: tuple[ReadMode, ...] = ("check", "strict")
CASES = [
    Case("E_ANCHOR", "wrong word", lambda at: edits({"at": "2aa", "text": "x"}), TEXT.replace("two", "x")),
    Case("E_ANCHOR", "no word", lambda at: edits({"at": 2, "text": "x"}), TEXT.replace("two", "x"), modes=WORDS),
    Case(
        "E_ANCHOR",
        "wrong number",
        lambda at: edits({"at": "3" + at[2][-2:], "text": "x"}),
        TEXT.replace("two", "x"),
        modes=WORDS,
    ),
    Case(
        "E_ANCHOR",
        "after a wrong word",
        lambda at: edits({"after": "2aa", "text": "x"}),
        "one\ntwo\nx\nthree\nfour\nfive\n",
    ),
    Case("E_ANCHOR", "wrong was", lambda at: edits({"at": at[2], "text": "x", "was": "three"}), None),
    Case("E_ANCHOR", "no was", lambda at: edits({"at": at[2:3]}), "one\nfour\nfive\n", modes=("strict",)),
    Case(
        "E_CONFLICT",
        "changed",
        lambda at: edits({"at": at[2], "text": "x", "was": "two"}),
        TEXT.replace("two", "x"),
        now=TEXT.replace("two", "2"),
    ),
    Case(
        "E_CONFLICT",
        "gone",
        lambda at: edits({"at": at[2], "text": "x", "was": "two"}),
        "one\nx\nthree\nfour\nfive\n",
        now=TEXT.replace("two\n", ""),
    ),
    Case(
        "E_CONFLICT",
        "below a line that changed",
        lambda at: edits({"after": at[2], "text": "x"}),
        "one\n2\nx\nthree\nfour\nfive\n",
        now=TEXT.replace("two", "2"),
    ),
    Case(
        "E_CONFLICT",
        "all of it changed",
        lambda at: edits({"at": at[2], "text": "x", "was": "two"}),
        None,
        now="a\nb\n",
    ),
    Case(
        "E_ECHO", "below", lambda at: edits({"at": at[2], "text": "x\nthree", "was": "two"}), TEXT.replace("two", "x")
    ),
    Case("E_ECHO", "above", lambda at: edits({"after": at[2], "text": "two\nx"}), TEXT.replace("two", "two\nx")),
    Case(
        "E_ECHO",
        "pasted",
        lambda at: edits({"at": at[2:3], "text": f"{at[2]}\tx\n{at[3]}\ty", "was": "two\nthree"}),
        TEXT.replace("two", "x").replace("three", "y"),
    ),
    Case(
        "E_EXISTS",
        "created",
        lambda at: {"files": [{"path": "a.txt", "create": True, "edits": [{"after": "0", "text": "x"}]}]},
        "x\n",
    ),
    Case("E_EXISTS", "renamed onto", lambda at: {"files": [{"path": "a.txt", "rename": "b.txt"}]}, None),
    Case(
        "E_MISSING",
        "same name",
        lambda at: edits({"after": at[1], "text": "x"}, path="src/a.txt"),
        TEXT.replace("one", "one\nx"),
    ),
    Case("E_MISSING", "no such name", lambda at: edits({"after": at[1], "text": "x"}, path="c.txt"), None),
    Case(
        "E_NOOP",
        "one of two",
        lambda at: edits({"at": at[1], "text": "one", "was": "one"}, {"after": at[2], "text": "x"}),
        TEXT.replace("two", "two\nx"),
    ),
    Case("E_NOOP", "alone", lambda at: edits({"at": at[1], "text": "one", "was": "one"}), None),
    Case("E_NOOP", "no edits", lambda at: edits(), None),
    Case(
        "E_NOOP",
        "nothing inserted",
        lambda at: edits({"after": at[1]}, {"after": at[2], "text": "x"}),
        TEXT.replace("two", "two\nx"),
    ),
    Case(
        "E_OVERLAP",
        "ranges",
        lambda at: edits(
            {"at": at[1:3], "text": "x", "was": "one\ntwo\nthree"}, {"at": at[2], "text": "y", "was": "two"}
        ),
        "x\nfour\nfive\n",
    ),
    Case(
        "E_OVERLAP",
        "inside",
        lambda at: edits({"at": at[1:3], "text": "x", "was": "one\ntwo\nthree"}, {"after": at[2], "text": "y"}),
        "x\nfour\nfive\n",
    ),
    Case(
        "E_OVERLAP",
        "twice in the call",
        lambda at: {"files": [{"path": "a.txt", "rev": 1, "delete": True}, {"path": "a.txt", "create": True}]},
        None,
    ),
    Case("E_RANGE", "backwards", lambda at: edits({"at": f"{at[3]}-{at[2]}", "text": "x"}), "one\nx\nfour\nfive\n"),
    Case("E_RANGE", "beyond", lambda at: edits({"at": "99zz", "text": "x"}), None),
    Case("E_RANGE", "no place", lambda at: edits({"at": "here", "text": "x"}), None),
    Case("E_REV_UNKNOWN", "other", lambda at: edits({"after": at[2], "text": "x"}) | {}, TEXT.replace("two", "two\nx")),
    Case(
        "E_REV_UNKNOWN",
        "none",
        lambda at: edits({"after": at[2], "text": "x"}, rev=None),
        TEXT.replace("two", "two\nx"),
    ),
    Case(
        "E_UNSEEN",
        "line",
        lambda at: edits({"at": at[4], "text": "x", "was": "four"}),
        TEXT.replace("four", "x"),
        shown=(1, 2),
    ),
    Case("E_UNSEEN", "range", lambda at: edits({"at": at[2:4], "text": "x"}), "one\nx\nfive\n", shown=(1, 2)),
    Case("E_UNSEEN", "delete", lambda at: {"files": [{"path": "a.txt", "rev": 1, "delete": True}]}, None, shown=(1, 2)),
    Case(
        "E_UNSEEN",
        "block",
        lambda at: edits({"block": at[1], "text": "x = 1"}, path="a.py"),
        "x = 1\n",
        before="def f():\n    a\n    b\n    c\n",
        shown=(1, 2),
        path="a.py",
    ),
    Case(
        "E_SYNTAX",
        "broken",
        lambda at: edits({"at": at[1], "text": "(", "was": "a = 1"}, path="a.py"),
        None,
        "a = 1\n",
        path="a.py",
    ),
    Case("E_ENCODING", "no place for it", lambda at: edits({"after": "0", "text": "\ud800"}), None),
    Case("E_SECRET", "elsewhere", lambda at: edits({"after": at[1], "text": "x = «secret:github:0a1b2c»"}), None),
    Case("E_PERMISSION", "outside", lambda at: edits({"after": "0", "text": "x"}, path="../a.txt"), None),
]


def refused(case: Case, mode: ReadMode) -> tuple[Desk, Any]:
    """Make the call of `case`; return the desk and what it was told."""
    from bridle.harness.edits.problems import ToolProblem

    at = Desk({case.path: case.before, "b.txt": "b\n"}, mode)
    whole = Desk({case.path: case.before}, mode).read(case.path)
    at.read(case.path, *([case.shown] if case.shown else []))
    if case.now is not None:
        at.files[case.path] = case.now.encode()
    call = case.call(Lines(whole))
    if case.name == "other":
        call["files"][0]["rev"] = 9
    files = dict(at.files)
    with pytest.raises(ToolProblem) as caught:
        at.land(call)
    assert at.files == files
    return at, caught.value


@pytest.mark.parametrize("mode", READ_MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.name}")
def test_what_is_offered_applies_as_it_is(case: Case, mode: ReadMode) -> None:
    if mode not in case.modes:
        return
    at, problem = refused(case, mode)
    assert problem.code == case.code
    assert "Nothing was written" in str(problem)
    assert (problem.fragment != "") == (case.after is not None), str(problem)
    if case.after is not None:
        assert f"send this as it is:\n{problem.fragment}" in str(problem)
        at.land(json.loads(problem.fragment))
        assert at.text(case.path) == case.after


def test_every_code_has_a_case() -> None:
    assert {case.code for case in CASES} == set(get_args(Code))


def test_one_round_is_enough_for_a_call_with_every_kind_of_slip() -> None:
    names = ("a.txt", "b.txt", "c.txt", "d.txt")
    at = Desk(dict.fromkeys(names, TEXT))
    line = {name: Lines(at.read(name, *([(1, 2)] if name == "d.txt" else []))) for name in names}
    full = Lines(Desk({"d.txt": TEXT}).read("d.txt"))
    at.files["b.txt"] = TEXT.replace("two", "2").encode()
    call = {
        "files": [
            {
                "path": "a.txt",
                "rev": 1,
                "edits": [{"at": "2aa", "text": "x"}, {"after": line["a.txt"][4], "text": "y"}],
            },
            {"path": "b.txt", "rev": 1, "edits": [{"at": line["b.txt"][2], "text": "x"}]},
            {"path": "c.txt", "rev": 8, "edits": [{"at": line["c.txt"][3], "text": "x"}]},
            {"path": "d.txt", "rev": 1, "edits": [{"at": full[5], "text": "x"}]},
        ]
    }
    problem = at.refusal(call)
    assert [one.code for one in problem.problems] == ["E_ANCHOR", "E_CONFLICT", "E_REV_UNKNOWN", "E_UNSEEN"]
    assert "Fine as they are: a.txt edit 2." in str(problem)
    at.resend(problem)
    assert [at.text(name) for name in names] == [
        "one\nx\nthree\nfour\ny\nfive\n",
        TEXT.replace("two", "x"),
        TEXT.replace("three", "x"),
        TEXT.replace("five", "x"),
    ]
