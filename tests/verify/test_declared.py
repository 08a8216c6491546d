"""Checks that a person declares: what a declaration may say, and what a run of one proves. Small real programs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from check_bench import Bench

from bridle.cli.trust import _programs
from bridle.harness.nouns import UserProblem
from bridle.harness.permission.trust import Trust
from bridle.harness.settings import load
from bridle.harness.verify.checkers.matcher import counted, matches
from bridle.harness.verify.finders.discover import discover
from bridle.indexer.text import apply_edits

GNU = r"^(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<severity>\w+): (?P<message>.*?)(?: \[(?P<code>.*)\])?$"
NO_FILES: Mapping[str, str] = MappingProxyType({})
SARIF = '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []%s}]}'
FAILED = ', "invocations": [{"executionSuccessful": false}]'
BY_OUTPUT: dict[str, Any] = {"report": "sarif:-", "matcher": None}
COUNTS = r"(\d+) files? checked"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "bridle").mkdir(parents=True)
    return tmp_path / "config" / "bridle" / "config.toml"


@pytest.fixture
def declare(bench: Bench, home: Path) -> Callable[..., Bench]:
    """Write a declaration, with what is usual unless it is said otherwise, and put it on the bench."""

    def write(script: str = "", tree: Mapping[str, str] = NO_FILES, **parts: Any) -> Bench:
        said = {"name": "lint", "command": ["/bin/sh", "-c", script, "sh"], "report": "lines", "matcher": GNU, **parts}
        lines = [f"{key} = {json.dumps(value)}" for key, value in said.items() if value is not None]
        bench.put({"bridle.toml": "\n".join(["[[check]]", *lines]) + "\n", "a.md": "one\ntwo\n", **tree})
        bench.declared = load(bench.root).declared
        return bench

    return write


def test_lines_that_a_program_prints_are_findings_on_their_places(declare: Callable[..., Bench]) -> None:
    bench = declare("echo 'a.md:2:1: warning: no [N1]'; echo './a.md:1:3: error: bad'; echo noise; exit 1")
    verdict = bench.one("lint")
    assert [(one.path, one.start_line, one.start_character, one.severity, one.code) for one in verdict.findings] == [
        ("a.md", 1, 0, "warning", "N1"),
        ("a.md", 0, 2, "error", ""),
    ]
    assert (verdict.outcome, verdict.findings[0].message) == ("fail", "no")


def test_what_proves_that_something_was_examined_is_what_makes_it_green(declare: Callable[..., Bench]) -> None:
    green = declare("echo '3 files checked'", counts=COUNTS).one("lint")
    assert (green.outcome, green.collected, green.reason) == ("pass", 3, "")


@pytest.mark.parametrize(
    ("script", "parts", "reason"),
    [
        ("true", {}, "exit code 0 alone"),
        ("echo all well", {"counts": COUNTS}, "examined nothing"),
        ("echo '0 files checked'", {"counts": COUNTS}, "examined nothing"),
        ("echo '3 files checked'; exit 1", {"counts": COUNTS}, "named nothing"),
        ("echo '3 files checked'; exit 2", {"counts": COUNTS}, "does not name"),
        ("echo 'a.md:1:1: error: x'; exit 139", {"counts": COUNTS}, "does not name"),
        ("kill -SEGV $$", {"counts": COUNTS}, "does not name"),
        ("exec /nowhere/lint", {"counts": COUNTS}, "cannot be started"),
        ("echo '1..2'; echo 'ok 1'", {"report": "tap", "matcher": None}, "plans 2 tests and has 1"),
        ("true", {"report": "tap", "matcher": None}, "there is no report"),
        ("echo '1..0'", {"report": "tap", "matcher": None}, "no tests were run"),
        ("echo '1..1'; echo 'ok 1 # SKIP'", {"report": "tap", "matcher": None}, "no test passed (1 skipped)"),
        ("printf '1..1\\nok 1\\n'; exit 3", {"report": "tap", "matcher": None}, "ended with exit code 3"),
        ("printf '1..2\\nok 1\\nBail out! db\\n'", {"report": "tap", "matcher": None}, "bailed out"),
        ("true", {"report": "junit:out.xml", "matcher": None}, "there is no report"),
        ("echo '<testsuite tests=\"1\">' > out.xml", {"report": "junit:out.xml", "matcher": None}, "no whole XML"),
        ("echo '<testsuite/>' > out.xml", {"report": "junit:out.xml", "matcher": None}, "no tests were run"),
        ("ln -s /etc/passwd out.xml", {"report": "junit:out.xml", "matcher": None}, "there is no report"),
        ("mkdir out.xml", {"report": "junit:out.xml", "matcher": None}, "there is no report"),
        ("echo '{}'", {"report": "sarif", "matcher": None}, "is not SARIF"),
        (f"echo '{SARIF % ''}'", BY_OUTPUT, "exit code 0 alone"),
        (f"echo '{SARIF % FAILED}'", BY_OUTPUT, "did not succeed"),
    ],
)
def test_what_proves_nothing_is_not_green(
    declare: Callable[..., Bench], script: str, parts: dict[str, Any], reason: str
) -> None:
    verdict = declare(script, **parts).one("lint")
    assert verdict.outcome == "unknown", verdict.log
    assert reason in verdict.reason
    assert verdict.next_step


def test_a_report_that_lay_there_before_is_not_looked_at_and_the_runs_own_is(declare: Callable[..., Bench]) -> None:
    old = '<testsuite tests="1"><testcase name="old"/></testsuite>'
    planted = declare("true", {"out/a.xml": old}, report="junit:out/*.xml", matcher=None, stage="tests")
    assert planted.one("lint").outcome == "unknown"
    fresh = old.replace("old", "new").replace('"', '\\"')
    bench = declare(
        f'mkdir -p out/deep; echo "{fresh}" > out/deep/b.xml; echo "{fresh}" > out/c.xml',
        {"out/a.xml": old},
        report="junit:out/*.xml",
        matcher=None,
        stage="tests",
    )
    verdict = bench.one("lint")
    assert (verdict.outcome, verdict.collected, verdict.unit) == ("pass", 2, "test")
    assert (bench.root / "out/a.xml").read_text() == old


def test_a_report_that_the_command_is_told_where_to_write_lies_outside_the_tree(declare: Callable[..., Bench]) -> None:
    script = 'case "$1" in "$PWD"/*) exit 9;; esac; echo "<testsuite><testcase name=\'a\'/></testsuite>" > "$1"'
    one = declare(command=["/bin/sh", "-c", script, "sh", "{report}"], report="junit", matcher=None).one("lint")
    assert (one.outcome, one.collected) == ("pass", 1), one.log
    many = script.replace('> "$1"', '> "$1/a.xml"; cp "$1/a.xml" "$1/b.xml"')
    two = declare(command=["/bin/sh", "-c", many, "sh", "{reports}"], report="junit", matcher=None).one("lint")
    assert (two.outcome, two.collected) == ("pass", 2)


def test_sarif_counts_what_it_names_as_its_targets_and_says_which_changed_file_is_not_among_them(
    declare: Callable[..., Bench],
) -> None:
    artifacts = [{"location": {"uri": "a.md"}, "roles": ["analysisTarget"]}]
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [], "artifacts": artifacts}]}
    bench = declare("cat log.json", {"log.json": json.dumps(log)}, report="sarif", matcher=None, files=["*.md"])
    assert (bench.one("lint").outcome, bench.one("lint").collected) == ("pass", 1)
    bench.shadow.write("b.md", b"new\n")
    assert bench.one("lint").reason == "not among its files: b.md"


def test_a_fix_in_sarif_is_a_fix_in_whole_lines_counted_in_its_own_units(declare: Callable[..., Bench]) -> None:
    region = {"startLine": 1, "startColumn": 5, "endColumn": 6}
    place = {"artifactLocation": {"uri": "b.md"}}
    result = {
        "message": {"text": "no"},
        "level": "error",
        "locations": [{"physicalLocation": {**place, "region": region}}],
        "fixes": [{"artifactChanges": [{**place, "replacements": [
            {"deletedRegion": region, "insertedContent": {"text": "y"}}]}]}],
    }  # fmt: skip
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [result]}]}
    text = "a\U0001f600 x z\n"
    bench = declare("cat log.json; exit 1", {"log.json": json.dumps(log), "b.md": text}, report="sarif", matcher=None)
    [finding] = bench.one("lint").findings
    assert (finding.path, finding.start_character, finding.end_character) == ("b.md", 3, 4)
    assert apply_edits(text, finding.fix) == "a\U0001f600 y z\n"


def test_saved_files_are_handed_to_the_command_and_all_of_its_files_otherwise(declare: Callable[..., Bench]) -> None:
    script = 'for f in "$@"; do echo "$f:1:1: warning: seen"; done; exit 1'
    command = ["/bin/sh", "-c", script, "sh", "{files}"]
    tree = {"docs/b.md": "b\n", "docs/deep/c.md": "c\n", "docs/d.txt": "d\n"}
    bench = declare("", tree, command=command, folder="docs", files=["*.md"])
    assert [one.path for one in bench.one("lint").findings] == ["docs/b.md", "docs/deep/c.md"]
    [verdict] = bench.verify("lint", paths=("docs/deep/c.md", "docs/d.txt"))
    assert [one.path for one in verdict.findings] == ["docs/deep/c.md"]
    assert verdict.command == (*command[:-1], "./deep/c.md")


def test_colours_and_other_languages_do_no_harm(declare: Callable[..., Bench]) -> None:
    script = "printf '\\033[31ma.md\\033[0m:2:1: warning: straße \\033[1mnicht\\033[0m [Ü1]\\n'; exit 1"
    [finding] = declare(script).one("lint").findings
    assert (finding.path, finding.message, finding.code) == ("a.md", "straße nicht", "Ü1")


def test_findings_outside_the_tree_and_beyond_their_file_have_no_place_of_their_own(
    declare: Callable[..., Bench],
) -> None:
    script = "echo '/etc/passwd:1:1: error: x'; echo '../up.md:1:1: error: y'; echo 'a.md:999:999: error: z'; exit 1"
    found = declare(script).one("lint").findings
    assert [(one.path, one.start_line) for one in found] == [("", 0), ("", 0), ("a.md", 998)]


@pytest.mark.slow
def test_a_hundred_thousand_lines_are_two_thousand_findings_and_a_word(declare: Callable[..., Bench]) -> None:
    lines = "".join(f"a.md:{n}:1: error: no\n" for n in range(1, 100_001))
    verdict = declare("cat lines; exit 1", {"lines": lines}).one("lint")
    assert (verdict.outcome, len(verdict.findings)) == ("fail", 2000)
    assert verdict.reason == "the first 2000 of 100000 findings"


@pytest.mark.slow
def test_a_pattern_that_takes_for_ever_is_ended_and_told(
    declare: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.harness.verify.checkers.analysed.MATCHING_S", 0.3)
    bench = declare("echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", matcher="^(a+)+$")
    begun = time.monotonic()
    verdict = bench.one("lint")
    assert (verdict.outcome, "patterns took more than" in verdict.reason) == ("unknown", True)
    assert time.monotonic() - begun < 5


def test_patterns_for_several_lines_hand_down_what_the_first_said() -> None:
    stylish = (r"^(?P<file>\S.*)$", r"^\s+(?P<line>\d+):(?P<column>\d+)\s+(?P<severity>\w+)\s+(?P<message>.*)$")
    text = "/w/a.js\n  1:2  error  one\n  3:4  warning  two\n\n/w/b.js\n  5:6  error  three\n"
    assert [(one["file"], one["line"], one["message"]) for one in matches(stylish, text)] == [
        ("/w/a.js", "1", "one"),
        ("/w/a.js", "3", "two"),
        ("/w/b.js", "5", "three"),
    ]


@pytest.mark.parametrize(
    ("pattern", "text", "number"),
    [
        (r"(\d+) files", "3 files\n10 files", 10),
        (r"(?P<n>[\d,]+) of (\d+)", "1,204 of 7", 1204),
        (r"^ok ", "ok a\nok b\nno", 2),
        (r"(\d+) files", "none", 0),
    ],
)
def test_what_was_examined_is_counted(pattern: str, text: str, number: int) -> None:
    assert counted(pattern, text) == number


@pytest.mark.parametrize(
    ("declaration", "line", "words"),
    [
        ('name = "x"', 1, "command"),
        ('name = "no good"\ncommand = ["x"]\nreport = "tap"', 2, "name"),
        ('name = "pytest"\ncommand = ["x"]\nreport = "tap"', 2, "taken"),
        ('name = "gradle"\ncommand = ["x"]\nreport = "tap"', 2, "taken"),
        ('name = "x"\ncommand = []\nreport = "tap"', 3, "command"),
        ('name = "x"\ncommand = ["x"]\nreport = "xml"', 4, "formats are"),
        ('name = "x"\ncommand = ["x"]\nreport = "lines"', 4, "need a `matcher`"),
        ('name = "x"\ncommand = ["x"]\nreport = "junit"', 4, "nothing says where"),
        ('name = "x"\ncommand = ["x", "{report}"]\nreport = "junit:a.xml"', 4, "two places"),
        ('name = "x"\ncommand = ["x"]\nreport = "junit:../a.xml"', 4, "not below"),
        ('name = "x"\ncommand = ["x"]\nreport = "tap"\nfolder = "../up"', 5, "not a folder"),
        ('name = "x"\ncommand = ["x"]\nreport = "lines"\nmatcher = "("', 5, "no regular expression"),
        ('name = "x"\ncommand = ["x"]\nreport = "lines"\nmatcher = "(?P<path>.)"', 5, "no group 'path'"),
        ('name = "x"\ncommand = ["x"]\nreport = "tap"\nstage = "soon"', 5, "stage"),
        ('name = "x"\ncommand = ["x"]\nreport = "tap"\nexit = [0, 999]', 5, "exit"),
        ('name = "x"\ncommand = ["x"]\nreport = "tap"\nshell = true', 5, "allowed here"),
        (
            'name = "x"\ncommand = ["x"]\nreport = "tap"\n[[check]]\nname = "x"\ncommand = ["y"]\nreport = "tap"',
            6,
            "taken",
        ),
        (
            'name = "x"\ncommand = ["x"]\nreport = "tap"\n[[check]]\nname = "y"\ncommand = ["y"]\nreport = 3',
            8,
            "report",
        ),
    ],
)
def test_a_declaration_that_cannot_be_names_its_line_and_what_to_do(
    bench: Bench, home: Path, declaration: str, line: int, words: str
) -> None:
    bench.put({"bridle.toml": f"[[check]]\n{declaration}\n"})
    with pytest.raises(UserProblem) as caught:
        load(bench.root)
    assert f"bridle.toml:{line}: " in caught.value.message
    assert words in f"{caught.value.message} {caught.value.next_step}"


def test_what_a_person_declares_for_all_their_projects_is_there_where_it_has_files(bench: Bench, home: Path) -> None:
    home.write_text('[[check]]\nname = "prose"\ncommand = ["sh"]\nreport = "tap"\nfiles = ["*.md"]\n')
    bench.put({"a.txt": ""})
    declared = load(bench.root).declared
    assert discover(bench.root, None, declared=declared) == ()
    bench.put({"docs/a.md": ""})
    assert [check.name for check in discover(bench.root, None, declared=declared)] == ["prose"]
    bench.put({"bridle.toml": '[[check]]\nname = "prose"\ncommand = ["sh"]\nreport = "tap"\n'})
    with pytest.raises(UserProblem, match=r"bridle\.toml:2: .*taken"):
        load(bench.root)


def test_a_program_of_the_project_comes_before_one_on_path_and_one_that_is_nowhere_is_told(
    bench: Bench, home: Path
) -> None:
    bench.put({"node_modules/.bin/prose": "#!/bin/sh\n", "web/a.md": ""})
    entry = '[[check]]\nname = "{}"\ncommand = ["{}"]\nreport = "tap"\nfolder = "{}"\n'
    named = (("a", "prose", "web"), ("b", "no-such-program", ""), ("c", "sh", "gone"))
    bench.put({"bridle.toml": "".join(entry.format(*words) for words in named)})
    found = {check.name: check for check in discover(bench.root, None, declared=load(bench.root).declared)}
    assert found["a"].command == (str(bench.root / "node_modules/.bin/prose"),)
    assert "no-such-program" in found["b"].problem
    assert "'gone'" in found["c"].problem
    assert all(found[name].next_step for name in "bc")


def test_trust_is_bound_to_what_a_project_declares(bench: Bench, tmp_path: Path, home: Path) -> None:
    bench.put({"bridle.toml": '[[check]]\nname = "a"\ncommand = ["sh"]\nreport = "tap"\n'})
    trust = Trust(bench.root, tmp_path / "state")
    trust.say(trusted=True)
    assert trust.standing == "trusted"
    bench.put({"bridle.toml": '[[check]]\nname = "a"\ncommand = ["curl", "evil"]\nreport = "tap"\n'})
    assert (trust.standing, trust.changed()) == ("changed", ("bridle.toml",))


def test_every_declaration_in_the_page_is_one(bench: Bench, home: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text("utf-8")
    examples = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names: list[str] = []
    for example in examples:
        bench.put({"bridle.toml": example})
        names += [check.name for check in load(bench.root).declared]
    assert names == ["prose", "headers", "semgrep", "integration", "firmware", "shell"]
    found = {check.name: check for check in load(bench.root).declared}
    vale = found["prose"].reading
    assert vale is not None
    [match] = matches(vale.matcher, "docs/a.md:3:14:Vale.Spelling:Did you really mean 'teh'?")
    assert (match["file"], match["line"], match["code"]) == ("docs/a.md", "3", "Vale.Spelling")
    headers = found["headers"].reading
    assert headers is not None
    assert [one["file"] for one in matches(headers.matcher, "== a.c\n  3: error: no\n  9: error: no\n")] == [
        "a.c",
        "a.c",
    ]
    assert counted(headers.counts, "== a.c\n== b.c\n") == 2


def test_what_a_project_declares_is_shown_before_it_is_said_yes_to(declare: Callable[..., Bench]) -> None:
    bench = declare("echo hello")
    assert "lint: /bin/sh -c 'echo hello' sh" in _programs(bench.root)
