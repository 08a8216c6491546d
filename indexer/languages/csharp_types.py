"""What types and expressions of C# are as paths. Pure.

What holds one value is told as that value: ``Task<Rate>``, ``Rate?``. A type that takes
arguments is another than the one of that name which takes none: ``Acme.`2.Pair`` is ``Acme.Pair<K, V>``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridle.indexer.languages.paths import UNKNOWN, Form, Forms, first, last, text, written
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_WRAPPERS = words("Task ValueTask Nullable Lazy ThreadLocal AsyncLocal WeakReference ActionResult")
_HOLDERS = words(
    "IEnumerable IList List ICollection IReadOnlyList IReadOnlyCollection Dictionary IDictionary IReadOnlyDictionary "
    "HashSet ISet Queue Stack IQueryable IEnumerator LinkedList ConcurrentDictionary ConcurrentBag ConcurrentQueue "
    "SortedDictionary SortedList SortedSet ReadOnlyCollection ObservableCollection IOrderedEnumerable ImmutableArray "
    "ImmutableList Span ReadOnlySpan IAsyncEnumerable BlockingCollection IImmutableList ImmutableDictionary"
)
"""Types of .NET's own library of which an element is of the last of their type arguments."""

EACH = words(
    "Where Select SelectMany Any All First FirstOrDefault Last LastOrDefault Single SingleOrDefault OrderBy ThenBy "
    "OrderByDescending ThenByDescending GroupBy ToDictionary ToLookup Count Sum Max Min Average TakeWhile SkipWhile "
    "ForEach Find FindAll FindIndex Exists RemoveAll TrueForAll RemoveWhere FindLast MinBy MaxBy DistinctBy"
)
"""Methods of .NET's own containers that hand each element to a function."""

_MAX_DEPTH = 12
_CALLS = ("invocation_expression", "conditional_access_expression")
_INSIDE = ("nullable_type", "ref_type", "pointer_type", "scoped_type")


def name_of(node: Node | None) -> Node | None:
    """Return where the last part of a name stands, without arguments of types."""
    for _ in range(_MAX_DEPTH):
        if node is None or node.type == "identifier":
            return node
        if node.type == "generic_name":
            node = first(node)
        elif node.type in ("qualified_name", "alias_qualified_name", "member_binding_expression"):
            node = node.child_by_field_name("name")
        else:
            return None
    return None


def dotted(node: Node) -> str:
    """Return a name with dots between its parts, without arguments of types; "" where it is none."""
    parts: list[str] = []
    at: Node | None = node
    for _ in range(_MAX_DEPTH):
        named = name_of(at)
        if at is None or named is None:
            return ""
        parts.append(text(named))
        if at.type != "qualified_name":
            break
        at = at.child_by_field_name("qualifier")
    return ".".join(reversed(parts))


def typed(node: Node) -> str:
    """Return a type's name as a path: in front of a part that takes arguments stands how many."""
    path = dotted(node)
    generic = node.child_by_field_name("name") if node.type in ("qualified_name", "alias_qualified_name") else node
    if not path or generic is None or generic.type != "generic_name":
        return path
    given = last(generic)
    outer, _, name = path.rpartition(".")
    n_given = sum(one.type == "," for one in given.children) + 1 if given is not None else 0
    return ".".join(part for part in (outer, f"`{n_given}", name) if part)


def value_of(node: Node | None) -> str:
    """Return a value of a type as a path, a star for each array or collection around it; "" where it is open."""
    stars = ""
    for _ in range(_MAX_DEPTH):
        if node is None:
            return ""
        if node.type == "array_type":
            stars, node = stars + "*", node.child_by_field_name("type")
        elif node.type in _INSIDE:
            node = node.child_by_field_name("type") or first(node)
        elif (inner := _held(node)) is not None:
            named = name_of(node)
            held = text(named) if named is not None else ""
            stars, node = stars + ("*" if held in _HOLDERS else ""), inner
        else:
            break
    if node is None or node.type in ("implicit_type", "tuple_type"):
        return ""
    name = text(node) if node.type == "predefined_type" else typed(node)
    return f"{stars}{name}()" if name and name not in ("dynamic", "void") else ""


def _held(node: Node) -> Node | None:
    """Return the type of what a type holds, None where it holds nothing."""
    generic = node.child_by_field_name("name") if node.type == "qualified_name" else node
    named = name_of(generic)
    if generic is None or generic.type != "generic_name" or named is None:
        return None
    return last(last(generic)) if text(named) in _WRAPPERS | _HOLDERS else None


def _called(node: Node, around: Node | None) -> str:
    """Return what a name is called in a path; a member that an object is made with, as one of that object."""
    if around is not None and around.type == "assignment_expression":
        made = around.parent.parent if around.parent is not None else None
        kind = made.child_by_field_name("type") if made is not None else None
        return f"{value_of(kind) or UNKNOWN}.{text(node)}"
    if node.type == "predefined_type":  # a class: no local is called so
        return text(node).capitalize()
    if node.type == "generic_name" and around is None and (node.parent is None or node.parent.type not in _CALLS):
        return typed(node)
    named = name_of(node)
    return text(named) if named is not None else text(node) if node.child_count == 0 else UNKNOWN


FORMS = Forms(
    {
        "identifier": Form("leaf"),
        "generic_name": Form("leaf"),
        "alias_qualified_name": Form("leaf"),
        "predefined_type": Form("leaf"),
        "this": Form("leaf"),
        "base": Form("leaf"),
        "string_literal": Form("is", "string()"),
        "interpolated_string_expression": Form("is", "string()"),
        "verbatim_string_literal": Form("is", "string()"),
        "integer_literal": Form("is", "int()"),
        "boolean_literal": Form("is", "bool()"),
        "typeof_expression": Form("is", "Type()"),
        "qualified_name": Form("member", "qualifier", "name"),
        "member_access_expression": Form("member", "expression", "name"),
        "conditional_access_expression": Form("member", "condition"),
        "assignment_expression": Form("method", "type", "left"),  # of an object that is made with it
        "invocation_expression": Form("call", "function"),
        "element_access_expression": Form("element", "expression"),
        "object_creation_expression": Form("made", "type"),
        "array_creation_expression": Form("made", "type"),
        "cast_expression": Form("made", "type"),
        "as_expression": Form("made", "right"),
        "default_expression": Form("made", "type"),
        "await_expression": Form("same"),
        "parenthesized_expression": Form("same"),
        "checked_expression": Form("same"),
        "postfix_unary_expression": Form("same"),
        "with_expression": Form("same"),
        "conditional_expression": Form("same", "consequence"),
    },
    value_of,
    called=_called,
)


def value(node: Node | None) -> str:
    """Return what an expression gives, "" where that is open."""
    if node is not None and node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        node = node.child_by_field_name("left") if operator is not None and operator.text == b"??" else None
    found = written(node, FORMS) if node is not None else ""
    return "" if UNKNOWN in found else found
