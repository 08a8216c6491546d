"""Definitions and places of the engine as the protocol's objects, as plain JSON: there may be very many. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsprotocol import types as lsp

from bridle.harness.engine import Area, SymbolRow

Json = dict[str, Any]
UriOf = Callable[[str], str]

_KINDS: Mapping[str, lsp.SymbolKind] = {
    "module": lsp.SymbolKind.Module,
    "class": lsp.SymbolKind.Class,
    "function": lsp.SymbolKind.Function,
    "method": lsp.SymbolKind.Method,
    "variable": lsp.SymbolKind.Variable,
    "interface": lsp.SymbolKind.Interface,
    "type": lsp.SymbolKind.Class,
    "enum": lsp.SymbolKind.Enum,
    "namespace": lsp.SymbolKind.Namespace,
    "suite": lsp.SymbolKind.Namespace,
    "test": lsp.SymbolKind.Function,
    "section": lsp.SymbolKind.String,  # as editors show headings
    "key": lsp.SymbolKind.Key,
}
_MAKERS = frozenset(("__init__", "constructor", "__construct"))


def range_of(area: Area) -> Json:
    """Return a stretch of text."""
    first, start, last, end = area
    return {"start": {"line": first, "character": start}, "end": {"line": last, "character": end}}


def location(uri: str, area: Area) -> Json:
    """Return a place in a document."""
    return {"uri": uri, "range": range_of(area)}


def kind_of(row: SymbolRow) -> int:
    """Return the protocol's kind of a definition, one of those that every client knows."""
    if row.kind == "method" and row.name in _MAKERS:
        return lsp.SymbolKind.Constructor.value
    if row.kind == "variable" and row.name.isupper():
        return lsp.SymbolKind.Constant.value
    return _KINDS[row.kind].value


def nested(rows: Sequence[SymbolRow]) -> list[Json]:
    """Return the definitions of a document, inner ones in those around them."""
    found: list[Json] = []
    outer: list[Json] = []
    for row in rows:
        symbol = _document_symbol(row)
        found.append(symbol)
        (outer if row.parent < 0 else found[row.parent]["children"]).append(symbol)
    return outer


def _document_symbol(row: SymbolRow) -> Json:
    return {
        "name": row.name or "?",
        "detail": row.detail,
        "kind": kind_of(row),
        "range": range_of(row.area),
        "selectionRange": range_of(_within(row.name_area, row.area)),
        "children": [],
    }


def _within(inner: Area, outer: Area) -> Area:
    """Return `inner` where it lies in `outer`, as clients insist on, else where `outer` begins."""
    is_inside = outer[:2] <= inner[:2] and inner[2:] <= outer[2:]
    return inner if is_inside else (*outer[:2], *outer[:2])


def information(row: SymbolRow, uri_of: UriOf) -> Json:
    """Return a definition with its place, and what it is in."""
    outer = row.qualname.rpartition(".")[0]
    return {
        "name": row.name or "?",
        "kind": kind_of(row),
        "location": location(uri_of(row.path), row.name_area),
        "containerName": f"{outer} · {row.path}" if outer else row.path,
    }


def flat(rows: Sequence[SymbolRow], uri_of: UriOf) -> list[Json]:
    """Return the definitions of a document as a list, for clients that take no tree."""
    return [
        {**information(row, uri_of), "location": location(uri_of(row.path), row.area), "containerName": outer}
        for row in rows
        for outer in (rows[row.parent].name if row.parent >= 0 else "",)
    ]


def item(row: SymbolRow, uri_of: UriOf) -> Json:
    """Return a definition as an item of a hierarchy; what it is asked for again by is its id."""
    return {
        "name": row.name or "?",
        "kind": kind_of(row),
        "detail": f"{row.qualname.rpartition('.')[0]} · {row.path}".removeprefix(" · "),
        "uri": uri_of(row.path),
        "range": range_of(row.area),
        "selectionRange": range_of(_within(row.name_area, row.area)),
        "data": row.id,
    }
