"""The writing of JavaScript and TypeScript: names, uses as dotted paths, types that name a class. Pure.

A use is written as ``a.b.c``; ``()`` behind a part stands for what a call or ``new`` of it gives, ``?`` for what has no
name. ``x!``, ``x?.y``, ``(x)`` and ``await x`` are written as what they hold, ``x as X`` as a value of X.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_WRITTEN = 200
MAX_LINKS = 24
UNKNOWN = "?"

_PLAIN = re.compile(r"[\w$#]+(?:(?:\?|!)?\.[\w$#]+)*")
_TYPE = re.compile(r"[\w$.]+")
_SPACE = re.compile(r"\s+")
_WRAPPED = re.compile(r"(?:Promise|Readonly|Required|Partial|NonNullable|Awaited)<(.*)>", re.DOTALL)
_NOTHING = {"null", "undefined", "void"}
_TYPE_ARGUMENTS = re.compile(r"<.*>", re.DOTALL)
_INSIDE = ("parenthesized_expression", "non_null_expression", "await_expression")
_CAST = ("as_expression", "satisfies_expression")
_LEAVES = ("identifier", "this", "super", "type_identifier", "property_identifier", "private_property_identifier")


def text(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def child(node: Node | None, index: int = 0) -> Node | None:
    """Return a named child of a node, None where it has not so many."""
    return node.named_child(index) if node is not None and index < node.named_child_count else None


def written(node: Node) -> str:
    """Return a use as a dotted path."""
    if node.end_byte - node.start_byte <= MAX_WRITTEN:
        whole = text(node)
        if whole.isidentifier():
            return whole
        if _PLAIN.fullmatch(whole):
            return whole.replace("?.", ".").replace("!.", ".")
    return _path(node)


def _path(node: Node) -> str:
    parts: list[str] = []
    called, at = "", node
    for _ in range(MAX_LINKS):
        kind = at.type
        if kind in _LEAVES:
            parts.append(text(at) + called)
            break
        onward: Node | None = None
        if kind == "member_expression":
            name = at.child_by_field_name("property")
            parts.append((text(name) if name else UNKNOWN) + called)
            called, onward = "", at.child_by_field_name("object")
        elif kind in ("call_expression", "new_expression"):
            if called:
                parts.append(UNKNOWN)
                break
            called, onward = "()", at.child_by_field_name("function") or at.child_by_field_name("constructor")
        elif kind in _INSIDE or (kind in _CAST and at.named_child_count < 2):  # the latter is ``as const``
            onward = child(at)
        elif kind in _CAST:
            parts.append((class_of(child(at, 1)) or UNKNOWN) + called)
            break
        elif kind in ("generic_type", "nested_type_identifier"):
            named = at.child_by_field_name("name") if kind == "generic_type" else None
            parts.append(_SPACE.sub("", text(named or at)) + called)
            break
        if onward is None:
            parts.append(UNKNOWN)
            break
        at = onward
    else:
        parts.append(UNKNOWN)
    return ".".join(reversed(parts))


def class_of(annotation: Node | None) -> str:
    """Return a value of the class that a type names, as ``X()``; "" where it names none, or more than one."""
    if annotation is None or annotation.end_byte - annotation.start_byte > MAX_WRITTEN * 4:
        return ""
    return class_in(text(annotation))


def class_in(annotation: str) -> str:
    """Return the same of a type as it is written."""
    said = annotation.strip().lstrip(":").strip()
    for _ in range(4):
        wrapped = _WRAPPED.fullmatch(said)
        if wrapped is None:
            break
        said = wrapped[1].strip()
    bare = _TYPE_ARGUMENTS.sub("", said)
    named = [part for part in (one.strip() for one in bare.split("|")) if part and part not in _NOTHING]
    return f"{named[0]}()" if len(named) == 1 and _TYPE.fullmatch(named[0]) else ""


def string_of(node: Node | None) -> str:
    """Return what a string literal says, "" for anything else."""
    plain = node is not None and (node.type == "string" or (node.type == "template_string" and node.child_count <= 3))
    return text(node)[1:-1] if node is not None and plain and "${" not in text(node) else ""


def one_line(head: str, limit: int = MAX_WRITTEN) -> str:
    """Return text on one line, cut where it is too long."""
    head = " ".join(head.split())
    return head if len(head) <= limit else head[: limit - 1] + "…"
