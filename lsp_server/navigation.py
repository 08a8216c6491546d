"""The way around the code: definitions, uses, symbols and hierarchies, asked of the engine's index.

Answers at once with nothing where it is not wanted (`neighbours`). What is asked is asked of the documents as they are
now; where one moved on while the answer was on its way, the client is told so in place of wrong positions.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from lsprotocol import types as lsp

from bridle.harness.engine import (
    Area,
    EngineReply,
    EngineRequest,
    FindSymbols,
    GetDefinitions,
    GetOutline,
    GetRelated,
    GetUses,
    Known,
    RelatedSymbols,
    Relation,
    Spot,
    SymbolRow,
    Symbols,
    Uses,
)
from bridle.indexer.facts import SymbolId
from bridle.lsp_server import shapes
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.folders import Folders
from bridle.lsp_server.neighbours import Neighbours, read_neighbours
from bridle.lsp_server.protocol import Handler, Plain, Refusal
from bridle.lsp_server.session import Session
from bridle.lsp_server.settings import ClientSettings

PATIENCE_S = 10.0
LONG_PATIENCE_S = 30.0
TELL_NEIGHBOURS = "bridle/neighbours"
MANY = 500
"""So many places take longer to tell than the loop may be held."""
INCOMPLETE = "files are still being read: this is what is known by now"

_TYPES = frozenset(("class", "interface", "enum", "type"))
_Related = lsp.CallHierarchyIncomingCallsParams | lsp.CallHierarchyOutgoingCallsParams
_Built = lsp.TypeHierarchySupertypesParams | lsp.TypeHierarchySubtypesParams
_Prepared = lsp.CallHierarchyPrepareParams | lsp.TypeHierarchyPrepareParams
Reply = TypeVar("Reply", bound=EngineReply)


class Navigation:
    """One client's way around, in each of its folders."""

    def __init__(self, client: Client, folders: Folders) -> None:
        self._client = client
        self._folders = folders
        self._neighbours = Neighbours(client)
        self._told_incomplete = False

    def handlers(self) -> dict[str, Handler]:
        """Return what answers which request."""
        return {
            lsp.WORKSPACE_SYMBOL: self._symbols,
            lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: self._outline,
            lsp.TEXT_DOCUMENT_DEFINITION: self._definition,
            lsp.TEXT_DOCUMENT_REFERENCES: self._references,
            lsp.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: self._callable,
            lsp.CALL_HIERARCHY_INCOMING_CALLS: self._incoming,
            lsp.CALL_HIERARCHY_OUTGOING_CALLS: self._outgoing,
            lsp.TEXT_DOCUMENT_PREPARE_TYPE_HIERARCHY: self._type,
            lsp.TYPE_HIERARCHY_SUPERTYPES: self._supertypes,
            lsp.TYPE_HIERARCHY_SUBTYPES: self._subtypes,
            TELL_NEIGHBOURS: self._told,
        }

    def follow(self, settings: ClientSettings) -> None:
        """Take what the person wants, and offer what comes of it."""
        if settings.navigation is not None:
            self._neighbours.want(settings.navigation)
            self._offer()

    def _told(self, params: object) -> None:
        """Take what our plug-in says of other servers."""
        self._neighbours.take(read_neighbours(params))
        self._offer()

    def _offer(self) -> None:
        work = self._folders.current
        if work is not None:
            work.session.spawn(self._neighbours.offer(work.session.editor))

    # --- names ----------------------------------------------------------------------------------------------

    async def _symbols(self, params: lsp.WorkspaceSymbolParams) -> Plain | None:
        sessions = [work.session for work in self._folders.at_work()]
        if not sessions or not self._neighbours.serves_any:
            return None
        request = FindSymbols(params.query, self._client.encoding, self._neighbours.left_out())
        answers = await asyncio.gather(*(_ask(one, request, Symbols) for one in sessions), return_exceptions=True)
        told = [(one, found) for one, found in zip(sessions, answers, strict=True) if isinstance(found, Symbols)]
        if not told:
            raise next(found for found in answers if isinstance(found, BaseException))
        if params.work_done_token is not None and not all(found.known.complete for _, found in told):
            editor = sessions[0].editor
            editor.progress(params.work_done_token, lsp.WorkDoneProgressBegin(title="Bridle", message=INCOMPLETE))
            editor.progress(params.work_done_token, lsp.WorkDoneProgressEnd(message=INCOMPLETE))
        return Plain([shapes.information(row, one.places.uri) for one, found in told for row in found.rows])

    async def _outline(self, params: lsp.DocumentSymbolParams) -> Plain | None:
        served = self._served(params.text_document.uri)
        if served is None:
            return None
        session, path = served
        found = await _ask(session, GetOutline(path, self._client.encoding), Symbols)
        _expect_unmoved(session, found.known)
        if self._client.nested_symbols:
            return Plain(shapes.nested(found.rows))
        return Plain(shapes.flat(found.rows, session.places.uri))

    # --- places ---------------------------------------------------------------------------------------------

    async def _definition(self, params: lsp.DefinitionParams) -> Plain | None:
        served = self._spot(params.text_document.uri, params.position)
        if served is None:
            return None
        session, spot = served
        found = await _meant(session, spot)
        return Plain([shapes.location(session.places.uri(row.path), row.name_area) for row in found.rows])

    async def _references(self, params: lsp.ReferenceParams) -> Plain | None:
        served = self._spot(params.text_document.uri, params.position)
        if served is None:
            return None
        session, spot = served
        found = await _ask(session, GetUses(spot, params.context.include_declaration), Uses, LONG_PATIENCE_S)
        _expect_unmoved(session, found.known)
        self._say(session, found.known, len(found.rows))
        uri = session.places.uri

        def encoded() -> msgspec.Raw:
            return msgspec.Raw(msgspec.json.encode([shapes.location(uri(path), area) for path, area in found.rows]))

        return Plain(encoded() if len(found.rows) < MANY else await asyncio.to_thread(encoded))

    # --- hierarchies ----------------------------------------------------------------------------------------

    async def _callable(self, params: lsp.CallHierarchyPrepareParams) -> Plain | None:
        return await self._items(params, None)

    async def _type(self, params: lsp.TypeHierarchyPrepareParams) -> Plain | None:
        return await self._items(params, _TYPES)

    async def _items(self, params: _Prepared, kinds: frozenset[str] | None) -> Plain | None:
        served = self._spot(params.text_document.uri, params.position)
        if served is None:
            return None
        session, spot = served
        rows = [row for row in (await _meant(session, spot)).rows if kinds is None or row.kind in kinds]
        return Plain([shapes.item(row, session.places.uri) for row in rows]) if rows else None

    async def _incoming(self, params: lsp.CallHierarchyIncomingCallsParams) -> Plain | None:
        return await self._calls(params, "callers", "from")

    async def _outgoing(self, params: lsp.CallHierarchyOutgoingCallsParams) -> Plain | None:
        return await self._calls(params, "callees", "to")

    async def _supertypes(self, params: lsp.TypeHierarchySupertypesParams) -> Plain | None:
        return await self._built(params, "supertypes")

    async def _subtypes(self, params: lsp.TypeHierarchySubtypesParams) -> Plain | None:
        return await self._built(params, "subtypes")

    async def _calls(self, params: _Related, relation: Relation, key: str) -> Plain | None:
        session, found = await self._related(params.item, relation)
        if session is None:
            return None
        uri = session.places.uri
        return Plain(
            [{key: shapes.item(row, uri), "fromRanges": list(map(shapes.range_of, areas))} for row, areas in found]
        )

    async def _built(self, params: _Built, relation: Relation) -> Plain | None:
        session, found = await self._related(params.item, relation)
        return Plain([shapes.item(row, session.places.uri) for row, _ in found]) if session is not None else None

    async def _related(
        self, item: lsp.CallHierarchyItem | lsp.TypeHierarchyItem, relation: Relation
    ) -> tuple[Session | None, tuple[tuple[SymbolRow, tuple[Area, ...]], ...]]:
        work = self._folders.around(item.uri)
        if work is None or not isinstance(item.data, str) or not self._neighbours.serves_any:
            return None, ()
        session = work.session
        request = GetRelated(SymbolId(item.data), relation, self._client.encoding)
        found = await _ask(session, request, RelatedSymbols, LONG_PATIENCE_S)
        _expect_unmoved(session, found.known)
        self._say(session, found.known, len(found.rows))
        return session, found.rows

    # --- whom to answer -------------------------------------------------------------------------------------

    def _served(self, uri: str) -> tuple[Session, str] | None:
        """Return the session and the path of an open document, None where it is not answered for."""
        found = self._folders.find(uri)
        if found is None or found[0].path is None or not self._neighbours.serves(found[0]):
            return None
        return found[1].session, found[0].path

    def _spot(self, uri: str, position: lsp.Position) -> tuple[Session, Spot] | None:
        served = self._served(uri)
        if served is None:
            return None
        session, path = served
        return session, Spot(path, position.line, position.character, self._client.encoding)

    def _say(self, session: Session, known: Known, n_shown: int) -> None:
        """Tell the person where an answer that they may build upon is not all: of many, or while files are read."""
        if known.cut:
            session.editor.show(f"only the first {n_shown} are shown: there are more", "warning")
        if known.complete:
            self._told_incomplete = False
        elif not self._told_incomplete:
            self._told_incomplete = True
            session.editor.show(INCOMPLETE)


async def _meant(session: Session, spot: Spot) -> Symbols:
    found = await _ask(session, GetDefinitions(spot), Symbols)
    _expect_unmoved(session, found.known)
    return found


async def _ask(session: Session, request: EngineRequest, kind: type[Reply], timeout_s: float = PATIENCE_S) -> Reply:
    """Ask the engine, which is told first what it does not know of the open documents."""
    await session.mirror.flush()
    return await session.link.ask(request, kind, timeout_s)


def _expect_unmoved(session: Session, known: Known) -> None:
    """Refuse where the answer has places in a text that is there no more."""
    for path, version in known.versions.items():
        document = session.documents.at(path)
        if document is None or document.revision != version:
            raise Refusal(lsp.LSPErrorCodes.ContentModified, f"{path} was changed meanwhile")
