"""The whole syntax node that begins on a line, as a range of lines. Python only."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from bridle.context.readform import Range

if TYPE_CHECKING:
    from tree_sitter import Node

_LONE_CR = re.compile(rb"\r(?!\n)")


class NoBlockError(ValueError):
    """No whole block begins on the line; the message says why."""


def block_range(path: str, lines: Sequence[str], line: int) -> Range:
    """Return the lines of the largest statement that begins on 0-based `line` of `lines` (with their ends).

    The decorators of a definition belong to it. Raises NoBlockError.
    """
    if not path.endswith((".py", ".pyi")):
        raise NoBlockError("'block' knows Python only; use 'at' with the first and last line")
    encoded = [text.encode("utf-8", "surrogatepass") for text in lines]
    starts = [0, *accumulate(map(len, encoded))]
    first = starts[line] + len(encoded[line]) - len(encoded[line].lstrip(b" \t\f"))
    source = _LONE_CR.sub(b"\n", b"".join(encoded))  # the grammar ends no line at a lone carriage return
    node = _statement_at(source, first)
    if node is None or node.has_error:
        raise NoBlockError("no whole statement begins on this line; use 'at' with the first and last line")
    last = bisect_right(starts, max(first, node.end_byte - 1)) - 1
    rest = encoded[last][node.end_byte - starts[last] :].strip()
    if rest and not rest.startswith(b"#"):
        raise NoBlockError("another statement shares its last line; use 'at'")
    return bisect_right(starts, node.start_byte) - 1, last + 1


def _statement_at(source: bytes, first: int) -> Node | None:
    import tree_sitter_python
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_python.language())).parse(source).root_node
    node = root.descendant_for_byte_range(first, first + 1)
    while node is not None and not (node.start_byte == first and _is_statement(node)):
        node = node.parent
        if node is not None and node.start_byte < first:
            return None
    if node is not None and node.parent is not None and node.parent.type == "decorated_definition":
        return node.parent
    return node


def _is_statement(node: Node) -> bool:
    return node.parent is not None and node.parent.type in {"module", "block", "decorated_definition"} and node.is_named
