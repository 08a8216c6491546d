"""PHP: what its syntax says that the queries cannot.

Which class a name means is said by the file alone, by its namespace and its imports: its facts tell it in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.facts import FileFacts, Import, Reference
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import Form, Forms, first, last, text, written
from bridle.indexer.languages.php_types import OWN, Names, class_of, parameters, told, value_of
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_QUALIFIED = ("qualified_name", "relative_name")
_CALLS = ("member_call_expression", "nullsafe_member_call_expression", "scoped_call_expression")
_BODIES = ("declaration_list", "enum_declaration_list")
_FUNCTIONS = ("method_declaration", "function_definition")


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    known = read(path, source, _DIALECT, trees)
    names = Names(known.package, known.imports)
    uses = {_in_full(use, names): None for use in known.references if use.qualifier or not _is_word(use)}
    types = tuple(msgspec.structs.replace(one, type=names.path(one.type)) for one in known.types)
    return msgspec.structs.replace(known, references=tuple(uses), types=types)


def _is_word(use: Reference) -> bool:
    return use.kind != "call" and use.name in OWN


def _in_full(use: Reference, names: Names) -> Reference:
    whole = f"{use.qualifier}.{use.name}" if use.qualifier else use.name
    if not use.qualifier and use.kind != "call":
        whole = class_of(whole)
    qualifier, _, name = names.path(whole).rpartition(".")
    return msgspec.structs.replace(use, qualifier=qualifier, name=name)


def _called(node: Node, around: Node | None) -> str:
    """Return what a name is called in a path: a property with the sign of a variable, a class as the file writes it."""
    parent = around or node.parent
    if parent is None or node.type == "relative_scope":
        return text(node)
    if node.type == "name":
        if parent.type.endswith("member_access_expression"):
            return f"${text(node)}" if node == parent.child_by_field_name("name") else class_of(text(node))
        if parent.type in _CALLS and node == parent.child_by_field_name("name"):
            return text(node)
        return text(node) if parent.type == "function_call_expression" else class_of(text(node))
    if node.type == "variable_name" and parent.type.endswith("member_access_expression"):
        return text(node) if node == parent.child_by_field_name("object") else "?"
    return class_of(text(node)) if node.type in _QUALIFIED else text(node)


_FORMS = Forms(
    {
        "variable_name": Form("leaf"),
        "name": Form("leaf"),
        "qualified_name": Form("leaf"),
        "relative_name": Form("leaf"),
        "relative_scope": Form("leaf"),
        "member_access_expression": Form("member", "object", "name"),
        "nullsafe_member_access_expression": Form("member", "object", "name"),
        "scoped_property_access_expression": Form("member", "scope", "name"),
        "member_call_expression": Form("method", "object", "name"),
        "nullsafe_member_call_expression": Form("method", "object", "name"),
        "scoped_call_expression": Form("method", "scope", "name"),
        "function_call_expression": Form("call", "function"),
        "object_creation_expression": Form("made"),
        "class_constant_access_expression": Form("made"),  # a case of an enum
        "subscript_expression": Form("element"),
        "parenthesized_expression": Form("same"),
        "clone_expression": Form("same"),
        "assignment_expression": Form("same", "right"),
    },
    value_of,
    plain=re.compile(rb"(?!)"),
    called=_called,
)


def _value(node: Node | None) -> str:
    found = written(node, _FORMS) if node is not None else ""
    return "" if "?" in found else found


def _comment(node: Node) -> str:
    """Return the comment that documents a declaration."""
    above = node.prev_sibling
    found = text(above) if above is not None and above.type == "comment" else ""
    return found if found.startswith("/**") else ""


def _names(node: Node) -> Iterator[Named]:
    if node.type != "const_declaration":
        name = node.child_by_field_name("name")
        if name is not None:
            yield Named(name)
    elif node.parent is None or node.parent.type not in _BODIES:
        for one in node.named_children:
            name = first(one)
            if one.type == "const_element" and name is not None:
                yield Named(name)


def _binds(node: Node) -> Iterator[Bound]:
    if node.type == "assignment_expression":
        name, said = node.child_by_field_name("left"), _value(node.child_by_field_name("right"))
    elif node.type == "foreach_statement":
        name, said = _each(node)
    elif node.type == "catch_clause":
        kinds = node.child_by_field_name("type")
        name, one = node.child_by_field_name("name"), first(kinds)
        said = value_of(one) if one is not None and kinds is not None and kinds.named_child_count == 1 else ""
    else:
        name, said = node.child_by_field_name("name"), _declared(node)
        said = f"*{said}" if said and node.type == "variadic_parameter" else said
    if name is not None and name.type == "variable_name" and text(name) != "$this":
        yield Bound(name, said)


def _each(node: Node) -> tuple[Node | None, str]:
    parts = node.named_children
    if len(parts) < 2:
        return None, ""
    bound = last(parts[1]) if parts[1].type == "pair" else parts[1]
    over = _value(parts[0])
    return bound, f"{over}[]" if over else ""


def _declared(node: Node) -> str:
    """Return what a parameter is: by its type, else by the comment above its function."""
    kind, name = node.child_by_field_name("type"), node.child_by_field_name("name")
    said = value_of(kind) if kind is not None else ""
    around = node.parent.parent if node.parent is not None else None
    if said or name is None or around is None or around.type not in _FUNCTIONS:
        return said
    return parameters(_comment(around)).get(text(name), "")


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    name = node.child_by_field_name("name")
    if node.type == "assignment_expression":
        left = node.child_by_field_name("left")
        path, said = (_value(left) if left is not None else ""), _value(node.child_by_field_name("right"))
        if said and path.startswith("$this.") and path.count(".") == 1:
            yield path.removeprefix("$this."), said
    elif name is not None:
        yield text(name), _declared(node)
    else:
        kind = node.child_by_field_name("type")
        said = (value_of(kind) if kind is not None else "") or told(_comment(node), "var")
        for one in node.named_children if said else ():
            name = one.child_by_field_name("name")
            if name is not None:
                yield text(name), said


def _said(node: Node, nth: int) -> str:
    del nth
    if node.type not in _FUNCTIONS:
        return ""
    kind = node.child_by_field_name("return_type")
    return (value_of(kind) if kind is not None else "") or told(_comment(node), "return")


def _target(node: Node) -> Node | None:
    at: Node | None = node
    if node.type in _CALLS:
        at = node.child_by_field_name("name")
    elif node.type == "function_call_expression":
        at = node.child_by_field_name("function")
    elif node.type == "object_creation_expression":
        at = first(node)
    if at is not None and at.type in _QUALIFIED:
        at = last(at)
    return at if at is not None and at.type == "name" else None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        group = node.child_by_field_name("body")
        outer = first(node) if group is not None else None
        prefix = f"{text(outer)}\\" if outer is not None else ""
        for clause in (group or node).named_children:
            named, alias = first(clause), clause.child_by_field_name("alias")
            if clause.type == "namespace_use_clause" and named is not None:
                whole = "".join(f"{prefix}{text(named)}".split()).strip("\\")
                module, _, name = whole.rpartition("\\")
                yield Import(text(alias) if alias is not None else name, module, name)


def _package(nodes: Nodes) -> str:
    return next(("".join(text(node).split()) for node in nodes.get("package", ())), "")


_DIALECT = Dialect(
    queries=("php",),
    forms=_FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    package=_package,
    predeclared=frozenset(),
    statements=frozenset(),
    bodies=words("declaration_list enum_declaration_list compound_statement"),
    documents=re.compile(r"/\*\*"),
    maker="__construct",
)
