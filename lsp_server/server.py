"""The door: puts the parts together and hands every message of the client to the part that it concerns.

Holds no policy and imports nothing heavy: the engine comes from the caller.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from bridle.harness.engine import GetProposals, Proposals
from bridle.indexer.stdio import Outlet, pump, take_stdio
from bridle.lsp_server import asks, reaching
from bridle.lsp_server.actions import code_actions
from bridle.lsp_server.capabilities import Client, read_client, server_capabilities
from bridle.lsp_server.commands import COMMANDS, Commands
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.editor import Editor
from bridle.lsp_server.happenings import Happenings
from bridle.lsp_server.lenses import code_lenses
from bridle.lsp_server.link import MakeEngine
from bridle.lsp_server.navigation import Navigation
from bridle.lsp_server.neighbours import offered_at_once
from bridle.lsp_server.places import Places, file_of, root_around
from bridle.lsp_server.protocol import Handler, Protocol, Refusal, Server
from bridle.lsp_server.session import Session
from bridle.lsp_server.settings import ClientSettings, read_settings
from bridle.lsp_server.verifying import Verifying
from bridle.lsp_server.watchdog import watch

VERSION = "0.1.0"
MAX_LINE_BYTES = 1 << 16
NO_FOLDER = "no folder is open: open the project's folder"


def serve(make_engine: MakeEngine, log: Path | None = None) -> int:
    """Serve one client on standard input and output until it says `exit` or is gone; returns the exit code.

    `make_engine` is called once a root is known, with it and the client's settings.
    """
    source, sink = take_stdio()
    _log_to(log)
    gc.freeze()  # what is loaded stays: looking through all of it again holds the loop for 30 ms each time
    return asyncio.run(converse(make_engine, source, sink))


async def converse(make_engine: MakeEngine, source: int, sink: int) -> int:
    """Serve one client on two descriptors; returns the exit code."""
    loop = asyncio.get_running_loop()
    protocol = Server().conversation()
    door = Door(protocol, make_engine)
    outlet = Outlet(sink, lambda: _from_thread(loop, protocol.leave))
    protocol.set_writer(outlet)
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    pump(source, reader, loop)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, protocol.leave)
    try:
        return await protocol.serve(reader)
    finally:
        await door.close()
        outlet.close()


class Door:
    """One client's session, from `initialize` to its end."""

    def __init__(self, protocol: Protocol, make_engine: MakeEngine) -> None:
        self._protocol = protocol
        self._make_engine = make_engine
        self._client = Client()
        self._settings = ClientSettings()
        self._root: str | None = None
        self._session: Session | None = None
        self._commands: Commands | None = None
        self._verifying: Verifying | None = None
        self._watching: asyncio.Task[None] | None = None
        self._documents = Documents("utf-16", self._path)
        self._places: Places | None = None
        self._navigation = Navigation(self._client, lambda: self._session)
        protocol.handlers = self._handlers()

    @property
    def session(self) -> Session | None:
        """The session of the one root; None until it is known."""
        return self._session

    async def close(self) -> None:
        """End the session; what was written is written, what runs is stopped."""
        if self._watching is not None:
            self._watching.cancel()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _handlers(self) -> dict[str, Handler]:
        return {
            lsp.INITIALIZE: self._initialize,
            lsp.INITIALIZED: self._initialized,
            lsp.SHUTDOWN: self._shutdown,
            lsp.TEXT_DOCUMENT_DID_OPEN: self._opened,
            lsp.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            lsp.TEXT_DOCUMENT_DID_SAVE: self._saved,
            lsp.TEXT_DOCUMENT_DID_CLOSE: self._closed,
            lsp.TEXT_DOCUMENT_CODE_ACTION: self._actions,
            lsp.TEXT_DOCUMENT_CODE_LENS: self._lenses,
            lsp.TEXT_DOCUMENT_HOVER: self._hover,
            lsp.WORKSPACE_DID_DELETE_FILES: self._gone,
            lsp.WORKSPACE_DID_RENAME_FILES: self._gone,
            lsp.WORKSPACE_EXECUTE_COMMAND: self._execute,
            lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: self._configured,
            lsp.WINDOW_WORK_DONE_PROGRESS_CANCEL: self._cancelled,
            **self._navigation.handlers(),
        }

    # --- life -----------------------------------------------------------------------------------------------

    def _initialize(self, params: lsp.InitializeParams) -> lsp.InitializeResult:
        self._client = read_client(params)
        self._settings = read_settings(params.initialization_options)
        self._documents = Documents(self._client.encoding, self._path)
        self._root = _root_of(params)
        self._navigation = Navigation(self._client, lambda: self._session)
        self._protocol.handlers = self._handlers()
        if params.process_id is not None:
            self._watching = asyncio.ensure_future(watch(params.process_id, self._protocol.leave))
        return lsp.InitializeResult(
            capabilities=server_capabilities(
                self._client, tuple(COMMANDS), offered_at_once(self._client, self._settings.navigation)
            ),
            server_info=lsp.ServerInfo(name="bridle", version=VERSION),
        )

    def _initialized(self, _params: object) -> None:
        if self._root is not None:
            self._begin(self._root)

    async def _shutdown(self, _params: object) -> None:
        await self.close()

    def _begin(self, root: str) -> None:
        """Open the session of a root and start its engine."""
        self._places = Places(root)
        editor = Editor(self._protocol, self._client)
        session = Session(root, self._make_engine, editor, self._documents, self._settings)
        self._session = session
        session.on_settings = lambda: self._navigation.follow(session.settings)
        session.on_settings()
        self._verifying = Verifying(session)
        happenings = Happenings(session, self._verifying)
        self._commands = Commands(session, self._verifying, happenings)
        session.tell_status()
        session.spawn(_start(session, happenings))

    # --- documents ------------------------------------------------------------------------------------------

    def _path(self, uri: str) -> str | None:
        return self._places.path(uri) if self._places is not None else None

    def _opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        if self._session is None:
            file = file_of(params.text_document.uri)
            root = self._root or (root_around(file) if file is not None else None)
            if root is not None:
                self._begin(root)
        document = self._documents.open(params.text_document)
        if self._session is not None:
            self._session.changed(document)

    def _changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        document = self._documents.change(params)
        if document is not None and self._session is not None:
            self._session.changed(document)

    def _saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        document = self._documents.save(params.text_document.uri)
        if document is None or document.path is None or self._session is None or self._verifying is None:
            return
        if self._session.trusted:
            self._verifying.saved(document.path)
        else:
            self._session.spawn(asks.mention_trust(self._session))

    def _closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        document: Document | None = self._documents.close(params.text_document.uri)
        if document is not None and self._session is not None:
            self._session.closed(document)

    def _gone(self, params: lsp.DeleteFilesParams | lsp.RenameFilesParams) -> None:
        """Files were deleted or are called otherwise now: what was found in them has no place any more."""
        if self._session is None:
            return
        uris = (file.uri if isinstance(file, lsp.FileDelete) else file.old_uri for file in params.files)
        self._session.forget(path for uri in uris if (path := self._path(uri)) is not None)

    # --- requests -------------------------------------------------------------------------------------------

    def _actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction | lsp.Command]:
        document = self._documents.get(params.text_document.uri)
        if document is None or self._session is None:
            return []
        self._session.board.told_sources |= _sources(params.context.diagnostics)
        only = None if params.context.only is None else [_value(kind) for kind in params.context.only]
        view = self._session.view(document, params.range)
        return code_actions(view, document, params.range, only, self._client)

    async def _lenses(self, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        document, session = self._documents.get(params.text_document.uri), self._session
        if document is None or session is None:
            return []
        found = code_lenses(session.offers, document)
        return [*found, *await reaching.lenses(session, document)] if session.settings.test_lens else found

    async def _hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        document, session = self._documents.get(params.text_document.uri), self._session
        if document is None or session is None:
            return None
        line, markdown = params.position.line, self._client.hover_markdown
        said = session.hover(document, line) or await reaching.hover(session, document, line, markdown=markdown)
        kind = lsp.MarkupKind.Markdown if self._client.hover_markdown else lsp.MarkupKind.PlainText
        return lsp.Hover(contents=lsp.MarkupContent(kind=kind, value=said)) if said else None

    def _execute(self, params: lsp.ExecuteCommandParams) -> object:
        if self._commands is None or self._session is None:
            raise Refusal(lsp.LSPErrorCodes.RequestFailed, NO_FOLDER)
        return self._commands.execute(params)

    def _configured(self, params: lsp.DidChangeConfigurationParams) -> None:
        if self._session is None:
            self._settings = read_settings(params.settings)
        elif params.settings:
            self._session.take_settings(read_settings(params.settings))
        elif self._client.configuration:
            self._session.spawn(_pull_settings(self._session))

    def _cancelled(self, params: lsp.WorkDoneProgressCancelParams) -> None:
        if self._session is not None:
            self._session.reports.cancel(params.token)


async def _start(session: Session, happenings: Happenings) -> None:
    """Bring the engine up and take what it knows already."""
    try:
        await session.link.listen(happenings.take)
        status = await session.refresh_status()
        known = await session.link.ask(GetProposals(), Proposals)
    except Exception as problem:
        session.unready = f"the engine did not start: {problem}"
        session.tell_status()
        raise
    for proposal in reversed(known.proposals):
        session.offers.put(proposal)
    session.screen.refresh()
    session.tell_status()
    if status.resumable:
        several = f"{len(status.resumable)} runs were" if len(status.resumable) > 1 else "a run was"
        session.editor.show(f"{several} interrupted; bridle.resume takes it up, bridle.discard gives it up", "warning")


async def _pull_settings(session: Session) -> None:
    session.take_settings(read_settings(await session.editor.configuration("bridle")))


def _root_of(params: lsp.InitializeParams) -> str | None:
    """Return the first folder that the client opened; None for single files or folders that are no files."""
    if params.workspace_folders:
        return file_of(params.workspace_folders[0].uri)
    if params.root_uri:
        return file_of(params.root_uri)
    return params.root_path or None


def _sources(diagnostics: Any) -> set[str]:
    named = {diagnostic.source.lower() for diagnostic in diagnostics if diagnostic.source}
    return {source for source in named if not source.startswith("bridle")}


def _value(kind: lsp.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, lsp.CodeActionKind) else kind


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: we are leaving anyway
        loop.call_soon_threadsafe(call)


def _log_to(log: Path | None) -> None:
    """Log warnings to standard error, or more of it to a file; what travels on the wire is never logged."""
    handler = logging.StreamHandler(sys.stderr) if log is None else logging.FileHandler(log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING if log is None else logging.INFO)
    logging.getLogger("pygls").setLevel(logging.WARNING)
