"""Verdicts for other tools: SARIF and JUnit XML."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from bridle.cli.junit import as_junit
from bridle.cli.sarif import as_sarif
from bridle.cli.verify import is_older
from bridle.harness.engine import Finding, Related, Verdict, Verified

ROOT = Path("/work space/till")
STRANGE = "wide \x1b[31m \x00 \ud800 & <b> ]]> \uffff"


def a_finding(*, new: bool = True, message: str = "wrong") -> Finding:
    return Finding(
        check="ruff",
        path="sub dir/ä#%.py",
        start_line=4,
        end_line=5,
        start_character=2,
        end_character=7,
        message=message,
        code="F401",
        severity="warning",
        new=new,
        fingerprint="f" * 32,
        href="https://docs.example/F401",
        related=(Related("b.py", 0, "here"),),
    )


def verified(*verdicts: Verdict) -> Verified:
    return Verified("fail", "tree", verdicts)


def a_verdict(outcome: str = "fail", findings: tuple[Finding, ...] = (), **fields: Any) -> Verdict:
    named = {"check": "ruff", "outcome": outcome, "seconds": 0.25, "tree": "tree", "rung": "rung", **fields}
    return Verdict(findings=findings, **named)


def the_run(*verdicts: Verdict) -> Any:
    told = json.loads(json.dumps(as_sarif(verified(*verdicts), ROOT)))
    assert (told["version"], len(told["runs"])) == ("2.1.0", len(verdicts))
    return told["runs"][0]


def test_a_finding_has_rule_place_level_and_fingerprint_in_sarif() -> None:
    run = the_run(a_verdict(findings=(a_finding(),), exit_code=1, command=("ruff", "check"), receipt="r" * 32))
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"], result["message"]["text"]) == ("F401", "warning", "wrong")
    assert place["artifactLocation"] == {"uri": "sub%20dir/%C3%A4%23%25.py", "uriBaseId": "ROOT"}
    assert place["region"] == {"startLine": 5, "endLine": 5, "startColumn": 3, "endColumn": 8}
    assert result["partialFingerprints"] == {"bridle/v1": "f" * 32}
    assert result["relatedLocations"][0]["message"]["text"] == "here"
    assert run["tool"]["driver"]["rules"] == [{"id": "F401", "helpUri": "https://docs.example/F401"}]
    assert run["originalUriBaseIds"]["ROOT"]["uri"] == "file:///work%20space/till/"
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1, "arguments": ["ruff", "check"]}]
    assert (run["columnKind"], run["properties"]["receipt"]) == ("unicodeCodePoints", "r" * 32)


def test_what_is_new_old_and_gone_is_told_by_sarifs_baseline_state() -> None:
    gone = a_finding(message="gone")
    run = the_run(a_verdict(findings=(a_finding(), a_finding(new=False)), fixed=(gone,)))
    assert [result["baselineState"] for result in run["results"]] == ["new", "unchanged", "absent"]


@pytest.mark.parametrize("outcome", ["unknown", "timeout"])
def test_a_check_that_came_to_no_verdict_is_no_silence_in_either_form(outcome: str) -> None:
    verdict = a_verdict(outcome, reason="mypy is missing", next_step="install it")
    (invocation,) = the_run(verdict)["invocations"]
    assert not invocation["executionSuccessful"]
    (told,) = invocation["toolExecutionNotifications"]
    assert told == {"level": "error", "message": {"text": f"{outcome}: mypy is missing; install it"}}
    suite = ET.fromstring(as_junit(verified(verdict)))[0]
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    error = suite.find("testcase/error")
    assert error is not None
    assert (error.get("message"), error.text) == ("mypy is missing", "install it")


def test_junit_fails_by_what_is_new_and_only_tells_what_is_old() -> None:
    told = as_junit(verified(a_verdict(findings=(a_finding(), a_finding(new=False)), collected=7)))
    suite = ET.fromstring(told)[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "0")
    whole, fresh, old = suite.findall("testcase")
    assert whole.get("name") == "7 files examined"
    assert (fresh.get("file"), fresh.get("line")) == ("sub dir/ä#%.py", "5")
    assert fresh.find("failure") is not None
    assert old.find("failure") is None
    assert old.find("skipped") is not None


def test_what_no_document_may_hold_is_replaced() -> None:
    strange = a_finding(message=STRANGE)
    failure = ET.fromstring(as_junit(verified(a_verdict(findings=(strange,))))).find("*/testcase/failure")
    assert failure is not None
    assert "wide \ufffd[31m \ufffd \ufffd & <b> ]]> \ufffd" in str(failure.text)


def test_only_a_failure_by_known_findings_is_older() -> None:
    old, new = a_finding(new=False), a_finding()
    assert is_older(verified(a_verdict("fail", (old,)), a_verdict("pass")))
    assert not is_older(verified(a_verdict("fail", (old, new))))
    assert not is_older(verified(a_verdict("fail", (old,)), a_verdict("unknown")))
    assert not is_older(verified(a_verdict("fail", (old,)), a_verdict("flaky", (old,))))
    assert not is_older(verified(a_verdict("fail")))
    assert not is_older(verified())
