"""Verdicts as one JUnit XML document, as CI systems read it.

One suite a check. What failed is a case of its own; those that passed are counted in one case, for a verdict does not
name them. A check that came to no verdict is an error, never an empty suite.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from bridle.harness.engine import Finding, Verdict, Verified

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(verified: Verified) -> str:
    """Return the document as text."""
    suites = Element("testsuites", name="bridle", tests=str(sum(map(_n_cases, verified.verdicts))))
    for verdict in verified.verdicts:
        _suite(suites, verdict)
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode")


def _suite(suites: Element, verdict: Verdict) -> None:
    unclear = verdict.outcome in ("unknown", "timeout")
    failed = [finding for finding in verdict.findings if finding.new]
    suite = SubElement(
        suites,
        "testsuite",
        name=_told(verdict.check),
        tests=str(_n_cases(verdict)),
        failures=str(len(failed)),
        errors=str(int(unclear)),
        time=f"{verdict.seconds:.3f}",
    )
    properties = SubElement(suite, "properties")
    for name in ("outcome", "tree", "rung", "receipt"):
        SubElement(properties, "property", name=name, value=_told(str(getattr(verdict, name))))
    said = SubElement(suite, "testcase", classname=_told(verdict.check), name=_whole(verdict))
    if unclear:
        error = SubElement(said, "error", message=_told(verdict.reason or verdict.outcome), type=verdict.outcome)
        error.text = _told(verdict.next_step)
    for finding in verdict.findings:
        _case(suite, verdict.check, finding)


def _case(suite: Element, check: str, finding: Finding) -> None:
    line = str(finding.start_line + 1)
    name = finding.test or f"{finding.path}:{line} {finding.code}".strip()
    case = SubElement(suite, "testcase", classname=_told(check), name=_told(name), file=_told(finding.path), line=line)
    kind = "failure" if finding.new else "skipped"
    first = finding.message.partition("\n")[0]
    told = SubElement(case, kind, message=_told(first if finding.new else f"was there before: {first}"))
    if finding.new:
        told.set("type", _told(finding.code or check))
        told.text = _told(f"{finding.path}:{line}: {finding.detail or finding.message}")


def _n_cases(verdict: Verdict) -> int:
    return 1 + len(verdict.findings)


def _whole(verdict: Verdict) -> str:
    if verdict.unit == "test":
        return f"{verdict.passed} of {verdict.collected} tests passed"
    return f"{verdict.collected} files examined"


def _told(text: str) -> str:
    """Return text without what no XML document may hold."""
    return _ILLEGAL.sub("�", text)
