"""The facts of one file in few bytes: each text once, the rest as columns of small numbers. Pure.

The ids of the definitions stand in front and can be had without the rest: they are what edges name. All of them begin
with the path of their file, which every span names too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, repeat
from operator import attrgetter
from typing import get_args

import msgspec

from bridle.indexer.facts import (
    Export,
    FileFacts,
    Import,
    Places,
    Reference,
    ReferenceKind,
    Span,
    Symbol,
    SymbolId,
    SymbolKind,
    Typed,
    Value,
)

_SYMBOL_KINDS: tuple[SymbolKind, ...] = get_args(SymbolKind)
_USE_KINDS: tuple[ReferenceKind, ...] = get_args(ReferenceKind)
_SYMBOL_NUMBERS = {kind: number for number, kind in enumerate(_SYMBOL_KINDS)}
_USE_NUMBERS = {kind: number for number, kind in enumerate(_USE_KINDS)}
_Column = tuple[int, ...]


class _Columns(msgspec.Struct, frozen=True, array_like=True):
    """A row of columns for each kind of thing, in the order of its fields; a text is its number among all texts.

    The first texts are the ids of the definitions, which are not written a second time.
    """

    texts: tuple[str, ...]
    symbols: tuple[_Column, ...]
    references: tuple[_Column, ...]
    imports: tuple[_Column, ...]
    values: tuple[_Column, ...]
    exports: tuple[_Column, ...]
    types: tuple[_Column, ...]
    package: str
    places: Places


class _Compact(msgspec.Struct, frozen=True, array_like=True):
    """`own` is what the ids have behind the path and ``::``; `rest` are the columns."""

    own: tuple[str, ...]
    rest: msgspec.Raw


_encode = msgspec.msgpack.Encoder().encode
_COMPACT = msgspec.msgpack.Decoder(_Compact)
_COLUMNS = msgspec.msgpack.Decoder(_Columns)


class _Texts(dict[str, int]):
    """The number of each text: those of the ids, then the next one for a text that is new."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(zip(ids, range(len(ids)), strict=True))
        self._n_ids = len(self)
        self._n_twice = len(ids) - len(self)

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self) + self._n_twice
        return number

    def column(self, rows: Iterable[object], field: str) -> _Column:
        """Return the numbers of what a field of some things says."""
        return tuple(map(self.__getitem__, map(attrgetter(field), rows)))

    def others(self) -> tuple[str, ...]:
        """Return the texts that are no ids, in the order of their numbers."""
        return tuple(islice(self, self._n_ids, None))


def compact(facts: FileFacts) -> bytes:
    """Return what `facts_of` makes the same facts of, beside the path, the digest and the sizes of the file."""
    begin = len(facts.path) + 2
    ids = [symbol.id for symbol in facts.symbols]
    texts = _Texts(ids)
    column = texts.column
    symbols, uses, imports = facts.symbols, facts.references, facts.imports
    spans = [symbol.span for symbol in symbols]
    columns = _Columns(
        (),
        (
            tuple([_SYMBOL_NUMBERS[one.kind] for one in symbols]),
            column(symbols, "name"),
            column(symbols, "qualname"),
            tuple([span.start_line for span in spans]),
            tuple([span.end_line for span in spans]),
            tuple([span.start_byte for span in spans]),
            tuple([span.end_byte for span in spans]),
            column(symbols, "signature"),
            column(symbols, "doc"),
        ),
        (
            column(uses, "name"),
            column(uses, "qualifier"),
            tuple([_USE_NUMBERS[one.kind] for one in uses]),
            column(uses, "source"),
            tuple([one.line for one in uses]),
        ),
        (
            column(imports, "name"),
            column(imports, "module"),
            column(imports, "target"),
            tuple([one.level for one in imports]),
            column(imports, "scope"),
        ),
        (
            column(facts.values, "owner"),
            column(facts.values, "name"),
            column(facts.values, "path"),
        ),
        (
            column(facts.exports, "name"),
            column(facts.exports, "target"),
            column(facts.exports, "module"),
        ),
        (column(facts.types, "qualname"), column(facts.types, "type")),
        facts.package,
        facts.places,
    )
    whole = msgspec.structs.replace(columns, texts=texts.others())
    return _encode(_Compact(tuple([known[begin:] for known in ids]), msgspec.Raw(_encode(whole))))


def ids_of(path: str, data: bytes) -> list[SymbolId]:
    """Return the ids of the definitions of a file, in their order.

    Raises:
        msgspec.MsgspecError: that is not what `compact` makes.
    """
    return [SymbolId(f"{path}::{own}") for own in _COMPACT.decode(data).own]


def facts_of(path: str, digest: str, n_lines: int, n_bytes: int, data: bytes) -> FileFacts:
    """Return the facts that `compact` was given.

    Raises:
        msgspec.MsgspecError: that is not what `compact` makes.
    """
    known = _COMPACT.decode(data)
    columns = _COLUMNS.decode(known.rest)
    ids = [SymbolId(f"{path}::{own}") for own in known.own]
    text = [*ids, *columns.texts].__getitem__
    kinds, names, qualnames, *places, signatures, docs = columns.symbols
    uses, imports, values, exports, types = (
        columns.references, columns.imports, columns.values, columns.exports, columns.types
    )  # fmt: skip
    return FileFacts(
        path,
        digest,
        n_lines,
        n_bytes,
        tuple(
            map(
                Symbol,
                ids,
                [_SYMBOL_KINDS[kind] for kind in kinds],
                map(text, names),
                map(text, qualnames),
                map(Span, repeat(path), *places),
                map(text, signatures),
                map(text, docs),
            )
        ),
        tuple(
            map(
                Reference,
                map(text, uses[0]),
                map(text, uses[1]),
                [_USE_KINDS[kind] for kind in uses[2]],
                map(ids.__getitem__, uses[3]),
                uses[4],
            )
        ),
        tuple(map(Import, *(map(text, one) for one in imports[:3]), imports[3], map(text, imports[4]))),
        tuple(map(Value, *(map(text, one) for one in values))),
        tuple(map(Export, *(map(text, one) for one in exports))),
        tuple(map(Typed, *(map(text, one) for one in types))),
        columns.package,
        columns.places,
    )
