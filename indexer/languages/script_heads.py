"""The definitions of a JavaScript or TypeScript file, before each has its place among the others.

A definition begins with the comment that documents it and with its decorators, and holds the statement that it is
declared by, `export` included.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

from bridle.indexer.facts import SymbolKind
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.script_tests import block_kind, is_script_test_file, title_of
from bridle.indexer.languages.script_text import MAX_WRITTEN, child, one_line, text, written

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

DEFAULT, EXPORTS = "default", "exports"
"""What a definition is called that is exported without a name, by an ES module and by CommonJS."""

MAX_HEAD_BYTES = 2000

_DECLARED: dict[str, SymbolKind] = {
    "function": "function",
    "class": "class",
    "interface": "interface",
    "alias": "type",
    "enum": "enum",
    "namespace": "namespace",
}
_FUNCTIONS = ("arrow_function", "function_expression", "generator_function", "function_declaration")
_STATEMENTS = ("export_statement", "ambient_declaration", "lexical_declaration", "variable_declaration")
_DECLARATIONS = ("lexical_declaration", "variable_declaration")
_OBJECT = re.compile(r"(?:module\.)?exports(?:\.(.+))?|(.+?)\.prototype|(.+)", re.DOTALL)
_NAME = re.compile(r"[\w$]+(?:\.[\w$]+)*")


class Head(NamedTuple):
    """A definition: what it is, its bytes, and where its name stands. `outer` is what it is put on, as ``app``."""

    kind: SymbolKind
    name: str
    start: int
    end: int
    node: Node
    name_at: int
    signature: str
    doc: str
    outer: str = ""


def heads(path: str, source: bytes, nodes: Nodes, loads: Collection[int]) -> list[Head]:
    """Return the definitions, outer ones before inner ones; `loads` are declarators that bind a module."""
    found = [*_declared(source, nodes), *_held(source, nodes, loads), *_members(source, nodes)]
    found += [*_assigned(source, nodes), *_defaults(source, nodes)]
    if is_script_test_file(path):
        found += _blocks(source, nodes)
    once = {(head.name_at, head.name): head for head in reversed(found)}
    return sorted(once.values(), key=lambda head: (head.start, -head.end, head.name_at))


def _declared(source: bytes, nodes: Nodes) -> Iterator[Head]:
    for capture, kind in _DECLARED.items():
        for node in nodes.get(capture, ()):
            name = node.child_by_field_name("name")
            if name is not None:
                outer, _, said = ("", "", text(name)) if name.type == "string" else text(name).rpartition(".")
                yield _head(source, kind, title_of(said), node, name)._replace(outer=outer)


def _held(source: bytes, nodes: Nodes, loads: Collection[int]) -> Iterator[Head]:
    for node in nodes.get("held", ()):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and node.start_byte not in loads:
            yield _head(source, _kind_of(value), text(name), node, name)
    for node in nodes.get("parted", ()):
        name = node.child_by_field_name("name")
        if name is not None and node.start_byte not in loads:
            said = one_line(source[node.start_byte : node.end_byte].decode("utf-8", "replace"))
            for part in parts(name):
                yield Head("variable", text(part), part.start_byte, part.end_byte, part, part.start_byte, said, "")


def parts(pattern: Node) -> Iterator[Node]:
    """Yield the names that a pattern binds, those of inner patterns left out."""
    for part in pattern.named_children:
        if part.type in ("shorthand_property_identifier_pattern", "identifier"):
            yield part
        elif part.type == "pair_pattern":
            value = part.child_by_field_name("value")
            yield from (value,) if value is not None and value.type == "identifier" else ()


def _members(source: bytes, nodes: Nodes) -> Iterator[Head]:
    for node in nodes.get("method", ()):
        field = "property" if node.type == "field_definition" else "key" if node.type == "pair" else "name"
        name = node.child_by_field_name(field)
        if name is not None and name.end_byte - name.start_byte <= MAX_WRITTEN:
            yield _head(source, "method", title_of(text(name)), node, name)


def _assigned(source: bytes, nodes: Nodes) -> Iterator[Head]:
    """Yield functions put on something: ``exports.f =``, ``X.prototype.f =``, ``app.f =``, ``this.f =``."""
    functions = {node.start_byte for node in nodes.get("assigned", ())}
    for node in nodes.get("assignment", ()):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        owner = left.child_by_field_name("object") if left else None
        name = left.child_by_field_name("property") if left else None
        if owner is None or name is None or right is None or owner.end_byte - owner.start_byte > MAX_WRITTEN:
            continue
        whole = f"{text(owner)}.{text(name)}"
        is_function = node.start_byte in functions
        if whole == "module.exports":
            if is_function:
                own = right.child_by_field_name("name")
                yield _head(source, _kind_of(right), text(own) if own else EXPORTS, node, own or name)
            continue
        on = _OBJECT.fullmatch(text(owner))
        assert on is not None
        is_export = on[2] is None and on[3] is None
        is_value = is_export and right.type not in ("identifier", "assignment_expression") and not _is_load(right)
        if is_function or is_value:
            outer = next((part for part in on.groups() if part), "")
            kind: SymbolKind = _kind_of(right) if is_export and not outer else "method"
            is_named = outer not in ("this", "module") and _NAME.fullmatch(outer)
            yield _head(source, kind, text(name), node, name)._replace(outer=outer if is_named else "")


def _defaults(source: bytes, nodes: Nodes) -> Iterator[Head]:
    for node in nodes.get("export", ()):
        value = node.child_by_field_name("value")
        if value is not None and value.type != "identifier":
            yield _head(source, _kind_of(value), DEFAULT, value, value)


def _blocks(source: bytes, nodes: Nodes) -> Iterator[Head]:
    for node in nodes.get("block", ()):
        callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        title = child(given)
        kind = block_kind(written(_first(callee))) if callee else None
        if kind is not None and title is not None:
            head = _head(source, kind, title_of(text(title)), node, title)
            yield head._replace(signature=one_line(source[node.start_byte : title.end_byte].decode("utf-8", "replace")))


def _first(callee: Node) -> Node:
    """Return ``it.each`` of ``it.each(table)``."""
    inner = callee.child_by_field_name("function") if callee.type == "call_expression" else None
    return inner or callee


def _is_load(value: Node) -> bool:
    called = value.child_by_field_name("function") if value.type == "call_expression" else None
    return called is not None and text(called) == "require"


def _kind_of(value: Node | None) -> SymbolKind:
    if value is None:
        return "variable"
    return "function" if value.type in _FUNCTIONS else "class" if value.type.endswith("class") else "variable"


def _head(source: bytes, kind: SymbolKind, name: str, node: Node, name_node: Node) -> Head:
    whole = _whole(node)
    start, doc = _above(source, whole)
    return Head(kind, name, start, whole.end_byte, node, name_node.start_byte, _signature(source, whole, node), doc)


def _whole(node: Node) -> Node:
    """Return the statement that declares `node` and nothing else."""
    at = node
    while (parent := at.parent) is not None and (
        parent.type in _STATEMENTS or (parent.type == "expression_statement" and at.type == "assignment_expression")
    ):
        if parent.type in _DECLARATIONS and parent.named_child_count > 1:
            break
        at = parent
    return at


def _above(source: bytes, node: Node) -> tuple[int, str]:
    """Return where a definition begins with its decorators and the comment that documents it, and its first line."""
    start, before = node.start_byte, node.prev_sibling
    while before is not None and before.type == "decorator":
        start, before = before.start_byte, before.prev_sibling
    if before is None or before.type != "comment" or source[before.end_byte : start].strip():
        return start, ""
    said = text(before)
    return (before.start_byte, first_line(said)) if said.startswith("/**") else (start, "")


def first_line(comment: str) -> str:
    """Return the first line of words in a documenting comment."""
    lines = (line.strip().strip("*/").strip() for line in comment[: 2 * MAX_WRITTEN].splitlines())
    told = next((line for line in lines if line), "")
    return "" if told.startswith("@") else told[:MAX_WRITTEN]


def _signature(source: bytes, whole: Node, node: Node) -> str:
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    body = node.child_by_field_name("body") or (value.child_by_field_name("body") if value else None)
    end = whole.end_byte if body is None else body.start_byte
    head = source[whole.start_byte : min(end, whole.start_byte + MAX_HEAD_BYTES)].decode("utf-8", "ignore")
    return one_line(head).removesuffix("=>").rstrip(" ;")
