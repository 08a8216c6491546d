"""Blocks of Ruby in which the object at hand may be another: what they are handed to. Of one file.

Those that are evaluated in something say so (``cart.instance_eval do``); those that are handed to a class when it makes
something often are (``Builder.new do``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.locals import Extent
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.paths import text
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MARK = "%"
"""Stands before what may be the object at hand."""
MAX_PATH = 100

_EVALUATING = words("instance_eval instance_exec class_eval class_exec module_eval")


class Others:
    """Learns of the blocks of a file from its nodes; `value` tells what an expression plainly is."""

    def __init__(self, value: Callable[[Node | None], str]) -> None:
        self._value = value
        self._outline = Outline([(0, 0)])
        self._paths = [""]

    def learn(self, nodes: Nodes) -> Iterable[Extent]:
        """Take in the blocks that are captured; none of them is a scope of its own."""
        found: dict[tuple[int, int], str] = {}
        end = 0
        for node in nodes.get("other", ()):
            block, said = node.child_by_field_name("block"), self._given(node)
            if block is not None and said:
                found[block.start_byte, -block.end_byte] = said
                end = max(end, block.end_byte)
        for node in nodes.get("own", ()):  # in a method the object at hand is its own again
            found[node.start_byte, -node.end_byte] = ""
            end = max(end, node.end_byte)
        spans = sorted(found)
        self._outline = Outline([(0, end + 1), *((start, -last) for start, last in spans)])
        self._paths = ["", *(found[span] for span in spans)]
        return ()

    def bare(self, node: Node) -> str:
        """Return a name that is called alone as it is used: behind what its block is handed to."""
        said = text(node)
        if node.type != "identifier":
            return said
        other = self._paths[self._outline.owner(node.start_byte)]
        return f"{other}.{said}" if other else said

    def _given(self, call: Node) -> str:
        on, name = call.child_by_field_name("receiver"), call.child_by_field_name("method")
        if on is None or name is None:
            return ""
        said = self._value(on)
        if not said or len(said) > MAX_PATH:
            return ""
        if text(name) in _EVALUATING:
            return f"{MARK}{said}"
        return f"{MARK}{said}.new()" if on.type in ("constant", "scope_resolution") else ""
