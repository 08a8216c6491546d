"""A pnpm monorepo of three packages, as pnpm itself lays it out: each package judged by its own tools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from check_bench import Bench
from js_bench import put_monorepo

from bridle.harness.shadow.shadow import RUNGS, open_shadow, probe

pytestmark = pytest.mark.slow

ALL = [
    "eslint",
    "tsc:packages/api",
    "tsc:packages/core",
    "vitest:packages/api",
    "vitest:packages/core",
    "node-test:packages/cli",
]
BUILT = {
    ".gitignore": "dist/\nnode_modules/\n",
    "packages/core/package.json": '{"name": "@case/core", "type": "module", "exports": "./dist/add.js"}',
    "packages/core/dist/add.js": "export const add = (a, b) => a + b\n",
}
WRONG = b"export function add(a: number, b: number): number {\n  return a - b\n}\n"


@pytest.fixture(scope="session")
def working(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return {tried.name for tried in probe(tmp_path_factory.mktemp("probe")) if tried.works}


@pytest.fixture(params=RUNGS[1:])
def on_lower_rung(request: pytest.FixtureRequest, js: Bench, working: set[str], tmp_path: Path) -> Iterator[Bench]:
    if request.param not in working:
        pytest.skip(f"{request.param} does not work here")
    put_monorepo(js)
    js.shadow = open_shadow(js.root, tmp_path / "shadows", rung=request.param)
    yield js
    js.shadow.close()


def test_a_configuration_in_typescript_is_read_in_the_best_shadow_that_there_is(js: Bench, tmp_path: Path) -> None:
    put_monorepo(js)
    options = "{ test: { globals: true, include: ['root.test.ts'] } }"
    configuration = f"import {{ defineConfig }} from 'vitest/config'\nexport default defineConfig({options})\n"
    (js.root / "vitest.config.ts").write_text(configuration)
    (js.root / "root.test.ts").write_text("test('root', () => expect(1 as number).toBe(1))\n")
    js.shadow = open_shadow(js.root, tmp_path / "shadows")
    try:
        verdict = js.one("vitest")
    finally:
        js.shadow.close()
    assert (verdict.outcome, verdict.reason) == ("pass", ""), verdict.log


def test_every_package_is_green_on_its_own_tools_in_the_best_shadow_that_there_is(js: Bench, tmp_path: Path) -> None:
    put_monorepo(js)
    js.shadow = open_shadow(js.root, tmp_path / "shadows")
    try:
        green = js.verify()
        assert [(one.check, one.outcome, one.reason) for one in green] == [(name, "pass", "") for name in ALL], green
        assert all(one.collected == one.passed > 0 for one in green)
        assert not (js.root / "packages/api/dist").exists()
    finally:
        js.shadow.close()


def test_on_a_lower_rung_a_package_sees_the_shadow_of_the_one_that_it_imports(on_lower_rung: Bench) -> None:
    names = ("vitest:packages/api", "node-test:packages/cli")
    green = [on_lower_rung.one(name) for name in names]
    assert [(one.outcome, one.reason) for one in green] == [("pass", "")] * 2, green
    on_lower_rung.shadow.write("packages/core/src/add.ts", WRONG)
    red = on_lower_rung.one("vitest:packages/api")
    assert (red.outcome, red.rung) == ("fail", on_lower_rung.shadow.rung)
    assert red.findings[0].path == "packages/api/test/total.test.ts"


def test_a_save_runs_the_checks_of_its_package_and_the_tests_that_import_it(js: Bench) -> None:
    put_monorepo(js)
    extra = "import { expect, test } from 'vitest'\ntest('other', () => { expect(1).toBe(1) })\n"
    js.put({"packages/core/test/other.test.ts": extra})
    js.shadow.write("packages/core/src/add.ts", WRONG)
    verdicts = {one.check: one for one in js.verify(paths=("packages/core/src/add.ts",))}
    assert list(verdicts) == ["eslint", "tsc:packages/core", "vitest:packages/core"]
    tests = verdicts["vitest:packages/core"]
    assert (tests.outcome, tests.collected, tests.reason) == ("fail", 1, "the tests that import what was saved")
    assert tests.looked_at == ("packages/core/test/add.test.ts",)
    [narrowed] = js.verify("vitest:packages/core", paths=("packages/core/test/other.test.ts",))
    assert (narrowed.outcome, narrowed.collected) == ("pass", 1)


def test_tests_that_stand_on_an_older_build_are_unknown(js: Bench) -> None:
    """A package that is imported by what its last build left: the source may say something else by now."""
    put_monorepo(js)
    js.put(BUILT)
    js.shadow.write("packages/core/src/add.ts", WRONG)
    stale = js.one("vitest:packages/api")
    told = "the tests stand on 'packages/core/dist/add.js', which a build made before 'packages/core/src/add.ts' was"
    assert (stale.outcome, stale.reason) == ("unknown", f"{told} changed")
