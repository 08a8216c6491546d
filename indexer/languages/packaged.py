"""Languages of packages: definitions, uses and imports of one file, read by queries; what differs is told as data.

A language is a `Dialect`: its queries, and how little of it cannot be a query's. Captures have the same names in all of
them: a kind of symbol (``@class``, ``@method`` …) is a definition, ``@scope`` binds ``@bind``'s locals, ``@field`` is a
member that is no definition, ``@write``, ``@call``, ``@inherit``, ``@member`` and ``@read`` are uses, surest first:
what was one use is no other. Bytes count in the text's UTF-8 form. A file with syntax errors gives what can still be
read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, get_args

from bridle.indexer.digest import digest
from bridle.indexer.facts import FileFacts, Import, Reference, ReferenceKind, Symbol, SymbolId, SymbolKind, Typed
from bridle.indexer.languages.captures import Nodes, captured
from bridle.indexer.languages.lines import Lines
from bridle.indexer.languages.locals import Bound, Extent, Locals
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.paths import MAX_WRITTEN, UNKNOWN, Forms, one_line, text, written
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.places import NOWHERE, pack

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

RESULT = "()"
MAX_HEAD_BYTES = 2000

_KINDS: tuple[SymbolKind, ...] = get_args(SymbolKind)
_USES: tuple[tuple[str, ReferenceKind], ...] = (
    ("write", "write"),
    ("call", "call"),
    ("inherit", "inherit"),
    ("member", "read"),
    ("read", "read"),
)
_COMMENTS = frozenset(("comment", "line_comment", "block_comment"))
_ASIDE = frozenset(("template_parameter_list", "requires_clause", "modifiers"))
_OWNERS = frozenset(("class", "interface", "type", "enum", "namespace"))
_TITLED = frozenset(("suite", "test"))
_OPEN = re.compile(r"(?:^|[.,])\**\?")
"""A part of a path that has no name; a name may end like that."""
_MARKS = re.compile(r"^[\s/*!#]+|[\s*/]+$")


class Named(NamedTuple):
    """A definition's name: the node where it stands, what the definition is put on elsewhere, and its kind.

    With `is_alone` nothing but its name is the definition's: what stands around it is another's. What `is_free` is no
    member of what it stands in. `until` is the byte where it ends, where that is not the end of its statement. It is
    `called` as its node reads, where that is "".
    """

    node: Node
    outer: str = ""
    kind: SymbolKind | None = None
    is_alone: bool = False
    is_free: bool = False
    until: int = 0
    called: str = ""


class Veiled(NamedTuple):
    """A text without what its grammar cannot read, every byte in its place.

    `marks` are the names in what is left out: where each stands, and whether it is called.
    """

    source: bytes
    marks: Sequence[tuple[int, str, bool]]


class Dialect(NamedTuple):
    """What one language has of its own.

    `names` yields the names of a definition; `binds` the locals of a ``@bind`` with what they are; `fields` the members
    of a ``@field``; `said` what a definition's value or result is. `target` is the part of a use that is followed, and
    where its name stands. `statements` hold one definition whole, `bodies` end its head, `documents` begin a comment
    that documents. What `is_prototype` has its body elsewhere, and a signature that ends with a semicolon. The fields
    that stand in the method `maker` are its class's, those of any method where it is ``*``. `marks` stand above a
    definition and are its own; those that are `telling` are in its head; `opening` tells what of a definition's own
    marks its head begins with, and the byte where the rest of it does. `extents` are scopes that no node is, `asides`
    where names stand that are no uses, and `notes` what is said of no value alone. `unwritten` are uses by a path that
    is not what stands at their place, and whether it is called. `owners` are the kinds of definitions that have fields.
    `veiled` takes out of a text what no grammar reads. `bare` tells how a name is used that is called alone,
    `package` what a file says that it belongs to, where files do.
    """

    queries: tuple[str, ...]
    forms: Forms
    names: Callable[[Node], Iterable[Named]]
    binds: Callable[[Node], Iterable[Bound]]
    fields: Callable[[Node], Iterable[tuple[str, str]]]
    said: Callable[[Node, int], str]
    target: Callable[[Node], Node | None]
    imports: Callable[[Nodes], Iterable[Import]]
    predeclared: frozenset[str]
    statements: frozenset[str]
    bodies: frozenset[str]
    documents: re.Pattern[str]
    is_prototype: Callable[[Node], bool] | None = None
    maker: str = ""
    marks: frozenset[str] = frozenset()
    telling: re.Pattern[str] = re.compile(r"(?!)")
    opening: Callable[[Node], tuple[str, int]] | None = None
    extents: Callable[[Nodes], Iterable[Extent]] | None = None
    asides: Callable[[Nodes], Iterable[int]] | None = None
    notes: Callable[[Nodes], Iterable[Typed]] | None = None
    unwritten: Callable[[Nodes], Iterable[tuple[int, str, bool]]] | None = None
    owners: frozenset[str] = _OWNERS
    veiled: Callable[[bytes], Veiled] | None = None
    bare: Callable[[Node], str] | None = None
    package: Callable[[Nodes], str] | None = None


class _Head(NamedTuple):
    kind: SymbolKind
    name: str
    outer: str
    start: int
    end: int
    node: Node
    name_at: int
    nth: int
    signature: str
    doc: str
    is_free: bool


def _is_aside(part: Node, name: Node | None) -> bool:
    """Whether a part of a statement is no other definition: a comment, a parameter list, the same name again."""
    if part.type in _COMMENTS or part.type in _ASIDE:
        return True
    return name is not None and part.type == name.type and part.text == name.text


def read(path: str, source: bytes, dialect: Dialect, trees: Trees | None, parsed: bytes | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports.

    `parsed` is what the grammar is shown of it, each byte in its place.
    """
    return _Reading(path, source, dialect, trees, source if parsed is None else parsed).facts()


class _Reading:
    """One file while it is read."""

    def __init__(self, path: str, source: bytes, dialect: Dialect, trees: Trees | None, parsed: bytes) -> None:
        self._path, self._source, self._dialect = path, source, dialect
        self._lines = Lines(path, source)
        seen, self._marks = dialect.veiled(parsed) if dialect.veiled is not None else Veiled(parsed, ())
        self._root, self._nodes = captured(path, seen, dialect.queries, trees)
        self._heads = sorted(self._found(), key=lambda head: (head.start, -head.end, head.name_at))
        self._outline = Outline([(0, len(source)), *((head.start, head.end) for head in self._heads)])
        bound = (one for node in self._nodes.get("bind", ()) for one in dialect.binds(node))
        extents = dialect.extents(self._nodes) if dialect.extents is not None else ()
        self._locals = Locals(len(source), [*self._nodes.get("scope", ()), *extents], bound)

    def facts(self) -> FileFacts:
        symbols = self._symbols()
        references, written_at = self._references(symbols)
        names = [("", NOWHERE), *((head.name, head.name_at) for head in self._heads)]
        imports = [(node.start_byte, node.end_byte) for node in self._nodes.get("import", ())]
        notes = self._dialect.notes(self._nodes) if self._dialect.notes is not None else ()
        return FileFacts(
            self._path,
            digest(self._source),
            len(self._lines),
            len(self._source),
            symbols,
            references,
            tuple(dict.fromkeys(self._dialect.imports(self._nodes))),
            types=tuple(dict.fromkeys((*self._types(symbols), *notes))),
            package=self._dialect.package(self._nodes) if self._dialect.package else "",
            places=pack(self._source, names, written_at, imports),
        )

    def _found(self) -> Iterator[_Head]:
        seen: set[int] = set()
        for kind in _KINDS:
            for node in self._nodes.get(kind, ()):
                whole = above = None
                several = list(self._dialect.names(node))
                for index, named in enumerate(several):
                    if named.node.start_byte in seen or named.node.end_byte - named.node.start_byte > MAX_WRITTEN:
                        continue
                    seen.add(named.node.start_byte)
                    if whole is None or above is None:
                        whole = self._whole(node)
                        above = self._above(whole)
                    start, marks, doc = above
                    own = named.node.start_byte, named.node.end_byte
                    end = named.until or whole.end_byte
                    span = own if len(several) > 1 or named.is_alone else (start, end)
                    signature = f"{marks}{self._signature(whole, node)}"
                    if self._dialect.is_prototype is not None and self._dialect.is_prototype(node):
                        signature = f"{signature};"
                    name = named.called or text(named.node)
                    at = named.node.start_byte
                    own_kind, is_free = named.kind or kind, named.is_free
                    yield _Head(own_kind, name, named.outer, *span, node, at, index, signature, doc, is_free)

    def _whole(self, node: Node) -> Node:
        """Return the statement that declares `node` and nothing else."""
        at, name = node, node.child_by_field_name("name")
        while (parent := at.parent) is not None and parent.type in self._dialect.statements:
            if sum(not _is_aside(child, name) for child in parent.named_children) > 1:
                break
            at = parent
        return at

    def _above(self, node: Node) -> tuple[int, str, str]:
        """Return where a definition begins with what stands above it, its telling marks, its comment's first line."""
        start, told, head, before = node.start_byte, "", "", node.prev_sibling
        while before is not None and (before.type in _COMMENTS or before.type in self._dialect.marks):
            between = self._source[before.end_byte : start]
            earlier = before.prev_sibling
            is_mark = before.type in self._dialect.marks
            if between.strip() or between.count(b"\n") > 1:
                break
            if not is_mark and not self._dialect.documents.match(text(before)[:8]):
                break
            if not is_mark and self._is_behind(before, earlier):
                break  # it says something of what stands before it on its line
            if not is_mark:
                told = text(before)
            elif self._dialect.telling.match(text(before)[:MAX_WRITTEN]):
                head = f"{one_line(text(before))} {head}"
            start, before = before.start_byte, earlier
        lines = (_MARKS.sub("", line) for line in told[: 2 * MAX_WRITTEN].splitlines())
        return start, head, next((line for line in lines if line), "")[:MAX_WRITTEN]

    def _is_behind(self, comment: Node, earlier: Node | None) -> bool:
        """Whether something else stands before a comment on its line."""
        if earlier is None or earlier.type in self._dialect.marks or earlier.end_point.column == 0:
            return False
        return earlier.end_point.row == comment.start_point.row

    def _signature(self, whole: Node, node: Node) -> str:
        body = node.child_by_field_name("body") or next(
            (inner for part in node.named_children for inner in (part, *part.named_children[:4])
             if inner.type in self._dialect.bodies), None)  # fmt: skip
        end = whole.end_byte if body is None else body.start_byte
        opening, start = self._dialect.opening(node) if self._dialect.opening is not None else ("", whole.start_byte)
        head = self._source[start : min(end, start + MAX_HEAD_BYTES)].decode("utf-8", "ignore")
        return one_line(f"{opening}{head}").rstrip(" ;{=")

    def _symbols(self) -> tuple[Symbol, ...]:
        whole = self._lines.span(0, len(self._source))
        stem = self._path.rpartition("/")[2].rpartition(".")[0]
        symbols = [Symbol(SymbolId(f"{self._path}::"), "module", stem, "", whole, self._path)]
        seen: dict[str, int] = {}
        for head, parent_index in zip(self._heads, self._outline.parents[1:], strict=True):
            parent = symbols[parent_index]
            around = "" if head.is_free else parent.qualname
            parts = (around, head.outer, head.name.replace(".", "·"))
            qualname = ".".join(part for part in parts if part)
            seen[qualname] = seen.get(qualname, 0) + 1
            repeat = f"#{seen[qualname]}" if seen[qualname] > 1 else ""
            target = SymbolId(f"{self._path}::{qualname}{repeat}")
            span = self._lines.span(head.start, head.end)
            symbols.append(Symbol(target, head.kind, head.name, qualname, span, head.signature, head.doc))
        return tuple(symbols)

    def _references(
        self, symbols: Sequence[Symbol]
    ) -> tuple[tuple[Reference, ...], Sequence[tuple[str, Sequence[int]]]]:
        """Return each use once per definition, at its first line; and its name with the bytes where it is written."""
        found: dict[tuple[str, str, int], tuple[Reference, list[int]]] = {}
        taken = {head.name_at for head in self._heads if head.kind not in _TITLED} | self._locals.places
        taken |= {node.start_byte for node in self._nodes.get("aside", ())}
        taken.update(self._dialect.asides(self._nodes) if self._dialect.asides is not None else ())
        owner_of, dialect, holds = self._outline.owner, self._dialect, self._locals.holds
        for capture, kind in _USES:
            is_bare = capture == "read"
            for node in self._nodes.get(capture, ()):
                target = node if is_bare else dialect.target(node)
                if target is None or (at := target.start_byte) in taken:
                    continue
                taken.add(at)
                if target is node:
                    whole = text(node)
                    if whole in dialect.predeclared or holds(whole, at):
                        continue
                    if kind == "call" and dialect.bare is not None:
                        whole = dialect.bare(node)
                else:
                    whole = self._use(node, target, kind)
                owner = owner_of(node.start_byte)
                if whole and (whole, kind, owner) not in found:
                    qualifier, _, name = whole.rpartition(".")
                    use = Reference(name, qualifier, kind, symbols[owner].id, self._lines.at(at))
                    found[whole, kind, owner] = (use, [])
                if whole:
                    found[whole, kind, owner][1].append(at)
        unwritten = dialect.unwritten(self._nodes) if dialect.unwritten is not None else ()
        meant = ((at, self._locals.meaning(path, at), is_called) for at, path, is_called in unwritten)
        for at, whole, is_called in [*self._marks, *(one for one in meant if UNKNOWN not in one[1])]:
            owner, kind = owner_of(at), "call" if is_called else "read"
            if (whole, kind, owner) not in found:
                qualifier, _, name = whole.rpartition(".")
                use = Reference(name, qualifier, kind, symbols[owner].id, self._lines.at(at))
                found[whole, kind, owner] = (use, [])
            found[whole, kind, owner][1].append(at)
        rows = sorted(found.values(), key=lambda row: (row[0].line, row[0].name, row[0].kind))
        return tuple(use for use, _ in rows), [(use.name, places) for use, places in rows]

    def _use(self, node: Node, target: Node, kind: ReferenceKind) -> str:
        """Return a use as the resolver takes it, "" where it cannot be one of a definition."""
        whole = written(node, self._dialect.forms).removesuffix(RESULT)
        name = whole.rpartition(".")[2]
        if not name or not name[0].isidentifier() or name != text(target):
            return ""
        meant = self._locals.meaning(whole, node.start_byte)
        if _OPEN.search(meant):
            return f"{UNKNOWN}.{name}" if kind in ("call", "write") and "." in whole else ""
        return "" if meant in self._dialect.predeclared or not meant.endswith(name) else meant

    def _types(self, symbols: Sequence[Symbol]) -> Iterator[Typed]:
        """Yield what is plainly said of variables, fields and results."""
        for head, symbol in zip(self._heads, symbols[1:], strict=True):
            said = self._dialect.said(head.node, head.nth)
            if said:
                outer, _, name = symbol.qualname.rpartition(".")
                is_result = symbol.kind in ("function", "method")
                key = ".".join(part for part in (outer, RESULT if is_result else "", name) if part)
                yield from self._typed(key, said, head.name_at)
        for node in self._nodes.get("field", ()):
            owner = symbols[self._outline.owner(node.start_byte)]
            is_made = owner.kind == "method" and self._dialect.maker in ("*", owner.name)
            if owner.kind in self._dialect.owners or is_made:
                outer = owner.qualname.rpartition(".")[0] if is_made else owner.qualname
                for name, said in self._dialect.fields(node):
                    yield from self._typed(f"{outer}.{name}", said, node.start_byte)

    def _typed(self, key: str, said: str, at: int) -> Iterator[Typed]:
        meant = ",".join(
            "" if _OPEN.search(one) else one for one in (self._locals.meaning(p, at) for p in said.split(","))
        )
        if meant.strip(","):
            yield Typed(key, meant)
