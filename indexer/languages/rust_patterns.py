"""Which locals a pattern of Rust binds, and what they plainly are by where they stand in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.languages.locals import Extent
from bridle.indexer.languages.paths import first, text
from bridle.indexer.languages.rust_types import dotted

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_MAX_PARTS = 400
_WRAPPERS = ("Some", "Ok")
_PASSED = ("ref_pattern", "mut_pattern", "reference_pattern", "match_pattern", "or_pattern", "field_pattern")
_COUNTED = ".enumerate()[]"

Part = tuple["Node", str]


def parts_of(pattern: Node, said: str, over: Node | None = None) -> Iterator[Part]:
    """Yield each name that a pattern binds with what it is, `said` or what stands for `over` being what is matched."""
    waiting: list[tuple[Node, str]] = [(pattern, said)]
    if over is not None and over.type == "tuple_expression" and pattern.type in ("match_pattern", "tuple_pattern"):
        waiting = list(_side_by_side(pattern, over))
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        node, said = waiting.pop(0)
        if node.type in ("identifier", "shorthand_field_identifier"):
            if not text(node)[:1].isupper():
                yield node, "" if "," in said else said
        elif node.type == "captured_pattern":
            waiting += [(part, said) for part in node.named_children]
        elif node.type in _PASSED:
            skipped = node.child_by_field_name("condition")
            waiting += [(part, said) for part in node.named_children if part != skipped]
        elif node.type == "tuple_struct_pattern":
            waiting += _fields(node, said)
        elif node.type == "struct_pattern":
            waiting += _named(node)
        elif node.type == "tuple_pattern":
            waiting += [(part, _nth(said, index)) for index, part in _places(node)]
        elif node.type == "slice_pattern":
            waiting += [(part, f"{said}[]" if said else "") for part in node.named_children]


def _side_by_side(pattern: Node, over: Node) -> Iterator[tuple[Node, str]]:
    """Yield the sides of a tuple's pattern, each of what stands there: they are told where they are asked for."""
    inner = first(pattern) if pattern.type == "match_pattern" else pattern
    options = inner.named_children if inner is not None and inner.type == "or_pattern" else [inner]
    for option in options:
        if option is None:
            continue
        if option.type != "tuple_pattern":
            yield option, ""
            continue
        values = over.named_children
        yield from ((part, value_text(values[index])) for index, part in _places(option) if index < len(values))


def value_text(node: Node) -> str:
    """Return a plain value of a match as a path: a name, a field of one, a reference to it; "" for all else."""
    while node.type == "reference_expression" and (inner := node.child_by_field_name("value")) is not None:
        node = inner
    whole = text(node)
    return (
        whole
        if node.type in ("identifier", "self", "field_expression") and whole.replace(".", "a").isidentifier()
        else ""
    )


def _nth(said: str, index: int) -> str:
    """Return what stands at a place of a tuple: of several results, of what is counted."""
    if "," in said:
        several = said.split(",")
        return several[index] if index < len(several) else ""
    if said.endswith(_COUNTED):
        return f"{said.removesuffix(_COUNTED)}[]" if index == 1 else ""
    whole = said.rstrip("[]")
    return f"{whole}@{index}{said[len(whole) :]}" if whole.endswith("()") else ""


def _places(node: Node, without: Node | None = None) -> Iterator[tuple[int, Node]]:
    """Yield what a pattern of several has, with its place as far as that is known: to the dots."""
    index = 0
    for part in node.children:
        if part.type == "remaining_field_pattern":
            return
        if part.is_named and part != without and part.type not in ("line_comment", "block_comment"):
            yield index, part
        elif part.type != "_":
            continue
        index += part != without


def _fields(node: Node, said: str) -> Iterator[tuple[Node, str]]:
    kind = node.child_by_field_name("type")
    name = dotted(kind) if kind is not None else ""
    for index, part in _places(node, kind):
        if name.rpartition(".")[2] in _WRAPPERS:
            yield part, f"{said}[]" if said else ""
        else:
            yield part, f"{name}.{index}" if name and name != "Err" else ""


def _named(node: Node) -> Iterator[tuple[Node, str]]:
    kind = node.child_by_field_name("type")
    owner = dotted(kind) if kind is not None else ""
    for part in node.named_children:
        if part.type == "field_pattern":
            name, inner = part.child_by_field_name("name"), part.child_by_field_name("pattern")
            if name is not None:
                yield inner or name, f"{owner}.{text(name)}"


def rest_of(node: Node) -> Extent | None:
    """Return where the names of a ``let`` are bound: behind it to the end of its block."""
    block = node.parent
    return Extent(node.end_byte, block.end_byte) if block is not None and block.type == "block" else None
