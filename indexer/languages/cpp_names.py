"""Names of C++ as paths: what a type's value is, what a declarator names, what an expression is of. Pure.

Pointers, references and what the standard library holds one value by are what they lead to; of a container's value an
element is told. Arguments of templates are left out of all names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bridle.indexer.languages.paths import Form, Forms, text, written
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

TAGS = ("class_specifier", "struct_specifier", "union_specifier", "enum_specifier")
MAX_DEPTH = 12

_POINTERS = words("unique_ptr shared_ptr weak_ptr reference_wrapper optional atomic add_const remove_reference_t")
_HOLDERS = words(
    "vector list deque array set unordered_set multiset map unordered_map multimap span queue stack initializer_list "
    "forward_list priority_queue unordered_multimap"
)
_LAST = words("map unordered_map multimap unordered_multimap")
"""What is found in these under a key is of their second argument."""

_MAKERS = words(
    "static_cast dynamic_cast reinterpret_cast const_cast make_unique make_shared static_pointer_cast "
    "dynamic_pointer_cast"
)
_PASSED = words("move forward ref as_const")
_INNER = ("template_type", "template_function", "template_method")
_ENDS = (
    "identifier",
    "type_identifier",
    "field_identifier",
    "namespace_identifier",
    "operator_name",
    "destructor_name",
)


class Declared(NamedTuple):
    """What a declarator names: where the name stands, what stands before it, and what is told of its value."""

    name: Node
    outer: str
    is_function: bool
    stars: str


def last_name(node: Node | None) -> Node | None:
    """Return where the last part of a name stands."""
    for _ in range(MAX_DEPTH):
        if node is None or node.type in _ENDS:
            return node
        if node.type not in ("qualified_identifier", "dependent_name", *_INNER):
            return None
        node = node.child_by_field_name("name") or (node.named_child(0) if node.named_child_count else None)
    return None


def dotted(node: Node) -> str:
    """Return a name with dots between its parts, and without arguments of templates; "" where it is none."""
    parts: list[str] = []
    at: Node | None = node
    for _ in range(MAX_DEPTH):
        if at is None:
            return ""
        scope = at.child_by_field_name("scope") if at.type == "qualified_identifier" else None
        if scope is not None:
            named = last_name(scope)
            if named is None:
                return ""
            parts.append(text(named))
        if at.type != "qualified_identifier":
            named = last_name(at)
            return ".".join((*parts, text(named))) if named is not None else ""
        at = at.child_by_field_name("name")
    return ""


def value_of(node: Node) -> str:
    """Return a value of a type as a path, a star for each container around it; "" where it is nobody's."""
    stars = ""
    at: Node | None = node
    for _ in range(MAX_DEPTH):
        if at is None:
            return ""
        if at.type in TAGS:
            at = at.child_by_field_name("name")
            continue
        if at.type == "type_descriptor":
            at = at.child_by_field_name("type")
            continue
        inner = _template(at)
        held = text_of_name(inner) if inner is not None else ""
        given = inner.child_by_field_name("arguments") if inner is not None else None
        if given is not None and given.named_child_count and held in _POINTERS | _HOLDERS:
            within = given.named_child(1 if held in _LAST and given.named_child_count > 1 else 0)
            if held in _HOLDERS and not value_of(within):
                break  # of something that is no class
            stars, at = stars + ("*" if held in _HOLDERS else ""), within
            continue
        break
    if at is None or at.type not in ("type_identifier", "qualified_identifier", "template_type"):
        return ""
    name = dotted(at)
    return f"{stars}{name}()" if name else ""


def text_of_name(node: Node) -> str:
    """Return the name of a template without its arguments."""
    named = last_name(node)
    return text(named) if named is not None else ""


def _template(node: Node) -> Node | None:
    """Return the template that a type ends with, as ``vector<int>`` in ``std::vector<int>``."""
    at: Node | None = node
    for _ in range(MAX_DEPTH):
        if at is None or at.type != "qualified_identifier":
            break
        at = at.child_by_field_name("name")
    return at if at is not None and at.type in _INNER else None


def declared(node: Node | None) -> Declared | None:
    """Return what a declarator names, None where it names nothing that can be asked for."""
    is_function, stars = False, ""
    for _ in range(MAX_DEPTH):
        if node is None:
            return None
        if node.type in (*_ENDS, "qualified_identifier", *_INNER):
            named = last_name(node)
            outer = dotted(node).rpartition(".")[0] if node.type == "qualified_identifier" else ""
            return Declared(named, outer, is_function, stars) if named is not None else None
        if node.type == "function_declarator":
            inner = node.child_by_field_name("declarator")
            is_function = inner is not None and inner.type != "parenthesized_declarator"  # a pointer to one
            node = inner
            continue
        if node.type == "array_declarator":
            stars += "*"
        parts = [part for part in node.named_children if part.type.endswith(("declarator", *_ENDS))]
        node = node.child_by_field_name("declarator") or (parts[-1] if parts else None)
    return None


def _gives(node: Node) -> str:
    """Return what a call gives by the language's own rules: a cast and what makes a pointer say a type."""
    called = node.child_by_field_name("function")
    inner = _template(called) if called is not None else None
    name = text_of_name(inner) if inner is not None else ""
    if inner is not None and name in _MAKERS:
        given = inner.child_by_field_name("arguments")
        kind = given.named_child(0) if given is not None and given.named_child_count else None
        return (value_of(kind) or "?") if kind is not None else "?"
    whole = dotted(called) if called is not None and called.type == "qualified_identifier" else ""
    arguments = node.child_by_field_name("arguments")
    if whole.startswith("std.") and whole[4:] in _PASSED and arguments is not None and arguments.named_child_count == 1:
        return written(arguments.named_child(0), FORMS)
    return ""


def _called(node: Node, around: Node | None) -> str:
    del around
    return dotted(node) or text(node)


FORMS = Forms(
    {
        "identifier": Form("leaf"),
        "type_identifier": Form("leaf"),
        "namespace_identifier": Form("leaf"),
        "field_identifier": Form("leaf"),
        "qualified_identifier": Form("leaf"),
        "template_function": Form("leaf"),
        "template_type": Form("leaf"),
        "template_method": Form("leaf"),
        "this": Form("leaf"),
        "field_expression": Form("member", "argument", "field"),
        "call_expression": Form("call", "function"),
        "subscript_expression": Form("element", "argument"),
        "parenthesized_expression": Form("same"),
        "pointer_expression": Form("same", "argument"),
        "cast_expression": Form("made", "type"),
        "new_expression": Form("made", "type"),
        "compound_literal_expression": Form("made", "type"),
        "string_literal": Form("is", "std.string()"),
    },
    value_of,
    gives=_gives,
    called=_called,
)
