"""What the checks say goes to the model without the secrets that a failing test prints."""

from __future__ import annotations

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.workflow.prompt import send_back

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"


def test_a_secret_in_a_finding_is_not_told_to_the_model() -> None:
    finding = Finding("pytest", "tests/test_a.py", 3, 4, f"assert '{KEY}' == ''", detail=f"E  AWS_KEY={KEY}", test="t")
    told = send_back((Verdict("pytest", "fail", 0.1, "tree", "rung", findings=(finding,)),), ())
    assert KEY not in told
    assert "«secret:aws:" in told
    assert "tests/test_a.py" in told
