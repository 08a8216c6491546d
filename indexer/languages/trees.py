"""Syntax trees of the languages that have no reader of their own in Python, in bounded time. Pure.

A text that is too long, or that costs the grammar too many steps, has no tree; whoever asks says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.indexer.languages.grammars import MissingGrammarError, grammar_of, parser_of

if TYPE_CHECKING:
    from tree_sitter import Node as Node  # noqa: PLC0414  # told on to those who walk trees
    from tree_sitter import Tree

MAX_BYTES = 1_000_000
MAX_CALLS = 400_000
"""How often the grammar may report that it is still at work: some hundred times what the longest honest file needs."""

_SLICE = 64 * 1024
_COMMENTS = frozenset(("comment", "line_comment", "block_comment", "hash_bang_line"))
_LANGUAGES = {"JavaScript": "js", "TypeScript": "js", "TSX": "js", "Go": "go", "Rust": "rust", "Python": "python"}


def words(text: str) -> frozenset[str]:
    """Return the words of a text: how the tables of names are written."""
    return frozenset(text.split())


def language_of(path: str) -> str:
    """Return which family of languages a file is written in: python, js, go, rust, or "" for all others."""
    grammar = grammar_of(path)
    return _LANGUAGES.get(grammar.name, "") if grammar else ""


def tree_of(path: str, text: str) -> Tree | None:
    """Return the tree of a text, None where it has none within the bounds."""
    grammar, source = grammar_of(path), text.encode("utf-8", "surrogatepass")
    if grammar is None or len(source) > MAX_BYTES:
        return None
    n_calls = 0

    def read(offset: int, _point: object) -> bytes:
        return source[offset : offset + _SLICE]

    def too_long(*_: object) -> bool:
        nonlocal n_calls
        n_calls += 1
        return n_calls > MAX_CALLS

    try:
        parser = parser_of(grammar)
    except MissingGrammarError:
        return None
    try:
        return parser.parse(read, progress_callback=too_long)
    except ValueError:  # stopped
        parser.reset()
        return None


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def short(node: Node) -> str:
    """Return the source of a node in one short line."""
    return " ".join(text_of(node).split())[:100]


def plain(node: Node) -> str:
    """Return a node's tokens without comments and layout: the same for the same code formatted differently."""
    return " ".join(_tokens(node))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it in the order of the text, comments left out."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type not in _COMMENTS:
            yield at
            waiting += reversed(at.children)


def _tokens(node: Node) -> Iterator[str]:
    for part in walk(node):
        if part.child_count == 0 and part.type not in (";", ","):
            word = text_of(part)
            yield '"' if word in ("'", '"', "`") else word
