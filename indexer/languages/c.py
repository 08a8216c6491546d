"""C: what its syntax says that the queries cannot.

A prototype is a definition whose signature ends with a semicolon: the resolver goes on from it to the body, where there
is one. Headers are read as C++ (`bridle.indexer.languages.cpp`), whatever they are written in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import FileFacts, Import
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import Form, Forms, text
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

PREDECLARED = words(
    "NULL bool false int16_t int32_t int64_t int8_t intptr_t ptrdiff_t size_t ssize_t true uint16_t uint32_t uint64_t "
    "uint8_t uintptr_t va_list defined"
)
_TAGS = ("struct_specifier", "union_specifier", "enum_specifier")
_MAX_DEPTH = 12


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return read(path, source, _DIALECT, trees)


def value_of(node: Node) -> str:
    """Return a value of a type as a path; pointers and arrays are what they lead to."""
    named = node.child_by_field_name("name") if node.type in _TAGS else node
    name = text(named) if named is not None and named.type == "type_identifier" else ""
    return f"{name}()" if name and name not in PREDECLARED else ""


_FORMS = Forms({"identifier": Form("leaf"), "call_expression": Form("call", "function")}, value_of)


def _declared(node: Node | None) -> tuple[Node | None, bool]:
    """Return where the name in a declarator stands, and whether it is a function's."""
    is_function = False
    for _ in range(_MAX_DEPTH):
        if node is None or node.type in ("identifier", "type_identifier", "field_identifier"):
            return node, is_function
        if node.type == "function_declarator":
            inner = node.child_by_field_name("declarator")
            is_function = inner is not None and inner.type != "parenthesized_declarator"  # a pointer to one
            node = inner
        else:
            parts = node.named_children
            node = node.child_by_field_name("declarator") or (
                parts[-1] if node.type.startswith("paren") and parts else None
            )
    return None, False


def _names(node: Node) -> Iterator[Named]:
    if node.type in (*_TAGS, "preproc_def", "preproc_function_def"):
        name = node.child_by_field_name("name")
        if name is not None:
            yield Named(name)
        return
    if node.type == "declaration" and _is_inside(node):
        return
    kind = node.child_by_field_name("type")
    tag = kind.child_by_field_name("name") if kind is not None and kind.type in _TAGS else None
    has_body = kind is not None and kind.child_by_field_name("body") is not None
    for declarator in node.children_by_field_name("declarator"):
        name, is_function = _declared(declarator)
        if name is None or (node.type == "type_definition" and tag is not None and has_body and tag.text == name.text):
            continue  # what it names is defined by its tag
        if node.type == "type_definition" and has_body and tag is None:
            yield Named(name, "", "enum" if kind is not None and kind.type == "enum_specifier" else "class")
        else:
            yield Named(name, "", "function" if is_function and node.type == "declaration" else None, has_body)


def _is_inside(node: Node) -> bool:
    around = node.parent
    while around is not None:
        if around.type in ("compound_statement", "for_statement"):
            return True
        around = around.parent
    return False


def _binds(node: Node) -> Iterator[Bound]:
    kind = node.child_by_field_name("type")
    said = value_of(kind) if kind is not None else ""
    for declarator in node.children_by_field_name("declarator"):
        name, is_function = _declared(declarator)
        if name is not None and not is_function:
            yield Bound(name, said)


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    kind = node.child_by_field_name("type")
    said = value_of(kind) if kind is not None else ""
    for declarator in node.children_by_field_name("declarator") if said else ():
        name, _ = _declared(declarator)
        if name is not None:
            yield text(name), said


def _said(node: Node, nth: int) -> str:
    del nth
    kind = (
        node.child_by_field_name("type")
        if node.type in ("declaration", "function_definition", "type_definition")
        else None
    )
    return value_of(kind) if kind is not None else ""


def _target(node: Node) -> Node | None:
    return node if node.type in ("identifier", "type_identifier") else None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        path = node.child_by_field_name("path")
        said = text(path) if path is not None else ""
        if said[:1] in ('"', "<") and len(said) > 2:
            yield Import("*", said[1:-1], "*", level=1 if said[0] == '"' else 0)


def _is_prototype(node: Node) -> bool:
    return node.type == "declaration" and any(_declared(one)[1] for one in node.children_by_field_name("declarator"))


_DIALECT = Dialect(
    queries=("c",),
    forms=_FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    predeclared=PREDECLARED,
    statements=words("type_definition"),
    bodies=words("field_declaration_list enumerator_list compound_statement"),
    documents=re.compile(r"/\*|//"),
    is_prototype=_is_prototype,
)
