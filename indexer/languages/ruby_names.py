"""What definitions of Ruby are called: by syntax, by what makes methods of symbols, by the titles of tests. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.languages.packaged import Named
from bridle.indexer.languages.paths import text
from bridle.indexer.languages.ruby_marks import SELF
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_MAX_OUT = 20
"""So far out is looked for what a definition stands in: every step costs what the tree is deep."""
_MEMBERS = words("attr attr_reader attr_writer attr_accessor def_delegators new define")
_MAKERS = words("new define")
_TYPES = words("class module")


def names(node: Node) -> Iterator[Named]:
    """Yield the names that a definition gives."""
    if node.type in _TYPES:
        yield from _of_type(node)
    elif node.type == "method":
        name = node.child_by_field_name("name")
        if name is not None:
            yield Named(name, _outer(node), None if _is_in_type(node) else "function")
    elif node.type == "singleton_method":
        yield from _of_singleton(node)
    elif node.type == "alias":
        name = node.child_by_field_name("name")
        if name is not None and name.type in ("identifier", "simple_symbol"):
            yield Named(name, _outer(node), None, called=text(name).lstrip(":"))
    elif node.type == "assignment":
        name = node.child_by_field_name("left")
        if name is not None:
            yield from _of_constant(name)
    elif node.type == "call":
        yield from _of_call(node)


def plain(node: Node) -> str:
    """Return a symbol or a string without its marks, "" where not all of it is told."""
    if node.type == "simple_symbol":
        return text(node)[1:]
    inner = node.named_children
    return text(inner[0]) if len(inner) == 1 and inner[0].type == "string_content" else ""


def around(node: Node) -> tuple[str, bool]:
    """Return the qualified name of the type around a node, and whether it is opened itself (``class << self``)."""
    parts: list[str] = []
    is_itself, at = False, node.parent
    for _ in range(_MAX_OUT):
        if at is None:
            break
        if at.type == "singleton_class" and not parts:
            is_itself = True
        elif at.type in _TYPES:
            name = at.child_by_field_name("name")
            parts.append(text(name).replace("::", ".").strip(".") if name is not None else "")
        at = at.parent
    return ".".join(reversed(parts)), is_itself


def _of_type(node: Node) -> Iterator[Named]:
    name = node.child_by_field_name("name")
    if name is not None:
        yield from _of_constant(name)


def _of_constant(written: Node) -> Iterator[Named]:
    """Yield a name that stands alone, or behind what it is put in: ``Shop::Cart``."""
    name, outer = written, ""
    if written.type == "scope_resolution":
        scope, last = written.child_by_field_name("scope"), written.child_by_field_name("name")
        if last is None:
            return
        outer, name = text(scope).replace("::", ".").strip(".") if scope is not None else "", last
    yield Named(name, outer)


def _of_singleton(node: Node) -> Iterator[Named]:
    name, on = node.child_by_field_name("name"), node.child_by_field_name("object")
    if name is None or on is None:
        return
    owner, _ = around(node)
    if on.type == "self" or text(on).replace("::", ".") in (owner, owner.rpartition(".")[2]):
        yield Named(name, SELF)
    elif on.type in ("constant", "scope_resolution"):
        yield Named(name, f"{text(on).replace('::', '.').strip('.')}.{SELF}")


def _of_call(node: Node) -> Iterator[Named]:
    """Yield what a call makes: methods of the symbols that it is given, a suite or a test of its title."""
    maker, given = node.child_by_field_name("method"), node.child_by_field_name("arguments")
    if maker is None or given is None:
        return
    how, parts = text(maker), given.named_children
    symbols = [one for one in parts if one.type in ("simple_symbol", "string")]
    if how in _MEMBERS:
        on = node.child_by_field_name("receiver")
        if how in _MAKERS and (on is None or text(on) not in ("Struct", "Data")):
            return
        for one in symbols[1:] if how == "def_delegators" else symbols:
            if name := plain(one):
                yield Named(one, _outer(node), "method", called=f"{name}=" if how == "attr_writer" else name)
    elif how in ("define_method", "define_singleton_method", "alias_method", "let", "let!", "subject") and symbols:
        outer = SELF if how == "define_singleton_method" else _outer(node)
        yield Named(symbols[0], outer, "method", called=plain(symbols[0]))
    elif how in ("def_delegator", "def_instance_delegator") and len(symbols) > 1:
        yield Named(symbols[-1], _outer(node), "method", called=plain(symbols[-1]))
    elif parts and parts[0].type in ("string", "constant", "scope_resolution") and node.child_by_field_name("block"):
        title = " ".join(text(parts[0]).strip("\"'").split())[:100]
        if title and parts[0].type != "string":
            yield Named(parts[0], called=title)
        elif title and (inner := parts[0].named_children):
            yield Named(inner[0], called=title)


def _outer(node: Node) -> str:
    """Return where a method stands that is the class's own."""
    at = node.parent
    for _ in range(_MAX_OUT):
        if at is None or at.type in (*_TYPES, "method", "singleton_method"):
            break
        if at.type == "singleton_class":
            return SELF
        at = at.parent
    return ""


def _is_in_type(node: Node) -> bool:
    at = node.parent
    for _ in range(_MAX_OUT):
        if at is None or at.type == "program":
            break
        if at.type in (*_TYPES, "singleton_class", "do_block", "block"):
            return True
        at = at.parent
    return False
