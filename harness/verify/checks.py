"""What a check is: one declared command of one package, read by one checker. Data, and the words for it.

A check whose tool is missing is still a check: it yields `unknown` with a next step, never silence.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Stage = Literal["style", "architecture", "security", "types", "tests"]
STAGES: tuple[Stage, ...] = ("style", "architecture", "security", "types", "tests")
"""Cheapest first."""


Format = Literal["junit", "tap", "sarif", "lines"]


class Reading(msgspec.Struct, frozen=True):
    """How the report of a command is had and read, where the command was declared and no checker knows its tool.

    `path` is a pattern of the files that it writes below its folder, in which ``*`` crosses folders; "" where it prints
    its report, or is told by ``{report}`` or ``{reports}`` in the command where to write it. `matcher` are the patterns
    of one complaint, a line each. `counts` finds how much was examined. `exits` are the documented exit codes. `files`
    are patterns of the files that it looks at. `lacks` are words of a failure to start, each with the next step.
    """

    format: Format
    path: str = ""
    matcher: tuple[str, ...] = ()
    counts: str = ""
    exits: tuple[int, ...] = (0, 1)
    files: tuple[str, ...] = ()
    lacks: tuple[tuple[str, str], ...] = ()


class Check(msgspec.Struct, frozen=True):
    """One declared command. `problem` says why it cannot be run at all, "" where it can.

    `name` is the tool's, with ``:FOLDER`` for a package below the root, and unlike all others. `package` is that folder
    ("" for the root); the command runs there. `without` are packages inside it that have such a check of their own.
    `needs` is what the person grants it beyond the sandbox. `reading` tells how its report is read, where its tool has
    no checker of its own. `everywhere` is said of one that the person declared for all their projects.
    """

    name: str
    tool: str
    stage: Stage
    command: tuple[str, ...]
    package: str = ""
    python: str = ""
    problem: str = ""
    next_step: str = ""
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    reading: Reading | None = None
    everywhere: bool = False

    @property
    def starts_nothing(self) -> bool:
        """Whether it only reads the tree, so that it needs nobody's trust in what the tree would run."""
        return not self.command and self.stage in ("architecture", "security")

    def owns(self, path: str) -> bool:
        """Tell whether a file of the tree belongs to this check's package."""
        return is_below(path, self.package) and not any(is_below(path, inner) for inner in self.without)


def named(tool: str, package: str) -> str:
    """Return the name of a tool's check of a package."""
    return f"{tool}:{package}" if package else tool


def is_below(path: str, folder: str) -> bool:
    """Tell whether a path lies in a folder of the tree; all do in the root, which is ""."""
    return not folder or path == folder or path.startswith(folder + "/")


def is_test_path(path: str) -> bool:
    """Tell whether pytest would look for tests in this file, by its default patterns."""
    name = path.rpartition("/")[2]
    return name.endswith("_test.py") or (name.startswith("test_") and name.endswith(".py"))


_SCRIPT_TEST = re.compile(r"(?:^|/)(?:[^/]+[.](?:test|spec)|__tests__/.+|(?:.+[-_])?test|test-[^/]+)[.][cm]?[jt]sx?")


def is_script_test(path: str) -> bool:
    """Tell whether a runner of JavaScript tests would look for some in this file, by the default patterns of any."""
    return _SCRIPT_TEST.search(path) is not None and not path.endswith(".d.ts")


def is_unittest_path(path: str) -> bool:
    """Tell whether unittest would look for tests in this file, by its default pattern."""
    name = path.rpartition("/")[2]
    return name.startswith("test") and name.endswith(".py")
