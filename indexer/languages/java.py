"""Java: what its syntax says that the queries cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import FileFacts, Import
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import Form, Forms, first, last, text, written
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

PREDECLARED = words("Boolean Class Integer Long Object Override String StringBuilder System var")
"""Not all names of ``java.lang``: a project may have its own of the others."""

_HOLDERS = words(
    "Collection Deque Iterable Iterator LinkedList List ListIterator Map NavigableMap Optional Queue Set SortedMap "
    "SortedSet Stream ArrayList HashMap HashSet LinkedHashMap LinkedHashSet TreeMap TreeSet ConcurrentMap "
    "ConcurrentHashMap AtomicReference ThreadLocal Supplier Callable Future ArrayDeque"
)
"""Types of Java's own library of which an element is of the last of their type arguments."""

_NAMED = ("type_identifier", "scoped_type_identifier", "identifier", "scoped_identifier")
_MAX_DEPTH = 12


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return read(path, source, _DIALECT, trees)


def value_of(node: Node) -> str:
    """Return a value of a type as a path: a star for each array or collection around it."""
    stars = ""
    for _ in range(_MAX_DEPTH):
        inner: Node | None = None
        if node.type == "array_type":
            stars, inner = stars + "*", node.child_by_field_name("element")
        elif node.type == "generic_type":
            inner = first(node)
            given = last(node)
            if inner is not None and given is not None and text(inner) in _HOLDERS and given.named_child_count:
                stars, inner = stars + "*", last(given)
        elif node.type in ("wildcard", "annotated_type"):
            inner = last(node)
        if inner is None:
            break
        node = inner
    name = "".join(text(node).split()) if node.type in _NAMED else ""
    return f"{stars}{name}()" if name and name != "var" else ""


_FORMS = Forms(
    {
        "identifier": Form("leaf"),
        "type_identifier": Form("leaf"),
        "scoped_type_identifier": Form("leaf"),
        "string_literal": Form("is", "String()"),
        "class_literal": Form("is", "Class()"),
        "this": Form("leaf"),
        "super": Form("leaf"),
        "field_access": Form("member", "object", "field"),
        "method_reference": Form("member"),
        "method_invocation": Form("method", "object", "name"),
        "object_creation_expression": Form("made", "type"),
        "cast_expression": Form("made", "type"),
        "array_creation_expression": Form("made", "type"),
        "array_access": Form("element", "array"),
        "parenthesized_expression": Form("same"),
        "generic_type": Form("same"),
    },
    value_of,
)


def _value(node: Node | None) -> str:
    if node is None:
        return ""
    found = written(node, _FORMS)
    stars = "*" if node.type == "array_creation_expression" else ""
    return "" if "?" in found else f"{stars}{found}"


def _names(node: Node) -> Iterator[Named]:
    name = node.child_by_field_name("name")
    if name is not None:
        yield Named(name)


def _binds(node: Node) -> Iterator[Bound]:
    if node.type == "identifier":
        yield Bound(node, "")
        return
    if node.type == "type_parameter":
        named = first(node)
        if named is not None:
            yield Bound(named, _bound_of(node))
        return
    kind = node.child_by_field_name("type" if node.type != "instanceof_expression" else "right")
    if kind is None:
        kind = next((child for child in node.named_children if child.type.endswith(("type", "type_identifier"))), None)
    said = value_of(kind) if kind is not None else ""
    is_open = kind is not None and kind.text == b"var"
    name = node.child_by_field_name("name") or (node.named_child(1) if node.type == "type_pattern" else None)
    if name is not None:
        over = _value(node.child_by_field_name("value")) if is_open else ""
        each = "[]" if node.type == "enhanced_for_statement" else ""
        yield Bound(name, said or (f"{over}{each}" if over else ""))
    for one in node.named_children:
        if one.type == "variable_declarator" and (name := one.child_by_field_name("name")) is not None:
            more = "*" if node.type == "spread_parameter" or one.child_by_field_name("dimensions") else ""
            yield Bound(name, f"{more}{said}" if said else _value(one.child_by_field_name("value")) if is_open else "")


def _bound_of(node: Node) -> str:
    limit = next((child for child in node.named_children if child.type == "type_bound"), None)
    kind = first(limit)
    return value_of(kind).removesuffix("()") if kind is not None else ""


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    kind = node.child_by_field_name("type")
    said = value_of(kind) if kind is not None else ""
    declared = [*node.children_by_field_name("declarator"), node] if said else []
    for one in declared:
        name = one.child_by_field_name("name")
        if name is not None:
            yield text(name), f"*{said}" if one.child_by_field_name("dimensions") else said


def _said(node: Node, nth: int) -> str:
    del nth
    kind = node.child_by_field_name("type") if node.type.endswith("method_declaration") else None
    return value_of(kind) if kind is not None else ""


def _target(node: Node) -> Node | None:
    for _ in range(_MAX_DEPTH):
        if node.type == "method_invocation":
            return node.child_by_field_name("name")
        if node.type == "field_access":  # here nothing but a class is of interest
            field = node.child_by_field_name("field")
            return field if field is not None and text(field)[:1].isupper() else None
        if node.type in ("method_reference", "scoped_type_identifier"):
            named = last(node)
            return named if named is not None and named.type in _NAMED else None
        if node.child_count == 0:
            return node
        inner = node.child_by_field_name("type") if node.type == "object_creation_expression" else first(node)
        if inner is None or node.type not in ("object_creation_expression", "generic_type", "annotated_type"):
            return None
        node = inner
    return None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        named = next((child for child in node.named_children if child.type.endswith("identifier")), None)
        dotted = "".join(text(named).split()) if named is not None else ""
        is_star = any(child.type == "asterisk" for child in node.named_children)
        module, _, name = dotted.rpartition(".")
        if is_star and dotted:
            yield Import("*", dotted, "*")
        elif name:
            yield Import(name, module, name)


def _package(nodes: Nodes) -> str:
    return next(("".join(text(node).split()) for node in nodes.get("package", ())), "")


_DIALECT = Dialect(
    queries=("java",),
    forms=_FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    package=_package,
    predeclared=PREDECLARED,
    statements=frozenset(),
    bodies=words("class_body interface_body enum_body annotation_type_body block constructor_body"),
    documents=re.compile(r"/\*\*"),
)
