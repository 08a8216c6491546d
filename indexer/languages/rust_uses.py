"""What ``use`` and ``extern crate`` bind in Rust, and in which module of a file. Pure.

What stands under a condition is an import of level 2: another may bind the same name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import Import
from bridle.indexer.languages.paths import first, text
from bridle.indexer.languages.rust_types import dotted

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_MAX_DEPTH = 12
_MAX_LEAVES = 2_000
_NAMES = ("identifier", "type_identifier")


def modules_around(node: Node) -> str:
    """Return the modules of the file that stand around a node, with dots."""
    parts: list[str] = []
    at = node.parent
    while at is not None and len(parts) < _MAX_DEPTH:
        name = at.child_by_field_name("name") if at.type == "mod_item" else None
        if name is not None:
            parts.append(text(name))
        at = at.parent
    return ".".join(reversed(parts))


def imports(node: Node) -> Iterator[Import]:
    """Yield what a declaration binds."""
    scope, level = modules_around(node), 2 if _is_conditional(node) else 0
    if node.type == "extern_crate_declaration":
        name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
        if name is not None:
            yield Import(text(alias or name), "", text(name), level, scope)
        return
    whole = node.child_by_field_name("argument")
    waiting: list[tuple[str, Node]] = [("", whole)] if whole is not None else []
    for _ in range(_MAX_LEAVES):
        if not waiting:
            return
        prefix, at = waiting.pop(0)
        if at.type == "use_list":
            waiting += [(prefix, one) for one in at.named_children]
        elif at.type == "scoped_use_list":
            path, inside = at.child_by_field_name("path"), at.child_by_field_name("list")
            if inside is not None:
                waiting.append((_joined(prefix, path), inside))
        elif at.type == "use_wildcard":
            yield Import("*", _joined(prefix, first(at)), "*", level, scope)
        elif at.type == "use_as_clause":
            path, alias = at.child_by_field_name("path"), at.child_by_field_name("alias")
            yield from _named(_joined(prefix, path), text(alias) if alias is not None else "", level, scope)
        else:
            yield from _named(_joined(prefix, at), "", level, scope)


def _is_conditional(node: Node) -> bool:
    before = node.prev_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        if text(before).startswith("#[cfg("):
            return True
        before = before.prev_sibling
    return False


def _joined(prefix: str, path: Node | None) -> str:
    said = dotted(path) if path is not None else ""
    if path is not None and path.type == "self":
        said = "" if prefix else "mod"
    return ".".join(part for part in (prefix, said) if part)


def _named(whole: str, alias: str, level: int, scope: str) -> Iterator[Import]:
    module, _, name = whole.rpartition(".")
    if name:
        yield Import(alias or name, module, name, level, scope)


def leaves(node: Node) -> Iterator[int]:
    """Yield where the names of a declaration stand."""
    waiting = [node]
    for _ in range(_MAX_LEAVES):
        if not waiting:
            return
        at = waiting.pop()
        if at.type in _NAMES:
            yield at.start_byte
        waiting += at.named_children
