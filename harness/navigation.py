"""What a door may ask of the index's graph to lead a person around: requests and replies, frozen.

Lines are 0-based; characters count code units of the encoding that the request names. A reply says of which texts of
open documents it is, by their versions, and whether the index was complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from bridle.indexer.facts import SymbolId, SymbolKind
from bridle.indexer.text import PositionEncoding

MAX_SYMBOLS = 100
MAX_USES = 10_000

Relation = Literal["callers", "callees", "supertypes", "subtypes"]
Area = tuple[int, int, int, int]
"""Start line, start character, end line, end character; the end is not in it."""


class Spot(msgspec.Struct, frozen=True):
    """A position in a file, as a door's client counts."""

    path: str
    line: int
    character: int
    encoding: PositionEncoding


# --- requests ---------------------------------------------------------------------------------------------------


class FindSymbols(msgspec.Struct, frozen=True, tag=True):
    """Definitions by what a person types of a name, best first; files in `without`'s languages left out. → Symbols.

    Of what a model asks, those in files are left out that it may not be shown unasked.
    """

    query: str
    encoding: PositionEncoding
    without: tuple[str, ...] = ()
    limit: int = MAX_SYMBOLS
    by_model: bool = False


class GetOutline(msgspec.Struct, frozen=True, tag=True):
    """The definitions of a file, in source order. → Symbols, each with the index of the one around it."""

    path: str
    encoding: PositionEncoding


class GetDefinitions(msgspec.Struct, frozen=True, tag=True):
    """What the name at a position means, surest first. → Symbols."""

    at: Spot


class GetUses(msgspec.Struct, frozen=True, tag=True):
    """Where what a position's name means is used, with `declaration` where it is defined too. → Uses, in path order."""

    at: Spot
    declaration: bool
    limit: int = MAX_USES


class GetRelated(msgspec.Struct, frozen=True, tag=True):
    """What calls a definition, is called by it, is built on it, or it is built on. → RelatedSymbols."""

    symbol: SymbolId
    relation: Relation
    encoding: PositionEncoding
    limit: int = MAX_USES


class GetImpact(msgspec.Struct, frozen=True, tag=True):
    """What a change of a definition can reach, surest first, itself left out; of it only tests, if asked. → Impact.

    `written` is an id, a name, a qualified name or FILE:LINE, whose line is 1-based. Where a model asks, `by_model`,
    nothing is named that stands in a file which it may not read unasked.
    """

    written: str
    tests: bool = False
    start: int = 0
    limit: int = MAX_SYMBOLS
    by_model: bool = False


NavigationRequest = FindSymbols | GetOutline | GetDefinitions | GetUses | GetRelated | GetImpact

# --- replies ----------------------------------------------------------------------------------------------------


class Known(msgspec.Struct, frozen=True):
    """What an answer is of: `versions` are those of the open documents that it names places in.

    It is not `complete` while files are still to be read; it is `cut` where more was found than was asked for.
    """

    complete: bool
    cut: bool = False
    versions: Mapping[str, int] = {}


class SymbolRow(msgspec.Struct, frozen=True, array_like=True):
    """A definition: all of it (`area`), its name, and the row of the one around it, -1 for none."""

    id: SymbolId
    kind: SymbolKind
    name: str
    qualname: str
    detail: str
    path: str
    area: Area
    name_area: Area
    parent: int = -1


class Symbols(msgspec.Struct, frozen=True, tag=True):
    """Definitions."""

    rows: tuple[SymbolRow, ...]
    known: Known


class Uses(msgspec.Struct, frozen=True, tag=True):
    """Places, each with its file."""

    rows: tuple[tuple[str, Area], ...]
    known: Known


class RelatedSymbols(msgspec.Struct, frozen=True, tag=True):
    """Definitions, each with the places that relate it, which are in the caller's file."""

    rows: tuple[tuple[SymbolRow, tuple[Area, ...]], ...]
    known: Known


class Reached(msgspec.Struct, frozen=True, array_like=True):
    """A definition with its lines, 0-based and half-open, and the `way` from it to what was asked for, as ids."""

    id: SymbolId
    kind: SymbolKind
    qualname: str
    path: str
    start_line: int
    end_line: int
    confidence: float = 1.0
    way: tuple[SymbolId, ...] = ()
    is_test: bool = False


class Impact(msgspec.Struct, frozen=True, tag=True):
    """What reaches `of`, the definitions that were meant: so many of `total`. Where nothing was, what is `alike`."""

    of: tuple[Reached, ...]
    rows: tuple[Reached, ...]
    total: int
    known: Known
    alike: tuple[SymbolId, ...] = ()


NavigationReply = Symbols | Uses | RelatedSymbols | Impact
