"""A patch as the gates see it: its files before and after, as text and as trees. Pure."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from bridle.harness.nouns import Flag
from bridle.harness.verify.checks import is_test_path
from bridle.indexer.languages.trees import language_of

TEST_FOLDERS = frozenset(("test", "tests", "testing"))
_COLLECTED = {
    "js": re.compile(r"(?:^|/)(?:test|tests|__tests__|e2e|spec|specs)/|[._-](?:test|spec)\.[cm]?[jt]sx?$"),
    "go": re.compile(r"_test\.go$"),
    "rust": re.compile(r"\.rs$"),
}
_COMMENT = re.compile(r"^[ \t]*(?://|/?\*|#(?![\[!])).*$", re.MULTILINE)
_RUST_TESTS = re.compile(r"#\[cfg\(test\)\].*", re.DOTALL)
_MANIFEST = re.compile(
    r"(?:^|/)(?:package(?:-lock)?\.json|(?:pnpm-lock|yarn)\.\w+|go\.(?:mod|sum)|Cargo\.(?:toml|lock)|pyproject\.toml|"
    r"setup\.(?:cfg|py)|(?:uv|poetry|pdm)\.lock|[\w-]*requirements[\w-]*\.(?:txt|in)|requirements/[\w-]+\.(?:txt|in))$"
)
_WORD = re.compile(r"[A-Za-z_]\w{2,}")

Read = Callable[[str], str | None]
"""Returns the text of a file that the patch leaves alone, None where there is none."""


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
    def plain_tree(self) -> ast.Module | None:
        """The tree with what was imported under another name called as where it comes from."""
        return _unaliased(parsed(self.text)) if self._is_python else None

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
        self.language = language_of(path)
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
        by_name = self.is_collected and self.language != "rust"
        if self.is_python:
            by_name = by_name or self.name in ("conftest.py", "tests.py")
        return bool(self.language) and (by_name or bool(TEST_FOLDERS & set(folders)))

    @property
    def is_example(self) -> bool:
        """Whether it lies among the data of tests, where it configures nothing of ours."""
        return not self.language and bool(TEST_FOLDERS & set(PurePosixPath(self.path).parts[:-1]))

    @property
    def is_collected(self) -> bool:
        """Whether the runner of its language looks for tests in it."""
        if self.is_python:
            return is_test_path(self.path) or self.name == "tests.py"
        named = _COLLECTED.get(self.language)
        return named is not None and named.search(self.path) is not None

    @property
    def is_same(self) -> bool:
        """Whether nothing of it changes."""
        return self.before.exists == self.after.exists and self.before.text == self.after.text

    @property
    def moves_code(self) -> bool:
        """Whether it changes what code outside of the tests does: more than its comments and layout."""
        return bool(self.language) and not self.is_test_side and self._code(self.before) != self._code(self.after)

    def _code(self, version: Version) -> str:
        if version.tree is not None:
            return _without_docstrings(version.tree)
        text = _RUST_TESTS.sub("", version.text) if self.language == "rust" else version.text
        return " ".join(_COMMENT.sub("", text).split())

    def flag(self, gate: str, line: int, reason: str, remedy: str, *, blocks: bool = True) -> Flag:
        """Return an objection on a line of this file (0-based)."""
        return Flag(gate, self.path, max(0, line), reason, remedy, blocks)


class Patch:
    """All files of a patch. `read` gives those that it leaves alone; without it, none is known."""

    def __init__(self, changes: Sequence[Change], read: Read | None = None) -> None:
        self.changes = changes
        self._read = read
        self._before = {change.path: change.before for change in changes}

    @cached_property
    def moves_code(self) -> bool:
        """Whether it changes what code outside of the tests does, or what that code builds upon."""
        return any(
            change.moves_code or (_MANIFEST.search(change.path) and not change.is_same) for change in self.changes
        )

    @cached_property
    def takes_away(self) -> bool:
        """Whether code outside of the tests is less than before."""
        code = [change for change in self.changes if change.moves_code]
        before, after = (
            sum(bool(line.strip()) for version in side for line in version.lines)
            for side in ([change.before for change in code], [change.after for change in code])
        )
        return after < before

    @cached_property
    def vanished(self) -> frozenset[str]:
        """The words that code outside of the tests had, and has nowhere in the patch any more."""
        code = [change for change in self.changes if change.moves_code]
        before = {word for change in code for word in _WORD.findall(change.before.text)}
        return frozenset(before.difference(*(_WORD.findall(change.after.text) for change in code)))

    def text_before(self, path: str) -> str | None:
        """Return a file as it was before the patch, "" where it was not there, None where that is not known."""
        if path in self._before:
            return self._before[path].text
        return None if self._read is None else self._read(path) or ""


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


def _without_docstrings(tree: ast.Module) -> str:
    """Return the tree's dump without docstrings and the marks of string literals."""
    copy = ast.parse(ast.unparse(tree))
    for node in ast.walk(copy):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return ast.dump(copy)


def _unaliased(tree: ast.Module | None) -> ast.Module | None:
    if tree is None:
        return None
    names = {
        alias.asname: alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname and alias.name.isidentifier()
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.Constant):
            node.kind = None
    return tree
