"""JSON, TOML and YAML: the keys of their tables, a few levels deep. Pure.

A table with very many entries is data: it is known itself, its entries are not. Lists are not looked into, but for
TOML's lists of tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from bridle.indexer.facts import FileFacts
from bridle.indexer.languages.paths import last
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.structure import Part, root_of, structured, text_of

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_DEPTH = 3
MAX_ENTRIES = 200
"""A table with more has data in it, not structure."""

_TABLES = frozenset(("object", "block_mapping", "flow_mapping", "inline_table", "table", "table_array_element"))
_ENTRIES = frozenset(("pair", "block_mapping_pair", "flow_pair", "table", "table_array_element"))
_AROUND = frozenset(("document", "stream", "block_node", "flow_node"))
"""What stands around a table and is none."""
_KEYS = frozenset(("string", "bare_key", "quoted_key", "dotted_key", "flow_node"))
_PLAIN = frozenset(("string", "bare_key", "quoted_key", "plain_scalar", "double_quote_scalar", "single_quote_scalar"))


class _Open(NamedTuple):
    node: Node
    depth: int


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return the keys of file `path`, whose text is `source` in UTF-8."""
    parts: list[Part] = []
    n_left = 0
    waiting = [_Open(table, 1) for table in _tables(root_of(path, source, trees))]
    while waiting:
        table, depth = waiting.pop()
        entries = [child for child in table.named_children if child.type in _ENTRIES]
        if len(entries) > MAX_ENTRIES:
            n_left += len(entries)
            continue
        for entry in entries:
            part = _part(entry, depth)
            if part is not None:
                parts.append(part)
            if depth < MAX_DEPTH:
                waiting += (_Open(inner, depth + 1) for inner in _inside(entry))
    return structured(path, source, parts, n_left)


def _tables(root: Node) -> Iterator[Node]:
    """Yield the outermost tables of a text: TOML's text is one itself."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in _TABLES or (node.type == "document" and any(one.type in _ENTRIES for one in node.children)):
            yield node
        elif node.type in _AROUND or node is root:
            waiting += reversed(node.named_children)


def _inside(entry: Node) -> Iterator[Node]:
    """Yield the tables that an entry holds."""
    if entry.type in _TABLES:
        yield entry
        return
    value = entry.child_by_field_name("value") or last(entry)
    while value is not None and value.type in _AROUND:
        inner = [one for one in value.named_children if one.type in _TABLES or one.type in _AROUND]
        value = inner[-1] if inner else None
    if value is not None and value.type in _TABLES:
        yield value


def _part(entry: Node, depth: int) -> Part | None:
    key = entry.child_by_field_name("key") or next((one for one in entry.named_children if one.type in _KEYS), None)
    if key is not None and key.type == "flow_node":
        key = next((one for one in key.named_children if one.type in _PLAIN), None)
    if key is None:
        return None
    parts = [_plain(one) for one in _steps(key)]
    name = text_of(key) if len(parts) > 1 else parts[0]
    if not name or not all(parts):
        return None
    called = ".".join(one.replace(".", "·").replace("#", "♯") for one in parts)
    end = entry.start_byte + len((entry.text or b"").rstrip())
    return Part("key", name, called, entry.start_byte, end, key.start_byte, depth)


def _steps(key: Node) -> Iterator[Node]:
    """Yield what a dotted key is made of, in order."""
    waiting = [key]
    while waiting:
        node = waiting.pop()
        if node.type == "dotted_key":
            waiting += reversed(node.named_children)
        else:
            yield node


def _plain(node: Node) -> str:
    """Return a key without its quotes, as it is written between them."""
    told = text_of(node)
    is_quoted = node.type not in ("bare_key", "plain_scalar") and len(told) > 1 and told[0] == told[-1]
    return told[1:-1] if is_quoted else told
