"""Small faults for JavaScript and TypeScript, by the nodes of their syntax tree: pure.

As in `python.py` each is a slip that a person makes: an operator turned, a condition negated, a constant off by one, a
statement left out, a value not returned. Types are left alone: nothing runs of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from bridle.harness.verify.mutants.mutant import Mutant
from bridle.indexer.languages.trees import tree_of

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_SHOWN = 60

_TURNED = {
    "===": "!==", "!==": "===", "==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||",
    "||": "&&", "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "??": "&&",
}  # fmt: skip
_OTHER = {"true": "false", "false": "true"}
_OF_TYPES = ("_type", "type_annotation", "type_arguments", "type_parameters", "interface_declaration")
_OF_TYPES_ALONE = frozenset(("type_alias_declaration", "ambient_declaration", "import_statement"))


def mutants(path: str, text: str, lines: Collection[int] | None = None) -> list[Mutant]:
    """Return the faults that can be put on these 0-based lines, on all for None, in source order.

    A text that is too long, or that does not parse, has none.
    """
    tree = tree_of(path, text)
    if tree is None or tree.root_node.has_error:
        return []
    found = (mutant for node in _reachable(tree.root_node) for mutant in _of(path, node))
    return [mutant for mutant in found if lines is None or mutant.line in lines]


def _reachable(root: Node) -> Iterator[Node]:
    """Yield the nodes of code that runs, outer ones first."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type.endswith(_OF_TYPES) or node.type in _OF_TYPES_ALONE:
            continue
        waiting += reversed(node.children)
        yield node


def _of(path: str, node: Node) -> Iterator[Mutant]:
    if node.type == "binary_expression" and (sign := node.child_by_field_name("operator")) and sign.type in _TURNED:
        yield _fault(path, sign, _TURNED[sign.type], "operator")
    elif node.type in _OTHER:
        yield _fault(path, node, _OTHER[node.type], "constant")
    elif node.type == "number" and _said(node).isdecimal():
        yield _fault(path, node, str(int(_said(node)) + 1), "constant")
    elif node.type in ("if_statement", "while_statement") and (test := node.child_by_field_name("condition")):
        yield _fault(path, test, f"(!{_said(test)})", "condition")
    elif node.type == "return_statement" and len(node.named_children) == 1:
        yield _fault(path, node.named_children[0], "undefined", "return")
    elif node.type == "expression_statement" and not _is_directive(node):
        yield _fault(path, node, ";", "statement")


def _fault(path: str, node: Node, text: str, operator: str) -> Mutant:
    was = " ".join(_said(node).split())
    shown = was if len(was) <= MAX_SHOWN else f"{was[:MAX_SHOWN]}…"
    what = f"{shown!r} is left out" if operator == "statement" else f"{shown!r} becomes {text[:MAX_SHOWN]!r}"
    return Mutant(path, node.start_point[0], node.start_byte, node.end_byte, text, operator, what)


def _is_directive(node: Node) -> bool:
    return len(node.named_children) == 1 and node.named_children[0].type == "string"


def _said(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
