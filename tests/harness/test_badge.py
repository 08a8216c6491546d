"""What may be said of a patch."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from bridle.harness.nouns import Finding, Flag, Outcome, Verdict
from bridle.harness.proposals.badge import badge, same, stale

RUNG = "bubblewrap+overlay"


def verdict(check: str, outcome: Outcome, *findings: Finding, tree: str = "t1", reason: str = "") -> Verdict:
    return Verdict(
        check, outcome, 0.1, tree, RUNG, 7, 7, findings, reason, unit="test" if check == "pytest" else "file"
    )


def finding(new: bool = True, test: str = "", fingerprint: str = "f1") -> Finding:
    return Finding(
        "pytest", "tests/test_a.py", 4, 5, "assert 1 == 2\nmore", new=new, test=test, fingerprint=fingerprint
    )


FLAG = Flag("tests", "tests/test_a.py", 4, "an assertion was removed", "put it back")


def test_a_verified_badge_names_its_object_and_its_sandbox() -> None:
    earned = badge([verdict("ruff", "pass"), verdict("pytest", "pass")], ())
    assert earned.state == "verified"
    assert earned.text == "verified: ruff on 7 files, 7 tests; sandbox: bubblewrap+overlay"
    assert earned.tree == "t1"


def test_nothing_is_verified_where_no_check_is_known() -> None:
    assert badge((), ()).state == "unverified"


@pytest.mark.parametrize("outcome", ["unknown", "timeout"])
def test_a_check_that_could_not_judge_is_never_green(outcome: Outcome) -> None:
    earned = badge([verdict("ruff", "pass"), verdict("pytest", outcome, reason="no test was collected")], ())
    assert earned.state == "unknown"
    assert "pytest: no test was collected" in earned.text


def test_a_gate_refuses_whatever_the_checks_say() -> None:
    earned = badge([verdict("pytest", "pass")], (FLAG,))
    assert (earned.state, earned.text) == ("refused", "refused: an assertion was removed")


def test_a_flag_that_does_not_block_leaves_the_verdict() -> None:
    assert badge([verdict("pytest", "pass")], (msgspec.structs.replace(FLAG, blocks=False),)).state == "verified"


def test_findings_that_were_there_before_are_named_and_not_blamed() -> None:
    earned = badge([verdict("pytest", "fail", finding(new=False))], ())
    assert earned.state == "verified"
    assert "(1 older finding kept)" in earned.text


def test_a_new_finding_is_not_green() -> None:
    earned = badge([verdict("pytest", "fail", finding())], ())
    assert (earned.state, earned.text) == ("not green", "not green: tests/test_a.py:5: assert 1 == 2")


def test_the_finding_that_was_to_go_must_be_gone() -> None:
    wanted = finding(test="tests/test_a.py::test_a")
    still = finding(new=False, test="tests/test_a.py::test_a", fingerprint="other line")
    assert badge([verdict("pytest", "fail", still)], (), wanted).state == "not green"


def test_a_failure_without_a_finding_is_not_green() -> None:
    assert badge([verdict("pytest", "fail")], ()).state == "unknown"


def test_verdicts_of_two_trees_make_no_badge() -> None:
    assert badge([verdict("ruff", "pass"), verdict("pytest", "pass", tree="t2")], ()).state == "unknown"


def test_only_all_passes_or_old_findings_are_verified() -> None:
    kinds = [verdict("a", "pass"), verdict("a", "fail", finding()), verdict("a", "unknown"), verdict("a", "timeout")]
    for trio in itertools.product(kinds, repeat=3):
        verified = badge(trio, ()).state == "verified"
        assert verified == all(v.outcome == "pass" for v in trio)


def test_a_moved_ground_is_said_with_its_paths() -> None:
    earned = badge([verdict("pytest", "pass")], ())
    assert stale(earned, ("a.py", "b.py")).text == "verified, then changed: a.py, b.py"
    assert stale(earned, ()) == earned
    assert stale(earned, ("a", "b", "c", "d")).text.endswith("a, b, c and 1 more")


def test_one_test_is_the_same_finding_wherever_it_fails() -> None:
    assert same(finding(test="t", fingerprint="1"), finding(test="t", fingerprint="2"))
    assert not same(finding(test="t"), finding(test="u"))
    assert not same(finding(fingerprint="1"), finding(fingerprint="2"))
