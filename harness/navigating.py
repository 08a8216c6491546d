"""Answers where things are from the index, in the positions that a door's client counts; nothing is run.

A place is told by the very text that the index read it from: the open buffer's, else the file's. Where that text is
there no more, the index is brought up to date once, in bounded time; what is still of another text then is left out and
the answer is not complete. Questions are answered one after the other, on a thread of their own; nobody who has left is
worked for. Once somebody has asked for uses, what the others will take is prepared in the time that is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

from bridle.harness.ground import Ground
from bridle.harness.knowing import Knowing
from bridle.harness.navigation import (
    Area,
    FindSymbols,
    GetDefinitions,
    GetImpact,
    GetOutline,
    GetRelated,
    GetUses,
    Impact,
    Known,
    NavigationReply,
    NavigationRequest,
    Reached,
    RelatedSymbols,
    Spot,
    SymbolRow,
    Symbols,
    Uses,
)
from bridle.harness.texts import Text, Texts
from bridle.harness.withholding import withheld
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.lookup import alike, meant
from bridle.indexer.navigation import (
    Related,
    Use,
    definitions_at,
    name_of,
    outgoing,
    outline,
    subtypes,
    supertypes,
)
from bridle.indexer.resolve import is_test, path_of
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.symbolsearch import SymbolNames, search_symbols
from bridle.indexer.text import PositionEncoding
from bridle.indexer.usages import Usages

CATCH_UP_S = 2.0
PREPARING_S = 0.015
RESTING_S = 0.02
NO_CODE = frozenset(("module", "section", "key", "suite"))
"""What is pointed at as a place alone, not as a definition."""


class Pointed(NamedTuple):
    """What is meant at a position by a snapshot; None where it is no name of the index, or nobody looked in time."""

    snapshot: Snapshot | None = None
    symbol: Symbol | None = None
    complete: bool = False


class Navigating:
    """The way around one root."""

    def __init__(self, ground: Ground, knowing: Knowing) -> None:
        self._ground = ground
        self._knowing = knowing
        self._texts = Texts(ground.root, ground.buffers)
        self._usages = Usages()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="navigating")
        self._names: SymbolNames | None = None
        self._preparing: asyncio.Task[None] | None = None

    async def point(self, at: Spot) -> Pointed:
        """Return what is meant at a position as it is known now: nothing is waited for but questions before it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._point, at)

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
        if isinstance(request, GetUses | GetRelated) and (self._preparing is None or self._preparing.done()):
            self._preparing = asyncio.create_task(self._prepare())
        return reply

    def close(self) -> None:
        """Answer nothing more."""
        if self._preparing is not None:
            self._preparing.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _prepare(self) -> None:
        """Look at all files in small portions: a question waits for one at most."""
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(self._thread, self._prepare_some):  # noqa: ASYNC110 - it rests between portions
            await asyncio.sleep(RESTING_S)

    def _prepare_some(self) -> bool:
        until = time.monotonic() + PREPARING_S
        snapshot = self._knowing.now
        texts = self._seen(snapshot, "utf-8").bytes_of
        return snapshot.complete and self._usages.prepare(snapshot, texts, lambda: time.monotonic() > until)

    def _point(self, at: Spot) -> Pointed:
        snapshot = self._knowing.now
        seen = self._seen(snapshot, at.encoding)
        found = seen.meant(at) or seen.headed(at)
        symbol = next((one for one in found if one.kind not in NO_CODE), None)
        return Pointed(snapshot, symbol, complete=snapshot.complete and not seen.is_behind)

    def _found(self, request: FindSymbols, snapshot: Snapshot) -> Sequence[Symbol]:
        """Return the definitions that answer, one more than are wanted where there are more."""
        names, without = self._names_of(snapshot), frozenset(request.without)
        wanted = n_asked = request.limit + 1
        why_withheld = withheld(self._ground) if request.by_model else _nothing
        while True:
            found = search_symbols(snapshot, names, request.query, n_asked, without)
            shown = [one for one in found if not why_withheld(one.span.path)]
            if len(shown) >= wanted or len(found) < n_asked:
                return shown[:wanted]
            n_asked *= 4

    def _answer(self, request: NavigationRequest, stop: threading.Event) -> tuple[NavigationReply, bool]:
        """Return the answer, and whether files are not as the index knows them."""
        snapshot = self._knowing.now
        match request:
            case FindSymbols():
                seen = self._seen(snapshot, request.encoding)
                found = self._found(request, snapshot)
                rows = seen.rows(found[: request.limit])
                reply: NavigationReply = Symbols(rows, seen.known(cut=len(found) > request.limit))
            case GetOutline():
                seen = self._seen(snapshot, request.encoding)
                reply = Symbols(seen.outline(request.path), seen.known())
            case GetDefinitions():
                seen = self._seen(snapshot, request.at.encoding)
                reply = Symbols(seen.rows(seen.meant(request.at)), seen.known())
            case GetUses():
                seen = self._seen(snapshot, request.at.encoding)
                reply = seen.uses(request, stop)
            case GetRelated():
                seen = self._seen(snapshot, request.encoding)
                reply = seen.related(request, stop)
            case GetImpact():
                return impact(snapshot, request, withheld(self._ground) if request.by_model else _nothing), False
        return reply, seen.is_behind

    def _seen(self, snapshot: Snapshot, encoding: PositionEncoding) -> _Seen:
        return _Seen(snapshot, self._texts, self._usages, encoding)

    def _names_of(self, snapshot: Snapshot) -> SymbolNames:
        if self._names is None or self._names.groups is not snapshot.linked.names:
            self._names = SymbolNames(snapshot.linked.names, self._names)
        return self._names


def impact(snapshot: Snapshot, request: GetImpact, why_withheld: Callable[[str], str]) -> Impact:
    """Return what reaches the definitions that are meant, by the graph alone: no text is looked at."""
    of = [symbol for symbol in meant(snapshot, request.written) if not why_withheld(symbol.span.path)]
    ids = [symbol.id for symbol in of]
    found = snapshot.tests_reaching(ids) if request.tests else snapshot.reaching(ids)
    found = [reach for reach in found if reach.symbol.id not in ids and not why_withheld(reach.symbol.span.path)]
    start = max(request.start, 0)
    shown = found[start : start + max(request.limit, 0)]
    near = () if of else (one for one in alike(snapshot, request.written) if not why_withheld(path_of(one)))
    return Impact(
        tuple(_reached(symbol) for symbol in of),
        tuple(
            _reached(reach.symbol, reach.confidence, tuple(one for one in reach.path if not why_withheld(path_of(one))))
            for reach in shown
        ),
        len(found),
        Known(snapshot.complete, cut=len(found) > start + len(shown)),
        tuple(near),
    )


def _nothing(_: str) -> str:
    """Tell of a path why it is withheld from a person: it never is."""
    return ""


def _reached(symbol: Symbol, confidence: float = 1.0, way: tuple[SymbolId, ...] = ()) -> Reached:
    span, test = symbol.span, is_test(symbol)
    sure = round(confidence, 4)
    end = max(span.end_line, span.start_line + 1)
    return Reached(symbol.id, symbol.kind, symbol.qualname, span.path, span.start_line, end, sure, way, test)


class _Seen:
    """One question's view: a snapshot, and the texts that its places are told by, each looked at once."""

    def __init__(self, snapshot: Snapshot, texts: Texts, usages: Usages, encoding: PositionEncoding) -> None:
        self._snapshot = snapshot
        self._all_texts = texts
        self._usages = usages
        self._encoding: PositionEncoding = encoding
        self._texts: dict[str, Text | None] = {}
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
        if text is None:
            return []
        byte = text.byte_at(at.line, at.character, at.encoding)
        return definitions_at(self._snapshot, at.path, byte, self.bytes_of)

    def headed(self, at: Spot) -> list[Symbol]:
        """Return the definition whose name stands on the line of a position."""
        symbol, text = self._snapshot.enclosing(at.path, at.line), self._text(at.path)
        if symbol is None or text is None or symbol.kind == "module":
            return []
        return [symbol] if text.position(name_of(self._snapshot, symbol)[0], "utf-8")[0] == at.line else []

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
        found = self._usages.of(self._snapshot, [symbol.id for symbol in targets], self.bytes_of, stop.is_set)
        for use in islice(found, request.limit + 1):
            area = self._place(use)
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
            areas = (self._place(use) for use in uses[: max(n_left, 0)])
            if row is not None and n_left > 0:
                rows.append((row, tuple(area for area in areas if area is not None)))
            n_left -= max(1, len(uses))
        return RelatedSymbols(tuple(rows), self.known(cut=n_left < 0))

    def _related(self, target: SymbolId, request: GetRelated, stop: threading.Event) -> Related:
        match request.relation:
            case "callers":
                return self._usages.incoming(self._snapshot, target, self.bytes_of, stop.is_set)
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

    def _place(self, use: Use) -> Area | None:
        text = self._text(use.path)
        if text is None:
            return None
        self._told.add(use.path)
        return text.written(use.at, use.size, self._encoding)

    def bytes_of(self, path: str) -> bytes | None:
        """Return the text of a file in UTF-8 as the snapshot knows it."""
        text = self._text(path)
        return text.data if text is not None else None

    def _text(self, path: str) -> Text | None:
        """Return the text that the index has of a file; None where there is none, or it is of another one by now."""
        if path not in self._texts:
            scopes = self._snapshot.linked.files.get(path)
            text = self._all_texts.get(path, scopes.facts.digest) if scopes is not None else None
            self.is_behind |= scopes is not None and text is None
            self._texts[path] = text
        return self._texts[path]
