"""Objections to changes of what the proof is configured by, in Python, JavaScript, TypeScript, Go and Rust. Pure.

Whatever only asks for more is fine; whether the rest asks for less is for a person to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.config_files import Flat, is_opaque, settings_of, without_remarks
from bridle.harness.verify.gates.source import Change, Patch
from bridle.harness.verify.gates.suppressions import STYLE

SCRIPTS = (".js", ".mjs", ".cjs", ".ts")
GATE = "configuration"
RESTORE = "leave the configuration of the checks as it was; a person may decide otherwise"

LONGER_IS_STRICTER = re.compile(r"\.(?:extend-)?select$|\.testpaths$|\.plugins$|\.enable$|\.enable_error_code$")
TRUE_IS_STRICTER = re.compile(
    r"\.(?:strict\w*|warn_\w+|disallow_\w+|check_untyped_defs|extra_checks|xfail_strict|no_implicit_\w+|no[A-Z]\w+|"
    r"explicit_package_bases|exactOptionalPropertyTypes|alwaysStrict)$"
)
OPTIONS = re.compile(r"\.addopts$|^scripts\.")
FILTERS = re.compile(r"\.filterwarnings$")
PLACES = re.compile(r"\.(?:files|include|packages|mypy_path|testpaths|pythonpath|src|extraPaths)$")
TOLD = re.compile(
    r"^(?:tool\.)?coverage\b|^flake8\.|^(?:run|report|paths|html|xml)\.|(?:^|\.)mypy-[\w.*,-]+\.ignore_missing_imports$"
)
"""What no check of ours stands on, or what only says that a foreign package has no types: told, and no obstacle."""

HARMLESS_OPTIONS = re.compile(
    r"-(?:v+|q+|ra?|r[a-zA-Z]{2,}|l|s|x)$|--(?:strict|verbose|quiet|color|tb|durations|showlocals|cov|no-cov-on-fail|"
    r"doctest-modules|doctest-glob|reporter|check-leaks|full-trace|colors|timestamps|no-header|strict-\w+|junit\w*|"
    r"exitfirst|html|instafail)\b"
)
"""Options that say how a run reports or that ask for more."""

STRICT_OPTIONS = re.compile(r"-W$|error|--(?:strict\w*|doctest|forbid|check-leaks|fail|max-warnings)")
"""Options whose absence asks for less."""

IGNORES = re.compile(r"^tool\.ruff\.(?:lint\.)?(?:extend-)?ignore$|^flake8\.(?:extend-)?ignore$")

ESLINT = tuple(
    f"{stem}{suffix}"
    for stem, suffixes in ((".eslintrc", ("", ".json", ".js", ".cjs", ".yml", ".yaml")), ("eslint.config", SCRIPTS))
    for suffix in suffixes
)
NEW_SCRIPT = re.compile(r"^scripts\.(?:lint|check|typecheck|type-check|tsc)\b")
"""Commands that nobody was asked to run before they were there."""

ADOPTED = (
    "tool.mypy",
    "tool.pyright",
    "tool.basedpyright",
    "tool.pylint",
    "tool.bandit",
    "mypy",
    "flake8",
    "coverage",
    "lints",
)
"""Tools that check nothing before they are configured: to configure one is to ask for more."""

RIVALS = {
    "mypy": ("mypy.ini", ".mypy.ini", "setup.cfg", "pyproject.toml"),
    "flake8": (".flake8", "tox.ini", "setup.cfg"),
    "pytest": ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg"),
    "coverage": (),
    "lints": (),
}
"""The files that a tool reads only one of: a new one hides what another says."""


def judge_configuration(patch: Patch, change: Change) -> Iterator[Flag]:
    """Yield the objections to one file's change, where it configures a check."""
    if change.is_same or change.is_example:
        return
    if is_opaque(change.name):
        same = without_remarks(change.before.text) == without_remarks(change.after.text)
        if not same and not _is_first_of_eslint(patch, change):
            yield change.flag(GATE, 0, f"{change.name} configures the checks, and was changed", RESTORE)
        return
    before, after = settings_of(change.name, change.before.text), settings_of(change.name, change.after.text)
    if after is None or before is None:
        blocks = before is not None
        reason = f"{change.name} cannot be read, so its checks cannot be compared"
        yield change.flag(GATE, 0, reason, "mend its syntax", blocks=blocks)
        return
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) == after.get(key) or _is_stricter(key, before.get(key), after.get(key)):
            continue
        if key not in before and NEW_SCRIPT.match(key):
            continue
        if _is_adopted(patch, change, key, before) and _is_safe_to_adopt(key, after[key]):
            continue
        if _is_carried_over(patch, change, key, before, after):
            continue
        line = change.after.line_of(key.rpartition(".")[2])
        blocks = not (TOLD.search(key) or _is_of_style(key, before.get(key), after.get(key)))
        yield change.flag(GATE, line, f"{key} was {_verb(key, before, after)}", RESTORE, blocks=blocks)


def _is_first_of_eslint(patch: Patch, change: Change) -> bool:
    """Tell whether a file at the root brings in a linter that was not there: nothing was asked for before."""
    if change.before.exists or "/" in change.path or "eslint" not in change.name:
        return False
    texts = [patch.text_before(name) for name in ESLINT]
    return all(text == "" for text in texts) and "eslintConfig" not in (patch.text_before("package.json") or "")


def _is_stricter(key: str, before: object, after: object) -> bool:
    if LONGER_IS_STRICTER.search(key) and _is_list(before) and _is_list(after):
        return set(map(str, _lines(before))) <= set(map(str, _lines(after)))
    if OPTIONS.search(key) and before is not None:
        return _asks_for_as_much(_words(before), _words(after))
    if FILTERS.search(key):
        return all(
            str(one).split(":")[0].strip() == "error" for one in _lines(after) if one not in _lines(before)
        ) and (
            "error" not in {str(one).strip() for one in _lines(before)} - {str(one).strip() for one in _lines(after)}
        )
    if PLACES.search(key) and before is not None and after is not None:
        return _covers(_lines(after), _lines(before))
    return TRUE_IS_STRICTER.search(key) is not None and str(after).lower() == "true"


def _asks_for_as_much(before: list[str], after: list[str]) -> bool:
    """Tell whether options changed only in how a run reports, or towards more."""
    added = [word for word in after if word not in before]
    removed = [word for word in before if word not in after]
    bare = {word for word in (*added, *removed) if not word.startswith("-")}
    values = {after[at + 1] for at, word in enumerate(after[:-1]) if HARMLESS_OPTIONS.match(word)}
    values |= {before[at + 1] for at, word in enumerate(before[:-1]) if HARMLESS_OPTIONS.match(word)}
    return (
        all(HARMLESS_OPTIONS.match(word) for word in added if word.startswith("-"))
        and not any(STRICT_OPTIONS.search(word) for word in removed)
        and all(HARMLESS_OPTIONS.match(word) for word in removed if word.startswith("-"))
        and bare <= values
    )


def _covers(after: list[object], before: list[object]) -> bool:
    """Tell whether each place of `before` still lies in one of `after`."""
    wide = [str(one).strip().strip("/").removesuffix("/**") for one in after]
    return all(
        any(place in ("", ".") or f"{str(one).strip().strip('/')}/".startswith(f"{place}/") for place in wide)
        for one in before
    )


def _is_adopted(patch: Patch, change: Change, key: str, before: Flat) -> bool:
    """Tell whether the tool that a key belongs to was configured nowhere before, nor in a file that this hides."""
    tool = next((one for one in ADOPTED if key.startswith((f"{one}.", f"{one}-", f"{one}:"))), None)
    if tool is None or any(one.startswith((f"{tool}.", f"{tool}-", f"{tool}:")) for one in before):
        return False
    short = tool.replace(":", ".").rpartition(".")[2]
    folder = change.path[: -len(change.name)]
    others = [name for name in RIVALS.get(short, ("pyrightconfig.json",)) if name != change.name]
    return not any(_is_configured(patch.text_before(f"{folder}{name}"), name, short) for name in others)


def _is_safe_to_adopt(key: str, value: object) -> bool:
    """Tell whether a first setting can be taken: tests are run without any, so what it says of them counts."""
    if "pytest" not in key.partition(".ini_options")[0].split(".")[0] and not key.startswith("tool.pytest"):
        return True
    return OPTIONS.search(key) is not None and _asks_for_as_much([], _words(value))


def _is_of_style(key: str, before: object, after: object) -> bool:
    """Tell whether only rules of layout and names were turned off."""
    added = [str(one).strip() for one in _lines(after) if one not in _lines(before)]
    return bool(added) and IGNORES.search(key) is not None and all(map(STYLE.match, added))


def _is_configured(text: str | None, name: str, tool: str) -> bool:
    """Tell whether a file configures a tool; one that is not known may."""
    settings = None if text is None else settings_of(name, text)
    return settings is None or any(re.match(rf"(?:tool[.:])?{tool}\b", key) for key in settings)


def _is_carried_over(patch: Patch, change: Change, key: str, before: Flat, after: Flat) -> bool:
    """Tell whether a setting that goes here stands elsewhere in the patch now, or one that comes stood there."""
    name = _bare(key)
    for other in patch.changes:
        if other.path == change.path:
            continue
        sides = settings_of(other.name, other.before.text) or {}, settings_of(other.name, other.after.text) or {}
        if key in before and key not in after:
            stands = [value for one, value in sides[1].items() if _bare(one) == name and one not in sides[0]]
            if stands and _says_as_much(name, before[key], stands[0]):
                return True
        if key in after and key not in before:
            stood = [value for one, value in sides[0].items() if _bare(one) == name and one not in sides[1]]
            if stood and _says_as_much(name, stood[0], after[key]):
                return True
    return False


def _says_as_much(name: str, before: object, after: object) -> bool:
    if _lines(before) == _lines(after) or str(before).lower() == str(after).lower():
        return True
    return _is_stricter(f".{name}", before, after)


def _bare(key: str) -> str:
    """Return a key as it is called in any file: `tool.pytest.ini_options.addopts` and `tool:pytest.addopts` alike."""
    found = re.match(r"(?:tool[.:])?(pytest|mypy|coverage|flake8)(?:\.ini_options)?\.(.+)", key)
    return f"{found[1]}.{found[2]}" if found else key


def _words(value: object) -> list[str]:
    text = " ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value or "")
    return text.replace("=", " ").split() if "&&" not in text else text.split()


def _lines(value: object) -> list[object]:
    if isinstance(value, list):
        return cast("list[object]", value)
    return [one for one in re.split(r"[\n,]", str(value or "")) if one.strip()]


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _verb(key: str, before: Flat, after: Flat) -> str:
    if key not in before:
        return f"set to {after[key]!r}"[:120]
    return "taken out" if key not in after else f"changed to {after[key]!r}"[:120]
