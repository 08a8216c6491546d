"""C#: what its syntax says that the queries cannot.

A namespace is a part of the qualified names in it. What ``using`` takes in as a whole is an import of all its names; at
level 1 it is taken in for other files too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import GLOBAL, FileFacts, Import
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.csharp_types import EACH, FORMS, dotted, name_of, value, value_of
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import first, last, text
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import walk, words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

PREDECLARED = words("nameof dynamic String Object Int32 Boolean Exception _")

_CLAUSES = ("let_clause", "join_clause", "join_into_clause")
_UNTYPED = ("identifier", "tuple_pattern", "parenthesized_variable_designation", "var_pattern")
_MAX_DEPTH = 12


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return read(path, source, _DIALECT, trees)


def _names(node: Node) -> Iterator[Named]:
    if node.type == "event_field_declaration":
        for one in _declarators(first_of(node, "variable_declaration")):
            name = one.child_by_field_name("name")
            if name is not None:
                yield Named(name)
        return
    if node.type == "conversion_operator_declaration":
        name = first_of(node, "implicit") or first_of(node, "explicit")
    elif node.type == "indexer_declaration":
        name = first_of(node, "this")
    else:
        name = node.child_by_field_name("operator" if node.type == "operator_declaration" else "name")
    if name is None or name.is_missing:
        return
    if node.type.endswith("namespace_declaration"):
        end = name_of(name)
        around = node.parent.end_byte if node.type.startswith("file") and node.parent is not None else 0
        if end is not None:
            yield Named(end, dotted(name).rpartition(".")[0], until=around)
    else:
        yield Named(name)


def first_of(node: Node, kind: str) -> Node | None:
    """Return the first child of a type, None for none."""
    return next((child for child in node.children if child.type == kind), None)


def _declarators(node: Node | None) -> list[Node]:
    return [one for one in node.named_children if one.type == "variable_declarator"] if node is not None else []


def _binds(node: Node) -> Iterator[Bound]:
    kind, name = node.child_by_field_name("type"), node.child_by_field_name("name")
    if node.type in _UNTYPED:
        yield from (Bound(one, "") for one in walk(node) if one.type == "identifier")
    elif node.type == "implicit_parameter":
        yield Bound(node, _element(node))
    elif node.type == "type_parameter":
        if name is not None:
            yield Bound(name, _limit(node, text(name)))
    elif node.type == "variable_declaration":
        for one in _declarators(node):
            named, given = one.child_by_field_name("name"), last(one)
            said = value_of(kind) or (value(given) if given is not None and given != named else "")
            if named is not None:
                yield Bound(named, said)
    elif node.type in ("foreach_statement", "from_clause"):
        named, over = name or node.child_by_field_name("left"), node.child_by_field_name("right") or last(node)
        said = value(over)
        if named is not None and named.type == "identifier":
            yield Bound(named, value_of(kind) or (f"{said}[]" if said else ""))
    elif (named := name or first_of(node, "identifier")) is not None and node.type in _CLAUSES:
        yield Bound(named, value(last(node)) if node.type == "let_clause" else "")
    elif name is not None and name.type == "identifier":
        is_bare = node.type == "parameter" and kind is None
        yield Bound(name, _element(node) if is_bare else value_of(kind))


def _element(node: Node) -> str:
    """Return what a parameter without a type is, where the function is handed each element of a container."""
    around = node.parent
    if around is not None and around.type == "parameter_list":
        if around.named_child_count > 1:
            return ""
        around = around.parent
    for kind in ("argument", "argument_list", "invocation_expression"):
        around = around.parent if around is not None else None
        if around is None or around.type != kind:
            return ""
    assert around is not None
    called = around.child_by_field_name("function")
    method = called.child_by_field_name("name") if called is not None else None
    named = name_of(method)
    if called is None or named is None or called.type != "member_access_expression" or text(named) not in EACH:
        return ""
    said = value(called.child_by_field_name("expression"))
    return f"{said}[]" if said else ""


def _limit(node: Node, name: str) -> str:
    """Return the first type that an argument of a type is limited to."""
    around = node.parent.parent if node.parent is not None else None
    for clause in around.named_children if around is not None else ():
        named = first(clause) if clause.type == "type_parameter_constraints_clause" else None
        if named is not None and text(named) == name:
            limits = (one.child_by_field_name("type") for one in clause.named_children[1:])
            return next((said.removesuffix("()") for one in limits if (said := value_of(one))), "")
    return ""


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    declared = first_of(node, "variable_declaration") if node.type == "field_declaration" else node
    said = value_of(declared.child_by_field_name("type")) if declared is not None else ""
    for one in _declarators(declared) if node.type == "field_declaration" else [node]:
        name = one.child_by_field_name("name")
        if said and name is not None:
            yield text(name), said


def _said(node: Node, nth: int) -> str:
    del nth
    if node.type in ("class_declaration", "interface_declaration", "record_declaration"):  # a container of its own
        bases = first_of(node, "base_list")
        held = (value_of(one) for one in (bases.named_children if bases is not None else ()))
        return next((one for one in held if one[:1] == "*"), "")
    if node.type in ("constructor_declaration", "operator_declaration", "conversion_operator_declaration"):
        return ""
    if node.type == "event_field_declaration":
        node = first_of(node, "variable_declaration") or node
    return value_of(node.child_by_field_name("returns") or node.child_by_field_name("type"))


def _opening(node: Node) -> tuple[str, int]:
    """Return the attributes of a definition without what they are given, and where the rest of its head begins."""
    names: list[str] = []
    start = node.start_byte
    for child in node.children:
        if child.type != "attribute_list":
            start = child.start_byte
            break
        names += (dotted(name) for one in child.named_children if (name := one.child_by_field_name("name")) is not None)
    return "".join(f"[{name}] " for name in names), start


def _target(node: Node) -> Node | None:
    at: Node | None = node
    for _ in range(_MAX_DEPTH):
        if at is None or at.type in ("base", "this"):
            return at
        if at.type == "invocation_expression":
            at = at.child_by_field_name("function")
        elif at.type in ("object_creation_expression", "primary_constructor_base_type"):
            at = at.child_by_field_name("type")
        elif at.type == "assignment_expression":
            return at.child_by_field_name("left")
        elif at.type == "member_access_expression":
            at = at.child_by_field_name("name")
        elif at.type == "conditional_access_expression":
            at = last(at)
            if at is None or at.type != "member_binding_expression":
                return None
        else:
            return name_of(at)
    return None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        alias = node.child_by_field_name("name")
        meant = last(node)
        whole = dotted(meant) if meant is not None and meant != alias else ""
        level = GLOBAL if first_of(node, "global") is not None else 0
        module, _, target = whole.rpartition(".")
        if whole and alias is not None:
            yield Import(text(alias), module, target, level)
        elif whole:
            yield Import("*", whole, "*", level)


def _asides(nodes: Nodes) -> Iterator[int]:
    for node in nodes.get("import", ()):
        yield from (one.start_byte for one in walk(node) if one.type == "identifier")
    for node in nodes.get("namespace", ()):
        name = node.child_by_field_name("name")
        yield from (one.start_byte for one in walk(name) if one.type == "identifier") if name is not None else ()
    for node in nodes.get("attribute", ()):
        named = name_of(node)
        if named is not None and not text(named).endswith("Attribute"):
            yield named.start_byte
    yield from (node.start_byte for node in _shadowed(nodes))


def _shadowed(nodes: Nodes) -> Iterator[Node]:
    """Yield where a type stands that a property of the file is called like."""
    members = (node.child_by_field_name("name") for node in nodes.get("variable", ()))
    known = {name.text for name in members if name is not None}
    for node in nodes.get("typed", ()) if known else ():
        if node.text in known and node.parent is not None and node.parent.type != "object_creation_expression":
            yield node


def _unwritten(nodes: Nodes) -> Iterator[tuple[int, str, bool]]:
    """Yield the classes of attributes that are written without the end of their names, and types that are shadowed."""
    yield from ((node.start_byte, f"`0.{text(node)}", False) for node in _shadowed(nodes))
    for node in nodes.get("attribute", ()):
        whole = dotted(node)
        if whole and not whole.endswith("Attribute"):
            yield node.start_byte, f"{whole}Attribute", False


_DIALECT = Dialect(
    queries=("csharp",),
    forms=FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    predeclared=PREDECLARED,
    statements=frozenset(),
    bodies=words("declaration_list block enum_member_declaration_list accessor_list arrow_expression_clause"),
    documents=re.compile(r"///|/\*\*"),
    opening=_opening,
    asides=_asides,
    unwritten=_unwritten,
    owners=frozenset(("class", "interface", "enum")),
)
