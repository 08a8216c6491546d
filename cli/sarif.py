"""Verdicts as one SARIF 2.1.0 document, for code scanning and for other tools.

One run a check. A check that came to no verdict says so in its invocation: its silence is no all-clear.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from bridle.harness.engine import Finding, Verdict, Verified

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "information": "note", "hint": "note"}
ROOT = "ROOT"


def as_sarif(verified: Verified, root: Path) -> dict[str, Any]:
    """Return the document; paths are relative to `root`, columns are counted in code points."""
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [_run(verdict, root) for verdict in verified.verdicts],
    }


def _run(verdict: Verdict, root: Path) -> dict[str, Any]:
    codes = {finding.code or verdict.check: finding.href for finding in verdict.findings}
    rules = [{"id": code, **({"helpUri": href} if href else {})} for code, href in sorted(codes.items())]
    invocation: dict[str, Any] = {"executionSuccessful": verdict.outcome in ("pass", "fail", "flaky")}
    if verdict.exit_code is not None:
        invocation["exitCode"] = verdict.exit_code
    if verdict.command:
        invocation["arguments"] = list(verdict.command)
    if verdict.outcome in ("unknown", "timeout", "flaky"):
        text = f"{verdict.outcome}: {verdict.reason}" + (f"; {verdict.next_step}" if verdict.next_step else "")
        level = "warning" if verdict.outcome == "flaky" else "error"
        invocation["toolExecutionNotifications"] = [{"level": level, "message": {"text": text}}]
    return {
        "tool": {"driver": {"name": verdict.check, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": root.as_uri().rstrip("/") + "/"}},
        "invocations": [invocation],
        "results": [*(_result(f, verdict.check, _age(f)) for f in verdict.findings), *_gone(verdict)],
        "properties": {
            "outcome": verdict.outcome,
            "tree": verdict.tree,
            "rung": verdict.rung,
            "collected": verdict.collected,
            "receipt": verdict.receipt,
        },
    }


def _gone(verdict: Verdict) -> list[dict[str, Any]]:
    return [_result(finding, verdict.check, "absent") for finding in verdict.fixed]


def _age(finding: Finding) -> str:
    return "new" if finding.new else "unchanged"


def _result(finding: Finding, check: str, age: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code or check,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message or finding.code or check},
        "baselineState": age,
        "partialFingerprints": {"bridle/v1": finding.fingerprint},
    }
    if finding.path:
        result["locations"] = [_location(finding.path, _region(finding))]
    if finding.related:
        result["relatedLocations"] = [
            {**_location(place.path, {"startLine": place.start_line + 1}), "message": {"text": place.message}}
            for place in finding.related
        ]
    if finding.test:
        result["properties"] = {"test": finding.test}
    return result


def _location(path: str, region: dict[str, int]) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": quote(path), "uriBaseId": ROOT}, "region": region}
    return {"physicalLocation": place}


def _region(finding: Finding) -> dict[str, int]:
    region = {"startLine": finding.start_line + 1, "endLine": max(finding.end_line, finding.start_line + 1)}
    if finding.start_character or finding.end_character:
        region |= {"startColumn": finding.start_character + 1, "endColumn": finding.end_character + 1}
    return region
