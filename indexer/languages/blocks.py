"""The whole definition or statement that begins on a line, in the syntax tree of any of our languages.

A block is a child of a list of statements, members or entries, from the first line of what belongs to it (its
decorators, attributes and annotations, and the comment right above that documents it) to its last line. It may
be named by the line on which the definition begins, by the line of any of its decorators, or by the first line
of its comment; never by a line in its middle.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bridle.indexer.languages.grammars import Grammar, documents

if TYPE_CHECKING:
    from tree_sitter import Node

_LIKE_A_DEFINITION = ("definition", "declaration", "specifier", "item")
_OPEN_LISTS = frozenset({"statement_list", "body_statement", "block_body", "block_mapping", "block_sequence"})
"""Lists that begin with their first entry: never meant themselves, and looked through for what stands above."""

_COMMENTS = (b"#", b"//", b"/*")
_NOTHING = "no whole statement, definition or entry begins on it"


class NoBlockError(ValueError):
    """No whole block begins on the line; the message says why."""


def block_lines(grammar: Grammar, source: bytes, starts: Sequence[int], root: Node, line: int) -> tuple[int, int]:
    """Return the first line of the block that is named by 0-based `line`, and the one after its last.

    `starts` are the byte offsets of the lines of `source`. Raises NoBlockError.
    """
    return _Blocks(grammar, source, starts, root).at(line)


class _Blocks:
    def __init__(self, grammar: Grammar, source: bytes, starts: Sequence[int], root: Node) -> None:
        self._grammar = grammar
        self._source = source
        self._starts = starts
        self._root = root

    def at(self, line: int) -> tuple[int, int]:
        begin, end = self._starts[line], self._end_of_line(line)
        text = self._source[begin:end]
        first = begin + len(text) - len(text.lstrip(b" \t\f"))
        if not text.strip():
            raise NoBlockError("the line is blank")
        node = self._child_at(first)
        named: Node | None = node
        while named is not None and self._belongs_to_the_next(named):
            named = self._below(named)
        if named is not None and named is not node:
            block = self._whole(named)
            if block[0] == line or (first in _rows(node) and not _is_comment(node)):
                return block
            if block[0] < line:
                raise NoBlockError(f"it is inside the block that begins on line {block[0] + 1}")
        if first not in _heads(node, self._grammar):
            raise NoBlockError(_NOTHING)
        return self._whole(node)

    # --- finding --------------------------------------------------------------------------------------------

    def _child_at(self, first: int) -> Node:
        """Return the innermost child of a list of statements that holds byte `first`."""
        node = self._root.descendant_for_byte_range(first, first + 1)
        while node is not None and node.parent is not None:
            listed = node.parent.type in self._grammar.lists or node.parent.id == self._root.id
            if node.is_named and listed and node.type not in _OPEN_LISTS and node.type not in self._grammar.leads:
                return node
            node = node.parent
        raise NoBlockError(_NOTHING)

    def _belongs_to_the_next(self, node: Node) -> bool:
        return _is_comment(node) or _is_prefix(node, self._grammar)

    # --- what belongs together ------------------------------------------------------------------------------

    def _whole(self, node: Node) -> tuple[int, int]:
        if node.has_error:
            raise NoBlockError("the syntax of what begins there cannot be read")
        start = self._first_line_of(node)
        if self._source[self._starts[start] : self._beginning(node, start)].strip():
            raise NoBlockError("something else stands before it on its first line")
        end = max(self._true_end(node), node.start_byte + 1)
        last = self._line(end - 1)
        rest = self._source[end : self._end_of_line(last)].strip(b" \t\r\n\f").lstrip(b",; \t")
        if rest and not rest.startswith(_COMMENTS):
            raise NoBlockError("something else stands behind it on its last line")
        return start, last + 1

    def _first_line_of(self, node: Node) -> int:
        return self._line(self._top(node).start_byte)

    def _beginning(self, node: Node, line: int) -> int:
        top = self._top(node).start_byte
        return top if self._line(top) == line else node.start_byte

    def _top(self, node: Node) -> Node:
        """Return the first of what stands right above `node` and belongs to it; `node` itself where nothing does."""
        above: list[Node] = []
        below = node
        for sibling in self._siblings_above(node):
            if not self._belongs_to_the_next(sibling) or not self._adjacent(sibling, below):
                break
            if _is_comment(sibling) and self._shares_its_line(sibling):
                break
            above.append(sibling)
            below = sibling
            if _is_comment(sibling) and self._documents(sibling, node) and self._text(sibling).startswith("/*"):
                break
        while above and _is_comment(above[-1]) and not self._documents(above[-1], node):
            above.pop()
        return above[-1] if above else node

    def _documents(self, comment: Node, node: Node) -> bool:
        if documents(self._grammar).match(self._text(comment)):
            return True
        if self._text(comment).startswith("#!") and comment.start_byte == 0:
            return False
        parent = node.parent.type if node.parent is not None else ""
        return node.type in self._grammar.plainly or parent in self._grammar.plain_lists

    def _siblings_above(self, node: Node) -> Iterator[Node]:
        """Yield what stands above `node` in its list, nearest first; a list without an opening is looked through."""
        while node.parent is not None:
            siblings = node.parent.children
            index = bisect_right([sibling.start_byte for sibling in siblings], node.start_byte) - 1
            while index > 0 and siblings[index].id != node.id:
                index -= 1
            yield from reversed(siblings[:index])
            if index or node.parent.type not in _OPEN_LISTS:
                return
            node = node.parent

    def _below(self, node: Node) -> Node | None:
        """Return what stands right below `node`, the first entry where that is a list without an opening."""
        below = node.next_sibling
        while below is not None and below.type in _OPEN_LISTS and below.child_count:
            below = below.child(0)
        return below if below is not None and below.is_named and self._adjacent(node, below) else None

    def _adjacent(self, above: Node, below: Node) -> bool:
        return self._line(below.start_byte) - self._line(max(above.start_byte, self._true_end(above) - 1)) <= 1

    def _shares_its_line(self, comment: Node) -> bool:
        """Whether a comment stands behind something else, which it then is about."""
        line = self._line(comment.start_byte)
        return bool(self._source[self._starts[line] : comment.start_byte].strip())

    # --- bytes and lines ------------------------------------------------------------------------------------

    def _true_end(self, node: Node) -> int:
        """Return where `node` ends without the blanks, line ends and comments that some grammars count in."""
        last = node
        while last.child_count and not _is_comment(last):
            tail = last.children[-1]
            if _is_comment(tail) and tail.start_point[1] <= node.start_point[1]:
                kept = [child for child in last.children if not _is_comment(child)]
                if not kept:
                    break
                last = kept[-1]
            elif tail.end_byte == last.end_byte:
                last = tail
            else:
                break
        text = self._source[node.start_byte : last.end_byte]
        return node.start_byte + len(text.rstrip())

    def _line(self, byte: int) -> int:
        return bisect_right(self._starts, byte) - 1

    def _end_of_line(self, line: int) -> int:
        return self._starts[line + 1] if line + 1 < len(self._starts) else len(self._source)

    def _text(self, node: Node) -> str:
        return self._source[node.start_byte : min(node.end_byte, node.start_byte + 8)].decode("utf-8", "replace")


def _is_comment(node: Node) -> bool:
    return "comment" in node.type


def _is_prefix(node: Node, grammar: Grammar) -> bool:
    """Whether `node` stands before a definition and belongs to it."""
    if node.type not in grammar.prefixes:
        return False
    while node.type == "annotated_expression":  # what Kotlin's grammar makes of annotations in a row
        node = node.children[-1]
        if node.type not in {"annotated_expression", "annotation", "parenthesized_expression"}:
            return False
    return True


def _rows(node: Node) -> Iterator[int]:
    """Yield where `node` begins, and where each of the annotations does that Kotlin's grammar nests in a row."""
    yield node.start_byte
    while node.type == "annotated_expression":
        node = node.children[-1]
        yield node.start_byte


def _heads(node: Node, grammar: Grammar) -> frozenset[int]:
    """Return the bytes at which a definition begins: its own first, those of its decorators, its first bare word."""
    found = {node.start_byte}
    inner: Node | None = node
    while inner is not None:
        node, inner = inner, None
        for child in node.children:
            if _is_comment(child):
                continue
            found.add(child.start_byte)
            if child.type not in grammar.prefixes:
                inner = child if any(word in child.type for word in _LIKE_A_DEFINITION) else None
                break
            parts = [p for p in child.children if child.type == "modifiers" or p.type in grammar.prefixes]
            found |= {part.start_byte for part in parts}
    return frozenset(found)
