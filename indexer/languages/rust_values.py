"""Expressions of Rust as paths, and what they give. Pure; see `bridle.indexer.languages.paths`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bridle.indexer.languages.paths import UNKNOWN, Form, Forms, first, last, text, written
from bridle.indexer.languages.rust_types import value_of
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_HANDING = words(
    "all and_then any filter filter_map find find_map flat_map for_each inspect inspect_mut is_none_or is_ok_and "
    "is_some_and map map_or map_or_else map_while max_by_key min_by_key partition position retain retain_mut rposition "
    "skip_while sort_by_cached_key sort_by_key sort_unstable_by_key take_while then_some try_for_each unzip"
)
"""Methods of Rust's own library that hand a closure what their receiver holds."""
_WRAPPERS = ("Some", "Ok")
_MAX_DEPTH = 8


def _in_full(node: Node, around: Node | None) -> str:
    """Return what a name is called in a path: the file's own module otherwise than the object at hand."""
    parent = around or node.parent if node.type == "self" else None
    return "mod" if parent is not None and parent.type.startswith("scoped_") else text(node)


FORMS = Forms(
    {
        "identifier": Form("leaf"),
        "type_identifier": Form("leaf"),
        "primitive_type": Form("leaf"),
        "self": Form("leaf"),
        "crate": Form("leaf"),
        "super": Form("leaf"),
        "metavariable": Form("leaf"),
        "string_literal": Form("is", "str()"),
        "raw_string_literal": Form("is", "str()"),
        "integer_literal": Form("is", "i32()"),
        "float_literal": Form("is", "f64()"),
        "char_literal": Form("is", "char()"),
        "boolean_literal": Form("is", "bool()"),
        "array_expression": Form("is", "*_()"),
        "scoped_identifier": Form("member", "path", "name"),
        "scoped_type_identifier": Form("member", "path", "name"),
        "field_expression": Form("member", "value", "field"),
        "call_expression": Form("call", "function"),
        "generic_function": Form("same", "function"),
        "generic_type": Form("same", "type"),
        "generic_type_with_turbofish": Form("same", "type"),
        "bracketed_type": Form("same"),
        "qualified_type": Form("same", "type"),
        "try_expression": Form("element"),
        "index_expression": Form("element"),
        "await_expression": Form("same"),
        "reference_expression": Form("same", "value"),
        "unary_expression": Form("same"),
        "parenthesized_expression": Form("same"),
        "type_cast_expression": Form("made", "type"),
        "struct_expression": Form("made", "name"),
    },
    value_of,
    plain=re.compile(rb"(?!self::|.*\.await)(?:::)?[A-Za-z_]\w*(?:(?:::|\.)[A-Za-z_]\w*)*"),
    separator="::",
    called=_in_full,
)


def value(node: Node | None) -> str:
    """Return what an expression gives, "" where that is not plain."""
    node = _given(node)
    found = written(node, FORMS) if node is not None else ""
    return "" if UNKNOWN in found else found


def element_of_call(closure: Node | None) -> str:
    """Return what a closure is handed by the method that it is an argument of."""
    given = closure.parent if closure is not None else None
    call = given.parent if given is not None and given.type == "arguments" else None
    called = call.child_by_field_name("function") if call is not None and call.type == "call_expression" else None
    if called is None or called.type != "field_expression":
        return ""
    name, receiver = called.child_by_field_name("field"), called.child_by_field_name("value")
    if name is None or receiver is None or text(name) not in _HANDING:
        return ""
    held = value(receiver)
    return f"{held}[]" if held else ""


def _given(node: Node | None) -> Node | None:
    """Return the expression that a block or a branch ends with, where nothing stands before it."""
    for _ in range(_MAX_DEPTH):
        if node is None or node.type not in ("if_expression", "unsafe_block", "block", "const_block"):
            return node
        inner = node.child_by_field_name("consequence") if node.type == "if_expression" else None
        if node.type == "block":
            inner = first(node) if node.named_child_count == 1 else None
            inner = first(inner) if inner is not None and inner.type == "expression_statement" else inner
        elif inner is None:
            inner = last(node)
        node = inner
    return None
