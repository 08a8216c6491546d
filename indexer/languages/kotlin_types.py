"""What types and expressions of Kotlin are as paths. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridle.indexer.languages.paths import UNKNOWN, Form, Forms, first, last, text, written
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

HOLDERS = words(
    "List MutableList Set MutableSet Map MutableMap Collection MutableCollection Iterable MutableIterable Sequence "
    "Array ArrayList LinkedHashMap HashMap LinkedHashSet HashSet ArrayDeque Iterator ListIterator Queue Deque Flow"
)
"""Types of Kotlin's own library of which an element is of the last of their type arguments."""

EACH = words(
    "map mapNotNull filter filterNot forEach onEach any all none first firstOrNull last lastOrNull single singleOrNull "
    "find findLast flatMap groupBy associateBy associateWith associate sortedBy sortedByDescending sumOf sumBy count "
    "partition takeWhile dropWhile maxBy minBy maxByOrNull minByOrNull distinctBy removeAll removeIf joinToString "
    "indexOfFirst indexOfLast mapTo filterTo flatMapTo"
)
"""Methods that hand each element of a container to a function."""

WHOLE = words("let also takeIf takeUnless")
"""Methods that hand a function what they are called on."""

INSIDE = words("apply run with buildString buildList buildSet buildMap")
"""Functions in which what they are called on is around."""

_SAME = words("apply also takeIf takeUnless onEach")
TYPES = ("user_type", "nullable_type", "parenthesized_type", "function_type", "non_nullable_type")
_MAX_DEPTH = 12


def dotted(node: Node) -> str:
    """Return a name with dots between its parts, without arguments of types; what is a companion's is its class's."""
    parts = [text(part).strip("`") for part in node.named_children if part.type == "identifier"]
    return ".".join(part for at, part in enumerate(parts) if not at or part != "Companion")


def value_of(node: Node | None) -> str:
    """Return a value of a type as a path, a star for each container around it; "" where it is open."""
    stars = ""
    for _ in range(_MAX_DEPTH):
        if node is None:
            return ""
        if node.type in ("nullable_type", "parenthesized_type", "non_nullable_type", "type_projection"):
            node = last(node)
            continue
        given = last(node)
        name = dotted(node) if node.type == "user_type" else ""
        if given is None or given.type != "type_arguments" or name not in HOLDERS:
            return f"{stars}{name}()" if name else ""
        stars, node = f"{stars}*", last(given)
    return ""


def lambda_of(node: Node) -> Node | None:
    """Return the function that a call is handed behind its brackets."""
    around = last(node)
    found = last(around) if around is not None and around.type == "annotated_lambda" else None
    return found if found is not None and found.type == "lambda_literal" else None


def _gives(node: Node) -> str:
    """Return what a call gives by the language's own rules."""
    called = first(node)
    if node.type == "infix_expression":
        name = node.named_child(1) if node.named_child_count > 1 else None
        return f"{written(called, FORMS)}.{text(name)}()" if called is not None and name is not None else UNKNOWN
    if called is None or lambda_of(node) is None:
        return ""
    if called.type == "call_expression":
        return written(called, FORMS)
    named = last(called) if called.type == "navigation_expression" else called
    if named is None or text(named) not in _SAME:
        return ""
    on = first(called) if called.type == "navigation_expression" else None
    return written(on, FORMS) if on is not None else "this"


def _called(node: Node, around: Node | None) -> str:
    del around
    if node.type == "this_expression":
        return "this"
    if node.type == "super_expression":
        return "super"
    return dotted(node) if node.type == "user_type" else text(node)


FORMS = Forms(
    {
        "identifier": Form("leaf"),
        "user_type": Form("leaf"),
        "this_expression": Form("leaf"),
        "super_expression": Form("leaf"),
        "this": Form("leaf"),
        "super": Form("leaf"),
        "string_literal": Form("is", "String()"),
        "multiline_string_literal": Form("is", "String()"),
        "number_literal": Form("is", "Int()"),
        "navigation_expression": Form("member"),
        "callable_reference": Form("member"),
        "call_expression": Form("call"),
        "infix_expression": Form("call"),
        "index_expression": Form("element"),
        "as_expression": Form("made", "right"),
        "parenthesized_expression": Form("same"),
        "unary_expression": Form("same", "argument"),
        "annotated_expression": Form("same"),
    },
    value_of,
    gives=_gives,
    called=_called,
)


def value(node: Node | None) -> str:
    """Return what an expression gives, "" where that is open."""
    if node is not None and node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        node = node.child_by_field_name("left") if operator is not None and operator.text == b"?:" else None
    found = written(node, FORMS) if node is not None else ""
    return "" if UNKNOWN in found else found
