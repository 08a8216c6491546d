"""Which checks a project has, read off its configuration and its files. Nothing is started here.

A check whose tool is missing is still a check: it yields `unknown` with a next step, never silence.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from bridle.harness.verify.interpreter import Interpreter, find_interpreter

STAGES = ("ruff", "mypy", "pytest")
"""Every check we know, cheapest first."""

MAX_ENTRIES = 50_000
MAX_CONFIG_BYTES = 1_000_000
PASSED_BY = frozenset(("node_modules", "__pycache__", "site-packages", "venv", "build", "dist"))

CONFIGURED: dict[str, tuple[tuple[str, str], ...]] = {
    "ruff": (
        ("ruff.toml", ""),
        (".ruff.toml", ""),
        ("pyproject.toml", r"^\s*\[+\s*tool\.ruff\b"),
    ),
    "mypy": (
        ("mypy.ini", ""),
        (".mypy.ini", ""),
        ("pyproject.toml", r"^\s*\[+\s*tool\.mypy\b"),
        ("setup.cfg", r"^\s*\[mypy\b"),
    ),
    "pytest": (
        ("pytest.ini", ""),
        (".pytest.ini", ""),
        ("pytest.toml", ""),
        (".pytest.toml", ""),
        ("pyproject.toml", r"^\s*\[+\s*tool\.pytest\b"),
        ("tox.ini", r"^\s*\[pytest\]"),
        ("setup.cfg", r"^\s*\[tool:pytest\]"),
    ),
}
"""Per tool: the files that configure it, and the section that must be in them ("" for any content)."""


class Check(msgspec.Struct, frozen=True):
    """One declared command. `problem` says why it cannot be run at all, "" where it can.

    `needs` is what the person grants it beyond the sandbox.
    """

    name: str
    command: tuple[str, ...]
    python: str = ""
    problem: str = ""
    next_step: str = ""
    needs: tuple[str, ...] = ()


def discover(root: Path, python: str | None, needs: Mapping[str, tuple[str, ...]] = {}) -> tuple[Check, ...]:
    """Return the project's checks in stage order; `python` is the person's setting, None or "" to find one.

    `needs` is what the person grants, by the check's name.
    """
    interpreter = find_interpreter(root, python)
    has_python, has_tests = _survey(root)
    wanted = {
        "ruff": _configured(root, "ruff") or (has_python and _program(interpreter, "ruff") is not None),
        "mypy": _configured(root, "mypy"),
        "pytest": has_tests or _configured(root, "pytest"),
    }
    return tuple(
        msgspec.structs.replace(_check(name, interpreter), needs=needs.get(name, ())) for name in STAGES if wanted[name]
    )


def is_test_path(path: str) -> bool:
    """Tell whether pytest would look for tests in this file, by its default patterns."""
    name = path.rpartition("/")[2]
    return name.endswith("_test.py") or (name.startswith("test_") and name.endswith(".py"))


def _check(name: str, interpreter: Interpreter) -> Check:
    if name == "pytest" and interpreter.problem:
        return Check(name, (), "", interpreter.problem, interpreter.next_step)
    if name == "pytest":
        return Check(name, (interpreter.path, "-m", "pytest"), interpreter.path)
    program = _program(interpreter, name)
    if program is None:
        where = interpreter.path or "PATH"
        missing = f"{name} is configured, and not installed beside {where}"
        return Check(name, (), interpreter.path, missing, _install(name, interpreter))
    return Check(name, (program,), interpreter.path)


def _install(name: str, interpreter: Interpreter) -> str:
    return f"install it: {interpreter.path or 'python3'} -m pip install {name}"


def _program(interpreter: Interpreter, name: str) -> str | None:
    return interpreter.beside(name) or shutil.which(name)


def _configured(root: Path, tool: str) -> bool:
    return any(_holds(root / name, section) for name, section in CONFIGURED[tool])


def _holds(path: Path, section: str) -> bool:
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_CONFIG_BYTES).decode("utf-8", "replace")
    except OSError:
        return False
    return re.search(section, text, re.MULTILINE) is not None


def _survey(root: Path) -> tuple[bool, bool]:
    """Return whether there are Python files, and whether there are tests."""
    has_python = False
    for path in _files(root):
        has_python = has_python or path.endswith((".py", ".pyi"))
        if is_test_path(path):
            return True, True
    return has_python, False


def _files(root: Path) -> Iterator[str]:
    """Yield the paths of files, tool folders left out, until the bound is reached."""
    n_seen = 0
    for folder, inside, names in os.walk(root):
        inside[:] = sorted(name for name in inside if name not in PASSED_BY and not name.startswith("."))
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)  # noqa: PTH118  # no object per file
        n_seen += len(names) + 1
        if n_seen > MAX_ENTRIES:
            return
