"""How reports of JavaScript's tools are read: bytes in, facts out, and nothing believed that is not whole."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from bridle.harness.verify.checkers.node_report import read_session, running_test
from bridle.harness.verify.checkers.node_stack import frames_of, headline, place_of
from bridle.harness.verify.checkers.pytest_report import UnprovenError
from bridle.harness.verify.checkers.tsc import Complaint, complaints_of
from bridle.harness.verify.checkers.utf16 import Source
from bridle.harness.verify.checks import is_script_test
from bridle.indexer.text import apply_edits

BEGIN = {"kind": "begin", "nonce": "n", "device": "1", "inode": "2", "tool": "jest", "node": "v20.1.0"}
TEST = {"kind": "test", "id": "a.js > one", "file": "a.js", "outcome": "passed", "errors": []}
LOADED = {"kind": "loaded", "path": "a.js", "digest": "d"}


def end(n_lines: int, nonce: str = "n") -> dict[str, object]:
    return {"kind": "end", "nonce": nonce, "n_lines": n_lines, "reason": ""}


def lines(*told: Mapping[str, object]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in told)


def test_a_whole_report_is_a_session_with_every_test_once_by_its_worst() -> None:
    again = {**TEST, "outcome": "failed"}
    session = read_session(lines(LOADED, BEGIN, TEST, LOADED, again, {**TEST, "id": "b"}, end(4)), "n")
    assert {one: test.outcome for one, test in session.tests.items()} == {"a.js > one": "failed", "b": "passed"}
    assert (session.count("failed"), session.files(), len(session.loaded)) == (1, {"a.js"}, 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "there is no report"),
        (lines(LOADED), "there is no report"),
        (lines(TEST, end(1)), "the report is not of this run"),
        (lines({**BEGIN, "nonce": "other"}, TEST, end(2)), "the report is not of this run"),
        (lines(BEGIN, TEST), "the report ends in the middle"),
        (lines(BEGIN, TEST, end(3)), "the report was written by more than this run"),
        (lines(BEGIN, TEST, end(2, "other")), "the report was written by more than this run"),
        (lines(BEGIN, end(1), TEST, end(3)), "the report was written by more than this run"),
        (lines(BEGIN, TEST, end(2))[:-20], "the report is garbled"),
        (b"\xff\n" + lines(BEGIN, TEST, end(2)), "the report is garbled"),
        (b'{"kind": "passed"}\n', "the report is garbled"),
    ],
)
def test_what_is_not_whole_or_of_another_run_is_no_session(data: bytes, reason: str) -> None:
    with pytest.raises(UnprovenError) as caught:
        read_session(data, "n")
    assert caught.value.reason == reason


def test_what_began_and_did_not_end_is_named_from_a_report_that_was_cut_short() -> None:
    begun = [{"kind": "started", "id": one} for one in ("a.js", "a.js > one", "b.js", "a.js > two")]
    assert running_test(lines(BEGIN, *begun, TEST) + b'{"kind": "sta') == "a.js > two"
    assert running_test(lines(BEGIN, *begun[:2], TEST)) == ""
    assert running_test(b"nonsense\n") == ""


STACK = """Error: no
    at Object.<anonymous> (/w/src/(group)/a.ts:3:9)
    at file:///w/test/a%20b.test.ts:12:5
    at async run (file:///w/node_modules/vitest/dist/x.js:1:1)
    at new Promise (<anonymous>)
    at /elsewhere/c.js:1:1
"""


def inside(path: str) -> str:
    return path.removeprefix("/w/") if path.startswith("/w/") else ""


def test_frames_are_those_in_files_of_the_tree() -> None:
    frames = frames_of(STACK, inside)
    assert [(one.path, one.line) for one in frames] == [("src/(group)/a.ts", 2), ("test/a b.test.ts", 11)]
    assert place_of(frames, "test/a b.test.ts") == ("test/a b.test.ts", 11)
    assert place_of(frames, "other.ts") == ("src/(group)/a.ts", 2)
    assert place_of([], "other.ts") == ("other.ts", 0)


def test_a_line_that_is_no_frame_takes_no_time_to_tell() -> None:
    hostile = "    at " + "a (" * 100_000 + "/w/a.js:1"
    assert frames_of(hostile, inside) == []
    assert headline("Error", hostile).endswith("…")


def test_where_a_program_cannot_be_read_is_a_frame_too() -> None:
    said = "file:///w/test/a.mjs:4\nconst = 1\n      ^\n\nSyntaxError: Unexpected token '='\n    at node:internal:1:2\n"
    assert [(one.path, one.line) for one in frames_of(said, inside)] == [("test/a.mjs", 3)]


JEST = "Error: expect(received).toBe(expected) // equality\n\nExpected: 4\nReceived: 3\n    at toBe (/w/a.js:2:1)"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (("Error", JEST), "expected 4, received 3"),
        (("AssertionError", "expected 3 to be 4 // Object.is equality", "4", "3"), "expected 4, received 3"),
        (("AssertionError", "Expected values to be strictly equal:\n\n3 !== 4\n", "4", "3"), "expected 4, received 3"),
        (("AssertionError", "differ", "a\nb", "a\nc"), "differ"),
        (("TypeError", "x is not a function\n    at a (/w/a.js:1:1)"), "TypeError: x is not a function"),
        (("Error", ""), ""),
        (("Error", "x" * 200), "x" * 99 + "…"),
    ],
)
def test_the_first_line_says_what_is_wrong(error: tuple[str, ...], line: str) -> None:
    assert headline(*error) == line


def test_messages_of_the_compiler_are_read_with_the_lines_that_belong_to_them() -> None:
    output = [
        "src/a (x).ts(4,16): error TS2322: Type 'A' is not assignable to type 'B'.",
        "  Types of parameters 'x' and 'x' are incompatible.",
        "    Type 'string' is not assignable to type 'number'.",
        "/w/src/a (x).ts",
        "  no message above",
        "error TS18003: No inputs were found.",
        "b.ts(1,2): a sentence that is no message",
    ]
    first, second = complaints_of(output)
    assert (first.file, first.line, first.column, first.code) == ("src/a (x).ts", 4, 16, "TS2322")
    assert first.detail.count("\n") == 1
    assert second == Complaint("", 1, 1, "TS18003", "No inputs were found.", "")


@pytest.mark.parametrize(
    ("start", "end", "text", "fixed"),
    [
        (16, 19, "const", "const e = '😀'; const a = 1\r\nlast"),
        (0, 5, "var", "var e = '😀'; let a = 1\r\nlast"),
        (27, 31, "", "const e = '😀'; let a = 1\r\n"),
        (12, 13, "x", None),  # half of a pair
        (0, 99, "x", None),
        (5, 2, "x", None),
    ],
)
def test_a_fix_in_utf16_offsets_is_the_same_in_whole_lines(start: int, end: int, text: str, fixed: str | None) -> None:
    before = "const e = '😀'; let a = 1\r\nlast"
    edits = Source(before.encode()).replaced(start, end, text)
    assert (apply_edits(before, edits) if edits else None) == fixed


def test_a_fix_far_down_is_told_in_the_lines_of_the_file() -> None:
    before = "".join(f"let a{n} = {n}\n" for n in range(1000))
    start = before.index("let a700")
    edits = Source(before.encode()).replaced(start, start + 3, "const")
    assert [(edit.start, edit.end) for edit in edits] == [(700, 701)]
    assert apply_edits(before, edits) == before.replace("let a700", "const a700")


def test_columns_in_utf16_are_characters() -> None:
    source = Source("\ufeffé = '😀'; abc$1 = 2\n".encode())
    assert (source.character(0, 10), source.character(0, None), source.character(0, 99), source.character(7, 3)) == (
        8,
        0,
        18,
        0,
    )
    assert source.word_end(0, 9) == 14


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("a.test.ts", True),
        ("src/a.spec.mjs", True),
        ("__tests__/a.js", True),
        ("src/__tests__/deep/a.tsx", True),
        ("test.js", True),
        ("x/a-test.cjs", True),
        ("test-a.js", True),
        ("a.test.d.ts", False),
        ("latest.js", False),
        ("contest.ts", False),
        ("src/testing.js", False),
        ("a.test.snap", False),
    ],
)
def test_files_that_runners_take_for_tests(path: str, is_test: bool) -> None:
    assert is_script_test(path) is is_test
