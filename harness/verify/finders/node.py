"""The checks of JavaScript and TypeScript packages: the root and its workspace's members, and the tools of each.

A folder below the root is a package where the workspace names it, or where its own dependencies are installed. A
package.json that only lies somewhere, in the data of tests say, makes none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from bridle.harness.verify import node_tools
from bridle.harness.verify.checks import Check, Stage, is_below, is_script_test, named
from bridle.harness.verify.globs import matches
from bridle.harness.verify.node_manifest import (
    MANIFEST,
    Command,
    Manifest,
    manifest_of,
    options_of,
    without_comments,
)
from bridle.harness.verify.survey import Survey, join
from bridle.indexer.script_projects import pnpm_members

TOOLS: Mapping[str, Stage] = {
    "eslint": "style",
    "tsc": "types",
    "vitest": "tests",
    "jest": "tests",
    "node-test": "tests",
}
PACKAGES = {"tsc": "typescript"}
"""The package that a tool comes with, where its name is another."""
SCRIPT = ("js", "mjs", "cjs", "ts", "mts", "cts")
ESLINT_CONFIGS = (
    *(f"eslint.config.{ending}" for ending in SCRIPT),
    *(f".eslintrc{ending}" for ending in ("", ".js", ".cjs", ".yaml", ".yml", ".json")),
)
RUNNER_CONFIGS = {
    "vitest": tuple(f"vitest.{kind}.{ending}" for kind in ("config", "workspace") for ending in (*SCRIPT, "json")),
    "jest": tuple(f"jest.config.{ending}" for ending in (*SCRIPT, "json")),
}
NODE_STARTERS = ("node", "tsx")
RUNNER_OPTIONS = {
    "vitest": {"--config": "--config", "-c": "--config", "--root": "--root", "-r": "--root", "--dir": "--dir"}
    | {"--environment": "--environment", "--project": "--project"},
    "jest": {"--config": "--config", "-c": "--config", "--rootDir": "--rootDir", "--env": "--env"}
    | {"--selectProjects": "--selectProjects"},
}
"""What of a test script says which tests are meant, and how; the rest of it is how they are shown."""
DATA = frozenset(("test", "tests", "__tests__", "fixture", "fixtures", "__fixtures__", "testdata", "cases"))
"""Folders whose manifests are what tests read."""
LEFT_OUT = ("--watch", "--test-reporter", "--experimental-test-coverage", "--test-update-snapshots", "--test-coverage")
TSCONFIG = "tsconfig.json"
_NO_FILES = re.compile(r'"files"\s*:\s*\[\s*\]')
_REFERRED = re.compile(r'"path"\s*:\s*"([^"\n]+)"')
_PROJECTS = re.compile(r"^[ \t]*['\"]?(?:projects|workspace)['\"]?[ \t]*:", re.MULTILINE)
_OWN_TEST = re.compile(r"""['"]node:test['"]""")


class Package(msgspec.Struct, frozen=True):
    """One package: its folder, its manifest, and the packages inside it."""

    folder: str
    manifest: Manifest
    inner: tuple[str, ...]


def find(survey: Survey) -> Iterator[Check]:
    """Yield the checks of every JavaScript package, in no order that matters."""
    folders = _folders(survey)
    packages = [
        Package(one, manifest_of(survey, one), tuple(x for x in folders if x != one and is_below(x, one)))
        for one in folders
    ]
    covering = {
        tool for tool in RUNNER_CONFIGS for one in packages if one.folder == "" and _has_projects(survey, one, tool)
    }
    for package in packages:
        for tool in TOOLS:
            if _wanted(survey, package, tool) and not (package.folder and tool in covering):
                yield _check(survey, package, tool)


def _folders(survey: Survey) -> tuple[str, ...]:
    """Return the folders that are packages, the root first where it is one."""
    manifests = survey.folders_with(MANIFEST)
    members = manifest_of(survey, "").workspaces + pnpm_members(survey.text("pnpm-workspace.yaml"))
    taken = [pattern.strip("/").removeprefix("./") for pattern in members if not pattern.startswith("!")]
    left_out = [pattern[1:].strip("/").removeprefix("./") for pattern in members if pattern.startswith("!")]
    return tuple(
        folder
        for folder in manifests
        if not folder
        or (survey.root / folder / node_tools.INSTALLED).is_dir()
        or ("" not in manifests and _stands_alone(survey, folder))
        or (any(matches(folder, one) for one in taken) and not any(matches(folder, one) for one in left_out))
    )


def _stands_alone(survey: Survey, folder: str) -> bool:
    """Tell whether a folder has a lock file of its own, and is not among the data of tests."""
    locked = any((survey.root / folder / lock).is_file() for lock in node_tools.LOCKS)
    return locked and not DATA & set(folder.split("/"))


def _has_projects(survey: Survey, package: Package, tool: str) -> bool:
    """Tell whether a package's runner runs the tests of others too."""
    configs = [*RUNNER_CONFIGS[tool], *(f"vite.config.{ending}" for ending in SCRIPT if tool == "vitest")]
    if any(name.startswith("vitest.workspace") and survey.holds(join(package.folder, name)) for name in configs):
        return True
    texts = [survey.text(join(package.folder, name)) for name in configs]
    if tool in package.manifest.sections:
        texts.append(survey.text(join(package.folder, MANIFEST)))
    return bool(package.inner) and any(_PROJECTS.search(text) for text in texts)


def _wanted(survey: Survey, package: Package, tool: str) -> bool:
    folder, manifest = package.folder, package.manifest
    if tool == "eslint":
        return "eslintConfig" in manifest.sections or any(survey.holds(join(folder, one)) for one in ESLINT_CONFIGS)
    if tool == "tsc":
        return survey.holds(join(folder, TSCONFIG)) and _has_types(survey, package)
    own_tests = [path for path in survey.below(folder, package.inner) if is_script_test(path)]
    if tool == "node-test":
        scripted = any(True for _ in _node_commands(manifest))
        return scripted or ("test" not in manifest.scripts and any(_is_for_node(survey, path) for path in own_tests))
    configured = tool in manifest.sections or any(survey.holds(join(folder, one)) for one in RUNNER_CONFIGS[tool])
    if configured or any(True for _ in manifest.commands(tool)):
        return bool(own_tests) or _has_projects(survey, package, tool) or not package.inner
    return tool in manifest.requires and bool(own_tests) and not any(_runs_another(manifest, tool))


def _has_types(survey: Survey, package: Package) -> bool:
    """Tell whether a package has files for its tsconfig.json, and not only names packages that have one themselves."""
    folder = package.folder
    if "typescript" not in package.manifest.requires | manifest_of(survey, "").requires and not node_tools.program(
        survey.root, folder, "tsc"
    ):
        return False
    inner = [one for one in package.inner if survey.holds(join(one, TSCONFIG))]
    text = without_comments(survey.text(join(folder, TSCONFIG)))
    if _NO_FILES.search(text):
        referred = [posixpath.normpath(join(folder, path)) for path in _REFERRED.findall(text)]
        return any(not any(is_below(one, other) for other in inner) for one in referred)
    endings = (
        (".ts", ".tsx", ".mts", ".cts") if "allowJs" not in text else (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs")
    )
    return any(path.endswith(endings) for path in survey.below(folder, inner))


def _runs_another(manifest: Manifest, tool: str) -> Iterator[bool]:
    """Tell, one by one, of the other runners that the package's script `test` starts."""
    for other in (*RUNNER_CONFIGS, "mocha", "ava", "tap"):
        yield other != tool and any(True for _ in manifest.commands(other, "test"))
    yield any(True for _ in _node_commands(manifest))


def _node_commands(manifest: Manifest) -> Iterator[Command]:
    """Yield the commands of the scripts that start Node's own test runner, that of the script `test` first."""
    for starter in NODE_STARTERS:
        yield from (command for command in manifest.commands(starter) if "--test" in command.words)


def _is_for_node(survey: Survey, path: str) -> bool:
    return path.endswith((".js", ".mjs", ".cjs")) and _OWN_TEST.search(survey.text(path)) is not None


def _check(survey: Survey, package: Package, tool: str) -> Check:
    root, folder, manifest = survey.root, package.folder, package.manifest
    name, stage = named(tool, folder), TOOLS[tool]
    node = node_tools.node(root)
    if not node:
        return _without(
            name, tool, folder, "Node is not found on PATH", "install Node, and start the editor where it is on PATH"
        )
    if not node_tools.installed(root, folder) and (tool != "node-test" or manifest.requires):
        if (root / ".pnp.cjs").is_file():
            missing = "the dependencies are installed as Plug'n'Play, which no check can look into"
            return _without(
                name, tool, folder, missing, "set nodeLinker: node-modules in .yarnrc.yml, and install again"
            )
        return _without(
            name,
            tool,
            folder,
            "the dependencies are not installed: there is no node_modules",
            node_tools.install_step(root, folder, manifest),
        )
    command = _node_command(root, package, node) if tool == "node-test" else _tool_command(root, package, tool)
    if not command[0]:
        starter = command[1] if len(command) > 1 else tool
        missing = f"{starter} is configured, and not installed in the project's node_modules"
        step = node_tools.add_step(root, folder, manifest, PACKAGES.get(starter, starter))
        return _without(name, tool, folder, missing, step)
    return Check(name, tool, stage, command, folder)


def _without(name: str, tool: str, folder: str, problem: str, next_step: str) -> Check:
    return Check(name, tool, TOOLS[tool], (), folder, problem=problem, next_step=next_step)


def _tool_command(root: Path, package: Package, tool: str) -> tuple[str, ...]:
    """Return the tool with what the package's own scripts say of its configuration; "" for one that is missing."""
    first = next(package.manifest.commands(tool), None) if tool in RUNNER_OPTIONS else None
    options = options_of(first.words, RUNNER_OPTIONS[tool]) if first else []
    return (node_tools.program(root, package.folder, tool), *options)


def _node_command(root: Path, package: Package, node: str) -> tuple[str, ...]:
    """Return Node with the flags and files of the package's own script; ("", NAME) where what it starts is missing."""
    first = next(_node_commands(package.manifest), None)
    if first is None:
        return (node, "--test")
    starter = first.words[0]
    begun = node if starter == "node" else node_tools.program(root, package.folder, starter)
    return (begun, *_kept(first.words[1:])) if begun else ("", starter)


def _kept(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the words of a test command without what watches, reports or measures."""
    for word in words:
        if not word.startswith(LEFT_OUT):
            yield word
