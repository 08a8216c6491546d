"""C++, and all headers: what its syntax says that the queries cannot.

A declaration is a definition whose signature ends with a semicolon, as in C; so is a class that is only named, and the
resolver goes on to the body. A method that is written outside of its class has the class's name before its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import FileFacts, Import
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.cpp_macros import veiled
from bridle.indexer.languages.cpp_names import FORMS, MAX_DEPTH, TAGS, Declared, declared, dotted, last_name, value_of
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import first, last, text, written
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

PREDECLARED = words(
    "NULL bool false int16_t int32_t int64_t int8_t intptr_t nullptr ptrdiff_t size_t ssize_t std true uint16_t "
    "uint32_t uint64_t uint8_t uintptr_t va_list defined"
)
TESTS = words("TEST TEST_F TEST_P TYPED_TEST TYPED_TEST_P")
"""GoogleTest's: a suite and a name, and the body behind."""

_BODIES = ("field_declaration_list", "compound_statement")
_BESIDE = ("translation_unit", "declaration_list", "field_declaration_list", "template_declaration")
_TYPE_PARAMETERS = words(
    "type_parameter_declaration optional_type_parameter_declaration variadic_type_parameter_declaration"
)


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return read(path, source, _DIALECT, trees)


def _value(node: Node | None) -> str:
    found = written(node, FORMS) if node is not None else ""
    return "" if "?" in found else found


def _named(node: Node, kind: str = "") -> Named:
    """Return the name of a class or function, which may stand behind the class that it is put on."""
    found = last_name(node)
    outer = dotted(node).rpartition(".")[0] if node.type == "qualified_identifier" else ""
    return Named(found if found is not None else node, outer, "method" if kind == "method" else None)


def _names(node: Node) -> Iterator[Named]:
    name = node.child_by_field_name("name")
    if node.type == "namespace_definition":
        yield from _namespace(node)
    elif node.type in TAGS:
        if name is not None and (node.child_by_field_name("body") is not None or _is_forward(node)):
            yield _named(name)
    elif node.type.startswith("preproc_") or node.type in ("alias_declaration", "concept_definition"):
        if name is not None and not _is_guard(node, name):
            yield Named(name, is_free=node.type.startswith("preproc_"))
    elif node.type == "type_definition":
        yield from _typedef(node)
    elif (test := _test(node)) is not None:
        yield test
    elif node.type != "declaration" or not (_home(node) == "compound_statement" or _is_friend(node)):
        yield from _declarations(node)


def _is_guard(node: Node, name: Node) -> bool:
    """Whether a macro only says that its file was taken in: ``#ifndef CART_H`` stands around it."""
    around = node.parent
    if node.type != "preproc_def" or around is None or around.type != "preproc_ifdef":
        return False
    said = around.child_by_field_name("name")
    is_alone = node.child_by_field_name("value") is None and around.next_named_sibling is None
    return is_alone and said is not None and said.text == name.text


def _namespace(node: Node) -> Iterator[Named]:
    name = node.child_by_field_name("name")
    if name is None or any(part.type == "inline" for part in node.children):
        return  # what is in it is seen around it
    if name.type != "nested_namespace_specifier":
        yield Named(name)
        return
    parts = [text(part) for part in _parts(name)]
    found = next((part for part in reversed(list(_parts(name)))), None)
    if found is not None:
        yield Named(found, ".".join(parts[:-1]))


def _parts(node: Node) -> Iterator[Node]:
    """Yield the names of ``a::b::c``, which nest to the right."""
    at: Node | None = node
    for _ in range(MAX_DEPTH):
        inner = None
        for part in at.named_children if at is not None else ():
            if part.type == "nested_namespace_specifier":
                inner = part
            elif part.type == "namespace_identifier":
                yield part
        at = inner


def _is_forward(node: Node) -> bool:
    """Whether a class without a body is one that is only named: ``class Cart;``."""
    around = node.parent
    if around is not None and around.type == "field_declaration":
        return around.child_by_field_name("declarator") is None
    return around is not None and (around.type in _BESIDE or around.type.startswith("preproc_"))


def _typedef(node: Node) -> Iterator[Named]:
    kind = node.child_by_field_name("type")
    tag = kind.child_by_field_name("name") if kind is not None and kind.type in TAGS else None
    has_body = kind is not None and kind.child_by_field_name("body") is not None
    for declarator in node.children_by_field_name("declarator"):
        found = declared(declarator)
        if found is None or (tag is not None and has_body and tag.text == found.name.text):
            continue  # what it names is defined by its tag
        if has_body and tag is None:
            yield Named(found.name, "", "enum" if kind is not None and kind.type == "enum_specifier" else "class")
        else:
            yield Named(found.name, "", None, has_body)


def _test(node: Node) -> Named | None:
    """Return the name of a test of GoogleTest, None for any other function."""
    found = node.child_by_field_name("declarator") if node.type == "function_definition" else None
    name = found.child_by_field_name("declarator") if found is not None else None
    if name is None or found is None or node.child_by_field_name("type") is not None or text(name) not in TESTS:
        return None
    given = found.child_by_field_name("parameters")
    kinds = [part.child_by_field_name("type") for part in given.named_children] if given is not None else []
    suite, test = kinds if len(kinds) == 2 else (None, None)
    is_plain = suite is not None and test is not None and suite.type == test.type == "type_identifier"
    return Named(test, text(suite), "test") if is_plain and suite is not None and test is not None else None


def _declarations(node: Node) -> Iterator[Named]:
    is_member = _home(node) == "field_declaration_list"
    kind = node.child_by_field_name("type")
    has_body = kind is not None and kind.child_by_field_name("body") is not None
    for declarator in node.children_by_field_name("declarator"):
        found = declared(declarator)
        if found is None:
            continue
        if found.is_function:
            is_method = is_member or bool(found.outer)
            yield Named(found.name, found.outer, "method" if is_method else "function", has_body)
        elif node.type == "declaration" and not found.outer and not is_member:
            yield Named(found.name, "", None, has_body)


def _is_friend(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "friend_declaration"


def _home(node: Node) -> str:
    """Return what a declaration stands in: a class's body, a function's, or ""."""
    around = node.parent
    while around is not None:
        if around.type in _BODIES:
            return around.type
        around = around.parent
    return ""


def _binds(node: Node) -> Iterator[Bound]:
    if node.type in _TYPE_PARAMETERS:
        named = node.child_by_field_name("name") or next(
            (part for part in node.named_children if part.type == "type_identifier"), None
        )
        if named is not None:
            yield Bound(named, "")
        return
    if node.type == "lambda_capture_initializer":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None:
            yield Bound(left, _value(right))
        return
    if node.type == "declaration" and _home(node) != "compound_statement":
        return
    kind = node.child_by_field_name("type")
    is_open = kind is not None and kind.type == "placeholder_type_specifier"
    said = value_of(kind) if kind is not None and not is_open else ""
    for declarator in node.children_by_field_name("declarator"):
        if declarator.type == "init_declarator":
            value, inner = declarator.child_by_field_name("value"), declarator.child_by_field_name("declarator")
        else:
            value, inner = node.child_by_field_name("right") or node.child_by_field_name("value"), declarator
        each = "[]" if node.type == "for_range_loop" else ""
        around = node if node.type == "declaration" else None
        yield from _bound(inner, said, _value(value if is_open else None), each, around)


def _bound(declarator: Node | None, said: str, over: str, each: str, around: Node | None) -> Iterator[Bound]:
    """Yield what a declarator binds; what looks like a function in a body is a local: ``Cart cart(rate);``."""
    several = _bindings(declarator)
    for name in several:
        yield Bound(name, "")
    found = declared(declarator) if not several else None
    if found is not None:
        is_vexing = found.is_function and around is not None
        told = f"{found.stars}{said}" if said else f"{over}{each}" if over else ""
        yield Bound(found.name, told, around if is_vexing else None)


def _bindings(node: Node | None) -> list[Node]:
    """Return the names of a structured binding."""
    for _ in range(MAX_DEPTH):
        if node is None or node.type == "structured_binding_declarator":
            return list(node.named_children) if node is not None else []
        node = node.named_child(node.named_child_count - 1) if node.type == "reference_declarator" else None
    return []


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    for found, said in _members(node):
        if not found.is_function and said:
            yield text(found.name), f"{found.stars}{said}"


def _members(node: Node) -> Iterator[tuple[Declared, str]]:
    kind = node.child_by_field_name("type")
    said = value_of(kind) if kind is not None else ""
    for declarator in node.children_by_field_name("declarator") if said else ():
        found = declared(declarator)
        if found is not None:
            yield found, said


def _said(node: Node, nth: int) -> str:
    if node.type in TAGS or node.type == "namespace_definition":
        return ""
    kind = node.child_by_field_name("type")
    at = node.child_by_field_name("declarator")
    for _ in range(MAX_DEPTH):
        if at is None or at.type == "function_declarator":
            break
        at = at.child_by_field_name("declarator")
    behind = next((part for part in at.named_children if part.type == "trailing_return_type"), None) if at else None
    if behind is not None and behind.named_child_count:
        kind = behind.named_child(0)
    said = value_of(kind) if kind is not None else ""
    several = node.children_by_field_name("declarator")
    found = declared(several[nth]) if said and nth < len(several) else None
    return f"{found.stars}{said}" if found is not None and not found.is_function else said


def _target(node: Node) -> Node | None:
    if node.type == "field_expression":
        return last_name(node.child_by_field_name("field"))
    found = last_name(node)
    return found if found is not None and found.type.endswith("identifier") else None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        if node.type == "preproc_include":
            path = node.child_by_field_name("path")
            said = text(path) if path is not None else ""
            if said[:1] in ('"', "<") and len(said) > 2:
                yield Import("*", said[1:-1], "*", level=1 if said[0] == '"' else 0)
        elif node.type == "namespace_alias_definition":
            yield from _alias(node)
        else:
            yield from _using(node)


def _alias(node: Node) -> Iterator[Import]:
    name, said = node.child_by_field_name("name"), last(node)
    parts = [text(part) for part in _parts(said)] if said is not None else []
    whole = ".".join(parts) or (text(said) if said is not None else "")
    module, _, target = whole.rpartition(".")
    if name is not None and target:
        yield Import(text(name), module, target)


def _using(node: Node) -> Iterator[Import]:
    said = first(node)
    whole = dotted(said) if said is not None else ""
    if any(part.type == "namespace" for part in node.children):
        if whole:
            yield Import("*", whole, "")
    elif "." in whole and _home(node) != "field_declaration_list":
        module, _, target = whole.rpartition(".")
        yield Import(target, module, target)


def _is_own_tag(node: Node) -> bool:
    """Whether a typedef names a class that is defined elsewhere under its own name: ``typedef struct cart cart;``."""
    kind, found = node.child_by_field_name("type"), declared(node.child_by_field_name("declarator"))
    if kind is None or kind.type not in TAGS or kind.child_by_field_name("body") is not None or found is None:
        return False
    tag = kind.child_by_field_name("name")
    return tag is not None and tag.text == found.name.text


def _is_prototype(node: Node) -> bool:
    if node.type in TAGS:
        return node.child_by_field_name("body") is None
    if node.type == "type_definition":
        return _is_own_tag(node)
    if node.type not in ("declaration", "field_declaration"):
        return False
    found = (declared(one) for one in node.children_by_field_name("declarator"))
    return any(one is not None and one.is_function for one in found)


_DIALECT = Dialect(
    queries=("cpp",),
    forms=FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    predeclared=PREDECLARED,
    statements=words("type_definition template_declaration"),
    bodies=words("field_declaration_list enumerator_list compound_statement declaration_list field_initializer_list"),
    documents=re.compile(r"/\*|//"),
    is_prototype=_is_prototype,
    veiled=veiled,
)
