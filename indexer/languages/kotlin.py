"""Kotlin: what its syntax says that the queries cannot.

A package is a part of the qualified names in it. What stands in a companion is its class's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import FileFacts, Import, SymbolKind
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.kotlin_types import EACH, FORMS, INSIDE, TYPES, WHOLE, dotted, lambda_of, value, value_of
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import first, last, text
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import walk, words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

PREDECLARED = words("true false null field String Int Boolean Any Unit Nothing Long Array _")

_DECLARED = ("variable_declaration", "multi_variable_declaration")
_MAX_DEPTH = 12


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return read(path, source, _DIALECT, trees)


def _child(node: Node | None, *kinds: str) -> Node | None:
    """Return the first child of one of those types, None for none."""
    return next((child for child in node.children if child.type in kinds), None) if node is not None else None


def _names(node: Node) -> Iterator[Named]:
    if node.type == "package_header":
        whole = _child(node, "qualified_identifier")
        end = last(whole)
        if whole is not None and end is not None and node.parent is not None:
            yield Named(end, dotted(whole).rpartition(".")[0], until=node.parent.end_byte)
        return
    kind: SymbolKind | None = None
    name = node.child_by_field_name("name")
    if node.type == "class_declaration":
        is_enum = any(text(one) == "enum" for one in (_child(node, "modifiers") or node).children)
        kind = "enum" if is_enum else "interface" if _child(node, "interface") is not None else None
    elif node.type == "type_alias":
        name = node.child_by_field_name("type")
    elif node.type == "secondary_constructor":
        name = _child(node, "constructor")
    elif node.type == "property_declaration":
        name = first(_child(node, "variable_declaration"))
    elif node.type == "class_parameter":
        name = _child(node, "identifier") if _child(node, "val", "var") is not None else None
    if name is not None and not name.is_missing:
        yield Named(name, kind=kind)


def _type_in(node: Node | None) -> Node | None:
    return _child(node, *TYPES)


def _binds(node: Node) -> Iterator[Bound]:
    if node.type == "identifier":
        yield from _alone(node)
    elif node.type == "type_parameter":
        name = _child(node, "identifier")
        if name is not None:
            yield Bound(name, value_of(_type_in(node)).removesuffix("()"))
    elif node.type in ("parameter", "class_parameter"):
        name = _child(node, "identifier")
        if name is not None and _child(node, "val", "var") is None and not _is_hidden(node, text(name)):
            said, before = value_of(_type_in(node)), node.prev_sibling
            is_many = before is not None and before.type == "parameter_modifiers" and b"vararg" in (before.text or b"")
            yield Bound(name, f"*{said}" if said and is_many else said)
    elif node.type in ("when_expression", "if_expression"):
        yield from _narrowed(node)
    elif node.type == "multi_variable_declaration":
        yield from (Bound(one, "") for one in walk(node) if one.type == "identifier")
    else:
        declared = node if node.type == "variable_declaration" else _child(node, *_DECLARED)
        if declared is not None and declared.type == "variable_declaration":
            name = first(declared)
            if name is not None:
                yield Bound(name, value_of(_type_in(declared)) or _given(node))
        elif declared is not None:
            yield from _binds(declared)


def _is_hidden(node: Node, name: str) -> bool:
    """Whether a class has a property of the name that its constructor is handed something by."""
    around = node.parent.parent.parent if node.parent is not None and node.parent.parent is not None else None
    body = _child(around, "class_body") if node.type == "class_parameter" else None
    for one in body.named_children if body is not None else ():
        declared = first(_child(one, "variable_declaration")) if one.type == "property_declaration" else None
        if declared is not None and text(declared) == name:
            return True
    return False


def _alone(node: Node) -> Iterator[Bound]:
    """Yield a name that stands without its type: of an exception, of what is set, of what a function is handed."""
    around = node.parent
    if around is not None and around.type == "catch_block":
        yield Bound(node, value_of(_type_in(around)))
    elif around is not None and around.type == "setter":
        yield Bound(node, "")
    for _ in range(_MAX_DEPTH * 2):
        if around is None:
            return
        if around.type == "lambda_literal" and _child(around, "lambda_parameters") is None:
            yield Bound(node, _handed(around), around)
            return
        around = around.parent


def _given(node: Node) -> str:
    """Return what a variable is given: by its declaration, a loop, a function that is handed it."""
    if node.type == "property_declaration":
        return _initial(node)
    around = node.parent
    if around is None:
        return ""
    if around.type == "for_statement":
        over = value(node.next_named_sibling)
        return f"{over}[]" if over else ""
    if around.type == "when_subject":
        return value(last(around))
    if around.type == "lambda_parameters" and around.named_child_count == 1 and around.parent is not None:
        return _handed(around.parent)
    return ""


def _handed(node: Node) -> str:
    """Return what a function is handed, where it stands behind a method that is known to hand it on."""
    call = node.parent.parent if node.parent is not None else None
    called = first(call)
    if called is not None and called.type == "call_expression":
        called = first(called)
    on, name = first(called), last(called)
    if call is None or called is None or called.type != "navigation_expression" or on is None or name is None:
        return ""
    said = value(on)
    if not said:
        return ""
    return said if text(name) in WHOLE else f"{said}[]" if text(name) in EACH else ""


def _narrowed(node: Node) -> Iterator[Bound]:
    """Yield a name where it is known to be of a type: in a branch that asks for it."""
    if node.type == "if_expression":
        asked = node.child_by_field_name("condition")
        branch = node.named_child(1) if node.named_child_count > 1 else None
        subject = asked.child_by_field_name("left") if asked is not None else None
        kind = asked.child_by_field_name("right") if asked is not None else None
        is_denied = asked is not None and any(child.type == "!is" for child in asked.children)
        if subject is not None and subject.type == "identifier" and branch is not None and not is_denied:
            yield Bound(subject, value_of(kind), branch)
        return
    subject = first(_child(node, "when_subject"))
    for entry in node.named_children if subject is not None and subject.type == "identifier" else ():
        tests = entry.children_by_field_name("condition") if entry.type == "when_entry" else []
        if len(tests) == 1 and tests[0].type == "type_test" and subject is not None:
            yield Bound(subject, value_of(_type_in(tests[0])), entry)


def _initial(node: Node) -> str:
    """Return what a property is by what it is given first, by its getter, or by what makes it when it is asked for."""
    declared, delegate = _child(node, *_DECLARED), _child(node, "property_delegate")
    if delegate is not None:
        call = last(delegate)
        made = lambda_of(call) if call is not None and call.type == "call_expression" else None
        is_lazy = call is not None and (first(call) or call).text == b"lazy"
        return value(last(made)) if made is not None and is_lazy else ""
    after = declared.next_named_sibling if declared is not None else None
    if after is not None and after.type not in ("getter", "setter"):
        return value(after)
    return _body(_child(node, "getter"))


def _body(node: Node | None) -> str:
    """Return what a body gives that is one expression."""
    body = first(_child(node, "function_body"))
    return value(body) if body is not None and body.type != "block" else ""


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    name = _child(node, "identifier")
    around = node.parent.parent if node.parent is not None else None
    owner = around.child_by_field_name("name") if around is not None else None
    if name is not None and owner is not None:
        yield text(name), f"{text(owner)}()"


def _said(node: Node, nth: int) -> str:
    del nth
    if node.type == "function_declaration":
        after = _child(node, "function_value_parameters")
        result = after.next_named_sibling if after is not None else None
        said = value_of(result) if result is not None and result.type in TYPES else ""
        is_open = result is None or result.type not in TYPES
        return said or (_body(node) if is_open else "")
    if node.type == "property_declaration":
        return value_of(_type_in(_child(node, "variable_declaration"))) or _initial(node)
    return value_of(_type_in(node)) if node.type in ("class_parameter", "type_alias") else ""


def _opening(node: Node) -> tuple[str, int]:
    """Return the annotations and modifiers of a definition, and where the rest of its head begins."""
    marks = _child(node, "modifiers")
    if marks is None:
        return "", node.start_byte
    told: list[str] = []
    for one in marks.named_children:
        named = next((part for part in walk(one) if part.type == "user_type"), None)
        told.append(f"@{dotted(named)}" if one.type == "annotation" and named is not None else text(one))
    return "".join(f"{one} " for one in told if len(one) < 40), marks.end_byte


def _target(node: Node) -> Node | None:
    at: Node | None = node
    for _ in range(_MAX_DEPTH):
        if at is None or at.type in ("identifier", "this", "super"):
            return at
        if at.type == "infix_expression":
            at = at.named_child(1)
        elif at.type in ("navigation_expression", "callable_reference"):
            at = last(at)
        elif at.type == "user_type":
            at = next((part for part in reversed(at.named_children) if part.type == "identifier"), None)
        elif at.type in ("call_expression", "unary_expression"):
            at = first(at)
        else:
            return None
    return None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        named = _child(node, "qualified_identifier")
        whole, alias = (dotted(named) if named is not None else ""), last(node)
        module, _, target = whole.rpartition(".")
        if whole and _child(node, "*") is not None:
            yield Import("*", whole, "*")
        elif whole and alias is not None:
            yield Import(text(alias) if alias.type == "identifier" else target, module, target)


def _asides(nodes: Nodes) -> Iterator[int]:
    for name in ("import", "namespace"):
        for node in nodes.get(name, ()):
            yield from (one.start_byte for one in walk(node) if one.type == "identifier")


def _unwritten(nodes: Nodes) -> Iterator[tuple[int, str, bool]]:
    """Yield bare calls inside of a function in which something else is around, as calls of a member of that."""
    scopes = nodes.get("scope", ())
    on = {at: said for at, one in enumerate(scopes, 1) if one.type == "lambda_literal" and (said := _inside(one))}
    if not on:
        return
    outline = Outline([(0, max(one.end_byte for one in scopes)), *((one.start_byte, one.end_byte) for one in scopes)])
    for node in nodes.get("call", ()):
        name = first(node) if node.type == "call_expression" else None
        if name is None or name.type != "identifier":
            continue
        around = outline.owner(name.start_byte)
        for _ in range(_MAX_DEPTH):
            if not around or around in on or scopes[around - 1].type == "function_declaration":
                break
            around = outline.parents[around]
        if around in on:
            yield name.start_byte, f"{on[around]}.{text(name)}", True


def _inside(node: Node) -> str:
    """Return what is around in a function that is handed to one such as ``apply``, "" for nothing else."""
    call = node.parent.parent if node.parent is not None else None
    called = first(call)
    if called is not None and called.type == "call_expression":  # with(x) { … }
        given, name = first(_child(called, "value_arguments")), first(called)
        return value(last(given)) if name is not None and text(name) == "with" else ""
    name = last(called)
    is_inside = called is not None and called.type == "navigation_expression" and name is not None
    return value(first(called)) if is_inside and name is not None and text(name) in INSIDE else ""


_DIALECT = Dialect(
    queries=("kotlin",),
    forms=FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    predeclared=PREDECLARED,
    statements=frozenset(),
    bodies=words("class_body enum_class_body function_body block getter setter"),
    documents=re.compile(r"/\*\*"),
    opening=_opening,
    asides=_asides,
    unwritten=_unwritten,
)
