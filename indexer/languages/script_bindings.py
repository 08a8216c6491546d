"""What a JavaScript or TypeScript file imports and exports: ES modules, CommonJS and TypeScript's own forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.facts import Export, Import
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.script_heads import DEFAULT, EXPORTS, parts
from bridle.indexer.languages.script_text import MAX_WRITTEN, child, string_of, text

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

ALL, WHOLE = "*", "="
MAX_SPECIFIER = 500
MAX_AROUND = 8
_THROUGH = ("await_expression", "parenthesized_expression", "as_expression", "non_null_expression")
_DECLARATIONS = ("lexical_declaration", "variable_declaration", "ambient_declaration")
_OWN = ("exports", "module.exports")
_BINDS = ("variable_declarator", "assignment_expression")


class Bindings(msgspec.Struct, frozen=True):
    """Imports and exports in source order; `loads` are where declarators that bind a module begin, and their names."""

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    loads: frozenset[int]


def bindings(nodes: Nodes) -> Bindings:
    """Return what a file imports and exports."""
    imports: list[Import] = []
    exports: list[Export] = []
    loads: set[int] = set()
    for node in nodes.get("import", ()):
        imports += _import(node)
    for node in nodes.get("load", ()):
        _load(node, imports, exports, loads)
    for node in nodes.get("export", ()):
        exports += _export(node)
    for node in nodes.get("assignment", ()):
        exports += _assigned(node)
    return Bindings(tuple(dict.fromkeys(imports)), tuple(dict.fromkeys(exports)), frozenset(loads))


def statements(nodes: Nodes) -> list[tuple[int, int]]:
    """Return the bytes of what imports or passes on: statements, and the declarators and assignments of loads."""
    found = [
        *nodes.get("import", ()),
        *(node for node in nodes.get("export", ()) if node.child_by_field_name("source")),
    ]
    for node in nodes.get("load", ()):
        at = node
        for _ in range(MAX_AROUND):
            around = at.parent
            if around is None or around.type not in (*_THROUGH, "member_expression", *_BINDS):
                break
            at = around
        found.append(at)
    return [(node.start_byte, node.end_byte) for node in found]


def _import(node: Node) -> Iterator[Import]:
    module = string_of(node.child_by_field_name("source"))
    for part in node.named_children:
        if part.type == "import_require_clause":
            name = child(part)
            if name is not None:
                yield Import(text(name), string_of(part.child_by_field_name("source")), WHOLE)
            return
        if part.type == "import_clause":
            yield from _clause(part, module)
            return
    if module:
        yield Import("", module, "")


def _clause(clause: Node, module: str) -> Iterator[Import]:
    for part in clause.named_children:
        if part.type == "identifier":
            yield Import(text(part), module, DEFAULT)
        elif part.type == "namespace_import" and (name := child(part)) is not None:
            yield Import(text(name), module, "")
        elif part.type == "named_imports":
            yield from (Import(here, module, target) for target, here in _pairs(part))


def _pairs(clause: Node) -> Iterator[tuple[str, str]]:
    """Yield the names of a clause, as they are called there and here."""
    for part in clause.named_children:
        name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
        if name is not None:
            target = string_of(name) or text(name)
            yield target, target if alias is None else string_of(alias) or text(alias)


def _load(node: Node, imports: list[Import], exports: list[Export], loads: set[int]) -> None:
    """Add what a call of ``require`` or ``import`` binds."""
    called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    module = string_of(child(given))
    if not module or called is None:
        return
    target = "" if called.type == "import" else WHOLE
    at, around = node, node.parent
    while around is not None and (around.type in _THROUGH or _is_object_of(around, at)):
        part = around.child_by_field_name("property")
        target = text(part) if part else target
        at, around = around, around.parent
    if around is not None and around.type == "variable_declarator" and (name := around.child_by_field_name("name")):
        loads |= {around.start_byte, name.start_byte, *(one.start_byte for one in parts(name))}
        imports += _bound(name, module, target)
    elif around is not None and around.type == "assignment_expression":
        left = around.child_by_field_name("left")
        exported = _exported(left) if left else ""
        imports.append(Import(text(left) if left and left.type == "identifier" else "", module, target))
        if exported:
            exports.append(Export(exported, target, module))
    else:
        imports.append(Import("", module, ""))


def _is_object_of(around: Node, inner: Node) -> bool:
    if around.type != "member_expression":
        return False
    used = around.parent
    return around.child_by_field_name("object") == inner and used is not None and used.type != "call_expression"


def _bound(pattern: Node, module: str, target: str) -> Iterator[Import]:
    if pattern.type == "identifier":
        yield Import(text(pattern), module, target)
    elif pattern.type == "object_pattern" and target in ("", WHOLE):
        for part in pattern.named_children:
            if part.type == "shorthand_property_identifier_pattern":
                yield Import(text(part), module, text(part))
            elif part.type == "pair_pattern":
                key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                if key is not None and value is not None and value.type == "identifier":
                    yield Import(text(value), module, text(key))


def _export(node: Node) -> Iterator[Export]:
    module = string_of(node.child_by_field_name("source"))
    value, declaration = node.child_by_field_name("value"), node.child_by_field_name("declaration")
    if value is not None:
        yield Export(DEFAULT, text(value) if value.type == "identifier" else DEFAULT)
    elif declaration is not None:
        is_default = any(child.type == "default" for child in node.children[:4])
        for name in _declared(declaration):
            yield Export(DEFAULT if is_default else name, name)
    else:
        yield from _listed(node, module)


def _listed(node: Node, module: str) -> Iterator[Export]:
    kinds = {part.type: part for part in node.named_children}
    if (clause := kinds.get("export_clause")) is not None:
        for target, name in _pairs(clause):
            yield Export(name, target, module)
    elif (space := kinds.get("namespace_export")) is not None and (named := child(space)) is not None:
        yield Export(string_of(named) or text(named), "", module)
    elif module:
        yield Export(ALL, ALL, module)
    elif (whole := kinds.get("identifier")) is not None:
        yield Export(WHOLE, text(whole))


def _declared(declaration: Node) -> Iterator[str]:
    """Yield the names that a declaration binds."""
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield text(name)
    elif declaration.type in _DECLARATIONS:
        for inner in declaration.named_children:
            if inner.type != "variable_declarator":
                yield from _declared(inner)
            elif (bound := inner.child_by_field_name("name")) is not None:
                yield from _names(bound)


def _names(pattern: Node) -> Iterator[str]:
    """Yield the names in a pattern."""
    if pattern.type == "identifier":
        yield text(pattern)
    else:
        yield from map(text, parts(pattern))


def _exported(left: Node) -> str:
    """Return the name that an assignment to `left` exports, `=` for the whole; "" where it exports nothing."""
    if left.type != "member_expression" or left.end_byte - left.start_byte > MAX_WRITTEN:
        return ""
    whole = text(left)
    if whole == "module.exports":
        return WHOLE
    owner, _, name = whole.rpartition(".")
    return name if owner in _OWN else ""


def _assigned(node: Node) -> Iterator[Export]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    name = _exported(left) if left else ""
    while right is not None and right.type == "assignment_expression":
        right = right.child_by_field_name("right")
    if not name or right is None or (right.type == "call_expression" and text(right).startswith("require(")):
        return
    if right.type == "identifier":
        yield Export(name, text(right))
    elif name != WHOLE:
        yield Export(name, name)
    elif right.type == "object":
        yield from _properties(right)
    else:
        own = right.child_by_field_name("name")
        yield Export(WHOLE, text(own) if own else EXPORTS)


def _properties(literal: Node) -> Iterator[Export]:
    for part in literal.named_children:
        if part.type == "shorthand_property_identifier":
            yield Export(text(part), text(part))
        elif (key := part.child_by_field_name("key") or part.child_by_field_name("name")) is not None:
            value = part.child_by_field_name("value")
            is_named = value is not None and value.type == "identifier"
            yield Export(text(key), text(value) if value is not None and is_named else text(key))
