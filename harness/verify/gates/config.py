"""Objections to changes of what the proof is configured by: pytest, ruff, mypy, coverage. Pure.

Whatever only asks for more is fine; whether the rest asks for less is for a person to say.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import cast

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.source import Change

GATE = "configuration"
RESTORE = "leave the configuration of the checks as it was; a person may decide otherwise"

WATCHED = (
    "tool.pytest",
    "tool.ruff",
    "tool.mypy",
    "tool.pyright",
    "tool.coverage",
    "tool.pylint",
    "tool.bandit",
    "project.entry-points.pytest11",
)
"""Tables of pyproject.toml that the proof depends on."""

HARMLESS = (
    "tool.ruff.format",
    "tool.ruff.line-length",
    "tool.ruff.lint.isort",
    "tool.ruff.lint.pycodestyle",
    "tool.coverage.html",
    "tool.pytest.ini_options.markers",
    "tool.pytest.ini_options.minversion",
)
MOVED = re.compile(r"^tool\.ruff\.(?=(?:extend-)?(?:select|ignore|per-file-ignores)|isort|pycodestyle)")
"""Keys that stood at ruff's top before it had a table for its linter."""

WHOLE_TOML = {
    "ruff.toml": "tool.ruff",
    ".ruff.toml": "tool.ruff",
    "pytest.toml": "tool.pytest",
    ".pytest.toml": "tool.pytest",
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

OTHERS = frozenset(("pyrightconfig.json", ".pylintrc", "pylintrc", "bridle.toml"))
LONGER_IS_STRICTER = re.compile(r"\.(?:extend-)?select$|\.testpaths$")
TRUE_IS_STRICTER = re.compile(r"\.(?:strict\w*|warn_\w+|disallow_\w+|check_untyped_defs|extra_checks|xfail_strict)$")

Flat = dict[str, object]


def judge_configuration(change: Change) -> Iterator[Flag]:
    """Yield the objections to one file's change, where it configures a check."""
    same = change.before.text == change.after.text and change.before.exists == change.after.exists
    if same or change.is_example:
        return
    if change.name in OTHERS:
        yield change.flag(GATE, 0, f"{change.name} configures the checks, and was changed", RESTORE)
        return
    before, after = _settings(change, change.before.text), _settings(change, change.after.text)
    if before is None or after is None:
        yield change.flag(GATE, 0, f"{change.name} cannot be read, so its checks cannot be compared", "mend its syntax")
        return
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key) and not _is_stricter(key, before.get(key), after.get(key)):
            line = change.after.line_of(key.rpartition(".")[2])
            yield change.flag(GATE, line, f"{key} was {_verb(key, before, after)}", RESTORE)


def _settings(change: Change, text: str) -> Flat | None:
    """Return the settings that the proof depends on, by dotted key; None when the text cannot be read."""
    try:
        if change.name == "pyproject.toml":
            return _watched(dict(_flat("", tomllib.loads(text))))
        if change.name in WHOLE_TOML:
            return _watched(dict(_flat(WHOLE_TOML[change.name], tomllib.loads(text))))
        if change.name in INI_SECTIONS:
            return _ini(text, INI_SECTIONS[change.name])
    except (tomllib.TOMLDecodeError, configparser.Error, RecursionError):
        return None
    return {}


def _watched(flat: Flat) -> Flat:
    named = {MOVED.sub("tool.ruff.lint.", key): value for key, value in flat.items()}
    return {
        key: value
        for key, value in named.items()
        if key.startswith(tuple(f"{name}." for name in WATCHED)) and not key.startswith(HARMLESS)
    }


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


def _is_stricter(key: str, before: object, after: object) -> bool:
    if LONGER_IS_STRICTER.search(key) and isinstance(before, list) and isinstance(after, list):
        return set(map(str, cast("list[object]", before))) <= set(map(str, cast("list[object]", after)))
    return TRUE_IS_STRICTER.search(key) is not None and str(after).lower() == "true"


def _verb(key: str, before: Flat, after: Flat) -> str:
    if key not in before:
        return f"set to {after[key]!r}"[:120]
    return "taken out" if key not in after else f"changed to {after[key]!r}"[:120]
