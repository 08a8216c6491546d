"""Calls of macros in a text of Rust: read as calls of functions where what they are handed reads as expressions. Pure.

A grammar sees nothing but tokens in what a macro is handed, and half of a test stands there: ``assert_eq!(of(x), 1)``.
The text is written anew, each byte in its place, with a blank for the mark of the macro; where that does not read well
it stays as it was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bridle.indexer.languages.captures import captured
from bridle.indexer.languages.paths import last, text
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_OPEN = (b"(", b"[")
_NOT_INSIDE = words("declaration_list match_pattern macro_invocation")
_NOT_ENDING = ("_pattern", "_type", "_arguments")
_MATCHING = words("matches assert_matches debug_assert_matches")


class Mention(NamedTuple):
    """A call of a macro: where its last name stands, and the path to it with dots."""

    at: int
    path: str


class Rewritten(NamedTuple):
    """A text to be parsed, and the macros that were called in it."""

    source: bytes
    mentions: tuple[Mention, ...]


class _Call(NamedTuple):
    start: int
    mark: int
    opens: int
    closes: int
    commas: Sequence[int]


def rewritten(path: str, source: bytes, trees: Trees) -> Rewritten:
    """Return `source` with its calls of macros as calls of functions; the last tree of it stays in `trees`."""
    if b"!" not in source:
        return Rewritten(source, ())
    nodes = captured(path, source, ("rust_macros",), None).nodes
    mentions: list[Mention] = []
    calls: list[list[_Call]] = []
    for node in nodes.get("invocation", ()):
        name = node.child_by_field_name("macro")
        tokens = last(node)
        if name is None or tokens is None or tokens.type != "token_tree":
            continue
        inner = list(_inside(tokens)) if (tokens.text or b"")[:1] in _OPEN else []
        mentions.append(Mention(_last(name).start_byte, _path(name)))
        mentions += (Mention(one.start_byte, text(one)) for one, _, _ in inner)
        if (tokens.text or b"")[:1] in _OPEN and _is_expression(node):
            whole = [_call(node, name.end_byte, tokens)]
            whole += (_call(one, mark.start_byte, given) for one, mark, given in inner)
            calls.append(whole)
    if not calls:
        return Rewritten(source, tuple(mentions))
    changed = _changed(source, calls)
    broken = _broken(path, changed, trees)
    if broken:
        calls = [whole for whole in calls if not _is_around(whole[0], broken)]
        changed = _changed(source, calls)
    return Rewritten(changed, tuple(mentions))


def _is_around(call: _Call, broken: Sequence[int]) -> bool:
    nth = bisect_left(broken, call.start)
    return nth < len(broken) and broken[nth] <= call.closes


def _last(name: Node) -> Node:
    return name.child_by_field_name("name") or name


def _path(name: Node) -> str:
    return text(name).replace("::", ".").replace("$", "").lstrip(".")


def _is_expression(node: Node) -> bool:
    around = node.parent
    return around is not None and around.type not in _NOT_INSIDE and not around.type.endswith(_NOT_ENDING)


def _inside(tokens: Node) -> Iterator[tuple[Node, Node, Node]]:
    """Yield the calls of macros in what one is handed: the name, its mark, what it is handed."""
    waiting = [tokens]
    while waiting:
        parts = waiting.pop().children
        waiting += (part for part in parts if part.type == "token_tree")
        for name, mark, given in zip(parts, parts[1:], parts[2:], strict=False):
            opens = given.children[0].type if given.type == "token_tree" and given.children else ""
            if name.type == "identifier" and mark.type == "!" and opens in ("(", "["):
                yield name, mark, given


def _call(whole: Node, mark: int, given: Node) -> _Call:
    is_matching = text(whole).partition("!")[0].rpartition(":")[2] in _MATCHING
    commas = [part.start_byte for part in given.children if part.type in ((";", "if") if is_matching else (";",))]
    return _Call(whole.start_byte, mark, given.start_byte, given.end_byte - 1, commas)


def _changed(source: bytes, calls: Sequence[Sequence[_Call]]) -> bytes:
    changed = bytearray(source)
    for call in (one for whole in calls for one in whole):
        for at in range(call.mark, call.opens):
            if changed[at] == ord("!"):
                changed[at] = ord(" ")
        changed[call.opens], changed[call.closes] = ord("("), ord(")")
        for at in call.commas:
            changed[at] = ord(",")
            if source[at : at + 2] == b"if":
                changed[at + 1] = ord(" ")
    return bytes(changed)


def _broken(path: str, changed: bytes, trees: Trees) -> list[int]:
    """Return where a text does not read well, in order."""
    root, nodes = captured(path, changed, ("rust_macros",), trees)
    return sorted(node.start_byte for node in nodes.get("broken", ())) if root.has_error else []
