"""Go: what its syntax says that the queries cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import FileFacts, Import
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import Form, Forms, first, text, written
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

PREDECLARED = words(
    "any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint "
    "uint8 uint16 uint32 uint64 uintptr true false iota nil append cap clear close complex copy delete imag len make "
    "max min new panic print println real recover _"
)
_VERSION = re.compile(r"(?:/v\d+|\.v\d+)$")
_CONTAINERS = {"slice_type": "element", "array_type": "element", "map_type": "value", "channel_type": "value"}
_INSIDE = ("pointer_type", "parenthesized_type", "variadic_argument")
_MAX_DEPTH = 12


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return read(path, source, _DIALECT, trees)


def value_of(node: Node) -> str:
    """Return a value of a type as a path: a star for each slice, array, map or channel around it."""
    stars = ""
    for _ in range(_MAX_DEPTH):
        if node.type in _CONTAINERS:
            stars, inner = stars + "*", node.child_by_field_name(_CONTAINERS[node.type])
        elif node.type in _INSIDE:
            inner = first(node)
        elif node.type == "generic_type":
            inner = node.child_by_field_name("type")
        else:
            inner = None
        if inner is None:
            break
        node = inner
    named = node.type in ("type_identifier", "qualified_type", "identifier", "selector_expression")
    name = "".join(text(node).split()) if named else ""
    return f"{stars}{name}()" if name and name not in PREDECLARED else ""


def _gives(call: Node) -> str:
    """Return what ``new`` and ``make`` give."""
    called = call.child_by_field_name("function")
    of = first(call.child_by_field_name("arguments"))
    return value_of(of) if called is not None and of is not None and called.text in (b"new", b"make") else ""


_FORMS = Forms(
    {
        "identifier": Form("leaf"),
        "type_identifier": Form("leaf"),
        "qualified_type": Form("leaf"),
        "selector_expression": Form("member", "operand", "field"),
        "call_expression": Form("call", "function"),
        "index_expression": Form("element", "operand"),
        "slice_expression": Form("same", "operand"),
        "parenthesized_expression": Form("same"),
        "unary_expression": Form("same", "operand"),
        "composite_literal": Form("made", "type"),
        "type_assertion_expression": Form("made", "type"),
        "type_conversion_expression": Form("made", "type"),
        "type_instantiation_expression": Form("same", "type"),
        "generic_type": Form("same", "type"),
    },
    value_of,
    _gives,
)


def _value(node: Node) -> str:
    """Return what an expression gives."""
    if node.type == "unary_expression" and (node.text or b"")[:2] == b"<-":
        operand = node.child_by_field_name("operand")
        return f"{written(operand, _FORMS)}[]" if operand else ""
    found = written(node, _FORMS)
    return "" if "?" in found else found


def _names(node: Node) -> Iterator[Named]:
    if node.type == "method_declaration":
        name, receiver = node.child_by_field_name("name"), node.child_by_field_name("receiver")
        if name is not None:
            yield Named(name, _receiver(receiver))
        return
    kind = node.child_by_field_name("type") if node.type == "type_spec" else None
    for name in node.children_by_field_name("name"):
        if name.is_named and text(name) != "_":
            is_class = kind is not None and kind.type == "struct_type"
            is_interface = kind is not None and kind.type == "interface_type"
            yield Named(name, "", "class" if is_class else "interface" if is_interface else None)


def _receiver(receiver: Node | None) -> str:
    declared = first(receiver)
    kind = declared.child_by_field_name("type") if declared else None
    return value_of(kind).removesuffix("()").lstrip("*") if kind is not None else ""


def _binds(node: Node) -> Iterator[Bound]:
    kind, right = node.child_by_field_name("type"), node.child_by_field_name("right")
    if node.type in ("short_var_declaration", "receive_statement"):
        yield from _paired(_listed(node.child_by_field_name("left")), right)
    elif node.type == "range_clause":
        names = _listed(node.child_by_field_name("left"))
        over = _value(right) if right is not None else ""
        yield from (Bound(name, f"{over}[]" if over and index else "") for index, name in enumerate(names))
    elif node.type == "type_switch_statement":
        yield from _cases(node)
    elif node.type in ("var_spec", "const_spec") and kind is None:
        yield from _paired(node.children_by_field_name("name"), node.child_by_field_name("value"))
    elif node.type == "type_parameter_declaration":
        yield from (Bound(name, "") for name in node.children_by_field_name("name"))
    else:
        said = value_of(kind) if kind is not None else ""
        said = f"*{said}" if said and node.type.startswith("variadic") else said
        yield from (Bound(name, said) for name in node.children_by_field_name("name") if name.is_named)


def _listed(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.named_children if node.type == "expression_list" else [node]


def _paired(names: list[Node], right: Node | None) -> Iterator[Bound]:
    """Yield names with what stands for them on the right: one value each, or the results of one call."""
    names, values = [name for name in names if name.is_named], _listed(right)
    for index, name in enumerate(names):
        if len(values) == len(names):
            yield Bound(name, _value(values[index]))
        elif len(values) != 1:
            yield Bound(name, "")
        elif values[0].type == "call_expression":
            yield Bound(name, f"{said}@{index}" if (said := _value(values[0])) else "")
        else:
            yield Bound(name, "" if index else _value(values[0]))


def _cases(node: Node) -> Iterator[Bound]:
    """Yield the name of a type switch in each of its cases: what it is where they have one type each."""
    alias, value = _listed(node.child_by_field_name("alias")), node.child_by_field_name("value")
    if not alias:
        return
    yield Bound(alias[0], _value(value) if value is not None else "")
    for case in node.named_children:
        if case.type == "type_case":
            kinds = case.children_by_field_name("type")
            yield Bound(alias[0], value_of(kinds[0]) if len(kinds) == 1 else "", case)


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    kind = node.child_by_field_name("type")
    said = value_of(kind) if kind is not None else ""
    names = node.children_by_field_name("name")
    for name in names:
        if said and name.is_named:
            yield text(name), said
    if not names and said:  # what is embedded has the name of its type
        yield said.removesuffix("()").rpartition(".")[2].lstrip("*"), said


def _said(node: Node, index: int) -> str:
    if node.type in ("var_spec", "const_spec"):
        kind, values = node.child_by_field_name("type"), _listed(node.child_by_field_name("value"))
        if kind is not None:
            return value_of(kind)
        return next((said for at, (_, said, _) in enumerate(_pairs(node, values)) if at == index), "")
    if node.type in ("type_alias", "type_spec"):
        kind = node.child_by_field_name("type")
        is_named = kind is not None and (node.type == "type_alias" or kind.type in _CONTAINERS)
        return value_of(kind) if kind is not None and is_named else ""
    result = node.child_by_field_name("result")
    if result is None:
        return ""
    if result.type != "parameter_list":
        return value_of(result)
    given: list[str] = []
    for one in result.named_children:
        kind = one.child_by_field_name("type")
        said = value_of(kind) if kind is not None else ""
        given += [said] * max(1, sum(name.is_named for name in one.children_by_field_name("name")))
    return ",".join(given)


def _pairs(node: Node, values: list[Node]) -> Iterator[Bound]:
    right = node.child_by_field_name("value")
    return _paired(node.children_by_field_name("name"), right) if values else iter(())


def _target(node: Node) -> Node | None:
    for _ in range(_MAX_DEPTH):
        if node.type == "selector_expression":
            return node.child_by_field_name("field")
        if node.type == "qualified_type":
            return node.child_by_field_name("name")
        if node.type in ("identifier", "type_identifier"):
            return node
        inside = (
            "generic_type",
            "type_instantiation_expression",
            "index_expression",
            "parenthesized_expression",
            *_INSIDE,
        )
        inner = first(node) if node.type in inside else None
        if inner is None:
            return None
        node = inner
    return None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        name, path = node.child_by_field_name("name"), node.child_by_field_name("path")
        module = text(path)[1:-1] if path is not None else ""
        if not module:
            continue
        said = text(name) if name is not None else ""
        if said == ".":
            yield Import("*", module, "*")
        else:
            guess = _VERSION.sub("", module).rpartition("/")[2].removeprefix("go-")
            yield Import("" if said == "_" else said or f"{guess}?", module, "")


def _package(nodes: Nodes) -> str:
    return next((text(node) for node in nodes.get("package", ())), "")


_DIALECT = Dialect(
    queries=("go",),
    forms=_FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    package=_package,
    predeclared=PREDECLARED,
    statements=words("type_declaration const_declaration var_declaration var_spec_list"),
    bodies=words("field_declaration_list"),
    documents=re.compile(r"/[/*]"),
)
