"""Reads JUnit's XML, in the dialects that its many writers speak. Pure: bytes in, the tests that it names out.

No document type and no entity is taken, depth and size are bounded. A report that counts other than it names was cut
or forged, and is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.parsers import expat

from bridle.harness.verify.checkers.results import (
    MAX_DETAIL,
    MAX_MESSAGE,
    Case,
    Ending,
    Results,
    UnreadableError,
    cut,
)

MAX_DEPTH = 60
MAX_CASES = 500_000
MAX_TEXT = 2 * MAX_DETAIL
FAILED = frozenset(("failure", "error"))
AGAIN = frozenset(("flakyFailure", "flakyError"))
LEFT_OUT = frozenset(("skipped", "disabled", "incomplete", "risky", "warning"))
SAID = frozenset((*FAILED, "system-out", "system-err"))
_NOT_RUN = frozenset(("notrun", "disabled", "skipped", "suppressed"))


def read_junit(data: bytes) -> Results:
    """Return the tests of one report.

    Raises:
        UnreadableError: it is not well formed, not JUnit's, declares entities, or counts other than it names.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    if not data.strip():
        raise UnreadableError("there is no report")
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError(f"the report is no whole XML: {error}") from error
    return Results(tuple(reader.cases))


class _Suite:
    """A suite while it is read: what it counts, and what it was seen to name."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self.name = attributes.get("name", "")
        self.file = attributes.get("file", attributes.get("filepath", ""))
        self.counted = _number(attributes, "tests")
        failures = [_number(attributes, name) for name in ("failures", "errors")]
        self.counted_failures = sum(count for count in failures if count is not None)
        self.n_cases = 0
        self.n_failures = 0
        self.has_inner = False


class _Reader:
    """What is open while the document goes by."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self._path: list[str] = []
        self._suites: list[_Suite] = []
        self._case: dict[str, str] | None = None
        self._kinds: set[str] = set()
        self._said: dict[str, str] = {}
        self._failure: dict[str, str] = {}
        self._text: list[str] = []
        self._n_text = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self._path and name not in ("testsuites", "testsuite"):
            raise UnreadableError(f"the report is not JUnit's: it begins with <{name[:40]}>")
        if len(self._path) >= MAX_DEPTH:
            raise UnreadableError("the report is nested too deep")
        self._path.append(name)
        if name in ("testsuites", "testsuite"):
            if self._suites:
                self._suites[-1].has_inner = True
            self._suites.append(_Suite(attributes))
        elif name == "testcase":
            self._case, self._kinds, self._said, self._failure = attributes, set(), {}, {}
        elif self._case is not None and self._path[-2] == "testcase":
            self._kinds.add(name)
            if name in FAILED:
                self._suites[-1].n_failures += 1
                self._failure = self._failure or dict(attributes)
        elif name in FAILED and self._path[-2] == "testsuite":
            self._suites[-1].n_failures += 1
            self._failure = dict(attributes)
        self._text, self._n_text = [], 0

    def text(self, data: str) -> None:
        if self._path and self._path[-1] in SAID and self._n_text < MAX_TEXT:
            self._text.append(data)
            self._n_text += len(data)

    def end(self, tag: str) -> None:
        name = self._path.pop()
        if name in SAID and (text := "".join(self._text).strip()):
            self._said.setdefault("failure" if name in FAILED else name, text)
        if name == "testcase":
            self._end_case()
        elif name in FAILED and self._path[-1] == "testsuite":
            self._add(_case(self._failure, {"name": self._suites[-1].name}, self._said, "failed", self._suites[-1]))
            self._said = {}
        elif name in ("testsuites", "testsuite"):
            self._end_suite(self._suites.pop())
        self._text = []

    def _end_case(self) -> None:
        if self._case is None or not self._suites:
            raise UnreadableError("the report is not JUnit's: a test stands outside its suites")
        self._suites[-1].n_cases += 1
        self._add(_case(self._failure, self._case, self._said, _ending(self._kinds, self._case), self._suites[-1]))
        self._case, self._said = None, {}

    def _add(self, case: Case) -> None:
        if len(self.cases) >= MAX_CASES:
            raise UnreadableError(f"the report names more than {MAX_CASES} tests")
        self.cases.append(case)

    def _end_suite(self, suite: _Suite) -> None:
        if suite.counted is not None and not suite.has_inner and suite.counted != suite.n_cases:
            raise UnreadableError(f"the report counts {suite.counted} tests and names {suite.n_cases}")
        if suite.counted_failures > suite.n_failures and not suite.has_inner:
            told = f"the report counts {suite.counted_failures} failures and names {suite.n_failures}"
            raise UnreadableError(told)
        if suite.has_inner and suite.counted is not None and suite.counted > suite.n_cases:
            raise UnreadableError(f"the report counts {suite.counted} tests and names {suite.n_cases}")
        if self._suites:
            self._suites[-1].n_cases += suite.n_cases
            self._suites[-1].n_failures += suite.n_failures


def _case(
    failure: Mapping[str, str], attributes: Mapping[str, str], said: Mapping[str, str], ending: Ending, suite: _Suite
) -> Case:
    if ending != "failed":
        return Case(attributes.get("name", ""), ending, _group(attributes, suite))
    text = said.get("failure") or said.get("system-out") or said.get("system-err") or ""
    message = failure.get("message") or _first_line(text, attributes.get("name", ""))
    return Case(
        name=attributes.get("name", ""),
        ending=ending,
        group=_group(attributes, suite),
        message=cut(message, MAX_MESSAGE),
        detail=cut(text, MAX_DETAIL),
        error=failure.get("type", "").rpartition(".")[2].rpartition("\\")[2],
        path=attributes.get("file", "") or suite.file,
        line=0 if not attributes.get("file") else _number(attributes, "line") or 0,
    )


def _group(attributes: Mapping[str, str], suite: _Suite) -> str:
    return attributes.get("classname") or attributes.get("class") or suite.name


def _ending(kinds: set[str], attributes: Mapping[str, str]) -> Ending:
    status = {attributes.get(name, "").lower() for name in ("status", "result")}
    if kinds & FAILED or status & {"fail", "failed", "error"}:
        return "failed"
    if kinds & AGAIN:
        return "flaky"
    return "skipped" if kinds & LEFT_OUT or status & _NOT_RUN else "passed"


def _number(attributes: Mapping[str, str], name: str) -> int | None:
    value = attributes.get(name, "")
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _first_line(text: str, test: str) -> str:
    """Return the first line that says something, past one that only repeats the test's name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[1] if len(lines) > 1 and f"::{test}" in lines[0] else next(iter(lines), "")


def _refuse(*_: object) -> None:
    raise UnreadableError("the report declares a document type, which is not taken")
