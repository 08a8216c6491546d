"""What stands where in a Python file, by the standard library's `ast` alone: definitions, and uses with their kind.

Independent of the index: this is how places that another tool names become edges. Columns are the protocol's.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Place = tuple[int, int]
_HEAD = re.compile(r"(?:async\s+)?(?:def|class)\s+")


@dataclass(frozen=True)
class Defined:
    """A function, method or class: where its name stands, and the lines that are its own."""

    id: str
    kind: str
    at: Place
    first: int
    last: int


@dataclass(frozen=True)
class Site:
    """A use: `kind` is the edge that it makes, `owner` the id of the definition around it, `until` where it ends."""

    at: Place
    until: Place
    name: str
    kind: str
    owner: str


@dataclass
class Sites:
    """One file."""

    path: str
    lines: list[str]
    defined: list[Defined] = field(default_factory=list[Defined])
    uses: list[Site] = field(default_factory=list[Site])
    modules: list[Site] = field(default_factory=list[Site])
    """Where an import names a module."""
    aliases: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Names that an import binds under others."""

    def at(self, place: Place) -> Site | None:
        """Return the use at a place."""
        near = bisect_right(self.uses, place, key=lambda use: use.at) - 1
        found = [use for use in self.uses[max(0, near - 3) : near + 1] if use.at <= place < use.until]
        return found[-1] if found else None

    def names(self, place: Place) -> bool:
        """Tell whether a definition's own name stands at a place."""
        return any(one.at == place for one in self.defined)


def read(path: str, source: str) -> Sites:
    """Return the definitions and uses of a file. Raises SyntaxError."""
    tree = ast.parse(source)
    reading = _Reading(path, source.split("\n"))
    reading.inside(tree, f"{path}::")
    reading.found.uses.sort(key=lambda use: use.at)
    return reading.found


class _Reading:
    def __init__(self, path: str, lines: list[str]) -> None:
        self.found = Sites(path, lines)
        self._path = path

    def inside(self, node: ast.AST, owner: str) -> None:
        """Take what stands below a node, in the definition `owner`."""
        for child in ast.iter_child_nodes(node):
            self._one(child, owner, "references")

    def _one(self, node: ast.AST, owner: str, kind: str) -> None:
        if isinstance(node, _Definition):
            self._definition(node, owner)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.Call):
            self._one(node.func, owner, "calls")
            for part in (*node.args, *node.keywords):
                self._one(part, owner, "references")
        elif isinstance(node, ast.Name):
            self._add(node.lineno, node.col_offset, node.id, kind, owner)
        elif isinstance(node, ast.Attribute):
            end = node.end_col_offset or 0
            self._add(node.end_lineno or 0, end - len(node.attr.encode()), node.attr, kind, owner)
            self._one(node.value, owner, "references")
        else:
            self.inside(node, owner)
            for text in _annotations(node):
                self._text(text, owner)

    def _definition(self, node: _Definition, owner: str) -> None:
        path, _, around = owner.partition("::")
        own = f"{path}::{around}.{node.name}" if around else f"{path}::{node.name}"
        line = self.found.lines[node.lineno - 1]
        head = _HEAD.match(line, self._column(node.lineno, node.col_offset))
        column = head.end() if head else 0
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        self.found.defined.append(Defined(own, kind, (node.lineno - 1, column), first - 1, node.end_lineno or 0))
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                generic = isinstance(base, ast.Subscript)
                self._one(base.value if generic else base, own, "inherits")
                if isinstance(base, ast.Subscript):
                    self._one(base.slice, own, "references")
            parts: list[ast.AST] = [*node.keywords, *node.decorator_list, *node.body]
        else:
            parts = [node.args, *node.decorator_list, *([node.returns] if node.returns else []), *node.body]
            for text in _annotations(node):
                self._text(text, own)
        for part in parts:
            self._one(part, own, "references")

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = f"{self._path}::"
        for alias in node.names:
            row, start = alias.lineno, alias.col_offset
            end = (alias.end_lineno or row, alias.end_col_offset or start)
            at, until = self._place(row, start), self._place(*end)
            if alias.asname:
                self.found.aliases.append((alias.name, alias.asname))
            if isinstance(node, ast.Import):
                last = alias.name.rpartition(".")[2]
                into = at[1] + len(alias.name) - len(last)
                self.found.modules.append(Site((at[0], into), until, last, "imports", module))
            elif alias.name != "*":
                self.found.uses.append(Site(at, until, alias.name, "imports", module))
        if isinstance(node, ast.ImportFrom) and node.module:
            line, last = node.lineno - 1, node.module.rpartition(".")[2]
            where = self.found.lines[line].find(node.module, self._column(node.lineno, node.col_offset) + 5)
            if where >= 0:
                at = (line, where + len(node.module) - len(last))
                self.found.modules.append(Site(at, (line, at[1] + len(last)), last, "imports", module))
        elif isinstance(node, ast.ImportFrom):
            folders = self._path.split("/")[:-1]
            folder = folders[-node.level] if 0 < node.level <= len(folders) else ""
            line = node.lineno - 1
            where = self.found.lines[line].find(".", self._column(node.lineno, node.col_offset))
            at = (line, where + node.level - 1)
            self.found.modules.append(Site(at, (line, at[1] + 1), folder, "imports", module))

    def _text(self, text: ast.Constant, owner: str) -> None:
        """Take the names of an annotation that is written as a string on one line."""
        line = self.found.lines[text.lineno - 1]
        begin, end = self._column(text.lineno, text.col_offset), self._column(text.lineno, text.end_col_offset or 0)
        at = begin
        while at < end:
            stop = at
            while stop < end and (line[stop].isalnum() or line[stop] == "_"):
                stop += 1
            if stop > at:
                row = text.lineno - 1
                self.found.uses.append(Site((row, at), (row, stop), line[at:stop], "references", owner))
            at = max(stop, at + 1)

    def _add(self, row: int, offset: int, name: str, kind: str, owner: str) -> None:
        at = self._place(row, offset)
        self.found.uses.append(Site(at, (at[0], at[1] + len(name)), name, kind, owner))

    def _place(self, row: int, offset: int) -> Place:
        return row - 1, self._column(row, offset)

    def _column(self, row: int, offset: int) -> int:
        """Return the protocol's column of a byte of a line, counted from 1."""
        line = self.found.lines[row - 1]
        return offset if line.isascii() else len(line.encode()[:offset].decode().encode("utf-16-le")) // 2


def _annotations(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the strings in a node's annotations."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        places = [node.returns]
    elif isinstance(node, ast.arg | ast.AnnAssign):
        places = [node.annotation]
    elif isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith("cast"):
        places = [node.args[0]]
    else:
        return
    for place in places:
        for part in ast.walk(place) if place else ():
            is_text = isinstance(part, ast.Constant) and isinstance(part.value, str)
            if isinstance(part, ast.Constant) and is_text and part.lineno == part.end_lineno:
                yield part
