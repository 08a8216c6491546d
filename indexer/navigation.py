"""What stands at a place, what a definition calls, what it is built on, what is in a file: asked of one snapshot.

Places are bytes of a file's text in UTF-8. A use means a definition by the rules by which edges are made; nothing is
found by its name alone. Reads no file: `Texts` hands texts over. One thread at a time. Where a definition is used is
told by `bridle.indexer.usages`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from bridle.indexer.facts import FileFacts, Import, Reference, ReferenceKind, Symbol, SymbolId
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.readers import family
from bridle.indexer.places import NOWHERE, each_use, import_around, name_at, named_at, used_at
from bridle.indexer.resolve import path_of
from bridle.indexer.snapshot import Snapshot

Texts = Callable[[str], bytes | None]
"""The text of a file in UTF-8 as the snapshot knows it; None where it cannot be had."""
Stop = Callable[[], bool]
"""Whether nobody waits for the answer any more."""

MAX_MEANT = 50
MAKERS = frozenset(("__init__", "constructor", "__construct"))
_RUN = re.compile(r"[\w$@./\\:-]+")
_WORD = re.compile(r"[\w$]+")


class Use(NamedTuple):
    """Where a name is written: `size` bytes from byte `at` of a file, inside the definition `source`."""

    path: str
    at: int
    size: int
    source: SymbolId
    kind: ReferenceKind


# --- what stands at a place -------------------------------------------------------------------------------------


def definitions_at(snapshot: Snapshot, path: str, byte: int, texts: Texts) -> list[Symbol]:
    """Return what the name around a byte means, surest first; none where no name of the index stands there."""
    scopes = snapshot.linked.files.get(path)
    if scopes is None:
        return []
    best: dict[SymbolId, tuple[float, Symbol]] = {}
    for use, _ in used_at(scopes.facts, byte):
        for symbol, confidence in meanings(snapshot, use):
            best.setdefault(symbol.id, (confidence, symbol))
    if best:
        ranked = sorted(best.values(), key=lambda one: -one[0])
        return _without_makers([symbol for _, symbol in ranked])[:MAX_MEANT]
    if (own := named_at(scopes.facts, byte)) is not None:
        return [own]
    text = texts(path)
    found = _imported_at(snapshot, scopes.facts, byte, text) if text is not None else ()
    return list({symbol.id: symbol for symbol in found}.values())[:MAX_MEANT]


def meanings(snapshot: Snapshot, use: Reference) -> list[tuple[Symbol, float]]:
    """Return what a use means, each with its confidence."""
    resolver = snapshot.linked.resolving.get(family(path_of(use.source)))
    return list(resolver.meanings(use)) if resolver is not None else []


def _without_makers(symbols: list[Symbol]) -> list[Symbol]:
    """Leave the constructors of classes out that are there themselves."""
    classes = {(symbol.span.path, symbol.qualname) for symbol in symbols if symbol.kind in ("class", "enum")}
    return [symbol for symbol in symbols if not _is_maker(symbol, classes)]


def _is_maker(symbol: Symbol, classes: Collection[tuple[str, str]]) -> bool:
    outer = symbol.qualname.rpartition(".")[0]
    is_named_so = symbol.name in MAKERS or symbol.name == outer.rpartition(".")[2]
    return symbol.kind == "method" and is_named_so and (symbol.span.path, outer) in classes


def bindings(facts: FileFacts) -> Iterator[Import]:
    """Yield what a file imports, and what it passes on."""
    yield from facts.imports
    yield from (Import(one.name, one.module, one.target) for one in facts.exports if one.module)


def imported(snapshot: Snapshot, path: str, binding: Import) -> list[Symbol]:
    """Return what an import of a file takes in: definitions, then files."""
    resolver = snapshot.linked.resolving.get(family(path))
    return list(resolver.imported(path, binding)) if resolver is not None else []


def _imported_at(snapshot: Snapshot, facts: FileFacts, byte: int, text: bytes) -> Iterator[Symbol]:
    """Yield what the word around a byte of an import means: a definition, else a file."""
    span = import_around(facts, byte)
    if span is None:
        return
    statement = text[span[0] : span[1]].decode("utf-8", "replace")
    at = len(text[span[0] : byte].decode("utf-8", "replace"))
    run = next((one for one in _RUN.finditer(statement) if one.start() <= at <= one.end()), None)
    word = next((one for one in _WORD.finditer(statement) if one.start() <= at <= one.end()), None)
    if run is None or word is None:
        return
    known = [one for one in bindings(facts) if one.module.rpartition(".")[2] in statement]
    named = [one for one in known if word[0] in (one.name, one.target)]
    for binding in named:
        found = imported(snapshot, facts.path, binding)
        definitions = [one for one in found if one.kind != "module"] if binding.target else []
        yield from definitions or found[:1]
    if named:
        return
    said, upto = run[0].lstrip("."), run[0][: word.end() - run.start()].lstrip(".")
    for binding in known:
        if binding.module in (run[0], said) or f"{binding.module}.".startswith(f"{upto}."):
            module = binding.module if binding.module == run[0] else upto
            found = imported(snapshot, facts.path, Import("", module, "", binding.level))
            if not found and binding.module == module:  # what is taken in whole, as C's headers
                found = imported(snapshot, facts.path, binding)
            if modules := [one for one in found if one.kind == "module"]:
                yield from modules
                return


# --- who calls whom, what is built on what ----------------------------------------------------------------------

Related = list[tuple[Symbol, list[Use]]]
"""Definitions, each with the places that relate it to the one that was asked for."""


def outgoing(snapshot: Snapshot, source: SymbolId) -> Related:
    """Return what `source` calls, in the order of its calls, with them; what is inside of it calls for itself."""
    found: dict[SymbolId, tuple[Symbol, list[Use]]] = {}
    for use, places in _own_uses(snapshot, source, "call"):
        size = len(use.name.encode())
        for symbol in _without_makers([symbol for symbol, _ in meanings(snapshot, use)]):
            if symbol.kind != "module":
                calls = found.setdefault(symbol.id, (symbol, []))[1]
                calls += [Use(path_of(source), at, size, source, "call") for at in places]
    return sorted(found.values(), key=lambda one: min((use.at for use in one[1]), default=0))


def supertypes(snapshot: Snapshot, target: SymbolId) -> list[Symbol]:
    """Return what a class is built on, in the order in which it says so."""
    found: dict[SymbolId, Symbol] = {}
    for use, _ in _own_uses(snapshot, target, "inherit"):
        found.update((symbol.id, symbol) for symbol, _ in meanings(snapshot, use))
    return [symbol for symbol in found.values() if symbol.id != target]


def subtypes(snapshot: Snapshot, target: SymbolId) -> list[Symbol]:
    """Return what is built on a class, in path order."""
    sources = dict.fromkeys(edge.source for edge in snapshot.linked.into(target) if edge.kind == "inherits")
    return [symbol for source in sources if (symbol := snapshot.linked.symbol(source)) is not None]


def _own_uses(snapshot: Snapshot, source: SymbolId, kind: ReferenceKind) -> list[tuple[Reference, memoryview]]:
    scopes = snapshot.linked.files.get(path_of(source))
    known = each_use(scopes.facts) if scopes is not None else ()
    return [(use, places) for use, places in known if use.source == source and use.kind == kind]


# --- a file's definitions ---------------------------------------------------------------------------------------


def outline(snapshot: Snapshot, path: str) -> list[tuple[Symbol, int]]:
    """Return the definitions of a file in source order, each with the index of the one around it; -1 for none."""
    symbols = snapshot.in_file(path)
    if not symbols:
        return []
    parents = Outline([(symbol.span.start_byte, symbol.span.end_byte) for symbol in symbols]).parents
    return [(symbol, parents[index] - 1) for index, symbol in enumerate(symbols) if index]


def name_of(snapshot: Snapshot, symbol: Symbol) -> tuple[int, int]:
    """Return the bytes ``(start, end)`` of a definition's name; both are its beginning where it is written nowhere."""
    facts = snapshot.linked.files[symbol.span.path].facts
    index = bisect_left(facts.symbols, symbol.span.start_byte, lo=1, key=lambda one: one.span.start_byte)
    while index < len(facts.symbols) and facts.symbols[index].id != symbol.id:
        index += 1
    if (at := name_at(facts, index)) == NOWHERE:
        return symbol.span.start_byte, symbol.span.start_byte
    return at, at + len(symbol.name.encode())
