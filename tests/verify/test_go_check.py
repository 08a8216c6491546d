"""What `go vet` and `go test` prove: on recorded output of Go 1.27, and with the real tool where it is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.verify.checkers.go_report import read_compile_errors, read_tests, read_vet
from bridle.harness.verify.checkers.results import UnreadableError

CASES = Path(__file__).parents[1] / "cases" / "reports"
FOLDERS = {f"example.com/demo/{name}": f"/w/{name}" for name in ("calc", "broken", "empty", "dies")}
RECORDED = (CASES / "go-test.jsonl").read_bytes()


def test_tests_that_fail_are_placed_where_they_said_so_and_panics_where_they_were() -> None:
    tested = read_tests(RECORDED, FOLDERS)
    cases = {f"{case.group.rpartition('/')[2]}.{case.name}": case for case in tested.results.cases}
    assert {name: case.ending for name, case in cases.items()} == {
        "calc.TestGood": "passed",
        "calc.TestBad": "failed",
        "calc.TestSub/one": "failed",
        "calc.TestSub/two": "passed",
        "calc.TestSkip": "skipped",
        "calc.TestZPanic": "failed",
        "dies.TestA": "failed",
    }
    bad, panic, dies = cases["calc.TestBad"], cases["calc.TestZPanic"], cases["dies.TestA"]
    assert (bad.path, bad.line, bad.message) == ("/w/calc/calc_test.go", 14, "Add(1, 2) = 3, want 4")
    assert "on the way" in bad.detail
    assert (panic.path, panic.line, panic.error) == ("/w/calc/calc_test.go", 27, "panic")
    assert panic.message.startswith("panic: assignment to entry in nil map")
    assert dies.message.startswith("panic: unexpected call to os.Exit(0)")
    assert tested.results.told == ("1 package without tests",)


def test_what_does_not_compile_is_told_by_the_compiler() -> None:
    [error] = read_tests(RECORDED, FOLDERS).compile_errors
    assert (error.path, error.line, error.column, error.code) == ("broken/broken.go", 3, 23, "compiler")


@pytest.mark.parametrize("n_lines", [10, 30, 60])
def test_a_report_that_breaks_off_is_not_believed(n_lines: int) -> None:
    with pytest.raises(UnreadableError, match="began and did not end"):
        read_tests(b"\n".join(RECORDED.split(b"\n")[:n_lines]), FOLDERS)


def event(action: str, test: str = "", output: str = "", package: str = "p") -> bytes:
    parts = [f'"Action":"{action}"', f'"Package":"{package}"']
    parts += [f'"Test":"{test}"'] if test else []
    parts += [f'"Output":"{output}"'] if output else []
    return ("{" + ",".join(parts) + "}\n").encode()


def test_a_test_that_never_ends_in_a_package_that_ends_well_is_doubted() -> None:
    data = event("start") + event("run", "TestA") + event("pass", "TestA") + event("run", "TestB") + event("pass")
    assert read_tests(data, {}).results.doubt == "p.TestB began and never ended"


def test_a_package_that_fails_without_a_test_is_a_failure() -> None:
    data = event("start") + event("output", "", "panic: in init\\n") + event("fail")
    [case] = read_tests(data, {}).results.cases
    assert (case.ending, case.message) == ("failed", "panic: in init")


def test_modules_that_are_missing_are_told_and_are_no_failure() -> None:
    data = (CASES / "go-test-setup.jsonl").read_bytes()
    tested = read_tests(data, {})
    assert (tested.results.cases, "missing go.sum entry" in tested.unset) == ((), True)


@pytest.mark.parametrize("data", [b"", b"ok  \tp\t0.1s\n", b'{"Action":"pass","Pack\n', b'{"Action": 3}\n'])
def test_what_is_no_report_is_none(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_tests(data, {})


def test_vet_is_read_wherever_its_json_stands() -> None:
    text = (CASES / "go-vet.txt").read_text()
    [found] = read_vet(text)
    assert (found.path, found.line, found.column, found.end_column, found.code) == (
        "/w/calc/calc.go", 6, 14, 16, "printf",
    )  # fmt: skip
    [error] = read_compile_errors(text)
    assert (error.path, error.line, error.message[:10]) == ("broken/broken.go", 3, "cannot use")


def test_vet_that_could_not_run_or_was_cut_is_not_believed() -> None:
    with pytest.raises(UnreadableError, match="could not run"):
        read_vet('{"p": {"printf": {"error": "boom"}}}')
    with pytest.raises(UnreadableError, match="garbled"):
        read_vet('{"p": {"printf": [')


MODULE = {
    "go.mod": "module example.com/demo\n\ngo 1.20\n",
    "calc/calc.go": "package calc\n\nfunc Add(a, b int) int { return a + b }\n",
    "calc/calc_test.go": (
        'package calc\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif got := Add(1, 2); got != 3 {\n'
        '\t\tt.Errorf("got %d", got)\n\t}\n}\n'
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed: its recorded output is read instead")
def test_the_real_go_is_green_red_and_unknown_in_turn(bench: Bench) -> None:
    bench.put(MODULE)
    assert [(one.check, one.outcome, one.collected) for one in bench.verify(timeout_s=300)] == [
        ("go-vet", "pass", 2),
        ("go-test", "pass", 1),
    ]
    bench.shadow.write("calc/calc.go", b"package calc\n\nfunc Add(a, b int) int { return a - b }\n")
    [finding] = bench.one("go-test", timeout_s=300).findings
    assert (finding.path, finding.start_line, finding.message) == ("calc/calc_test.go", 6, "got -1")
    bench.shadow.write("calc/calc.go", b'package calc\n\nfunc Add(a, b int) int { return "x" }\n')
    for name in ("go-vet", "go-test"):
        broken = bench.one(name, timeout_s=300)
        assert (broken.outcome, broken.findings[0].path, broken.findings[0].start_line) == ("fail", "calc/calc.go", 2)
    bench.shadow.write("calc/calc.go", b"//go:build never\n\npackage calc\n")
    assert bench.one("go-vet", timeout_s=300).outcome != "pass"
    bench.shadow.write("calc/calc_test.go", b"package calc\n")
    assert bench.one("go-test", timeout_s=300).outcome == "unknown"
    bench.shadow.write("go.mod", b"modle\n")
    assert [one.outcome for one in bench.verify(timeout_s=300)] == ["unknown", "unknown"]
