"""Which tests of Vitest and Jest a change runs, with the real tools: those that import it, and those that may not."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest
from check_bench import Bench
from js_bench import put

from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import ALL, IMPACT
from bridle.harness.verify.mutants.strength import strength

pytestmark = pytest.mark.slow

TOOLS = ("vitest", "jest")
OF_JEST_SELDOM = pytest.mark.parametrize(
    "tool", ["vitest", pytest.param("jest", marks=pytest.mark.long)], indirect=True
)
"""For what both runners share; what tests of one runner choose is asked of either."""
CONFIGURATION = {
    "vitest": {"vitest.config.js": "export default { test: { include: ['*.spec.js'], globals: true } }\n"},
    "jest": {
        "package.json": '{"name": "case", "jest": {"testMatch": ["**/*.spec.js"]}, "devDependencies": {"jest": "*"}}'
    },
}
IMPORT = {"vitest": "import { %s } from './%s.js'\n", "jest": "const { %s } = require('./%s.js')\n"}
EXPORT = {"vitest": "export const %s = %s\n", "jest": "exports.%s = %s\n"}
BY_NAME = {
    "vitest": "import { readFileSync } from 'node:fs'\n",
    "jest": "const { readFileSync } = require('node:fs')\n",
}


def suite(tool: str) -> dict[str, str]:
    """Return a package: `two` imports `one`, `three` nothing, `lone` is imported by nobody, `read` reads a file."""
    files = {
        f"{name}.js": EXPORT[tool] % (name, value) for name, value in (("one", "1"), ("three", "3"), ("lone", "0"))
    }
    files["two.js"] = IMPORT[tool] % ("one", "one") + EXPORT[tool] % ("two", "one + 1")
    for name, value in (("one", 1), ("two", 2), ("three", 3)):
        tests = "".join(f"test('{name} {n}', () => expect({name}).toBe({value}))\n" for n in range(4))
        files[f"{name}.spec.js"] = IMPORT[tool] % (name, name) + tests
    files["read.spec.js"] = (
        BY_NAME[tool] + "test('read', () => expect(readFileSync('three.js', 'utf8')).toMatch('3'))\n"
    )
    return {**CONFIGURATION[tool], **files}


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seen(js: Bench, tool: str, tmp_path: Path) -> Bench:
    """A package all of whose tests ran."""
    put(js, suite(tool))
    js.memory, js.which = Memory(tmp_path / "memory"), IMPACT
    verdict = js.one(tool)
    assert (verdict.outcome, verdict.passed, verdict.extent) == ("pass", 13, ""), verdict
    assert verdict.reason == "all tests ran: no run of the tests was recorded yet"
    return js


def test_a_change_runs_the_tests_that_import_it_and_those_that_read_by_name(seen: Bench, tool: str) -> None:
    seen.put({"one.js": EXPORT[tool] % ("one", "0 + 1")})
    verdict = seen.one(tool)
    assert (verdict.outcome, verdict.passed, verdict.extent) == ("pass", 9, "the tests that import one.js"), verdict
    assert verdict.looked_at == ("one.spec.js", "read.spec.js", "two.spec.js")
    assert verdict.reason == verdict.extent


def test_what_changed_before_counts_until_all_tests_have_run(seen: Bench, tool: str) -> None:
    seen.put({"three.js": EXPORT[tool] % ("three", "3 + 0")})
    assert seen.one(tool).outcome == "pass"
    seen.put({"two.js": IMPORT[tool] % ("one", "one") + EXPORT[tool] % ("two", "1 + one")})
    assert seen.one(tool).extent == "the tests that import three.js, two.js"


@OF_JEST_SELDOM
def test_what_failed_runs_again_whatever_changes(seen: Bench, tool: str) -> None:
    seen.which = ALL
    seen.put({"three.js": EXPORT[tool] % ("three", "33")})
    assert seen.one(tool).outcome == "fail"
    seen.which = IMPACT
    seen.put({"one.js": EXPORT[tool] % ("one", "0 + 1")})
    verdict = seen.one(tool)
    assert (verdict.outcome, verdict.extent) == ("fail", "the tests that import one.js")
    assert verdict.looked_at == ("one.spec.js", "read.spec.js", "three.spec.js", "two.spec.js")


@OF_JEST_SELDOM
@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("lone.js", "// another\n", "no test imports what changed"),
        ("notes.txt", "x\n", "notes.txt reaches any test"),
    ],
)
def test_where_imports_do_not_tell_all_run(seen: Bench, tool: str, path: str, text: str, why: str) -> None:
    seen.put({path: text})
    verdict = seen.one(tool)
    assert (verdict.outcome, verdict.passed, verdict.extent) == ("pass", 13, "")
    assert verdict.reason == f"all tests ran: {why}"


@OF_JEST_SELDOM
def test_who_imports_a_helper_that_reads_by_name_or_code_that_starts_a_process_always_runs(
    seen: Bench, tool: str
) -> None:
    imports, exports = IMPORT[tool], EXPORT[tool]
    helper = BY_NAME[tool] + exports % ("helper", "() => readFileSync('one.js', 'utf8')")
    starts = BY_NAME[tool].replace("readFileSync", "spawnSync").replace("node:fs", "node:child_process")
    tests = "test('%s', () => expect(typeof %s).toBe('function'))\n"
    seen.put(
        {
            "test/helper.js": helper,
            "helped.spec.js": imports % ("helper", "test/helper") + tests % ("helper", "helper"),
            "starts.js": starts + exports % ("starts", "() => spawnSync('node', ['one.js'])"),
            "starts.spec.js": imports % ("starts", "starts") + tests % ("starts", "starts"),
        }
    )
    seen.which = ALL
    assert seen.one(tool).passed == 15
    seen.which = IMPACT
    seen.put({"three.js": exports % ("three", "3 + 0")})
    verdict = seen.one(tool)
    assert verdict.looked_at == ("helped.spec.js", "read.spec.js", "starts.spec.js", "three.spec.js")


@OF_JEST_SELDOM
def test_a_file_that_is_gone_reaches_any_test(seen: Bench, tool: str) -> None:
    (seen.root / "lone.js").unlink()
    seen.put({})
    assert seen.one(tool).reason == "all tests ran: lone.js is gone"


@OF_JEST_SELDOM
def test_faults_on_changed_lines_are_killed_or_survive(seen: Bench, tool: str) -> None:
    assert seen.memory is not None
    exports = EXPORT[tool]
    code = exports % ("one", "2 - 1") + exports % ("unseen", "() => 5 > 4")
    seen.put({"one.js": code})
    [check] = seen.checks(tool)
    changes = {"one.js": (exports % ("one", "1"), code), "notes.txt": (None, "x"), "one.spec.js": (None, "1 < 2\n")}
    trial = strength(seen.shadow, check, seen.memory, changes, cancel=threading.Event(), seconds=120)
    assert (trial.n_sites, trial.killed, trial.unclear) == {"vitest": (6, 3, 0), "jest": (8, 4, 0)}[tool]
    assert {mutant.line for mutant in trial.survivors} <= {1}
    assert seen.shadow.read("one.js") == code.encode()
    assert seen.memory.selection(check.name, "", seen.shadow.tree(), seen.shadow.read).everything
    kept = seen.memory.known(check.name)
    assert kept is not None
    assert kept.record.files["one.js"] != seen.shadow.tree().files["one.js"]


def test_vitest_ends_after_enough_failures_and_says_so(js: Bench, tmp_path: Path) -> None:
    more = {f"more{n}.spec.js": suite("vitest")["one.spec.js"] for n in range(12)}
    put(js, {**suite("vitest"), **more})
    js.memory, js.which = Memory(tmp_path / "memory"), msgspec.structs.replace(IMPACT, enough=1)
    assert js.one("vitest").outcome == "pass"
    js.put({"one.js": EXPORT["vitest"] % ("one", "9")})
    verdict = js.one("vitest")
    assert verdict.outcome == "fail"
    assert verdict.extent.startswith("stopped after ")
    assert verdict.extent in verdict.reason
    assert 0 < len(verdict.looked_at) < 15


def test_vitest_counts_only_what_did_not_fail_before(js: Bench, tmp_path: Path) -> None:
    broken = {
        f"old{n}.spec.js": f"test('old', () => expect({n}).toBe(-1))\nimport {{ one }} from './one.js'\none\n"
        for n in range(6)
    }
    put(js, {**suite("vitest"), **broken})
    js.memory, js.which = Memory(tmp_path / "memory"), msgspec.structs.replace(IMPACT, enough=5)
    ground = js.one("vitest").findings
    assert len(ground) == 6
    js.put({"one.js": EXPORT["vitest"] % ("one", "0 + 1")})
    verdict = js.one("vitest", baseline=ground)
    assert (verdict.outcome, verdict.extent, verdict.passed) == ("fail", "the tests that import one.js", 9)
    assert not any(finding.new for finding in verdict.findings)
