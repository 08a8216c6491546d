"""The tasks: small projects with one seeded fault each, patches that mend it or do not, tests that judge in the end.

A project is a module of real functions (`projects/`) with visible tests, which any loop may run, and hidden ones, which
none sees. A fault is one mutant that exactly one visible test notices. Wrong candidates are other mutants of the same
function: most are noticed by a visible test, some only by a hidden one.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from trial import Outcomes, outcomes

from bridle.harness.verify.mutants.python import mutants

PROJECTS = Path(__file__).resolve().parent / "projects"
VISIBLE, HIDDEN = "tests/test_core.py", "hidden"
MANIFEST = """[project]
name = "{name}"
version = "1"

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = ["--disable-plugin-autoload"]
"""
"""Without the plug-ins of this environment, which take four times as long as the tests."""


class Task(msgspec.Struct, frozen=True):
    """One fault. `core` is the path of the module, `right` its text as it was, `broken` as the loops get it.

    `failing` is the visible test that notices. `wrong` are texts that a visible test notices, `unnoticed` those that
    only a hidden one does.
    """

    id: str
    project: str
    function: str
    broken: str
    right: str
    tests: str
    failing: str
    wrong: tuple[str, ...]
    unnoticed: tuple[str, ...]

    @property
    def core(self) -> str:
        """The path of the module in its project."""
        return f"{self.project}/core.py"

    def write(self, root: Path) -> None:
        """Write the project as the loops get it."""
        files = {
            "pyproject.toml": MANIFEST.format(name=self.project),
            f"{self.project}/__init__.py": "",
            self.core: self.broken,
            VISIBLE: self.tests,
        }
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")


class Verdict(NamedTuple):
    """What the tests as they were say of a published text."""

    visible: bool
    hidden: bool


class _Faulty(NamedTuple):
    text: str
    function: str
    line: int
    found: Outcomes

    def fails(self, module: str) -> list[str]:
        return [test for test, outcome in self.found.items() if outcome != "pass" and test.startswith(f"{module}::")]


class Judge:
    """Says what the tests say of a text, each text once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Outcomes] = {}

    def look(self, project: str, texts: list[str]) -> list[Outcomes]:
        """Return the outcomes of these texts of a project's module."""
        new = [text for text in dict.fromkeys(texts) if (project, text) not in self._known]
        if new:
            found = outcomes(project, _tests(project), new)
            self._known |= {(project, text): one for text, one in zip(new, found, strict=True)}
        return [self._known[project, text] for text in texts]

    def verdict(self, project: str, text: str) -> Verdict:
        """Return what the visible and the hidden tests, as they were, say of a text."""
        (found,) = self.look(project, [text])
        visible = all(outcome == "pass" for test, outcome in found.items() if test.startswith(f"{VISIBLE}::"))
        return Verdict(visible, all(outcome == "pass" for outcome in found.values()))


def tasks(n_tasks: int, seed: int, judge: Judge, projects: Sequence[str] = ()) -> list[Task]:
    """Return so many tasks of these projects, of all for none named.

    Where there are fewer faults than that, they come again for other dice.
    """
    dice = random.Random(f"tasks {seed}")  # noqa: S311  # the same tasks on every run
    found = [task for name in projects or names() for task in _of(name, judge)]
    dice.shuffle(found)
    return [
        msgspec.structs.replace(found[n % len(found)], id=f"{n:03d} {found[n % len(found)].id}") for n in range(n_tasks)
    ]


def names() -> list[str]:
    """Return the names of the projects."""
    return sorted(folder.name for folder in PROJECTS.iterdir())


def _tests(project: str) -> dict[str, str]:
    folder = PROJECTS / project
    return {VISIBLE: (folder / "visible.py").read_text("utf-8"), HIDDEN: (folder / "hidden.py").read_text("utf-8")}


def _of(project: str, judge: Judge) -> Iterator[Task]:
    """Yield the tasks of one project."""
    right = (PROJECTS / project / "core.py").read_text("utf-8")
    if judge.verdict(project, right) != (True, True):
        raise AssertionError(f"the tests of {project} fail as they are")
    faults = _faults(project, right, judge)
    for fault in faults:
        noticed = fault.fails(VISIBLE)
        others = [one for one in faults if one.function == fault.function and one.text != fault.text]
        wrong = tuple(one.text for one in others if one.fails(VISIBLE))
        if len(noticed) == 1 and len(wrong) > 1:
            yield Task(
                id=f"{project}.{fault.function}:{fault.line + 1}",
                project=project,
                function=fault.function,
                broken=fault.text,
                right=right,
                tests=_tests(project)[VISIBLE],
                failing=noticed[0].partition("::")[2],
                wrong=wrong,
                unnoticed=tuple(one.text for one in others if not one.fails(VISIBLE)),
            )


def _faults(project: str, right: str, judge: Judge) -> list[_Faulty]:
    """Return the mutants that any test notices and none hangs on, each with the function that it is in."""
    ranges = [
        (node.lineno - 1, node.end_lineno or 0, node.name)
        for node in ast.walk(ast.parse(right))
        if isinstance(node, ast.FunctionDef)
    ]
    placed: dict[str, tuple[str, int]] = {}
    for mutant in mutants("core.py", right):
        owner = next((name for start, end, name in ranges if start <= mutant.line < end), "")
        if owner:
            placed.setdefault(mutant.applied(right.encode()).decode(), (owner, mutant.line))
    found = judge.look(project, list(placed))
    whole = [_Faulty(text, *placed[text], one) for text, one in zip(placed, found, strict=True)]
    return [one for one in whole if "fail" in one.found.values() and "hang" not in one.found.values()]
