"""What is believed of reports in JUnit's XML, TAP and SARIF: recorded from the real tools, cut, forged and made up.

The recordings under `tests/cases/reports` are of RSpec 3.12 with rspec_junit_formatter 0.4, PHPUnit 9.6, CTest 3.25,
Gradle 4.4 and Maven 3.8 with Surefire 2.22, each on a small project written for it; properties of the machine are left
out.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridle.harness.verify.checkers.junit import read_junit
from bridle.harness.verify.checkers.places import Places
from bridle.harness.verify.checkers.results import Case, UnreadableError, merged
from bridle.harness.verify.checkers.sarif import read_sarif
from bridle.harness.verify.checkers.tap import read_tap

CASES = Path(__file__).parents[1] / "cases" / "reports"
TREE = {
    "spec/calc_spec.rb", "lib/calc.rb", "tests/CalcTest.php", "src/calc.php", "bad.c",
    "src/test/java/demo/CalcTest.java", "src/main/java/demo/Calc.java", "other/CalcTest.java",
    "pkg/test_a.py", "calc/calc_test.go", "web/a.test.js", "Tests/ATest.cs",
}  # fmt: skip


def endings(cases: tuple[Case, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for case in cases:
        found.setdefault(case.ending, []).append(case.name)
    return found


@pytest.mark.parametrize(
    ("name", "expected", "place"),
    [
        (
            "rspec.xml",
            {
                "passed": ["add adds"],
                "failed": ["add adds wrongly", "add blows up"],
                "skipped": ["add is not there yet", "add is left out"],
            },
            ("spec/calc_spec.rb", 9),
        ),
        (
            "phpunit.xml",
            {
                "passed": ["testAdds", "testSums with data set #0"],
                "failed": ["testAddsWrongly", "testSums with data set #1", "testBlowsUp"],
                "skipped": ["testLeftOut"],
            },
            ("tests/CalcTest.php", 14),
        ),
        ("ctest.xml", {"passed": ["good"], "failed": ["bad"], "skipped": ["skipped", "off"]}, ("bad.c", 3)),
        (
            "surefire.xml",
            {"passed": ["adds"], "failed": ["blowsUp", "addsWrongly"], "skipped": ["leftOut"]},
            ("src/test/java/demo/CalcTest.java", 25),
        ),
        (
            "gradle.xml",
            {"passed": ["adds"], "failed": ["blowsUp", "addsWrongly"], "skipped": ["leftOut"]},
            ("src/test/java/demo/CalcTest.java", 25),
        ),
    ],
)
def test_what_real_runners_report_is_understood(name: str, expected: dict[str, list[str]], place: Any) -> None:
    results = read_junit((CASES / name).read_bytes())
    assert endings(results.cases) == expected
    first = next(case for case in results.cases if case.ending == "failed")
    places = Places(TREE, lambda named: named.removeprefix("./").removeprefix("/rec/php/"))
    assert places.place(f"{first.message}\n{first.detail}") == place


@given(st.sampled_from(sorted(CASES.glob("*.xml"))), st.data())
@settings(max_examples=60)
def test_a_report_that_is_cut_short_anywhere_is_not_believed(path: Path, data: st.DataObject) -> None:
    whole = path.read_bytes().rstrip()
    with pytest.raises(UnreadableError):
        read_junit(whole[: data.draw(st.integers(0, len(whole) - 1))])


@settings(max_examples=40)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_garbage_is_refused_by_every_reader_and_nothing_else_happens(data: bytes) -> None:
    for read in (read_junit, read_sarif):
        with pytest.raises(UnreadableError):
            read(data)
    with contextlib.suppress(UnreadableError):
        read_tap(data)


SUITE = '<testsuite name="s" tests="{}" failures="{}">{}</testsuite>'
GOOD, BAD = '<testcase name="a"/>', '<testcase name="b"><failure message="m">t</failure></testcase>'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no report"),
        ("<html><body>503</body></html>", "not JUnit's"),
        (SUITE.format(2, 0, GOOD), "counts 2 tests and names 1"),
        (SUITE.format(0, 0, GOOD), "counts 0 tests and names 1"),
        (SUITE.format(1, 1, GOOD), "counts 1 failures and names 0"),
        (SUITE.format(1, 0, GOOD) + SUITE.format(1, 0, GOOD), "no whole XML"),
        ('<testsuites tests="3">' + SUITE.format(1, 0, GOOD) + "</testsuites>", "counts 3 tests and names 1"),
        ('<!DOCTYPE t [<!ENTITY a "aaaa">]>' + SUITE.format(1, 0, GOOD), "document type"),
        ('<!DOCTYPE t SYSTEM "file:///etc/passwd">' + SUITE.format(1, 0, GOOD), "document type"),
        (SUITE.format(1, 0, GOOD) + "&x;", "no whole XML"),
        ('<?xml version="1.0" encoding="no-such"?>' + SUITE.format(1, 0, GOOD), "no whole XML"),
        ("<testsuite>" * 100 + "</testsuite>" * 100, "too deep"),
        ("<testsuites><testcase name='a'/>", "no whole XML"),
    ],
)
def test_a_junit_report_that_does_not_add_up_is_none(text: str, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read_junit(text.encode())


def test_a_failure_is_believed_whatever_a_report_counts() -> None:
    assert endings(read_junit(SUITE.format(1, 0, BAD).encode()).cases) == {"failed": ["b"]}


def test_reruns_and_suites_that_fail_as_a_whole_are_told_apart() -> None:
    text = (
        "<testsuites><testsuite name='s'><error message='no set-up' type='x.SetupError'>trace</error>"
        "<testcase name='f'><flakyFailure message='once'/></testcase>"
        "<testcase name='r'><failure message='m'/><rerunFailure message='again'/></testcase>"
        "<testcase name='n' status='notrun'/></testsuite></testsuites>"
    )
    cases = read_junit(text.encode()).cases
    assert endings(cases) == {"failed": ["s", "r"], "flaky": ["f"], "skipped": ["n"]}
    assert (cases[0].message, cases[0].error) == ("no set-up", "SetupError")


@pytest.mark.slow
def test_a_hundred_thousand_failures_are_read() -> None:
    body = "".join(f'<testcase name="t{n}"><failure message="m{n}">trace</failure></testcase>' for n in range(100_000))
    assert len(read_junit(f"<testsuite tests='100000'>{body}</testsuite>".encode()).cases) == 100_000


def test_reports_of_one_run_are_one() -> None:
    one = read_junit(SUITE.format(1, 0, GOOD).encode())
    assert len(merged([one, one]).cases) == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('  File "/w/pkg/test_a.py", line 7, in test', ("pkg/test_a.py", 7)),
        ("    at demo.CalcTest.adds(CalcTest.java:16)", ("src/test/java/demo/CalcTest.java", 16)),
        ("    at app//demo.Calc.add(Calc.java:3)\n    at demo.CalcTest.x(CalcTest.java:9)",
         ("src/test/java/demo/CalcTest.java", 9)),
        ("   at A.B() in /w/Tests/ATest.cs:line 12", ("Tests/ATest.cs", 12)),
        ("    at Object.<anonymous> (/w/web/a.test.js:5:11)", ("web/a.test.js", 5)),
        ("    calc_test.go:14: Add(1, 2) = 3", ("calc/calc_test.go", 14)),
        ("bad.c(3): error", ("bad.c", 3)),
        ("/usr/lib/ruby/rspec.rb:5 nothing of ours", ("", 0)),
        ("CalcTest.java:3 could be two files", ("", 0)),
    ],
)  # fmt: skip
def test_a_frame_of_any_runtime_is_a_line_of_the_tree(text: str, place: tuple[str, int]) -> None:
    assert Places(TREE, lambda named: named.removeprefix("/w/")).place(text) == place


TAP = """TAP version 14
# Subtest: outer
    # Subtest: inner one
    ok 1 - inner one
    not ok 2 - inner two
      ---
      message: 'expected 3, got 4'
      at: web/a.test.js:5:11
      stack: |-
        here
        there
      ...
    1..2
not ok 1 - outer
ok 2 - plain # TODO later
ok 3 - left out # SKIP no network
ok 4
1..4
"""


def test_tap_is_read_with_its_subtests_in_place_of_their_sums() -> None:
    results = read_tap(TAP.encode())
    assert endings(results.cases) == {
        "passed": ["inner one", ""],
        "failed": ["inner two"],
        "skipped": ["plain", "left out"],
    }
    failed = next(case for case in results.cases if case.ending == "failed")
    assert (failed.message, failed.path, failed.line) == ("expected 3, got 4", "web/a.test.js", 5)
    assert failed.group == "outer"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no report"),
        ("hello\n", "there is no report"),
        ("TAP version 13\nok 1 - a\n", "no plan"),
        ("1..3\nok 1\nok 2\n", "plans 3 tests and has 2"),
        ("1..1\nok 1\nok 2\n", "plans 1 tests and has 2"),
        ("1..1\nok 1\n1..1\nok 1\n", "two plans"),
        ("1..1\n    1..2\n    ok 1\nok 1 - parent\n", "plans 2 tests and has 1"),
    ],
)
def test_a_tap_report_that_does_not_add_up_is_none(text: str, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read_tap(text.encode())


def test_a_run_that_bails_out_proves_nothing_and_an_empty_plan_says_why() -> None:
    assert read_tap(b"1..9\nok 1\nBail out! no database\n").doubt == "it bailed out: no database"
    assert read_tap(b"1..0 # SKIP not here\n").told == ("SKIP not here",)


def sarif(results: list[dict[str, Any]] | None, **run: Any) -> bytes:
    rules = [{"id": "R1", "helpUri": "https://rules/R1", "defaultConfiguration": {"level": "error"}}]
    tool = {"driver": {"name": "lint", "rules": rules}}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": tool, "results": results, **run}]}).encode()


def result(**more: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": "src/a%20b.py"}, "region": {"startLine": 3, "startColumn": 5, "endColumn": 9}}
    return {"ruleId": "R1", "message": {"text": "no"}, "locations": [{"physicalLocation": place}], **more}


def test_sarif_is_read_with_levels_places_rules_and_fixes() -> None:
    change = {
        "artifactLocation": {"uri": "src/a%20b.py"},
        "replacements": [{"deletedRegion": {"startLine": 3}, "insertedContent": {"text": "x"}}],
    }
    found = read_sarif(sarif([result(fixes=[{"artifactChanges": [change]}]), result(level="note")]))
    first, second = found.complaints
    assert (first.path, first.start_line, first.start_column, first.end_column) == ("src/a b.py", 3, 5, 9)
    assert (first.severity, first.href, first.fix[0].end) == ("error", "https://rules/R1", (3, None))
    assert second.severity == "information"
    assert found.examined is None


def test_what_sarif_suppresses_or_only_mentions_is_no_complaint() -> None:
    let = [{"kind": "inSource"}]
    rejected = [{"kind": "inSource", "status": "rejected"}]
    found = read_sarif(
        sarif(
            [
                result(suppressions=let),
                result(suppressions=rejected),
                result(kind="pass"),
                result(level="none"),
                result(baselineState="absent"),
            ]
        )
    )
    assert (len(found.complaints), found.n_suppressed) == (1, 1)


def test_sarif_says_what_it_looked_at_and_where_its_bases_are() -> None:
    bases = {
        "SRC": {"uri": "src", "uriBaseId": "ROOT"},
        "ROOT": {"uri": "file:///w/"},
        "SELF": {"uriBaseId": "SELF"},
    }
    artifacts = [
        {"location": {"uri": "a.py", "uriBaseId": "SRC"}, "roles": ["analysisTarget"]},
        {"location": {"uri": "b.py", "uriBaseId": "SELF"}},
    ]
    place = {"artifactLocation": {"index": 0}, "region": {"startLine": 1}}
    run = sarif([{"message": {"text": "m"}, "locations": [{"physicalLocation": place}]}],
                originalUriBaseIds=bases, artifacts=artifacts)  # fmt: skip
    found = read_sarif(run)
    assert found.examined == frozenset(("/w/src/a.py",))
    assert found.complaints[0].path == "/w/src/a.py"


@pytest.mark.parametrize(
    "run",
    [
        {"invocations": [{"executionSuccessful": False}]},
        {"invocations": [{"executionSuccessful": True, "toolExecutionNotifications": [{"level": "error"}]}]},
        {"invocations": [{"executionSuccessful": True, "toolConfigurationNotifications": [{"level": "error"}]}]},
    ],
)
def test_a_sarif_run_that_says_it_failed_is_doubted(run: dict[str, Any]) -> None:
    assert "did not succeed" in read_sarif(sarif([], **run)).doubt


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "there is no report"),
        (b"[]", "not SARIF"),
        (b'{"version": "2.0.0", "runs": []}', "2.1.0 is what is read"),
        (b'{"version": "2.1.0", "runs": []}', "no run"),
        (b'{"version": "2.1.0", "runs": [{"results": []}]}', "not SARIF"),
        (sarif([])[:-10], "not SARIF"),
        (b"[" * 100_000, "not SARIF"),
    ],
)
def test_what_is_no_sarif_is_none(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read_sarif(data)


def test_a_sarif_run_without_results_says_nothing() -> None:
    assert "says of no result" in read_sarif(sarif(None)).doubt
