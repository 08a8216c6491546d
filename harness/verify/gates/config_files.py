"""The files that configure checks, as flat settings: what is watched, what is harmless, and how each is read. Pure."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import cast

Flat = dict[str, object]

WATCHED = (
    "tool.pytest",
    "tool.ruff",
    "tool.mypy",
    "tool.pyright",
    "tool.basedpyright",
    "tool.coverage",
    "tool.pylint",
    "tool.bandit",
    "project.entry-points.pytest11",
)
"""Tables of pyproject.toml that the proof depends on."""

HARMLESS = re.compile(
    r"tool\.ruff\.(?:format|line-length|target-version|fix|show-\w+|output-format|cache-dir|required-version)\b"
    r"|tool\.ruff\.lint\.(?:isort|pycodestyle|fixable|unfixable|ignore-init-module-imports)\b"
    r"|tool\.coverage\.html|tool\.pytest(?:\.ini_options)?\.(?:markers|minversion|cache_dir|console_output_style|log_\w+)$"
    r"|(?:tool\.)?mypy(?:\.\w+)?\.(?:python_version|pretty|show_\w+|color_output|cache_dir|error_summary|incremental|"
    r"sqlite_cache|hide_error_codes)$"
    r"|tool\.(?:based)?pyright\.(?:pythonVersion|venv|venvPath|pythonPlatform)$"
    r"|flake8\.(?:max-line-length|format|show-source)$"
)
"""Settings of how a check looks, where it caches and which version it checks for, not of what it lets pass."""

MOVED = re.compile(r"^tool\.ruff\.(?=(?:extend-)?(?:select|ignore|per-file-ignores)|isort|pycodestyle)")
"""Keys that stood at ruff's top before it had a table for its linter."""

WHOLE_TOML = {
    "ruff.toml": "tool.ruff",
    ".ruff.toml": "tool.ruff",
    "pytest.toml": "tool.pytest",
    ".pytest.toml": "tool.pytest",
    "clippy.toml": "clippy",
    ".clippy.toml": "clippy",
}
INI_SECTIONS: Mapping[str, str] = {
    "pytest.ini": "",
    ".pytest.ini": "",
    "mypy.ini": "",
    ".mypy.ini": "",
    ".coveragerc": "",
    ".flake8": "",
    "setup.cfg": r"tool:pytest|mypy|flake8|coverage|options\.entry_points",
    "tox.ini": r"pytest|mypy|flake8|coverage",
}
"""INI files, and which of their sections count ("" for all)."""

CARGO = re.compile(
    r"(?:workspace\.)?lints\.|test\.\d+\.|lib\.(?:test|doctest|harness)$|bin\.\d+\.(?:test|harness)$|profile\.test\."
)
PACKAGE = re.compile(
    r"scripts\.(?:\w+[:-])?(?:pre|post)?(?:test|lint|check|typecheck|type-check|tsc)\b|(?:jest|vitest|mocha|ava|tap|eslintConfig|eslintIgnore|xo)\b"
)
TSCONFIG_HARMLESS = re.compile(
    r"compilerOptions\.(?:outDir|target|module|lib|jsx\w*|declaration\w*|sourceMap|rootDir|incremental|tsBuildInfoFile|moduleResolution|esModuleInterop|resolveJsonModule|removeComments|composite|baseUrl|paths)\b|references\b|extends$"
)

OPAQUE = re.compile(
    r"^(?:pyrightconfig\.json|\.?pylintrc|bridle\.toml|\.eslintrc(?:\.\w+)?|eslint\.config\.[cm]?[jt]s|\.eslintignore|"
    r"(?:jest|vitest|karma|playwright|cypress|ava)\.config\.\w+|(?:vitest|jest)\.(?:setup|workspace)\.\w+|\.mocharc\.\w+|"
    r"phpunit\.xml(?:\.dist)?|\.rspec|\.taprc|biome\.jsonc?|\.oxlintrc\.json|\.golangci\.\w+|nextest\.toml|\.bandit|bandit\.ya?ml|\.semgrepignore)$"
)
"""Files that are read whole: any change of one is a change of what checks let pass."""

BUILDS = re.compile(
    r"(?:pom\.xml|build\.gradle(?:\.kts)?|(?:Directory\.Build\.(?:props|targets))|.+\.(?:cs|fs|vb)proj)$"
)
LEAVES_OUT = re.compile(
    r"skipTests|skipITs|maven\.test\.skip|testFailureIgnore|failIfNoTests|<(?:skip|excludes?|excludedGroups|groups)>|"
    r"\bignoreFailures\b|\benabled\b.*\bfalse\b|\bonlyIf\b|\bexclude(?:TestsMatching|Tags|Category|Categories)?\b|"
    r"\bfilter\b|IsTestProject|VSTestTestCaseFilter"
)
"""Lines of a build that can leave tests out, or let them fail; a build is changed for many other reasons."""

_REMARKS = re.compile(r"^[ \t]*(?://|/?\*|#).*$", re.MULTILINE)


def is_opaque(name: str) -> bool:
    """Tell whether a file of this name configures checks in a form that is not compared setting by setting."""
    return OPAQUE.match(name) is not None


def without_remarks(text: str) -> str:
    """Return a configuration without its comments and layout."""
    return " ".join(_REMARKS.sub("", text).split())


def settings_of(name: str, text: str) -> Flat | None:
    """Return the settings that the proof depends on, by dotted key; None when the text cannot be read."""
    reader = _reader_of(name)
    if reader is None or not text.strip():
        return {}
    try:
        return {key: value for key, value in reader(text).items() if not HARMLESS.search(key)}
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, configparser.Error, RecursionError, ValueError):
        return None


def _reader_of(name: str) -> Callable[[str], Flat] | None:
    if name == "pyproject.toml":
        return lambda text: _watched(dict(_flat("", tomllib.loads(text))))
    if name in WHOLE_TOML:
        return lambda text: _renamed(dict(_flat(WHOLE_TOML[name], tomllib.loads(text))))
    if name in INI_SECTIONS:
        return lambda text: _ini(text, INI_SECTIONS[name])
    if name == "Cargo.toml":
        return lambda text: {key: value for key, value in _flat("", tomllib.loads(text)) if CARGO.match(key)}
    if name == "package.json":
        return lambda text: {key: value for key, value in _flat("", json.loads(text)) if PACKAGE.match(key)}
    if BUILDS.match(name):
        return _lines_that_leave_out
    if re.fullmatch(r"[jt]sconfig(?:\.[\w-]+)?\.json", name):
        return lambda text: {
            key: value for key, value in _flat("", json.loads(_relaxed(text))) if not TSCONFIG_HARMLESS.match(key)
        }
    return None


def _watched(flat: Flat) -> Flat:
    return {key: value for key, value in _renamed(flat).items() if key.startswith(tuple(f"{one}." for one in WATCHED))}


def _renamed(flat: Flat) -> Flat:
    return {MOVED.sub("tool.ruff.lint.", key): value for key, value in flat.items()}


def _lines_that_leave_out(text: str) -> Flat:
    lines = [line.strip() for line in text.splitlines() if LEAVES_OUT.search(line)]
    return {f"`{line[:80]}`": lines.count(line) for line in lines}


def _relaxed(text: str) -> str:
    """Return JSON with comments and trailing commas as plain JSON, as far as that is surely told."""
    plain = re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda found: found[1] or " ", text, flags=re.DOTALL)
    return re.sub(r",(?=\s*[}\]])", "", plain)


def _flat(prefix: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the leaves of nested tables; a list of tables is one leaf for each of its keys."""
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, inner)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in cast("list[object]", value)):
        for number, inner in enumerate(cast("list[object]", value)):
            yield from _flat(f"{prefix}.{number}", inner)
    else:
        yield prefix, value


def _ini(text: str, wanted: str) -> Flat:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    return {
        f"{section}.{key}": value
        for section in parser.sections()
        if re.match(wanted, section)
        for key, value in parser.items(section)
        if key != "markers"
    }
