"""What a language's queries capture in a text. Pure; the queries lie in the folder beside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tree_sitter import Node, Parser, Query, QueryCursor

from bridle.indexer.languages.grammars import Grammar, grammar_of, parser_of
from bridle.indexer.languages.reparse import Trees

Nodes = Mapping[str, Sequence[Node]]

_SCRIPT = "a.sh"
"""As this a file without an ending is read, where it is read at all."""

_LONE_CR = re.compile(rb"\r(?!\n)")


class Captured(NamedTuple):
    """The tree of a text, and its nodes by the names of their captures, in source order and each once."""

    root: Node
    nodes: Nodes


def captured(path: str, source: bytes, queries: tuple[str, ...], trees: Trees | None) -> Captured:
    """Return what the queries of those names capture in `source`, read by the grammar of `path`; begin from `trees`.

    Raises:
        MissingGrammarError: its wheel is not installed.
    """
    name = path.rpartition("/")[2]
    alike = f"a{name[name.rfind('.') :]}" if "." in name else name if grammar_of(name) else _SCRIPT
    grammar = grammar_of(alike)
    assert grammar is not None
    parser, query = _reading(grammar, queries)
    if b"\r" in source:
        source = _LONE_CR.sub(b"\n", source)  # the grammars end no line at a lone CR
    tree = trees.parse(path, parser, source) if trees else parser.parse(source)
    root = tree.root_node
    found = QueryCursor(query).captures(root)  # in no particular order
    return Captured(root, {name: _in_order(nodes) for name, nodes in found.items()})


@cache
def _reading(grammar: Grammar, queries: tuple[str, ...]) -> tuple[Parser, Query]:
    parser = parser_of(grammar)
    assert parser.language is not None
    folder = Path(__file__).parent / "queries"
    text = "\n".join((folder / f"{name}.scm").read_text(encoding="utf-8") for name in queries)
    return parser, Query(parser.language, text)


def _in_order(nodes: Sequence[Node]) -> Sequence[Node]:
    once = {(node.start_byte, -node.end_byte): node for node in nodes}
    return [once[key] for key in sorted(once)]
