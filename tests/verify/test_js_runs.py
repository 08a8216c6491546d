"""What the runs of Vitest, Jest and Node's own runner prove, and all that they do not, with the real tools."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from check_bench import Bench
from js_bench import put

pytestmark = pytest.mark.slow

ADD = "export const add = (a, b) => {\n  return a + b\n}\n"
VITEST = {"vitest.config.js": "export default { test: { include: ['test/**/*.test.{js,ts}'] } }\n"}
JEST = {"package.json": '{"name": "case", "jest": {"testMatch": ["**/*.spec.js"]}, "devDependencies": {"jest": "*"}}'}
NODE = {"package.json": '{"name": "case", "type": "module", "scripts": {"test": "node --test"}}'}

VITEST_TEXT = """import { describe, expect, test } from 'vitest'
import { add } from '../src/add.js'

describe('adding', () => {
  test('two', () => {
    expect(add(1, 2)).toBe(%s)
  })
  test.skip('later', () => {})
  test.todo('never')
})
"""
JEST_TEXT = """const { add } = require('./add.cjs')

describe('adding', () => {
  test('two', () => {
    expect(add(1, 2)).toBe(%s)
  })
  test.skip('later', () => {})
  test.todo('never')
})
"""
NODE_TEXT = """import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { add } from '../src/add.js'

describe('adding', () => {
  test('two', () => {
    assert.equal(add(1, 2), %s)
  })
  test.skip('later', () => {})
  test.todo('never')
})
"""
JEST_ADD = "exports.add = (a, b) => {\n  return a + b\n}\n"
RUNNERS: Mapping[str, tuple[Mapping[str, str], str, str]] = {
    "vitest": ({**VITEST, "src/add.js": ADD}, "test/add.test.js", VITEST_TEXT),
    "jest": ({**JEST, "add.cjs": JEST_ADD}, "add.spec.js", JEST_TEXT),
    "node-test": ({**NODE, "src/add.js": ADD}, "test/add.test.js", NODE_TEXT),
}


@pytest.mark.parametrize("tool", RUNNERS)
def test_a_run_is_green_with_its_tests_and_red_at_the_line_of_the_assertion(js: Bench, tool: str) -> None:
    files, path, text = RUNNERS[tool]
    put(js, {**files, path: text % 3})
    green = js.one(tool)
    assert (green.outcome, green.collected, green.passed, green.unit) == ("pass", 3, 1, "test"), green
    assert green.reason == "1 skipped, 1 to do"
    js.shadow.write(path, (text % 4).encode())
    red = js.one(tool)
    assert (red.outcome, red.exit_code, red.reason) == ("fail", 1, "1 skipped, 1 to do")
    [finding] = red.findings
    line = next(number for number, one in enumerate((text % 4).splitlines()) if "add(1, 2)" in one)
    assert (finding.path, finding.start_line, finding.end_line) == (path, line, line + 1)
    assert finding.message == "expected 4, received 3"
    assert finding.test == f"{path} > adding > two"
    assert "at " in finding.detail
    assert "\x1b" not in red.log + finding.detail
    assert not (js.root / "coverage").exists()


@pytest.mark.parametrize("tool", ["jest", "node-test"])
def test_the_unsaved_text_is_what_is_tested(js: Bench, tool: str) -> None:
    files, path, text = RUNNERS[tool]
    put(js, {**files, path: text % 3})
    source = next(one for one in files if "add." in one)
    js.shadow.write(source, files[source].replace("a + b", "a * b").encode())
    verdict = js.one(tool)
    assert (verdict.outcome, verdict.findings[0].message) == ("fail", "expected 3, received 2")


def test_an_error_below_the_test_is_shown_in_the_test_and_its_origin_is_related(js: Bench) -> None:
    source = "export const add = (a) => {\n  return a.gone.further\n}\n"
    put(js, {**VITEST, "src/add.js": source, "test/add.test.js": VITEST_TEXT % 3})
    [finding] = js.one("vitest").findings
    assert (finding.path, finding.start_line, finding.code) == ("test/add.test.js", 5, "TypeError")
    assert [(one.path, one.start_line, one.message) for one in finding.related] == [("src/add.js", 1, "in add")]


# What must not be green: tool, files, what happens, the outcome, and a word of the reason or of the finding.
Seed = tuple[str, Mapping[str, str], str, str]
PASSING = "import { expect, test } from 'vitest'\ntest('one', () => { expect(1).toBe(1) })\n"
FORGED = (
    "import { appendFileSync } from 'node:fs'\nimport { test } from 'vitest'\n"
    "test('forges', () => {\n  const { path } = JSON.parse(process.env.BRIDLE_PROOF)\n"
    "  appendFileSync(path, JSON.stringify({ kind: 'end', nonce: 'x', n_lines: 0, reason: '' }) + '\\n')\n})\n"
)
SEEDS: Mapping[str, Seed] = {
    "vitest: files without tests": ("vitest", {**VITEST, "test/a.test.js": ""}, "fail", "No test suite found"),
    "vitest: passWithNoTests": (
        "vitest",
        {"vitest.config.js": "export default { test: { passWithNoTests: true, include: ['none/**'] } }\n"},
        "unknown",
        "no tests were found",
    ),
    "vitest: all are skipped": (
        "vitest",
        {**VITEST, "test/a.test.js": "import { test } from 'vitest'\ntest.skip('one', () => {})\n"},
        "unknown",
        "no test passed",
    ),
    "vitest: .only": (
        "vitest",
        {
            **VITEST,
            "test/a.test.js": "import { test } from 'vitest'\ntest.only('one', () => {})\ntest('two', () => {})\n",
        },
        "unknown",
        "`.only` in test/a.test.js leaves out other tests",
    ),
    "vitest: broken configuration": (
        "vitest",
        {"vitest.config.js": "export default { test: {\n", "test/a.test.js": PASSING},
        "unknown",
        "did not begin",
    ),
    "vitest: the run is ended by the configuration": (
        "vitest",
        {"vitest.config.js": "process.exit(0)\n", "test/a.test.js": PASSING},
        "unknown",
        "there is no report",
    ),
    "vitest: process.exit in a test": (
        "vitest",
        {**VITEST, "test/a.test.js": "import { test } from 'vitest'\ntest('ends', () => { process.exit(0) })\n"},
        "fail",
        "process.exit",
    ),
    "vitest: an error that nobody handles": (
        "vitest",
        {
            **VITEST,
            "test/a.test.js": "import { test } from 'vitest'\n"
            "test('late', () => { Promise.reject(new Error('nobody waits')) })\n",
        },
        "fail",
        "nobody waits",
    ),
    "vitest: a worker that crashes": (
        "vitest",
        {
            "vitest.config.js": "export default { test: { pool: 'forks' } }\n",
            "test/a.test.js": "import { test } from 'vitest'\n"
            "test('dies', () => { process.kill(process.pid, 'SIGKILL') })\n",
        },
        "fail",
        "Worker",
    ),
    "vitest: a test that passes when it is run again": (
        "vitest",
        {
            **VITEST,
            "test/a.test.js": "import { expect, test } from 'vitest'\nlet n = 0\n"
            "test('shaky', { retry: 2 }, () => { n += 1; expect(n).toBe(2) })\n",
        },
        "unknown",
        "passed only when they were run again",
    ),
    "vitest: a test forges the end of the report": (
        "vitest",
        {**VITEST, "test/a.test.js": FORGED},
        "unknown",
        "report",
    ),
    "vitest: a module from outside stands in for a package": (
        "vitest",
        {
            **VITEST,
            "packages/core/package.json": '{"name": "@case/core", "type": "module"}',
            "test/a.test.js": PASSING + "import '../../outside/core/index.js'\n",
        },
        "unknown",
        "wrong tree",
    ),
    "jest: no test file": ("jest", JEST, "unknown", "no tests were found"),
    "jest: process.exit in a test": (
        "jest",
        {**JEST, "a.spec.js": "test('ends', () => { process.exit(0) })\n"},
        "unknown",
        "without a whole report",
    ),
    "jest: a broken configuration": (
        "jest",
        {"jest.config.cjs": "module.exports = { preset: 'nowhere' }\n", "a.spec.js": "test('a', () => {})\n"},
        "unknown",
        "did not begin",
    ),
    "node-test: process.exit in a test": (
        "node-test",
        {**NODE, "test/a.test.js": "import test from 'node:test'\ntest('one', () => { process.exit(0) })\n"},
        "unknown",
        "ended its own process",
    ),
    "node-test: files without tests": (
        "node-test",
        {**NODE, "test/a.test.js": "export {}\n"},
        "unknown",
        "no tests were found",
    ),
    "node-test: a file that is no program": (
        "node-test",
        {**NODE, "test/a.test.js": "const = 1\n"},
        "fail",
        "SyntaxError",
    ),
    "node-test: the process is killed": (
        "node-test",
        {**NODE, "test/a.test.js": "process.kill(process.pid, 'SIGKILL')\n"},
        "fail",
        "test failed",
    ),
}


@pytest.mark.parametrize("name", SEEDS)
def test_what_proves_nothing_is_not_green(js: Bench, name: str) -> None:
    tool, files, outcome, words = SEEDS[name]
    outside = js.root.parent / "outside" / "core"
    outside.mkdir(parents=True)
    (outside / "package.json").write_text('{"name": "@case/core", "type": "module"}')
    (outside / "index.js").write_text("export {}\n")
    put(js, files)
    verdict = js.one(tool)
    said = f"{verdict.reason} {' '.join(f'{one.message} {one.detail}' for one in verdict.findings)}"
    assert verdict.outcome == outcome, (verdict.reason, verdict.log)
    assert words in said
    assert verdict.outcome == "fail" or verdict.next_step


def test_a_test_that_fails_and_passes_when_run_again_is_flaky(js: Bench) -> None:
    files, path, text = RUNNERS["node-test"]
    marker = js.root.parent / "ran"
    shaky = f"import {{ existsSync, writeFileSync }} from 'node:fs'\n{text % 3}"
    shaky += f"test('shaky', () => {{ if (existsSync('{marker}')) return; writeFileSync('{marker}', ''); throw 1 }})\n"
    put(js, {**files, path: shaky})
    verdict = js.one("node-test")
    assert (verdict.outcome, verdict.reason) == ("flaky", f"{path} > shaky failed, and passed when run again")
    assert [(one.code, one.severity) for one in verdict.findings] == [("flaky", "warning")]
    assert verdict.next_step


def test_another_node_than_the_project_names_is_told(js: Bench) -> None:
    files, path, text = RUNNERS["node-test"]
    put(js, {**files, path: text % 3, ".nvmrc": "v1.2\n"})
    verdict = js.one("node-test")
    assert (verdict.outcome, verdict.reason.endswith(", and .nvmrc names 1.2")) == ("pass", True), verdict.reason


def test_a_run_that_hangs_is_a_timeout_and_names_where(js: Bench) -> None:
    files, path, _ = RUNNERS["node-test"]
    put(js, {**files, path: "import test from 'node:test'\ntest('hangs', () => { for (;;) ; })\n"})
    verdict = js.one("node-test", timeout_s=2)
    assert (verdict.outcome, verdict.reason) == ("timeout", f"no end after 2 s, in {path}")


def test_what_failed_twice_on_the_ground_is_not_run_again(js: Bench) -> None:
    files, path, text = RUNNERS["node-test"]
    put(js, {**files, path: text % 4})
    ground = js.one("node-test")
    assert (ground.outcome, js.n_runs) == ("fail", 2)
    put(js, {**files, path: text % 4})
    assert [finding.new for finding in js.one("node-test", baseline=ground.findings).findings] == [False]
    assert js.n_runs == 1
