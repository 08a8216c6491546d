"""What a diagnostic says of a finding, line by line; what an explanation and a hover say. Pure."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from bridle.harness.engine import Finding, Origin, Related, Values, Verdict
from bridle.lsp_server.board import Reached
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.diagnostics import finding_diagnostic, finding_range, headline, reached_diagnostic
from bridle.lsp_server.documents import Document
from bridle.lsp_server.explaining import explanation
from bridle.lsp_server.places import Places, file_of, uri_of
from bridle.lsp_server.values import values_hover

RICH = Client(related_information=True, code_description=True)


def message(finding: Finding, *, stale: bool = False, unclear: bool = False) -> str:
    return finding_diagnostic(finding, None, uri_of, RICH, stale=stale, unclear=unclear).message


def test_evidence_that_holds_the_whole_complaint_is_not_told_twice() -> None:
    detail = "tests/test_a.py:3: in test_a\n    assert f(1) == 2\nE   assert 1 == 2\nE     cents: 1 != 2"
    finding = Finding("pytest", "tests/test_a.py", 2, 3, "assert 1 == 2\n  cents: 1 != 2", detail=detail)
    told = message(finding)
    assert told.count("cents: 1 != 2") == 1
    assert told.startswith("assert 1 == 2\n")


def test_the_rest_of_a_message_stays_where_there_is_no_other_evidence() -> None:
    assert message(Finding("ruff", "a.py", 0, 1, "first\nsecond")) == "first\nsecond"


@given(st.text(min_size=1, max_size=300), st.text(max_size=300), st.booleans(), st.booleans(), st.booleans())
def test_a_first_line_has_at_most_a_hundred_characters(
    name: str, said: str, stale: bool, unclear: bool, accepted: bool
) -> None:
    finding = Finding("pytest", "a.py", 0, 1, said, code="E", test=f"a.py::{name}", accepted=accepted)
    assert len(message(finding, stale=stale, unclear=unclear).split("\n")[0]) <= 100


def test_a_long_name_of_a_test_gives_way_to_what_differed() -> None:
    finding = Finding("pytest", "a.py", 0, 1, "total == 42.0, not 41.5", test=f"a.py::test_{'very_' * 30}long")
    assert headline(finding).endswith("…: total == 42.0, not 41.5")
    assert len(headline(finding)) == 100
    short = msgspec.structs.replace(finding, test="a.py::test_total")
    assert headline(short) == "test_total: total == 42.0, not 41.5"


def test_what_nobody_knows_any_more_or_a_person_accepted_is_a_hint_that_says_so() -> None:
    finding = Finding("pytest", "a.py", 0, 1, "m")
    doubtful = finding_diagnostic(finding, None, uri_of, RICH, stale=False, unclear=True)
    assert (doubtful.message, doubtful.severity) == ("m (no verdict since)", lsp.DiagnosticSeverity.Hint)
    known = msgspec.structs.replace(finding, accepted=True)
    accepted = finding_diagnostic(known, None, uri_of, RICH, stale=True)
    assert accepted.message == "m (accepted) (before your last edit)"
    assert accepted.severity == lsp.DiagnosticSeverity.Hint


def document(text: str, encoding: str = "utf-16") -> Document:
    item = lsp.TextDocumentItem("file:///w/a.py", lsp.LanguageKind.Python, 1, text)
    return Document(item, "a.py", 1, encoding)  # type: ignore[arg-type] # one of the three


@pytest.mark.parametrize(("encoding", "start", "end"), [("utf-8", 7, 16), ("utf-16", 4, 11), ("utf-32", 3, 9)])
def test_columns_count_as_the_client_counts_beyond_the_basic_plane(encoding: str, start: int, end: int) -> None:
    finding = Finding("ruff", "a.py", 0, 1, "m", start_character=3, end_character=9)
    found = finding_range(finding, document("é😀 = '😀' + 'b'\n", encoding))
    assert (found.start.character, found.end.character) == (start, end)


ODD = ["with space.py", "a#b.py", "a%20b.py", "naïve 😀.py", "two\nlines.py", "q?u;e=r&y.py", "C:x.py"]


@pytest.mark.parametrize("path", ODD)
def test_a_path_of_any_letters_comes_back_from_its_uri(path: str) -> None:
    places = Places("/srv/odd root#1")
    assert places.path(places.uri(path)) == path
    assert file_of(places.uri(path)) == f"/srv/odd root#1/{path}"
    assert not set(" #\n") & set(places.uri(path))


def failing(test: str, line: int = 3) -> Finding:
    return Finding(
        "pytest", "test_a.py", line, line + 1, "got == 2, not 3", test=f"test_a.py::{test}", fingerprint=test
    )


def test_a_changed_definition_says_which_failing_tests_reach_it() -> None:
    one = reached_diagnostic(Reached(0, "low was changed since HEAD", (failing("test_low"),)), None, uri_of, RICH)
    assert one.message == "reached by a failing test: test_low: got == 2, not 3\nlow was changed since HEAD"
    assert (one.severity, one.source, one.code) == (lsp.DiagnosticSeverity.Information, "bridle·pytest", "changed")
    several = Reached(0, "low was changed since HEAD", tuple(failing(f"test_{n}", n) for n in range(12)))
    told = reached_diagnostic(several, None, uri_of, RICH)
    assert told.message.split("\n")[0].startswith("reached by 12 failing tests: test_0, test_1")
    assert len(told.message.split("\n")[0]) <= 100
    assert len(told.related_information or ()) == 10
    plain = reached_diagnostic(several, None, uri_of, Client())
    assert "test_a.py:1: test_0: got == 2, not 3" in plain.message
    assert plain.related_information is None


VALUED = msgspec.structs.replace(
    failing("test_low"), values=(Values("a.py", 3, 5, "digest", (("got", "3"), ("text", "'`' + \"```\"")), 2),)
)


def test_values_are_hovered_on_the_lines_that_failed_and_on_that_text_alone() -> None:
    plain = values_hover([VALUED], "a.py", 4, "digest", markdown=False)
    assert plain == "test_low failed with\ngot = 3\ntext = '`' + \"```\"\n# 2 more are left out"
    marked = values_hover([VALUED], "a.py", 3, "digest", markdown=True)
    assert marked.startswith("`test_low` failed with\n````python\ngot = 3\n")
    assert marked.endswith("\n````")
    for path, line, digest in (("a.py", 5, "digest"), ("b.py", 3, "digest"), ("a.py", 3, "other")):
        assert values_hover([VALUED], path, line, digest, markdown=False) == ""
    assert values_hover([VALUED] * 5, "a.py", 3, "digest", markdown=False).endswith("and 2 more failing tests here")


def test_an_explanation_names_place_rule_origin_age_and_evidence() -> None:
    verdict = Verdict(
        "pytest", "fail", 1.25, "tree1", "overlay", collected=3, command=("python", "-m", "pytest"), exit_code=1,
        unit="test", receipt="r1", log_file="/state/logs/pytest.log",
    )  # fmt: skip
    finding = msgspec.structs.replace(
        VALUED,
        code="AssertionError",
        detail="E   assert 3 == 2\n# not a heading",
        href="file:///state/logs/pytest.log",
        origin=Origin("a.py", 2, 3, "HEAD"),
        related=(Related("a.py", 0, "low was changed since HEAD", changed=True),),
    )
    text = explanation(finding, verdict, stale=True, unclear=False)
    for part in (
        "# test\\_low: got == 2, not 3",
        "- place: `test_a.py:4`",
        "- check: `pytest`, rule `AssertionError`",
        "- log: <file:///state/logs/pytest.log>",
        "- comes from: the lines at `a.py:3`, changed since HEAD",
        "    # not a heading",
        "- `a.py:1` low was changed since HEAD",
        "- `got = 3`",
        "- new: what it is compared with did not have it",
        "- from before your last edit",
        "- command: `python -m pytest`",
        "- exit code: 1",
        "- took 1.25 s, looked at 3 tests",
        "- tree: `tree1`, on the rung `overlay`",
        "- receipt: `r1`",
    ):
        assert part in text, part


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_that_a_tool_says_becomes_markup_of_an_explanation(said: str, detail: str) -> None:
    finding = Finding("ruff", "a.py", 0, 1, f"<b>[x](y) # {said}", detail=detail)
    lines = explanation(finding, None, stale=False, unclear=True).split("\n")
    assert [line for line in lines if line.startswith("# ")] == lines[:1]
    assert "<b>" not in lines[0].replace("\\<", "")
