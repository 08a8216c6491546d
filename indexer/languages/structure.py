"""Texts that are read for their structure: sections of pages, keys of data, as definitions in bounded number. Pure.

Nothing in them is called. What a text has too much of is data: it is left out, and the text's own line says how much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bridle.indexer.digest import digest
from bridle.indexer.facts import FileFacts, Reference, Symbol, SymbolId, SymbolKind
from bridle.indexer.languages.grammars import grammar_of, parser_of
from bridle.indexer.languages.lines import Lines
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.paths import one_line
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.places import NOWHERE, pack

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_PARTS = 400
"""So many parts of one text are known, the outermost first."""
MAX_NAME = 120
MAX_HEAD_BYTES = 2000
MAX_COUNTED_BYTES = 2000
"""So much of each part is searched by words."""

_LONE_CR = re.compile(rb"\r(?!\n)")


class Part(NamedTuple):
    """A section or a key: bytes ``[start, end)``, its name and where that stands, what it is called in an id.

    `rank` is how deep it stands: of too many parts, those of the lowest ranks are kept.
    """

    kind: SymbolKind
    name: str
    called: str
    start: int
    end: int
    name_at: int
    rank: int


class Link(NamedTuple):
    """A link to a file of the workspace: its path as it is written, and the name at byte `at` that is led on from.

    A path that ends with ``#`` has the name for its fragment.
    """

    path: str
    name: str
    at: int


def root_of(path: str, source: bytes, trees: Trees | None) -> Node:
    """Return the tree of a text, read by the grammar of its path. Raises MissingGrammarError."""
    grammar = grammar_of(path)
    assert grammar is not None
    parser = parser_of(grammar)
    if b"\r" in source:
        source = _LONE_CR.sub(b"\n", source)
    return (trees.parse(path, parser, source) if trees else parser.parse(source)).root_node


def text_of(node: Node, limit: int = MAX_NAME) -> str:
    """Return the first line of a node's source, cut where it is too long for a name."""
    told = (node.text or b"")[: 4 * limit].decode("utf-8", "ignore").strip()
    return told.partition("\n")[0].partition("\r")[0].strip()[:limit]


def structured(
    path: str, source: bytes, parts: Sequence[Part], n_left: int = 0, links: Iterable[Link] = ()
) -> FileFacts:
    """Return what a text holds; `n_left` parts of it have been left out already."""
    kept = sorted(sorted(parts, key=lambda part: (part.rank, part.start))[:MAX_PARTS], key=_place)
    n_left += len(parts) - len(kept)
    lines = Lines(path, source)
    outline = Outline([(0, len(source)), *((part.start, part.end) for part in kept)])
    symbols = _symbols(path, source, kept, outline, lines, n_left)
    uses: dict[Reference, list[int]] = {}
    for link in links:
        owner = symbols[outline.owner(link.at)].id
        uses.setdefault(Reference(link.name, link.path, "read", owner, lines.at(link.at)), []).append(link.at)
    names = [("", NOWHERE), *((part.name, part.name_at) for part in kept)]
    places = pack(source, names, [(use.name, at) for use, at in uses.items()], [])
    return FileFacts(path, digest(source), len(lines), len(source), symbols, tuple(uses), places=places)


def _place(part: Part) -> tuple[int, int]:
    return part.start, -part.end


def _symbols(
    path: str, source: bytes, parts: Sequence[Part], outline: Outline, lines: Lines, n_left: int
) -> tuple[Symbol, ...]:
    stem = path.rpartition("/")[2].rpartition(".")[0]
    told = f"{n_left} of its parts are left out" if n_left else ""
    symbols = [Symbol(SymbolId(f"{path}::"), "module", stem, "", lines.span(0, len(source)), path, told)]
    seen: dict[str, int] = {}
    for part, parent in zip(parts, outline.parents[1:], strict=True):
        around = symbols[parent].qualname
        qualname = f"{around}.{part.called}" if around else part.called
        seen[qualname] = seen.get(qualname, 0) + 1
        repeat = f"#{seen[qualname]}" if seen[qualname] > 1 else ""
        span = lines.span(part.start, part.end)
        head = source[part.start : min(part.end, part.start + MAX_HEAD_BYTES)].decode("utf-8", "ignore")
        signature = one_line(re.split(r"[\r\n]", head, maxsplit=1)[0]).rstrip(" {[")
        target = SymbolId(f"{path}::{qualname}{repeat}")
        symbols.append(Symbol(target, part.kind, part.name, qualname, span, signature))
    return tuple(symbols)
