"""Small faults in changed lines, and the lines that no test executes."""

from __future__ import annotations

import pytest

from bridle.harness.nouns import Verdict
from bridle.harness.proposals.badge import badge
from bridle.harness.verify.impact.coverage import changed_lines, coverage, executable_lines
from bridle.harness.verify.impact.evidence import Context, Evidence
from bridle.harness.verify.mutants import scripts
from bridle.harness.verify.mutants.python import mutants
from bridle.harness.verify.mutants.strength import Trial, as_verdict, sites, spread

GREEN = Verdict("pytest", "pass", 1.0, "tree", "rung", 3, 3, unit="test")


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x = a < b\n", {"x = a <= b\n"}),
        ("x = a is not b\n", {"x = a is b\n"}),
        ("x = a not in b\n", {"x = a in b\n"}),
        ("x = a and b\n", {"x = a or b\n"}),
        ("x = a + b\n", {"x = a - b\n"}),
        ("x = not a\n", {"x =  a\n"}),
        ("x = True\n", {"x = False\n"}),
        ("x = 3\n", {"x = 4\n"}),
        ("x = 'a'\n", {'x = "XX"\n'}),
        ("if a:\n    b()\n", {"if not (a):\n    b()\n", "if a:\n    pass\n"}),
        ("def f():\n    return a\n", {"def f():\n    return None\n"}),
        ("a.b = c\n", {"pass\n"}),
        ("raise a\n", {"pass\n"}),
        ("while a:\n    break\n", {"while not (a):\n    break\n", "while a:\n    continue\n"}),
        ("x = 'ä' < b\n", {"x = 'ä' <= b\n", 'x = "XX" < b\n'}),
    ],
)
def test_each_operator_makes_its_fault_and_no_other(source: str, wanted: set[str]) -> None:
    assert {mutant.applied(source.encode()).decode() for mutant in mutants("a.py", source)} == wanted


@pytest.mark.parametrize(
    "source",
    [
        '"""Says 3 < 4."""\n',
        "def f(a: int | None) -> int | str: ...\n",
        "x: 'int' = a\n",
        "x = f'{a < b} and 3'\n",
        "if TYPE_CHECKING:\n    x = 3\n",
        "x = 'a' % b\n",
        "def f(:\n",
    ],
)
def test_what_does_nothing_has_few_faults_and_all_of_them_are_programs(source: str) -> None:
    for mutant in mutants("a.py", source):
        compile(mutant.applied(source.encode()), "a.py", "exec")
    assert all(mutant.operator in ("constant", "condition") for mutant in mutants("a.py", source))


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("const x = a < b\n", {"const x = a <= b\n"}),
        ("const x = a === b && c\n", {"const x = a !== b && c\n", "const x = a === b || c\n"}),
        ("const x = a ?? true\n", {"const x = a && true\n", "const x = a ?? false\n"}),
        ("const x = 3\n", {"const x = 4\n"}),
        ("if (a) { b() }\n", {"if (!(a)) { b() }\n", "if (a) { ; }\n"}),
        ("function f(): number { return g }\n", {"function f(): number { return undefined }\n"}),
        ("'use strict'\n", set[str]()),
        ("type A = { n: 3 }\ninterface B { m: 4 }\nlet c: Array<5>\n", set[str]()),
        ("import a from './a' with { n: 'b' }\ndeclare const d: 3\n", set[str]()),
        ("const x = ((\n", set[str]()),
        ("const x = 'ä' < b\n", {"const x = 'ä' <= b\n"}),
    ],
)
def test_each_operator_makes_its_fault_in_typescript_too(source: str, wanted: set[str]) -> None:
    assert {mutant.applied(source.encode()).decode() for mutant in scripts.mutants("a.ts", source)} == wanted


@pytest.mark.parametrize("path", ["a.js", "a.mjs", "a.jsx", "a.tsx", "a.mts"])
def test_faults_are_made_in_every_kind_of_script_on_the_lines_that_are_asked_for(path: str) -> None:
    found = scripts.mutants(path, "let a = 1\nlet b = 2\n", {1})
    assert [(mutant.line, mutant.what) for mutant in found] == [(1, "'2' becomes '3'")]


def test_faults_stand_on_the_lines_that_are_asked_for() -> None:
    assert [mutant.line for mutant in mutants("a.py", "a = 1\nb = 2\nc = 3\n", {1})] == [1]


def test_faults_of_a_change_stand_on_its_lines_alone() -> None:
    found = sites({"a.py": ("a = 1\nb = 2\n", "a = 1\nb = 3\n"), "b.txt": (None, "1")})
    assert [(mutant.path, mutant.line) for mutant in found] == [("a.py", 1)]


def test_a_few_of_many_are_spread_over_all() -> None:
    found = mutants("a.py", "".join(f"a = {n}\n" for n in range(10)))
    assert [mutant.line for mutant in spread(found, 5)] == [0, 2, 4, 6, 8]


def test_survivors_are_told_and_spoil_no_badge() -> None:
    survivor = mutants("a.py", "a = 1\n")[0]
    told = as_verdict(Trial(n_sites=20, killed=14, survivors=(survivor, survivor)), GREEN, 2.0)
    assert told is not None
    assert told.findings[0].code == "survived"
    assert told.findings[0].message == "no test notices when '1' becomes '2'"
    assert told.reason == "14 of 16 mutants of this change killed, 4 not tried"
    earned = badge((GREEN, told), ())
    assert earned.state == "verified"
    assert "3 tests, 14 of 16 mutants of this change killed" in earned.text
    assert as_verdict(Trial(), GREEN, 0.0) is None


CODE = "def f(n):\n    if n:\n        return 1\n    return 2\n"


def test_changed_lines_are_those_that_the_text_before_does_not_have() -> None:
    assert changed_lines("a\nb\n", "a\nc\nb\n") == 0b010
    assert changed_lines(None, "a\nb") == 0b11


def test_executable_lines_are_those_that_do_something() -> None:
    assert executable_lines(CODE) & 0b1110 == 0b1110
    assert executable_lines("def f(:\n") == 0


@pytest.mark.parametrize(("wanted", "outcome"), [(0.9, "fail"), (0.5, "pass")])
def test_changed_lines_that_no_test_executes_are_findings_below_the_share_that_is_wanted(
    wanted: float, outcome: str
) -> None:
    evidence = Evidence([Context("test:t.py::t", lines={"a.py": f"{0b1010:x}"}, path="t.py")], {}, {"a.py": CODE})
    judged = coverage({"a.py": (None, CODE)}, evidence, wanted, GREEN)
    assert judged is not None
    assert judged.outcome == outcome
    assert [(one.start_line, one.code) for one in judged.findings] == ([(2, "uncovered")] if outcome == "fail" else [])
