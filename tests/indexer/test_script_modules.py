"""Where modules of JavaScript and TypeScript are: configuration as it is found, and what is broken in it."""

from __future__ import annotations

import pytest

from bridle.indexer.script_modules import ScriptModules
from bridle.indexer.script_projects import is_config, projects_of


def test_the_files_that_say_where_modules_are() -> None:
    named = ["package.json", "a/tsconfig.json", "tsconfig.app.json", "jsconfig.json", "pnpm-workspace.yaml"]
    assert all(map(is_config, named))
    assert not any(map(is_config, ["package-lock.json", "mytsconfig.json", "a/package.json5", "config.json"]))


@pytest.mark.parametrize(
    "text",
    ["", "[1]",
     "{", '{"workspaces": 3, "exports": [null, 4], "name": {}}', '{"compilerOptions": []}', "{" * 9_000,
     '{"compilerOptions": {"paths": {"a": 3, "b": [4]}, "baseUrl": 5}, "extends": {"x": 1}}', "\ufeff{}",
     '{"a": "/*"}'],
)  # fmt: skip
def test_configuration_of_unexpected_shape_says_nothing(text: str) -> None:
    projects = projects_of({"package.json": text, "tsconfig.json": text})
    modules = ScriptModules(["a.ts", "b.ts"], projects)
    assert modules.find("./b", "a.ts") == "b.ts"
    assert modules.find("b", "a.ts") is None


def test_configurations_that_extend_each_other_end() -> None:
    one = '{"extends": "./b.tsconfig.json", "compilerOptions": {"baseUrl": "src"}}'
    projects = projects_of({"tsconfig.json": one.replace("b.tsconfig", "tsconfig.b"), "tsconfig.b.json": one})
    assert ScriptModules(["a.ts", "src/x.ts"], projects).find("x", "a.ts") == "src/x.ts"


def test_a_configuration_without_aliases_of_its_own_leaves_the_word_to_the_one_beside_it() -> None:
    texts = {
        "tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}',
        "tsconfig.app.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}',
    }
    assert ScriptModules(["a.ts", "src/x.ts"], projects_of(texts)).find("@/x", "a.ts") == "src/x.ts"


def test_a_package_of_the_workspace_may_hold_what_others_extend() -> None:
    texts = {
        "package.json": '{"workspaces": {"packages": ["p/**"]}}',
        "p/config/package.json": '{"name": "@acme/config"}',
        "p/config/base.json": '{"compilerOptions": {"paths": {"~": ["./nothing.ts"]}}}',
        "p/config/tsconfig.base.json": '{"compilerOptions": {"paths": {"~": ["../web/home.ts"]}}}',
        "p/web/tsconfig.json": '{"extends": "@acme/config/tsconfig.base.json"}',
    }
    assert ScriptModules(["p/web/home.ts", "p/web/a.ts"], projects_of(texts)).find("~", "p/web/a.ts") == "p/web/home.ts"


def test_the_longest_pattern_wins_and_the_first_file_that_is_there() -> None:
    paths = '{"compilerOptions": {"paths": {"*": ["./any/*"], "lib/*": ["./gone/*", "./lib/*"], "lib/a": ["./exact"]}}}'
    modules = ScriptModules(["any/z.ts", "lib/b.ts", "exact.ts", "main.ts"], projects_of({"tsconfig.json": paths}))
    assert [modules.find(name, "main.ts") for name in ("z", "lib/b", "lib/a")] == ["any/z.ts", "lib/b.ts", "exact.ts"]


@pytest.mark.parametrize(
    ("specifier", "file"),
    [("./x", "src/x.ts"),
     ("./x.js", "src/x.ts"), ("./x?raw", "src/x.ts"), (".", "src/index.ts"),
     ("./", "src/index.ts"),
     ("..", "index.js"), ("../src", "src.ts"), ("../../../etc", None), ("/src/x", None), ("", None), ("./y.vue", None),
     ("./data", None), ("./x.d", "src/x.d.ts")],
)  # fmt: skip
def test_a_relative_path_means(specifier: str, file: str | None) -> None:
    paths = ["src/x.ts", "src/x.js", "src/x.d.ts", "src/index.ts", "index.js", "src.ts", "src/main.ts", "src/data.json"]
    assert ScriptModules(paths).find(specifier, "src/main.ts") == file
