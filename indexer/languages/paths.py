"""Expressions as dotted paths, in every language whose forms are told as data. Pure.

A use is written as ``a.b.c``. Behind a part stand what was done with it: ``()`` for what a call of it gives, or for a
value of it where it is a type, ``[]`` for an element of it, ``@1`` for the second of several results. Stars before the
first part stand for a container of such values, a star a depth. ``?`` is what has no name, or is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_WRITTEN = 200
MAX_LINKS = 24
UNKNOWN = "?"

_PLAIN = re.compile(rb"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")


def text(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def _as_written(node: Node, around: Node | None) -> str:
    del around
    return text(node)


class Form(NamedTuple):
    """What a kind of node says.

    A `leaf` is its text, a `member` the `name` of its `inner`, a `call` what its `inner` gives, a `method` both at
    once. What is `made` or `cast` is a value of the type that stands in `inner`; an `element` is one of its `inner`;
    What `is` its `inner` says so itself: a literal. `same` is nothing but its `inner`, as with brackets. Where a
    field is "" the first part is meant, the last one for `name`.
    """

    how: Literal["leaf", "member", "call", "method", "made", "element", "same", "is"]
    inner: str = ""
    name: str = ""


class Forms(NamedTuple):
    """The forms of a language by type of node.

    `value_of` tells what a type's value is, `gives` what a call gives by the language's own rules; "" for neither.
    `called` tells what a name is in a path, where its text alone does not; it is handed the node around the name where
    that is known, as looking it up costs as much as the node is deep.
    """

    by_type: Mapping[str, Form]
    value_of: Callable[[Node], str]
    gives: Callable[[Node], str] | None = None
    plain: re.Pattern[bytes] = _PLAIN
    separator: str = "."
    called: Callable[[Node, Node | None], str] = _as_written


def first(node: Node | None) -> Node | None:
    """Return the first named child of a node, None where it has none."""
    return node.named_child(0) if node is not None and node.named_child_count else None


def last(node: Node | None) -> Node | None:
    """Return the last named child of a node, None where it has none."""
    return node.named_child(node.named_child_count - 1) if node is not None and node.named_child_count else None


def written(node: Node, forms: Forms) -> str:
    """Return a use as a dotted path."""
    whole = node.text or b""
    if len(whole) <= MAX_WRITTEN and node.type in forms.by_type and forms.plain.fullmatch(whole):
        return whole.decode().replace(forms.separator, ".")
    parts: list[str] = []
    behind, at = "", node
    for _ in range(MAX_LINKS):
        form = forms.by_type.get(at.type)
        if form is None:
            parts.append(UNKNOWN)
            break
        inner = at.child_by_field_name(form.inner) if form.inner else first(at)
        if form.how == "leaf":
            parts.append(forms.called(at, None).replace(forms.separator, ".").lstrip(".") + behind)
            break
        if form.how == "is":
            parts.append(form.inner + behind)
            break
        if form.how == "made":
            parts.append(f"{(forms.value_of(inner) if inner else '') or UNKNOWN}{behind}")
            break
        if form.how in ("member", "method"):
            name = at.child_by_field_name(form.name) if form.name else last(at)
            called = "()" if form.how == "method" else ""
            parts.append(f"{forms.called(name, at) if name else UNKNOWN}{called}{behind}")
            behind = ""
            if inner is None and form.how == "method":
                break
        elif form.how == "call" and forms.gives is not None and (said := forms.gives(at)):
            parts.append(said + behind)
            break
        elif form.how != "same":
            behind = ("()" if form.how == "call" else "[]") + behind
        if inner is None:
            parts.append(UNKNOWN)
            break
        at = inner
    else:
        parts.append(UNKNOWN)
    return ".".join(reversed(parts))


def one_line(head: str, limit: int = MAX_WRITTEN) -> str:
    """Return text on one line, cut where it is too long."""
    head = " ".join(head.split())
    return head if len(head) <= limit else head[: limit - 1] + "…"
