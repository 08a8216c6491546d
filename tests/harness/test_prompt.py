"""What the checks say goes to the model without the secrets that a failing test prints."""

from __future__ import annotations

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.workflow.prompt import findings_text, send_back

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"


def test_a_secret_in_a_finding_is_not_told_to_the_model() -> None:
    finding = Finding("pytest", "tests/test_a.py", 3, 4, f"assert '{KEY}' == ''", detail=f"E  AWS_KEY={KEY}", test="t")
    told = send_back((Verdict("pytest", "fail", 0.1, "tree", "rung", findings=(finding,)),), ())
    assert KEY not in told
    assert "«secret:aws:" in told
    assert "tests/test_a.py" in told


def test_a_check_that_fails_only_by_what_was_there_before_is_not_told_as_failing() -> None:
    old = Finding("ruff", "a.py", 0, 1, "`os` is unused", code="F401", new=False)
    told = findings_text((Verdict("ruff", "fail", 0.1, "tree", "rung", findings=(old, old)),), ())
    assert "ruff: nothing new, 2 older findings still there" in told
    assert "fail" not in told


def test_the_finding_that_is_to_go_is_told_as_long_as_it_is_there() -> None:
    wanted = Finding("pytest", "tests/test_a.py", 3, 4, "1 is not 2", test="tests/test_a.py::test_a", new=False)
    told = send_back((Verdict("pytest", "fail", 0.1, "tree", "rung", findings=(wanted,)),), (), wanted=wanted)
    assert "pytest: fail" in told
    assert "1 is not 2" in told
