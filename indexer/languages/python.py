"""Python: definitions, uses and imports of one file, read by a query over its syntax tree.

Bytes count in the text's UTF-8 form; lines are the protocol's and are computed from bytes. A file with syntax
errors gives what can still be read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from operator import attrgetter
from pathlib import Path

from tree_sitter import Node, Parser, Query, QueryCursor

from bridle.indexer.digest import digest
from bridle.indexer.facts import (
    FileFacts,
    Import,
    Span,
    Symbol,
    SymbolId,
    SymbolKind,
)
from bridle.indexer.languages.grammars import grammar_of, parser_of
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.python_uses import Uses
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.places import NOWHERE, pack

SUFFIXES = (".py", ".pyi", ".pyw")
MAX_SIGNATURE = 200

_LONE_CR = re.compile(rb"\r(?!\n)")
_place = attrgetter("byte_range")
_COMMENT = re.compile(r"\s#[^\n]*\n")
_SPACE = re.compile(r"\s+")
_QUOTES = re.compile(r"^[a-zA-Z]*(\"\"\"|'''|\"|')")
_Nodes = Mapping[str, Sequence[Node]]
_IN_ANY_ORDER = frozenset(("call", "read"))
"""Captures of which only the set counts; they are most."""


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return _Reading(path, source).facts(trees)


@cache
def _grammar() -> tuple[Parser, Query]:
    grammar = grammar_of("a.py")
    assert grammar is not None
    parser = parser_of(grammar)
    assert parser.language is not None
    query = (Path(__file__).parent / "queries" / "python.scm").read_text(encoding="utf-8")
    return parser, Query(parser.language, query)


class _Head:
    """A definition before it has its place among the others."""

    def __init__(self, kind: SymbolKind, name: str, start: int, node: Node, name_at: int) -> None:
        self.kind: SymbolKind = kind
        self.name = name
        self.name_at = name_at
        self.start = start
        self.end = node.end_byte
        self.node = node


class _Reading:
    """One file while it is read."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path = path
        self._source = source
        self._line_starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]
        if source and source[-1:] not in {b"\n", b"\r"}:
            self._line_starts.pop()

    def facts(self, trees: Trees | None) -> FileFacts:
        parser, query = _grammar()
        source = self._source
        if b"\r" in source:
            source = _LONE_CR.sub(b"\n", source)  # the grammar ends no line at a lone CR
        tree = trees.parse(self._path, parser, source) if trees else parser.parse(source)
        captures = QueryCursor(query).captures(tree.root_node)  # in no particular order
        nodes = {n: group if n in _IN_ANY_ORDER else sorted(group, key=_place) for n, group in captures.items()}
        heads = sorted(self._heads(nodes), key=lambda head: (head.start, -head.end))
        outline = Outline([(0, len(self._source)), *((head.start, head.end) for head in heads)])
        symbols = self._symbols(heads, outline, nodes)
        imports = tuple(self._imports(nodes))
        uses = Uses(nodes, outline, symbols, imports, self._source)
        references, written = uses.references(self._line_starts)
        names = [("", NOWHERE), *((head.name, head.name_at) for head in heads)]
        spans = [(node.start_byte, node.end_byte) for node in nodes.get("import", ())]
        return FileFacts(
            self._path,
            digest(self._source),
            len(self._line_starts),
            len(self._source),
            symbols,
            references,
            imports,
            tuple(dict.fromkeys(uses.values())),
            places=pack(self._source, names, written, spans),
        )

    def _text(self, node: Node) -> str:
        return self._source[node.start_byte : node.end_byte].decode()

    def _line(self, at: int) -> int:
        return bisect_right(self._line_starts, at) - 1

    def _span(self, start: int, end: int) -> Span:
        last = self._line(max(start, end - 1))
        return Span(self._path, self._line(start), last + 1, start, end)

    def _heads(self, nodes: _Nodes) -> Iterator[_Head]:
        decorated = {
            inner.start_byte: node.start_byte
            for node in nodes.get("decorated", ())
            if (inner := node.child_by_field_name("definition")) is not None
        }
        kinds: tuple[SymbolKind, ...] = ("function", "class")
        for kind in kinds:
            for node in nodes.get(kind, ()):
                name = node.child_by_field_name("name")
                if name is not None:
                    start = decorated.get(node.start_byte, node.start_byte)
                    yield _Head(kind, self._text(name), start, node, name.start_byte)
        for capture in ("variable", "alias"):
            for node in nodes.get(capture, ()):
                name = node.child_by_field_name("left")
                if name is not None and name.type in {"identifier", "type"}:
                    yield _Head("variable", self._text(name), node.start_byte, node, name.start_byte)

    def _symbols(self, heads: Sequence[_Head], outline: Outline, nodes: _Nodes) -> tuple[Symbol, ...]:
        docs = {outline.owner(node.start_byte): _first_line(self._text(node)) for node in nodes.get("doc", ())}
        module = Symbol(
            SymbolId(f"{self._path}::"),
            "module",
            self._path.rpartition("/")[2].rpartition(".")[0],
            "",
            self._span(0, len(self._source)),
            self._path,
            docs.get(0, ""),
        )
        symbols, seen = [module], dict[str, int]()
        for index, head in enumerate(heads, start=1):
            parent = symbols[outline.parents[index]]
            qualname = f"{parent.qualname}.{head.name}" if parent.qualname else head.name
            seen[qualname] = seen.get(qualname, 0) + 1
            repeat = f"#{seen[qualname]}" if seen[qualname] > 1 else ""
            is_method = head.kind == "function" and parent.kind == "class"
            symbols.append(
                Symbol(
                    SymbolId(f"{self._path}::{qualname}{repeat}"),
                    "method" if is_method else head.kind,
                    head.name,
                    qualname,
                    self._span(head.start, head.end),
                    self._signature(head.node),
                    docs.get(index, ""),
                )
            )
        return tuple(symbols)

    def _signature(self, node: Node) -> str:
        body = node.child_by_field_name("body")
        end = node.end_byte if body is None else body.start_byte
        head = self._source[node.start_byte : min(end, node.start_byte + 4000)].decode("utf-8", "ignore")
        if "\n" in head:
            head = _COMMENT.sub(" ", head + "\n")
        head = _SPACE.sub(" ", head).strip().removesuffix(":")
        return head if len(head) <= MAX_SIGNATURE else head[: MAX_SIGNATURE - 1] + "…"

    def _imports(self, nodes: _Nodes) -> Iterator[Import]:
        for node in nodes.get("import", ()):
            source_node = node.child_by_field_name("module_name")
            written = "" if source_node is None else _SPACE.sub("", self._text(source_node))
            module = written.lstrip(".")
            level = len(written) - len(module)
            if any(child.type == "wildcard_import" for child in node.children):
                yield Import("*", module, "*", level)
            for part in node.children_by_field_name("name"):
                target, alias = self._import_names(part)
                if source_node is None:
                    yield Import(alias or target, target, "")
                else:
                    yield Import(alias or target, module, target, level)

    def _import_names(self, part: Node) -> tuple[str, str]:
        name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
        if name is None or alias is None:
            return _SPACE.sub("", self._text(part)), ""
        return _SPACE.sub("", self._text(name)), self._text(alias)


def _first_line(literal: str) -> str:
    opened = _QUOTES.match(literal)
    if opened is None:
        return ""
    body = literal[opened.end() :].removesuffix(opened[1]).strip()
    return re.split(r"[\r\n]", body, maxsplit=1)[0].strip()[:MAX_SIGNATURE]
