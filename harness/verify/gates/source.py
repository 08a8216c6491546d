"""One file of a patch as the gates see it: before and after, as text and as a tree. Pure."""

from __future__ import annotations

import ast
import textwrap
import warnings
from functools import cached_property
from pathlib import PurePosixPath

from bridle.harness.nouns import Flag
from bridle.harness.verify.checks import is_test_path

TEST_FOLDERS = frozenset(("test", "tests", "testing"))


class Version:
    """One side of a change. `tree` is None where the text is not Python, and `text` "" where there is no file."""

    def __init__(self, path: str, text: str | None) -> None:
        self.exists = text is not None
        self.text = text or ""
        self._is_python = path.endswith((".py", ".pyi"))

    @cached_property
    def tree(self) -> ast.Module | None:
        """The file's syntax tree; a fragment that stands indented is read as well."""
        return parsed(self.text) if self._is_python else None

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.splitlines()

    def line_of(self, fragment: str) -> int:
        """Return the 0-based line that holds `fragment` first, 0 when none does."""
        return next((number for number, line in enumerate(self.lines) if fragment in line), 0)


class Change:
    """A file before and after a patch."""

    def __init__(self, path: str, before: str | None, after: str | None) -> None:
        self.path = path
        self.name = PurePosixPath(path).name
        self.before = Version(path, before)
        self.after = Version(path, after)

    @property
    def is_python(self) -> bool:
        """Whether it is Python source."""
        return self.path.endswith((".py", ".pyi"))

    @property
    def is_test_side(self) -> bool:
        """Whether it belongs to the tests, helpers and conftest included."""
        folders = PurePosixPath(self.path).parts[:-1]
        return self.is_python and (
            is_test_path(self.path) or self.name in ("conftest.py", "tests.py") or bool(TEST_FOLDERS & set(folders))
        )

    @property
    def is_example(self) -> bool:
        """Whether it lies among the data of tests, where it configures nothing of ours."""
        return not self.is_python and bool(TEST_FOLDERS & set(PurePosixPath(self.path).parts[:-1]))

    @property
    def is_collected(self) -> bool:
        """Whether pytest looks for tests in it."""
        return self.is_python and (is_test_path(self.path) or self.name == "tests.py")

    def flag(self, gate: str, line: int, reason: str, remedy: str, *, blocks: bool = True) -> Flag:
        """Return an objection on a line of this file (0-based)."""
        return Flag(gate, self.path, max(0, line), reason, remedy, blocks)


def parsed(text: str) -> ast.Module | None:
    """Return the syntax tree of a text, None when it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in (text, textwrap.dedent(text)):
            try:
                return ast.parse(source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
    return None


def call_text(node: ast.AST) -> str:
    """Return an expression in one short line."""
    return " ".join(ast.unparse(node).split())[:100]
