"""Syntax trees of texts that change a little at a time: only what differs is parsed again.

A text with errors is always parsed whole, and none begins from the tree of one: how a grammar recovers from an error
may depend on where it began, and the same text must give the same facts.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree

MAX_TREES = 8


class Trees:
    """The last texts without errors, by path, with their trees; the oldest makes room. Belongs to one thread."""

    def __init__(self, limit: int = MAX_TREES) -> None:
        self._limit = limit
        self._known: OrderedDict[str, _Known] = OrderedDict()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of which a tree is kept, the one to go next first."""
        return tuple(self._known)

    def parse(self, path: str, parser: Parser, source: bytes) -> Tree:
        """Return the tree of `source`, the text that `path` has now."""
        known = self._known.get(path)
        if known is None or known.parser is not parser:
            tree = parser.parse(source)
        else:
            tree = parser.parse(source, known.edited(source))
            if tree.root_node.has_error:
                tree = parser.parse(source)
        if not tree.root_node.has_error:
            self._known[path] = _Known(parser, source, tree)
            self._known.move_to_end(path)
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        return tree


class _Known(NamedTuple):
    """A text without errors, and its tree."""

    parser: Parser
    source: bytes
    tree: Tree

    def edited(self, source: bytes) -> Tree:
        """Return the tree with a note of where the text differs from `source`."""
        before, tree = self.source, self.tree.copy()
        start = _same(before, source)
        end = _same(before[start:][::-1], source[start:][::-1])
        old_end, new_end = len(before) - end, len(source) - end
        tree.edit(start, old_end, new_end, _point(before, start), _point(before, old_end), _point(source, new_end))
        return tree


def _same(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _point(source: bytes, at: int) -> tuple[int, int]:
    """Return the row and the column, in bytes, of a place, as the grammars count them."""
    return source.count(b"\n", 0, at), at - (source.rfind(b"\n", 0, at) + 1)
