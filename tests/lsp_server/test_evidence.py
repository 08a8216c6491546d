"""What stands under the first line of a finding."""

from __future__ import annotations

from bridle.harness.engine import Finding
from bridle.lsp_server.diagnostics import _message


def test_evidence_that_holds_the_whole_complaint_is_not_told_twice() -> None:
    detail = "tests/test_a.py:3: in test_a\n    assert f(1) == 2\nE   assert 1 == 2\nE     cents: 1 != 2"
    finding = Finding("pytest", "tests/test_a.py", 2, 3, "assert 1 == 2\n  cents: 1 != 2", detail=detail)
    told = _message(finding, stale=False, tell_related=False)
    assert told.count("cents: 1 != 2") == 1
    assert told.startswith("assert 1 == 2\n")


def test_the_rest_of_a_message_stays_where_there_is_no_other_evidence() -> None:
    finding = Finding("ruff", "a.py", 0, 1, "first\nsecond")
    assert _message(finding, stale=False, tell_related=False) == "first\nsecond"
