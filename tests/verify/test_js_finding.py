"""Which checks JavaScript packages have, read off files, without anything being started."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.globs import matches
from bridle.harness.verify.node_manifest import commands_of, read_manifest
from bridle.indexer.script_projects import pnpm_members

TOOLS = ("node", "eslint", "tsc", "vitest", "jest", "tsx")
VITEST = '{"devDependencies": {"vitest": "4"}}'
TYPESCRIPT = '{"devDependencies": {"typescript": "5"}}'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program(tmp_path / "bin" / "node", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def program(path: Path, traces: Path) -> None:
    """Plant a program that leaves a trace when it is started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch {traces / 'started'}\n")
    path.chmod(0o755)


def put(root: Path, files: Mapping[str, str], tools: Sequence[str] = TOOLS, at: str = "") -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for name in tools:
        program(root / at / "node_modules" / ".bin" / name, root.parent)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"package.json": "{}"}, []),
        ({"package.json": "{ broken", "eslint.config.js": ""}, ["eslint"]),
        ({"package.json": '{"scripts": 3, "eslintConfig": {}}'}, ["eslint"]),
        ({"package.json": "{}", "eslint.config.mjs": ""}, ["eslint"]),
        ({"package.json": "{}", ".eslintrc.yml": ""}, ["eslint"]),
        ({"eslint.config.js": ""}, []),
        ({"package.json": TYPESCRIPT, "tsconfig.json": "{}", "a.ts": ""}, ["tsc"]),
        ({"package.json": TYPESCRIPT, "tsconfig.json": "{}", "a.js": ""}, []),
        ({"package.json": TYPESCRIPT, "tsconfig.json": '{"compilerOptions": {"allowJs": true}}', "a.js": ""}, ["tsc"]),
        ({"package.json": VITEST, "src/a.test.ts": ""}, ["vitest"]),
        ({"package.json": VITEST}, []),
        ({"package.json": "{}", "vitest.config.ts": ""}, ["vitest"]),
        ({"package.json": '{"scripts": {"test": "cross-env CI=1 vitest run"}}'}, ["vitest"]),
        ({"package.json": '{"scripts": {"test": "npx jest"}}', "a.test.js": ""}, ["jest"]),
        ({"package.json": '{"jest": {}}', "a.test.js": ""}, ["jest"]),
        ({"package.json": '{"scripts": {"test": "tsc && node --test"}}'}, ["node-test"]),
        ({"package.json": '{"scripts": {"test": "tsx --test test/*.ts"}}'}, ["node-test"]),
        ({"package.json": "{}", "a.test.mjs": "import test from 'node:test'\n"}, ["node-test"]),
        ({"package.json": "{}", "a.test.mjs": "import test from 'tape'\n"}, []),
        ({"package.json": '{"scripts": {"test": "mocha"}, "devDependencies": {"jest": "1"}}', "a.test.js": ""}, []),
        ({"docs/package.json": VITEST, "docs/a.test.js": ""}, []),
        ({"docs/package.json": VITEST, "docs/a.test.js": "", "docs/pnpm-lock.yaml": ""}, ["vitest:docs"]),
        ({"tests/x/package.json": VITEST, "tests/x/a.test.js": "", "tests/x/pnpm-lock.yaml": ""}, []),
    ],
)
def test_checks_are_read_off_manifests_configurations_and_files(
    root: Path, files: dict[str, str], names: list[str]
) -> None:
    put(root, files)
    assert [check.name for check in discover(root, None)] == names
    assert not (root.parent / "started").exists()


def test_the_projects_own_tools_are_run_and_never_those_of_path(root: Path) -> None:
    program(root.parent / "bin" / "vitest", root.parent)
    put(root, {"package.json": VITEST, "a.test.js": ""}, tools=())
    (root / "node_modules").mkdir()
    [missing] = discover(root, None)
    assert (missing.command, missing.next_step) == ((), "npm install -D vitest")
    put(root, {})
    [found] = discover(root, None)
    assert found.command == (str(root / "node_modules" / ".bin" / "vitest"),)


@pytest.mark.parametrize(
    ("lock", "step"),
    [
        ("pnpm-lock.yaml", "pnpm install"),
        ("yarn.lock", "yarn install"),
        ("bun.lock", "bun install"),
        ("package-lock.json", "npm ci"),
    ],
)
def test_what_is_not_installed_is_a_check_with_the_command_of_its_lock_file(root: Path, lock: str, step: str) -> None:
    put(root, {"package.json": VITEST, "a.test.js": "", lock: ""}, tools=())
    [check] = discover(root, None)
    assert check.problem == "the dependencies are not installed: there is no node_modules"
    assert check.next_step == f"{step} (in {str(root)!r})"


def test_without_node_and_with_plug_n_play_the_check_says_what_to_do(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, {"package.json": VITEST, "a.test.js": "", ".pnp.cjs": ""}, tools=())
    [check] = discover(root, None)
    assert "nodeLinker: node-modules" in check.next_step
    monkeypatch.setenv("PATH", str(root))
    program(root / "node", root.parent)
    [check] = discover(root, None)
    assert check.problem == "Node is not found on PATH"


def test_members_of_a_workspace_are_packages_and_other_manifests_are_none(root: Path) -> None:
    put(
        root,
        {
            "package.json": '{"devDependencies": {"vitest": "4", "typescript": "5"}}',
            "pnpm-workspace.yaml": "packages:\n  - 'packages/*'  # ours\n  - \"!packages/old\"\ncatalog: {}\n",
            "eslint.config.js": "",
            "tsconfig.json": '{\n  "files": [],\n  "references": [{"path": "./packages/a"}]\n}',
            **{
                f"{folder}/{name}": text
                for folder in ("packages/a", "packages/old", "tests/data/b")
                for name, text in {"package.json": VITEST, "a.test.ts": "", "tsconfig.json": "{}"}.items()
            },
        },
    )
    found = {check.name: check for check in discover(root, None)}
    assert list(found) == ["eslint", "tsc:packages/a", "vitest", "vitest:packages/a"]
    assert found["vitest"].without == ("packages/a",)
    assert found["vitest:packages/a"].command[0] == str(root / "node_modules/.bin/vitest")


def test_a_tsconfig_that_refers_to_others_of_its_own_package_is_a_check(root: Path) -> None:
    config = '{\n  "files": [],\n  "references": [{"path": "./tsconfig.app.json"}]\n}'
    put(root, {"package.json": TYPESCRIPT, "tsconfig.json": config, "tsconfig.app.json": "{}", "src/a.ts": ""})
    assert [check.name for check in discover(root, None)] == ["tsc"]


def test_a_root_that_runs_the_projects_of_its_members_is_one_check(root: Path) -> None:
    put(
        root,
        {
            "package.json": '{"workspaces": ["packages/*"]}',
            "vitest.config.ts": "export default {\n  test: {\n    projects: ['packages/*'],\n  },\n}\n",
            "packages/a/package.json": VITEST,
            "packages/a/a.test.ts": "",
        },
    )
    assert [check.name for check in discover(root, None)] == ["vitest"]


def test_a_nearer_tool_is_taken_before_one_of_the_root(root: Path) -> None:
    put(root, {"package.json": '{"workspaces": {"packages": ["a"]}}', "a/package.json": VITEST, "a/a.test.ts": ""})
    put(root, {}, tools=("vitest",), at="a")
    [check] = discover(root, None)
    assert check.command == (str(root / "a/node_modules/.bin/vitest"),)


def test_what_the_test_script_says_of_configuration_is_kept_and_what_it_says_of_showing_is_not(root: Path) -> None:
    script = "vitest run -c unit.config.ts --project=web --coverage --reporter dot"
    put(root, {"package.json": json.dumps({"scripts": {"test": script}}), "a.test.ts": ""})
    [check] = discover(root, None)
    assert check.command[1:] == ("--config=unit.config.ts", "--project=web")
    script = "node --import tsx --watch --test --test-reporter=dot 'test/**/*.ts'"
    put(root, {"package.json": json.dumps({"scripts": {"test": script}})})
    [check] = discover(root, None)
    assert check.command[1:] == ("--import", "tsx", "--test", "test/**/*.ts")


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("vitest", [("vitest",)]),
        ("NODE_ENV=test npx vitest run && eslint .", [("vitest", "run"), ("eslint", ".")]),
        ("pnpm exec jest; echo 'a b'", [("jest",), ("echo", "a b")]),
        ("c8 --100 node --test", [("node", "--test")]),
        ("echo 'open", []),
        ("", []),
    ],
)
def test_a_script_is_read_as_its_commands(script: str, commands: list[tuple[str, ...]]) -> None:
    assert [command.words for command in commands_of(script)] == commands


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("packages:\n- a\n-   'b/*'\n", ("a", "b/*")),
        ("catalog:\n  x: 1\npackages: ['a', \"b\"]\nother:\n  - c\n", ("a", "b")),
        ("# nothing\n", ()),
        ("packages:\n  # ours\n\n  - a # here\nshamefullyHoist: true\n", ("a",)),
    ],
)
def test_the_members_of_a_pnpm_workspace_are_read(text: str, members: tuple[str, ...]) -> None:
    assert pnpm_members(text) == members


def test_a_manifest_of_odd_shapes_says_only_what_can_be_read() -> None:
    manifest = read_manifest(b'{"name": 3, "scripts": {"test": 1}, "workspaces": [1], "dependencies": {"a": {}}}')
    assert not any((manifest.name, manifest.scripts, manifest.workspaces))
    assert manifest.requires == {"a"}
    assert read_manifest(b"\xff{").requires == frozenset()


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("packages/a", "packages/*", True),
        ("packages/a/b", "packages/*", False),
        ("packages/a/b", "packages/**", True),
        ("test/a.test.js", "test/**/*.test.js", True),
        ("test/x/y/a.test.js", "test/**/*.test.js", True),
        ("test/a.test.mjs", "test/*.test.{js,mjs}", True),
        ("a+b.js", "a+b.js", True),
        ("aab.js", "a+b.js", False),
        ("a.js", "**/a.js", True),
        ("x/a1.js", "x/a[0-9].js", True),
        ("a", "*" * 501, False),
        ("a/" * 200 + "a", "**/" * 160 + "b", False),
        ("a" * 300, "*a" * 200 + "b", False),
        ("a", "{a,b}" * 90, False),
        ("lib/a", "{apps,lib}/*", True),
        ("packages/a/b", "packages/**/b", True),
        ("packages/b", "packages/**/b", True),
    ],
)
def test_patterns_fit_paths(path: str, pattern: str, fits: bool) -> None:
    assert matches(path, pattern) is fits
