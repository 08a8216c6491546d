"""What rustc prints of a crate of Rust, read: its definitions by path, and what each name in it leads to.

`-Zunpretty=hir-tree` tells of every path what each of its names is resolved to, `-Zunpretty=thir-flat` which function a
method's name is, with the type that it is asked of. What a macro writes has a mark at its span and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_DEF = re.compile(r"DefId\((\d+):\d+ ~ (\w+)\[\w+\]([^)]*)\)")
_SPAN = re.compile(r"span: (.+?):(\d+):(\d+): (\d+):(\d+) \(#0\)")
_SELF = re.compile(r"^(?:&(?:'\S+ )?(?:mut )?)*")
_WORD = re.compile(r"(?!Def\(|Some\()\w+[,(]")
_KEYWORDS = r"\b(?:fn|struct|enum|union|trait|mod|const|static|type|macro_rules!)\s+(?:mut\s+)?(?:r#)?"
_OPENS = ("Path {", "PathSegment {", "Item {", "Variant {", "Impl {", "Use(")
_CONSTRUCTOR = "::{constructor#0}"


class Span(NamedTuple):
    """A place as rustc prints it: lines and columns from 1, in characters."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Name(NamedTuple):
    """One name of a path, what kind of definition it is, and which; both "" where it is none."""

    ident: str
    kind: str
    key: str


class Used(NamedTuple):
    """A path where it stands, and what an import means by name space.

    It is a ``path``, an ``import``, the ``trait`` of an ``impl``, or a ``bound`` of a trait.
    """

    kind: str
    span: Span
    names: tuple[Name, ...]
    means: tuple[Name, ...] = ()


class Method(NamedTuple):
    """A function that is meant at a place, and the type that a method of a trait is asked of."""

    span: Span
    key: str
    of: str


class Implemented(NamedTuple):
    """An ``impl`` of a trait for a type, with its items."""

    trait: str
    type: str
    items: tuple[str, ...]


class Hir(NamedTuple):
    """What one crate defines and uses. `inner` are the files that modules are in."""

    places: dict[str, Span]
    inner: dict[str, Span]
    used: list[Used]
    implemented: list[Implemented]


class _Frame:
    """An open part of the output."""

    def __init__(self, indent: int, what: str) -> None:
        self.indent, self.what = indent, what
        self.span: Span | None = None
        self.key = self.ident = self.kind = ""
        self.names: list[Name] = []
        self.means: list[Name] = []
        self.items: list[str] = []
        self.trait = self.type = ""
        self.field = ""


def key_of(line: str) -> str:
    """Return the definition that a line names: its crate and its path; "" for none."""
    found = _DEF.search(line)
    return f"{found[2]}{found[3]}".removesuffix(_CONSTRUCTOR) if found else ""


def span_of(line: str) -> Span | None:
    """Return the place that a line names, None for one that a macro made."""
    found = _SPAN.search(line)
    return Span(found[1], *(int(found[nth]) for nth in (2, 3, 4, 5))) if found else None


def read_hir(lines: Iterable[str]) -> Hir:
    """Return what ``hir-tree`` tells of a crate."""
    hir = Hir({}, {}, [], [])
    stack: list[_Frame] = []
    for line in lines:
        said = line.strip()
        indent = len(line) - len(line.lstrip())
        while stack and indent <= stack[-1].indent:
            frame = stack.pop()
            _close(hir, frame, stack)
        if said.endswith(_OPENS):
            stack.append(_Frame(indent, next(one for one in _OPENS if said.endswith(one))))
        elif stack:
            _field(hir, stack, indent, said)
    while stack:
        _close(hir, stack.pop(), stack)
    return hir


def _field(hir: Hir, stack: list[_Frame], indent: int, said: str) -> None:
    """Take a line in that opens nothing of interest."""
    frame = stack[-1]
    is_own = indent == frame.indent + 4
    if frame.what == "Item {" and indent <= frame.indent + 12:
        is_bound = said == "Trait(" and indent == frame.indent + 12
        frame.field = "bounds" if is_bound else ""
    if said.startswith("span: ") and is_own:
        frame.span = span_of(said)
    elif said.startswith("inner_span: "):
        module = next((one for one in reversed(stack) if one.what == "Item {"), None)
        if module is not None and (span := span_of(said)) is not None:
            hir.inner[module.key] = span
    elif frame.what == "Path {":
        frame.means += [Name("", "", key_of(said))] if said.startswith("DefId(") else ()
    elif frame.what == "PathSegment {":
        _segment(frame, indent - frame.indent, said)
    elif frame.what == "Impl {":
        if said.startswith(("of_trait: ", "self_ty: ")):
            frame.field = said.partition(":")[0]
        elif said.startswith("owner_id: "):
            frame.items.append(key_of(said))
    elif said.startswith(("owner_id: ", "def_id: ")) and is_own:
        frame.key = key_of(said)


def _segment(frame: _Frame, depth: int, said: str) -> None:
    if depth == 4 and said.startswith("ident: "):
        frame.ident = said[7:].partition("#")[0].rstrip(",")
    elif depth == 8 and said.startswith("DefId("):
        frame.key = key_of(said)
    elif depth == 8 and _WORD.fullmatch(said):
        frame.kind = said[:-1]


def _close(hir: Hir, frame: _Frame, stack: list[_Frame]) -> None:
    around = stack[-1] if stack else None
    if frame.what == "PathSegment {":
        if around is not None and around.what == "Path {":
            around.names.append(Name(frame.ident, frame.kind, frame.key))
    elif frame.what == "Path {":
        _close_path(hir, frame, around)
    elif frame.what == "Impl {":
        if frame.trait:
            hir.implemented.append(Implemented(frame.trait, frame.type, tuple(frame.items)))
    elif frame.span is not None and frame.key and not frame.key.rpartition("::")[2].startswith("{"):
        hir.places[frame.key] = frame.span


def _close_path(hir: Hir, frame: _Frame, around: _Frame | None) -> None:
    meant = frame.means[-1].key if frame.means else ""
    kind = "path"
    if around is not None and around.what == "Use(":
        kind = "import"
    elif around is not None and around.what == "Item {" and around.field == "bounds":
        kind = "bound"
    elif around is not None and around.what == "Impl {" and around.field == "of_trait" and not around.trait:
        around.trait, kind = meant, "trait"
    elif around is not None and around.what == "Impl {" and around.field == "self_ty" and not around.type:
        around.type = meant
    if frame.span is not None:
        hir.used.append(Used(kind, frame.span, tuple(frame.names), tuple(frame.means)))


def read_thir(lines: Iterable[str]) -> Iterator[Method]:
    """Yield the functions and constants that ``thir-flat`` tells where they are meant."""
    key, of, is_open, wants = "", "", False, False
    for line in lines:
        said = line.strip()
        indent = len(line) - len(line.lstrip())
        if indent == 8 and said == "Expr {":
            key, of = "", ""
        elif indent == 12 and said == "ty: FnDef(":
            key, of, is_open = "", "", True
        elif indent == 12 and said.startswith("kind: NamedConst"):
            wants = True
        elif wants and said.startswith("def_id: "):
            key, wants = key_of(said), False
        elif is_open and indent == 16 and said.startswith("DefId("):
            key = key_of(said)
        elif is_open and indent == 20 and not of:
            of = said.rstrip(",")
        elif indent == 12 and said.startswith("span: "):
            span = span_of(said)
            if key and span is not None:
                yield Method(span, key, _SELF.sub("", of).partition("<")[0])
            key, of, is_open = "", "", False


def name_at(text: str, key: str) -> int:
    """Return where in the text of a definition its name stands, -1 for nowhere."""
    name = re.escape(key.rpartition("::")[2])
    found = re.search(f"{_KEYWORDS}({name})\\b", text) or re.search(f"\\b({name})\\b", text)
    return found.start(1) if found else -1


class Texts:
    """The files of a project, by which places of rustc become bytes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines: dict[str, list[str] | None] = {}
        self._starts: dict[str, list[int]] = {}

    def has(self, span: Span) -> bool:
        """Whether a place is in a file of the project: rustc joins places of two files where a macro made the whole."""
        lines = self._of(span.path)
        return lines is not None and span.end_line <= len(lines)

    def _of(self, path: str) -> list[str] | None:
        if path not in self._lines:
            place = self._root / path
            known = place.read_bytes().decode().split("\n") if place.is_file() and not path.startswith("/") else None
            self._lines[path] = known
            starts = [0]
            for line in known or ():
                starts.append(starts[-1] + len(line.encode()) + 1)
            self._starts[path] = starts
        return self._lines[path]

    def byte(self, path: str, line: int, column: int) -> int:
        """Return the byte at which a place is."""
        lines = self._of(path)
        assert lines is not None
        return self._starts[path][line - 1] + len(lines[line - 1][: column - 1].encode())

    def text(self, span: Span) -> str:
        """Return what stands at a place."""
        lines = self._of(span.path)
        assert lines is not None
        if span.line == span.end_line:
            return lines[span.line - 1][span.column - 1 : span.end_column - 1]
        first, last = lines[span.line - 1][span.column - 1 :], lines[span.end_line - 1][: span.end_column - 1]
        return "\n".join((first, *lines[span.line : span.end_line - 1], last))

    def behind(self, span: Span, at: int) -> str:
        """Return what stands behind the `at`-th character of a place, to the end of its line and the next."""
        lines = self._of(span.path)
        assert lines is not None
        before = self.text(span)[:at]
        line = span.line + before.count("\n")
        column = (span.column - 1 if "\n" not in before else 0) + len(before.rpartition("\n")[2])
        return "\n".join((lines[line - 1][column:], *lines[line : line + 1]))

    def at(self, span: Span, offset: int) -> int:
        """Return the byte at which the `offset`-th character of a place is."""
        return self.byte(span.path, span.line, span.column) + len(self.text(span)[:offset].encode())
