"""Answers where things are from the index, in the positions that a door's client counts; nothing is run.

A place is told by the very text that the index read it from: the open buffer's, else the file's. Where that text is
there no more, the index is brought up to date once, in bounded time; what is still of another text then is left out and
the answer is not complete. Questions are answered one after the other, on a thread of their own; nobody who has left is
worked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from bridle.harness.buffers import Buffers
from bridle.harness.knowing import Knowing
from bridle.harness.navigation import (
    Area,
    FindSymbols,
    GetDefinitions,
    GetOutline,
    GetRelated,
    GetUses,
    Known,
    NavigationReply,
    NavigationRequest,
    RelatedSymbols,
    Spot,
    SymbolRow,
    Symbols,
    Uses,
)
from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.files import read_bounded
from bridle.indexer.languages.lines import Lines
from bridle.indexer.navigation import (
    Related,
    definitions_at,
    incoming,
    name_of,
    outgoing,
    outline,
    subtypes,
    supertypes,
    uses_of,
)
from bridle.indexer.parse import in_utf8
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.symbolsearch import SymbolNames, search_symbols
from bridle.indexer.text import PositionEncoding, index_of_unit, line_body, unit_length

CATCH_UP_S = 2.0


class Navigating:
    """The way around one root."""

    def __init__(self, root: Path, buffers: Buffers, knowing: Knowing) -> None:
        self._root = root
        self._buffers = buffers
        self._knowing = knowing
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="navigating")
        self._names: SymbolNames | None = None

    async def answer(self, request: NavigationRequest) -> NavigationReply:
        """Answer from what is known now. Ends its work when it is cancelled."""
        stop = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            reply, is_behind = await loop.run_in_executor(self._thread, self._answer, request, stop)
            if is_behind:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._knowing.snapshot(), CATCH_UP_S)
                reply, _ = await loop.run_in_executor(self._thread, self._answer, request, stop)
        finally:
            stop.set()
        return reply

    def close(self) -> None:
        """Answer nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer(self, request: NavigationRequest, stop: threading.Event) -> tuple[NavigationReply, bool]:
        """Return the answer, and whether files are not as the index knows them."""
        snapshot = self._knowing.now
        match request:
            case FindSymbols():
                seen = _Seen(snapshot, self._root, self._buffers, request.encoding)
                names = self._names_of(snapshot)
                found = search_symbols(snapshot, names, request.query, request.limit + 1, frozenset(request.without))
                rows = seen.rows(found[: request.limit])
                reply: NavigationReply = Symbols(rows, seen.known(cut=len(found) > request.limit))
            case GetOutline():
                seen = _Seen(snapshot, self._root, self._buffers, request.encoding)
                reply = Symbols(seen.outline(request.path), seen.known())
            case GetDefinitions():
                seen = _Seen(snapshot, self._root, self._buffers, request.at.encoding)
                reply = Symbols(seen.rows(seen.meant(request.at)), seen.known())
            case GetUses():
                seen = _Seen(snapshot, self._root, self._buffers, request.at.encoding)
                reply = seen.uses(request, stop)
            case GetRelated():
                seen = _Seen(snapshot, self._root, self._buffers, request.encoding)
                reply = seen.related(request, stop)
        return reply, seen.is_behind

    def _names_of(self, snapshot: Snapshot) -> SymbolNames:
        if self._names is None or self._names.groups is not snapshot.linked.names:
            self._names = SymbolNames(snapshot.linked.names, self._names)
        return self._names


class _Text:
    """A text in UTF-8 with its lines; `version` is the open document's, None of a file on disk."""

    def __init__(self, path: str, data: bytes, version: int | None) -> None:
        self.data = data
        self.version = version
        self._lines = Lines(path, data)
        self._starts = self._lines.starts

    def byte_at(self, spot: Spot) -> int:
        """Return the byte of a position; one past the end of its line is that end."""
        if spot.line >= len(self._starts):
            return len(self.data)
        start = self._starts[max(spot.line, 0)]
        line = line_body(self._line(max(spot.line, 0)))
        return start + len(line[: index_of_unit(line, max(spot.character, 0), spot.encoding)].encode())

    def position(self, byte: int, encoding: PositionEncoding) -> tuple[int, int]:
        """Return the line and the character of a byte."""
        line = max(self._lines.at(byte), 0)
        start = self._starts[line] if self._starts else 0
        return line, unit_length(self.data[start:byte].decode("utf-8", "replace"), encoding)

    def _line(self, line: int) -> str:
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.data)
        return self.data[self._starts[line] : end].decode("utf-8", "replace")


class _Seen:
    """One question's view: a snapshot, and the texts that its places are told by, each looked at once."""

    def __init__(self, snapshot: Snapshot, root: Path, buffers: Buffers, encoding: PositionEncoding) -> None:
        self._snapshot = snapshot
        self._root = root
        self._buffers = buffers
        self._encoding: PositionEncoding = encoding
        self._texts: dict[str, _Text | None] = {}
        self._told: set[str] = set()
        self.is_behind = False

    def known(self, *, cut: bool = False) -> Known:
        """Return what the answer is of."""
        texts = ((path, self._texts.get(path)) for path in sorted(self._told))
        versions = {path: text.version for path, text in texts if text is not None and text.version is not None}
        return Known(self._snapshot.complete and not self.is_behind, cut, versions)

    def meant(self, at: Spot) -> list[Symbol]:
        """Return what the name at a position means."""
        text = self._text(at.path)
        return definitions_at(self._snapshot, at.path, text.byte_at(at), self._bytes) if text is not None else []

    def rows(self, symbols: Iterable[Symbol]) -> tuple[SymbolRow, ...]:
        """Return definitions with their places; those of a text that is not there left out."""
        return tuple(row for symbol in symbols if (row := self._row(symbol)) is not None)

    def outline(self, path: str) -> tuple[SymbolRow, ...]:
        """Return the definitions of a file."""
        found = (self._row(symbol, parent) for symbol, parent in outline(self._snapshot, path))
        return tuple(row for row in found if row is not None)

    def uses(self, request: GetUses, stop: threading.Event) -> Uses:
        """Return where what stands at a position is used."""
        targets = self.meant(request.at)
        rows: list[tuple[str, Area]] = []
        if request.declaration:
            rows += [(row.path, row.name_area) for row in self.rows(targets)]
        found = uses_of(self._snapshot, [symbol.id for symbol in targets], self._bytes, stop.is_set)
        for use in islice(found, request.limit + 1):
            area = self._area(use.path, use.at, use.at + use.size)
            rows += [(use.path, area)] if area is not None else []
        rows = list(dict.fromkeys(rows))
        return Uses(tuple(rows[: request.limit]), self.known(cut=len(rows) > request.limit))

    def related(self, request: GetRelated, stop: threading.Event) -> RelatedSymbols:
        """Return what is related to a definition, and by what."""
        related = self._related(request.symbol, request, stop)
        rows: list[tuple[SymbolRow, tuple[Area, ...]]] = []
        n_left = request.limit
        for symbol, uses in related:
            row = self._row(symbol)
            areas = (self._area(use.path, use.at, use.at + use.size) for use in uses[: max(n_left, 0)])
            if row is not None and n_left > 0:
                rows.append((row, tuple(area for area in areas if area is not None)))
            n_left -= max(1, len(uses))
        return RelatedSymbols(tuple(rows), self.known(cut=n_left < 0))

    def _related(self, target: SymbolId, request: GetRelated, stop: threading.Event) -> Related:
        match request.relation:
            case "callers":
                return incoming(self._snapshot, target, self._bytes, stop.is_set)
            case "callees":
                return outgoing(self._snapshot, target)
            case "supertypes":
                return [(symbol, []) for symbol in supertypes(self._snapshot, target)]
            case "subtypes":
                return [(symbol, []) for symbol in subtypes(self._snapshot, target)]

    def _row(self, symbol: Symbol, parent: int = -1) -> SymbolRow | None:
        span = symbol.span
        if symbol.kind == "module":
            area: Area | None = (0, 0, 0, 0)
            name: Area | None = area
            self._told.add(span.path)
        else:
            area = self._area(span.path, span.start_byte, span.end_byte)
            name = self._area(span.path, *name_of(self._snapshot, symbol))
        if area is None or name is None:
            return None
        kind, called = symbol.kind, symbol.name
        return SymbolRow(symbol.id, kind, called, symbol.qualname, symbol.signature, span.path, area, name, parent)

    def _area(self, path: str, start: int, end: int) -> Area | None:
        text = self._text(path)
        if text is None:
            return None
        self._told.add(path)
        return (*text.position(start, self._encoding), *text.position(end, self._encoding))

    def _bytes(self, path: str) -> bytes | None:
        text = self._text(path)
        return text.data if text is not None else None

    def _text(self, path: str) -> _Text | None:
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> _Text | None:
        """Return the text that the index has of a file; None where there is none, or it is of another one by now."""
        scopes = self._snapshot.linked.files.get(path)
        if scopes is None:
            return None
        document = self._buffers.get(path)
        if document is not None:
            data = document.buffer.text.encode("utf-8", "replace")
            text = _Text(path, data, document.buffer.version)
        else:
            try:
                data = read_bounded(self._root / path)
                text = _Text(path, in_utf8(data), None)
            except (OSError, UndecodableError):
                data, text = b"", None
        if text is None or digest(data) != scopes.facts.digest:
            self.is_behind = True
            return None
        return text
