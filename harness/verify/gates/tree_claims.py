"""Claims of tests in languages that are read by their grammar: one claim from the nodes that make it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from bridle.harness.verify.gates.claims import Claim
from bridle.indexer.languages.trees import plain, short, text_of, walk, words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

LITERALS = words(
    "string number true false null undefined regex template_string interpreted_string_literal "
    "raw_string_literal int_literal float_literal rune_literal nil integer_literal string_literal "
    "char_literal boolean_literal"
)
IDENTIFIERS = words("identifier property_identifier field_identifier type_identifier shorthand_property_identifier")

Values = Mapping[str, "Node"]
"""Local names that have one value each."""

NO_VALUES: Values = MappingProxyType({})


def claim_of(
    kind: str, parts: Sequence[Node], at: Node, *, rank: int, guards: Sequence[str] = (), values: Values = NO_VALUES
) -> Claim:
    """Return the claim that `parts` make together."""
    nodes = [node for part in parts for node in _unfolded(part, values)]
    constants = tuple(sorted(plain(node) for node in nodes if node.type in LITERALS))
    spelled = [plain(part) for part in parts if _is_literal(part, values)]
    return Claim(
        kind=kind,
        whole=f"{kind} {' '.join(_tokens(parts, values))}",
        literal=" ".join(sorted(spelled)),
        constants=constants,
        names=frozenset(text_of(node) for node in nodes if node.type in IDENTIFIERS),
        rank=rank,
        guards=len(guards),
        line=at.start_point.row,
        text=short(at),
    )


def failure_of(conditions: Sequence[Node], marks: Sequence[str], at: Node, values: Values) -> Claim:
    """Return the claim that the test fails where `conditions` hold; `marks` are their operators, and which branch."""
    claim = claim_of(f"fail {' '.join(marks)}", conditions, at, rank=2, values=values)
    return msgspec.structs.replace(claim, literal=" ".join(claim.constants))


def values_of(body: Node, bindings: Callable[[Node], Iterator[tuple[str, Node | None]]]) -> dict[str, Node]:
    """Return the names of a body that have one value; `bindings` tells what a node binds, None for a value unknown."""
    found: dict[str, Node | None] = {}
    for node in walk(body):
        for name, value in bindings(node):
            found[name] = None if name in found else value
    return {name: value for name, value in found.items() if value is not None}


def is_same(one: Node, other: Node) -> bool:
    """Tell whether two expressions read the same."""
    return plain(one) == plain(other)


def is_constant(node: Node) -> bool:
    """Tell whether an expression is one literal."""
    return node.type in LITERALS


def _is_literal(node: Node, values: Values) -> bool:
    return not any(part.type in IDENTIFIERS for part in _unfolded(node, values))


def _unfolded(node: Node, values: Values) -> Iterator[Node]:
    """Yield a node and all below it, with the values of local names in their place, one step deep."""
    for part in walk(node):
        value = values.get(text_of(part)) if part.type == "identifier" else None
        yield from walk(value) if value is not None and value.start_byte != node.start_byte else (part,)


def _tokens(parts: Sequence[Node], values: Values) -> Iterator[str]:
    for part in parts:
        for leaf in walk(part):
            if leaf.child_count == 0 and leaf.type not in (";", ","):
                value = values.get(text_of(leaf)) if leaf.type == "identifier" else None
                yield plain(leaf) if value is None else plain(value)
