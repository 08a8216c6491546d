"""Cuts one file into the texts that get vectors. Pure; no text holds a line number: moved code keeps its vector.

One chunk for each function or method, with the inner functions of a short one; one for the shell of a class, in which
its methods stand by their heads; one for what is left of the module. Texts that are no code have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridle.indexer.digest import digest
from bridle.indexer.facts import Chunk, FileFacts, Symbol
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.readers import is_text

FORM = "1"
"""Which form the texts have: a store of another form is none."""
MAX_CHARS = 4_000
MAX_WHOLE_LINES = 80
"""A function that is no longer than this is one text, whatever is defined in it."""
_CALLABLE = frozenset({"function", "method", "test"})
_SHELLS = frozenset({"class", "interface", "namespace", "suite"})


def chunk_symbols(symbols: Sequence[Symbol]) -> list[Symbol]:
    """Return the definitions of one file that have a text of their own, in source order, the module first.

    `symbols` are as in `FileFacts`: the module, then by start, the widest first.
    """
    if symbols and is_text(symbols[0].span.path):
        return []
    kept: list[Symbol] = []
    whole_until = -1
    for symbol in symbols:
        if symbol.kind == "variable" or symbol.span.start_byte < whole_until:
            continue
        kept.append(symbol)
        if symbol.kind in _CALLABLE and symbol.span.end_line - symbol.span.start_line <= MAX_WHOLE_LINES:
            whole_until = symbol.span.end_byte
    return kept


def chunks_of(facts: FileFacts, source: bytes) -> list[Chunk]:
    """Return the chunks of a file whose text in UTF-8 is `source`; none for what holds nothing but blanks."""
    symbols = chunk_symbols(facts.symbols)
    if not symbols:
        return []
    outline = Outline([(symbol.span.start_byte, symbol.span.end_byte) for symbol in symbols])
    bodies: list[list[str]] = [[] for _ in symbols]
    for owner, start, end in outline.stretches():
        bodies[owner].append(source[start:end].decode("utf-8", "replace"))
    for index, parent in enumerate(outline.parents[1:], 1):
        if symbols[parent].kind in _SHELLS and symbols[index].signature:
            bodies[parent].append(f"\n{symbols[index].signature}")
    return list(_chunks(symbols, bodies))


def _chunks(symbols: Sequence[Symbol], bodies: Sequence[Sequence[str]]) -> Iterator[Chunk]:
    for symbol, parts in zip(symbols, bodies, strict=True):
        body = "".join(parts)
        if body.strip():
            text = f"{symbol.span.path} {symbol.qualname}\n{body}"[:MAX_CHARS]
            yield Chunk(symbol.id, text, digest(f"{FORM}\n{text}".encode("utf-8", "surrogatepass")))
