"""Packages that a change builds upon anew, read off its manifests; nobody is asked about them. Pure."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from bridle.harness.verify.security.concerns import Concern

NAME = re.compile(r"^[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)")
REQUIREMENTS = re.compile(
    r"(?:^|/)(?:[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in))$"
)
_GO = re.compile(r"^[ \t]*(?:require\s+)?([\w.-]+\.[\w.-]+/[\w./~-]+)\s+v\d", re.MULTILINE)
_SETUP = re.compile(
    r"(?:install_requires|extras_require|tests_require|setup_requires)\s*=\s*([\[{(].*?[\])}])\s*,?\s*$",
    re.DOTALL | re.MULTILINE,
)
MAX_CHARS = 2_000_000


def new_dependencies(path: str, before: str | None, after: str | None) -> Iterator[Concern]:
    """Yield the packages that a manifest names now and did not before; a lock file follows its manifest."""
    reader = _reader_of(path)
    if reader is None or after is None or len(after) > MAX_CHARS:
        return
    try:
        now = set(map(normalised, reader(after)))
    except (ValueError, configparser.Error, RecursionError, AttributeError, TypeError):
        return
    try:
        known = set(map(normalised, reader(before or "")))
    except (ValueError, configparser.Error, RecursionError, AttributeError, TypeError):
        known = set[str]()
    for name in sorted(now - known):
        line = _line_of(after, name)
        message = f"{name!r} is a new dependency, named in {path}"
        remedy = "a person decides whether this project builds upon it, and whether it is the package that is meant"
        yield Concern("dependency", "dependency", path, line, line + 1, name, message, remedy)


def normalised(name: str) -> str:
    """Return a package's name as registries compare it."""
    return name if "/" in name else re.sub(r"[-_.]+", "-", name).lower()


def _reader_of(path: str) -> Callable[[str], Iterator[str]] | None:
    name = path.rpartition("/")[2]
    if REQUIREMENTS.search(path):
        return _requirements
    return {
        "pyproject.toml": _pyproject,
        "setup.cfg": _setup_cfg,
        "setup.py": _setup_py,
        "Pipfile": _pipfile,
        "package.json": _package_json,
        "Cargo.toml": _cargo,
        "go.mod": _go_mod,
    }.get(name)


def _requirements(text: str) -> Iterator[str]:
    for line in text.splitlines():
        plain = line.strip()
        if plain.startswith(("-e ", "--editable ")) or "://" in plain.split(" ")[0]:
            named = plain.partition("#egg=")[2] or plain.split()[-1]
            yield from () if named.startswith((".", "/")) else (named,)
        elif plain and not plain.startswith(("#", "-", ".", "/")):
            found = NAME.match(plain)
            yield from (found[1],) if found else ()


def _pyproject(text: str) -> Iterator[str]:
    document = tomllib.loads(text)
    project, tool = _table(document.get("project")), _table(document.get("tool"))
    lists = [project.get("dependencies"), _table(document.get("build-system")).get("requires")]
    lists += [
        *_table(project.get("optional-dependencies")).values(),
        *_table(document.get("dependency-groups")).values(),
    ]
    for entries in lists:
        for entry in cast("list[object]", entries) if isinstance(entries, list) else ():
            found = NAME.match(entry) if isinstance(entry, str) else None
            yield from (found[1],) if found else ()
    poetry = _table(tool.get("poetry"))
    groups = [poetry, *map(_table, _table(poetry.get("group")).values())]
    for group in groups:
        yield from (
            name for key in ("dependencies", "dev-dependencies") for name in _table(group.get(key)) if name != "python"
        )


def _setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    for section in parser.sections():
        for key, value in parser.items(section):
            wanted = (
                key in ("install_requires", "tests_require", "setup_requires") or section == "options.extras_require"
            )
            yield from _requirements(value or "") if wanted else ()


def _setup_py(text: str) -> Iterator[str]:
    for found in _SETUP.finditer(text):
        for quoted in re.findall(r"""['"]([^'"\n]+)['"](?!\s*:)""", found[1]):
            name = NAME.match(quoted)
            yield from (name[1],) if name else ()


def _pipfile(text: str) -> Iterator[str]:
    document = tomllib.loads(text)
    yield from (name for key in ("packages", "dev-packages") for name in _table(document.get(key)))


def _package_json(text: str) -> Iterator[str]:
    document = _table(json.loads(text or "{}"))
    keys = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
    yield from (name for key in keys for name in _table(document.get(key)))


def _go_mod(text: str) -> Iterator[str]:
    return (found[1] for found in _GO.finditer(text))


def _cargo(text: str) -> Iterator[str]:
    yield from _cargo_tables(tomllib.loads(text))


def _cargo_tables(table: Mapping[str, object]) -> Iterator[str]:
    for key, value in table.items():
        if key in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from _table(value)
        elif key in ("target", "workspace") or key.startswith("cfg(") or "dependencies" in _table(value):
            yield from _cargo_tables(_table(value))


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _line_of(text: str, name: str) -> int:
    spelled = "[-_.]".join(map(re.escape, name.split("-")))
    shape = re.compile(rf"(?<![\w-]){spelled}(?![\w-])", re.IGNORECASE)
    return next((number for number, line in enumerate(text.splitlines()) if shape.search(line)), 0)
