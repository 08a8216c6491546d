"""JavaScript, JSX, TypeScript and TSX: definitions, uses, imports and exports of one file, read by queries.

Bytes count in the text's UTF-8 form; lines are the protocol's and are computed from bytes. A file with syntax
errors gives what can still be read. A local is no definition unless it holds a function or a class; a use of any
other one is written as what it plainly is, or left out (see `script_scopes.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.digest import digest
from bridle.indexer.facts import Export, FileFacts, Reference, ReferenceKind, Symbol, SymbolId, Typed
from bridle.indexer.languages.captures import captured
from bridle.indexer.languages.embedded import COMPONENTS, EMBEDDING, script_in
from bridle.indexer.languages.lines import Lines
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.script_bindings import bindings, statements
from bridle.indexer.languages.script_heads import Head, first_line, heads
from bridle.indexer.languages.script_scopes import Scopes, value_of
from bridle.indexer.languages.script_text import UNKNOWN, child, class_of, text, written
from bridle.indexer.places import NOWHERE, pack

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_PLAIN = ("scripts", "scripts_plain", "scripts_jsx")
_TYPES = ("scripts", "scripts_types")
_TYPES_JSX = (*_TYPES, "scripts_jsx")
_QUERIES = {"ts": _TYPES, "mts": _TYPES, "cts": _TYPES, "tsx": _TYPES_JSX}
_KINDS: tuple[tuple[str, ReferenceKind], ...] = (
    ("inherit", "inherit"),
    ("call", "call"),
    ("render", "call"),
    ("member", "read"),
    ("read", "read"),
)
_MEMBERS = ("member_expression", "nested_type_identifier")
_DECLARING = ("local", "var", "own", "closing")
_OWNERS = ("class", "interface", "type", "variable")


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    if not path.endswith(EMBEDDING):
        return _Reading(path, path, source, trees).facts()
    known = _Reading(path, f"{path}.ts", script_in(path, source), trees).facts()
    exports = known.exports
    if path.endswith(COMPONENTS) and not any(one.name == "default" for one in exports):
        exports = (*exports, Export("default", ""))  # the component
    return msgspec.structs.replace(known, digest=digest(source), exports=exports)


class _Reading:
    """One file while it is read, as a file that is `named` so would be."""

    def __init__(self, path: str, named: str, source: bytes, trees: Trees | None) -> None:
        self._path = path
        self._source = source
        self._lines = Lines(path, source)
        queries = _QUERIES.get(named.rpartition(".")[2], _PLAIN)
        self._root, self._nodes = captured(named, source, queries, trees)
        self._bindings = bindings(self._nodes)
        self._heads = heads(path, source, self._nodes, self._bindings.loads)
        self._outline = Outline([(0, len(source)), *((head.start, head.end) for head in self._heads)])
        self._scopes = Scopes(len(source), self._nodes, self._heads, self._bindings)

    def facts(self) -> FileFacts:
        symbols = self._symbols()
        references, written = self._references(symbols)
        names = [("", NOWHERE), *((head.name, head.name_at) for head in self._heads)]
        return FileFacts(
            self._path,
            digest(self._source),
            len(self._lines),
            len(self._source),
            symbols,
            references,
            self._bindings.imports,
            exports=self._bindings.exports,
            types=tuple(dict.fromkeys(self._types(symbols))),
            places=pack(self._source, names, written, statements(self._nodes)),
        )

    def _symbols(self) -> tuple[Symbol, ...]:
        whole = self._lines.span(0, len(self._source))
        stem = self._path.rpartition("/")[2].rpartition(".")[0]
        symbols = [Symbol(SymbolId(f"{self._path}::"), "module", stem, "", whole, self._path, self._doc())]
        seen: dict[str, int] = {}
        for head, parent_index in zip(self._heads, self._outline.parents[1:], strict=True):
            parent = symbols[parent_index]
            outer = parent.qualname or head.outer
            part = head.name.replace(".", "·")  # a dot parts names
            qualname = f"{outer}.{part}" if outer else part
            seen[qualname] = seen.get(qualname, 0) + 1
            repeat = f"#{seen[qualname]}" if seen[qualname] > 1 else ""
            span = self._lines.span(head.start, head.end)
            target = SymbolId(f"{self._path}::{qualname}{repeat}")
            symbols.append(Symbol(target, head.kind, head.name, qualname, span, head.signature, head.doc))
        return tuple(symbols)

    def _doc(self) -> str:
        first = child(self._root)
        if first is None or first.type != "comment" or any(head.start == first.start_byte for head in self._heads):
            return ""
        return first_line(text(first)) if text(first).startswith("/**") else ""

    def _references(
        self, symbols: Sequence[Symbol]
    ) -> tuple[tuple[Reference, ...], Sequence[tuple[str, Sequence[int]]]]:
        """Return each use once per definition, at its first line; and its name with the bytes where it is written."""
        found: dict[tuple[str, str, int], tuple[Reference, list[int]]] = {}
        taken = self._declared()
        members = {(node.start_byte, node.end_byte) for node in self._nodes.get("closing", ())}
        for capture, kind in _KINDS:
            for node in self._nodes.get(capture, ()):
                start = node.start_byte
                if kind == "read" and (start in taken or not self._may_mean(node, capture, members)):
                    continue
                for whole in self._uses(node, capture):
                    owner = self._outline.owner(start)
                    qualifier, _, name = whole.rpartition(".")
                    if (known := found.get((whole, kind, owner))) is None:
                        use = Reference(name, qualifier, kind, symbols[owner].id, self._lines.at(start))
                        known = found[whole, kind, owner] = (use, [])
                    known[1].append(node.end_byte - len(name.encode()))
                if node.type in _MEMBERS:
                    members.add((start, node.end_byte))
                else:
                    taken.add(start)
        rows = sorted(found.values(), key=lambda row: (row[0].line, row[0].name, row[0].kind))
        return tuple(use for use, _ in rows), [(use.name, places) for use, places in rows]

    def _may_mean(self, node: Node, capture: str, members: set[tuple[int, int]]) -> bool:
        """Tell quickly of a use that is read whether it may be one of a definition."""
        if capture == "read":
            return self._source[node.start_byte : node.end_byte].decode() in self._scopes.known
        return (node.start_byte, node.end_byte) not in members

    def _declared(self) -> set[int]:
        """Return where names stand that are no uses: of definitions, locals and imports where they are declared."""
        taken = {head.name_at for head in self._heads if head.kind not in ("suite", "test")}
        taken |= {node.start_byte for name in _DECLARING for node in self._nodes.get(name, ())}
        passed_on = [node for node in self._nodes.get("export", ()) if node.child_by_field_name("source")]
        spans = [(node.start_byte, node.end_byte) for node in (*self._nodes.get("import", ()), *passed_on)]
        reads = [node.start_byte for node in self._nodes.get("read", ())]
        for start, end in spans:
            taken.update(reads[bisect_left(reads, start) : bisect_left(reads, end)])
        return taken

    def _uses(self, node: Node, capture: str) -> Iterator[str]:
        """Yield a use as the resolver takes it; none where it cannot be one of a definition."""
        whole = written(node)
        if capture == "render" and whole[:1].islower() and "." not in whole:
            return  # an element of HTML
        if whole.endswith((")", UNKNOWN)) or whole in ("require", "import"):
            return
        whole = self._scopes.meaning(whole, node.start_byte)
        head, dot, _ = whole.partition(".")
        if UNKNOWN in whole:
            if capture == "call" and dot:
                yield f"{UNKNOWN}.{whole.rpartition('.')[2]}"
        elif not dot:
            if head in self._scopes.known or capture != "read":
                yield whole
        elif capture != "member" or head == "this" or head.endswith(")") or head in self._scopes.known:
            yield whole

    def _types(self, symbols: Sequence[Symbol]) -> Iterator[Typed]:
        """Yield what is plainly said of variables, fields and results."""
        for head, symbol in zip(self._heads, symbols[1:], strict=True):
            said = self._said_of(head)
            if said:
                yield from self._typed(symbol.qualname, said, head.name_at)
        for node in (*self._nodes.get("field", ()), *self._nodes.get("property", ())):
            name = node.child_by_field_name("name") or node.child_by_field_name("pattern")
            name = name or node.child_by_field_name("property") or node.child_by_field_name("key")
            owner = self._outline.owner(node.start_byte)
            if node.type == "required_parameter":
                owner = self._outline.parents[owner]
            said = value_of(node)
            if name is not None and said and symbols[owner].kind in _OWNERS:
                yield from self._typed(f"{symbols[owner].qualname}.{text(name)}", said, node.start_byte)
        for node in self._nodes.get("assignment", ()):
            yield from self._put_on_this(node, symbols)

    def _put_on_this(self, node: Node, symbols: Sequence[Symbol]) -> Iterator[Typed]:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or right.type != "new_expression":
            return
        owner, name = left.child_by_field_name("object"), left.child_by_field_name("property")
        around = symbols[self._outline.parents[self._outline.owner(node.start_byte)]]
        if owner is not None and name is not None and owner.type == "this" and around.kind == "class":
            yield from self._typed(f"{around.qualname}.{text(name)}", written(right), node.start_byte)

    def _said_of(self, head: Head) -> str:
        node = head.node
        value = node.child_by_field_name("value")
        result = node.child_by_field_name("return_type") or (
            value.child_by_field_name("return_type") if value else None
        )
        if result is not None:
            return class_of(result)
        if head.kind == "type":
            return class_of(value)
        if head.kind == "variable":
            return value_of(node)
        return ""

    def _typed(self, qualname: str, said: str, at: int) -> Iterator[Typed]:
        meant = self._scopes.meaning(said, at)
        if UNKNOWN not in meant:
            yield Typed(qualname, meant)
