"""The checks of Python packages: which folders are packages of their own, and which tools each is configured for.

A folder below the root is one where its workspace names it, where it has an environment of its own, or where the root
is none; a manifest that only lies somewhere, in the data of tests say, makes none.
"""

from __future__ import annotations

import fnmatch
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from bridle.harness.verify.checks import Check, Stage, is_below, is_test_path, is_unittest_path, named
from bridle.harness.verify.interpreter import Interpreter, find_interpreter
from bridle.harness.verify.survey import Survey, join

TOOLS: Mapping[str, Stage] = {
    "ruff": "style",
    "ruff-format": "style",
    "mypy": "types",
    "pyright": "types",
    "pytest": "tests",
    "unittest": "tests",
}
PROGRAMS: Mapping[str, str] = {"ruff-format": "ruff"}
"""The program of a tool, where its name is another."""
MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg")
CONFIGURED: dict[str, tuple[tuple[str, str], ...]] = {
    "ruff": (
        ("ruff.toml", ""),
        (".ruff.toml", ""),
        ("pyproject.toml", r"^[ \t]*\[+\s*tool\.ruff\b"),
    ),
    "ruff-format": (("pyproject.toml", r"^[ \t]*\[+\s*tool\.ruff\.format\b"),),
    "pyright": (
        ("pyrightconfig.json", ""),
        ("pyproject.toml", r"^[ \t]*\[+\s*tool\.pyright\b"),
    ),
    "mypy": (
        ("mypy.ini", ""),
        (".mypy.ini", ""),
        ("pyproject.toml", r"^[ \t]*\[+\s*tool\.mypy\b"),
        ("setup.cfg", r"^[ \t]*\[mypy\b"),
    ),
    "pytest": (
        ("pytest.ini", ""),
        (".pytest.ini", ""),
        ("pytest.toml", ""),
        (".pytest.toml", ""),
        ("pyproject.toml", r"^[ \t]*\[+\s*tool\.pytest\b"),
        ("tox.ini", r"^[ \t]*\[pytest\]"),
        ("setup.cfg", r"^[ \t]*\[tool:pytest\]"),
    ),
}
"""Per tool: the files that configure it, and the section that must be in them ("" for any content)."""


PLUGINS = Path(__file__).parent.parent / "plugins"
RUNNERS = {"pytest": PLUGINS / "bridle_pytest.py", "unittest": PLUGINS / "bridle_unittest.py"}
"""What starts each, by its path, so that nothing in the tree can stand in for what reports."""
RUFF_FILES = ("ruff.toml", ".ruff.toml")
FORMATS = r"^[ \t]*(?:-\s*)?id:\s*[\"']?ruff-format\b|\bruff\s+format\b"
"""How a project says in its hooks, its targets or its CI that ruff formats it."""
MAX_TEST_FILES = 200

_UNITTEST = re.compile(r"^[ \t]*(?:import|from)\s+unittest\b", re.MULTILINE)


def find(survey: Survey) -> Iterator[Check]:
    """Yield the checks of every Python package, in no order that matters."""
    packages = _packages(survey)
    for package in packages:
        inner = tuple(one for one in packages if one != package and is_below(one, package))
        interpreter = find_interpreter(survey.root, survey.python, package)
        for tool in TOOLS:
            if _wanted(survey, tool, package, inner, interpreter):
                yield _check(tool, package, interpreter)


def configured(survey: Survey, tool: str, package: str) -> bool:
    """Tell whether a package configures a tool."""
    return any(survey.holds(join(package, name), section) for name, section in CONFIGURED[tool])


def _packages(survey: Survey) -> tuple[str, ...]:
    """Return the folders that are packages, the root first."""
    below = [folder for folder in survey.folders_with(*MANIFESTS) if folder]
    root_is_one = any((survey.root / name).is_file() for name in MANIFESTS) or any(
        configured(survey, tool, "") for tool in CONFIGURED
    )
    members = _members(survey)
    own = [
        folder
        for folder in below
        if any(fnmatch.fnmatchcase(folder, member) for member in members) or _has_environment(survey, folder)
    ]
    if not root_is_one:
        outermost = [folder for folder in below if not any(is_below(folder, x) for x in below if x != folder)]
        own = sorted({*own, *outermost})
    return ("", *own)


class _Workspace(msgspec.Struct, frozen=True):
    members: tuple[str, ...] = ()


class _Uv(msgspec.Struct, frozen=True):
    workspace: _Workspace = _Workspace()


class _Tool(msgspec.Struct, frozen=True):
    uv: _Uv = _Uv()


class _Project(msgspec.Struct, frozen=True):
    tool: _Tool = _Tool()


def _members(survey: Survey) -> list[str]:
    """Return the folders, as patterns, that the root names as members of its workspace."""
    try:
        project = msgspec.toml.decode(survey.text("pyproject.toml"), type=_Project)
    except msgspec.DecodeError:
        return []
    return [member.strip("/") for member in project.tool.uv.workspace.members]


def _has_environment(survey: Survey, folder: str) -> bool:
    return any((survey.root / folder / name / "pyvenv.cfg").is_file() for name in (".venv", "venv"))


def _wanted(survey: Survey, tool: str, package: str, inner: tuple[str, ...], interpreter: Interpreter) -> bool:
    if tool == "ruff-format":
        return _is_formatted(survey, package)
    if tool in ("pytest", "unittest"):
        return _runner(survey, package, inner, interpreter) == tool
    if configured(survey, tool, package):
        return True
    if tool != "ruff":
        return False
    # What the root leaves to its packages is no business of the root's; ruff finds each package's configuration itself.
    files = [path for path in survey.below(package, inner) if path.endswith((".py", ".pyi"))]
    covered = bool(package) and _wanted(survey, "ruff", "", (), find_interpreter(survey.root, survey.python))
    return bool(files) and not covered and _program(interpreter, "ruff") is not None


def _is_formatted(survey: Survey, package: str) -> bool:
    """Tell whether the project says that ruff formats it: that ruff lints it says nothing of its format."""
    if configured(survey, "ruff-format", package):
        return True
    if any(survey.holds(join(package, name), r"^[ \t]*\[format\b") for name in RUFF_FILES):
        return True
    return configured(survey, "ruff", package) and survey.mentions(FORMATS)


def _runner(survey: Survey, package: str, inner: tuple[str, ...], interpreter: Interpreter) -> str:
    """Return what runs a package's tests, "" where it has none: unittest only where there is no sign of pytest."""
    if configured(survey, "pytest", package):
        return "pytest"
    files = list(survey.below(package, inner))
    if not _has_pytest(interpreter) and not interpreter.problem:
        named = [path for path in files if is_unittest_path(path)][:MAX_TEST_FILES]
        if any(_UNITTEST.search(survey.text(path)) for path in named):
            return "unittest"
    return "pytest" if any(is_test_path(path) for path in files) else ""


def _has_pytest(interpreter: Interpreter) -> bool:
    """Tell whether pytest is installed where the interpreter looks, without starting it."""
    if interpreter.beside("pytest") or interpreter.beside("py.test"):
        return True
    prefix = Path(interpreter.path).parent.parent if interpreter.path else None
    if prefix is None:
        return False
    homes = [prefix] if (prefix / "pyvenv.cfg").is_file() else [prefix, Path(interpreter.path).resolve().parent.parent]
    patterns = (
        "lib*/python3*/site-packages/pytest",
        "lib/python3/dist-packages/pytest",
        "local/lib/python3*/dist-packages/pytest",
    )
    return any(next(home.glob(pattern), None) is not None for home in homes for pattern in patterns)


def _check(tool: str, package: str, interpreter: Interpreter) -> Check:
    name, stage = named(tool, package), TOOLS[tool]
    if stage == "tests" and interpreter.problem:
        return Check(name, tool, stage, (), package, "", interpreter.problem, interpreter.next_step)
    if stage == "tests":
        return Check(name, tool, stage, (interpreter.path, str(RUNNERS[tool])), package, interpreter.path)
    wanted = PROGRAMS.get(tool, tool)
    program = _program(interpreter, wanted)
    if program is None:
        where = interpreter.path or "PATH"
        missing = f"{wanted} is configured, and not installed beside {where}"
        step = f"install it: {interpreter.path or 'python3'} -m pip install {wanted}"
        return Check(name, tool, stage, (), package, interpreter.path, missing, step)
    return Check(name, tool, stage, (program,), package, interpreter.path)


def _program(interpreter: Interpreter, name: str) -> str | None:
    return interpreter.beside(name) or shutil.which(name)
