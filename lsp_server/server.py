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

from bridle.harness.engine import GetProposals, Proposals, UserProblem
from bridle.indexer.stdio import Outlet, pump, take_stdio
from bridle.lsp_server import about, asks, reaching
from bridle.lsp_server.actions import code_actions
from bridle.lsp_server.arguments import read_argument
from bridle.lsp_server.billing import NAME, bill_actions
from bridle.lsp_server.capabilities import Client, read_client, server_capabilities
from bridle.lsp_server.commands import COMMANDS
from bridle.lsp_server.folders import Folders, Work
from bridle.lsp_server.happenings import Happenings
from bridle.lsp_server.lenses import code_lenses
from bridle.lsp_server.link import MakeEngine
from bridle.lsp_server.loopback import take_client
from bridle.lsp_server.navigation import Navigation
from bridle.lsp_server.neighbours import offered_at_once
from bridle.lsp_server.places import uri_of
from bridle.lsp_server.protocol import Handler, Protocol, Refusal, Server
from bridle.lsp_server.session import Session
from bridle.lsp_server.settings import read_settings
from bridle.lsp_server.watchdog import watch
from bridle.lsp_server.wiretrace import Traced, WireTrace

VERSION = "0.1.0"
MAX_LINE_BYTES = 1 << 16
NO_FOLDER = "no folder is open: open the project's folder"
EVERYWHERE = frozenset(("bridle.seen",))
"""Commands that concern every folder."""


def serve(make_engine: MakeEngine, log: Path | None = None, *, address: str = "", trace: Path | None = None) -> int:
    """Serve one client until it says `exit` or is gone; returns the exit code.

    It is on standard input and output, or the first to connect to `address` of this machine (HOST:PORT). What is said
    is kept in the file `trace`. Raises UserProblem when nobody connects, or the trace cannot be opened.
    `make_engine` is called for each folder that somebody works in, with it and the client's settings.
    """
    try:
        kept = WireTrace(trace) if trace is not None else None
    except OSError as error:
        raise UserProblem(f"the trace cannot be written: {error}", "name another file") from error
    source, sink = take_client(address, _say) if address else take_stdio()
    _log_to(log)
    gc.freeze()  # what is loaded stays: looking through all of it again holds the loop for 30 ms each time
    return asyncio.run(converse(make_engine, source, sink, kept))


async def converse(make_engine: MakeEngine, source: int, sink: int, trace: WireTrace | None = None) -> int:
    """Serve one client on two descriptors; returns the exit code."""
    loop = asyncio.get_running_loop()
    protocol = Server().conversation()
    protocol.trace = trace
    door = Door(protocol, make_engine)
    outlet = Outlet(sink, lambda: _from_thread(loop, protocol.leave))
    protocol.set_writer(Traced(outlet, trace) if trace is not None else outlet)
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
        if trace is not None:
            trace.close()


class Door:
    """One client's conversation, from `initialize` to its end."""

    def __init__(self, protocol: Protocol, make_engine: MakeEngine) -> None:
        self._protocol = protocol
        self._make_engine = make_engine
        self._watching: asyncio.Task[None] | None = None
        self._ask_settings = False  # what the client set at the start was changed since
        self._take(Client())
        protocol.handlers = self._handlers()

    @property
    def current(self) -> Work | None:
        """What is at work in the folder that the person was in last."""
        return self._folders.current

    async def close(self) -> None:
        """End every folder's session; what was written is written, what runs is stopped."""
        if self._watching is not None:
            self._watching.cancel()
        await self._folders.close()

    def _take(self, client: Client) -> None:
        """Begin anew for a client of these abilities."""
        self._client = client
        self._folders = Folders(self._protocol, client, self._make_engine, self._begun)
        self._navigation = Navigation(client, self._folders)

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
            lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: self._moved,
            lsp.WORKSPACE_EXECUTE_COMMAND: self._execute,
            lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: self._configured,
            lsp.WINDOW_WORK_DONE_PROGRESS_CANCEL: self._cancelled,
            **self._navigation.handlers(),
        }

    # --- life -----------------------------------------------------------------------------------------------

    def _initialize(self, params: lsp.InitializeParams) -> lsp.InitializeResult:
        self._take(read_client(params))
        self._folders.settings = read_settings(params.initialization_options)
        self._folders.add(_roots_of(params))
        self._protocol.handlers = self._handlers()
        if params.process_id is not None:
            self._watching = asyncio.ensure_future(watch(params.process_id, self._protocol.leave))
        return lsp.InitializeResult(
            capabilities=server_capabilities(
                self._client, tuple(COMMANDS), offered_at_once(self._client, self._folders.settings.navigation)
            ),
            server_info=lsp.ServerInfo(name="bridle", version=VERSION),
        )

    def _initialized(self, _params: object) -> None:
        self._folders.begin_first()

    async def _shutdown(self, _params: object) -> None:
        await self.close()

    def _begun(self, work: Work) -> None:
        """Somebody is at work in a folder: its engine starts."""
        session = work.session
        session.on_settings = lambda: self._navigation.follow(session.settings)
        session.on_settings()
        session.tell_status()
        session.spawn(_start(session, work.happenings))
        if self._ask_settings:
            session.spawn(_pull_settings(session))

    def _moved(self, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        self._folders.remove(folder.uri for folder in params.event.removed)
        self._folders.add(folder.uri for folder in params.event.added)
        if not self._folders.at_work():
            self._folders.begin_first()

    # --- documents ------------------------------------------------------------------------------------------

    def _opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._folders.open(params.text_document)

    def _changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        self._folders.change(params)

    def _saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        saved = self._folders.save(params.text_document.uri)
        if saved is None:
            return
        path, work = saved[0].path, saved[1]
        if path is not None and work.session.trusted:
            work.verifying.saved(path)
        elif path is not None:
            work.session.spawn(asks.mention_trust(work.session))

    def _closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        self._folders.close_document(params.text_document.uri)

    def _gone(self, params: lsp.DeleteFilesParams | lsp.RenameFilesParams) -> None:
        """Files were deleted or are called otherwise now: what was found in them has no place any more."""
        uris = [file.uri if isinstance(file, lsp.FileDelete) else file.old_uri for file in params.files]
        for work in self._folders.at_work():
            work.session.forget(path for uri in uris if (path := work.session.places.path(uri)) is not None)

    # --- requests -------------------------------------------------------------------------------------------

    def _actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction | lsp.Command]:
        for work in self._folders.at_work():
            if work.session.shows(params.text_document.uri, NAME):
                return bill_actions(work.session, params.range.start.line, self._client)
        found = self._folders.find(params.text_document.uri)
        if found is None:
            return []
        document, session = found[0], found[1].session
        session.editor.questions.look(document.uri, params.range.start.line)
        session.board.told_sources |= _sources(params.context.diagnostics)
        only = (
            None
            if params.context.only is None
            else [each for each in map(_kind, params.context.only) if each is not None]
        )
        view = session.view(document, params.range)
        return code_actions(view, document, params.range, only, self._client)

    async def _lenses(self, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        found = self._folders.find(params.text_document.uri)
        if found is None:
            return []
        document, session = found[0], found[1].session
        lenses = code_lenses(session.offers, document)
        return [*lenses, *await reaching.lenses(session, document)] if session.settings.test_lens else lenses

    async def _hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        found = self._folders.find(params.text_document.uri)
        if found is None:
            return None
        document, session = found[0], found[1].session
        if not session.settings.hover:
            return None
        at = params.position
        values = session.hover(document, at.line)
        known = await about.hover(session, document, at.line, at.character, self._client)
        said = "\n\n".join(part for part in (values, known) if part)
        kind = lsp.MarkupKind.Markdown if self._client.hover_markdown else lsp.MarkupKind.PlainText
        return lsp.Hover(contents=lsp.MarkupContent(kind=kind, value=said)) if said else None

    def _execute(self, params: lsp.ExecuteCommandParams) -> object:
        argument = read_argument(params.command, params.arguments)
        if params.command in EVERYWHERE:
            self._folders.tell_all(params.command, argument)
            return {}
        work = self._folders.meant(argument)
        if work is None:
            raise Refusal(lsp.LSPErrorCodes.RequestFailed, NO_FOLDER)
        return work.commands.execute(params.command, argument)

    def _configured(self, params: lsp.DidChangeConfigurationParams) -> None:
        if params.settings:
            self._folders.settings = read_settings(params.settings)
        self._ask_settings = not params.settings and self._client.configuration
        for work in self._folders.at_work():
            if params.settings:
                work.session.take_settings(self._folders.settings)
            elif self._ask_settings:
                work.session.spawn(_pull_settings(work.session))

    def _cancelled(self, params: lsp.WorkDoneProgressCancelParams) -> None:
        for work in self._folders.at_work():
            work.session.reports.cancel(params.token)


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


def _roots_of(params: lsp.InitializeParams) -> list[str]:
    """Return the URIs of the folders that the client opened; none for single files."""
    if params.workspace_folders:
        return [folder.uri for folder in params.workspace_folders]
    if params.root_uri:
        return [params.root_uri]
    return [uri_of(params.root_path)] if params.root_path else []


def _sources(diagnostics: Any) -> set[str]:
    named = {diagnostic.source.lower() for diagnostic in diagnostics if diagnostic.source}
    return {source for source in named if not source.startswith("bridle")}


def _kind(told: object) -> str | None:
    """Return a kind of actions as a word, None for what is none."""
    value: object = told.value if isinstance(told, lsp.CodeActionKind) else told
    return value if isinstance(value, str) else None


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: we are leaving anyway
        loop.call_soon_threadsafe(call)


def _say(words: str) -> None:
    sys.stderr.write(f"bridle: {words}\n")
    sys.stderr.flush()


def _log_to(log: Path | None) -> None:
    """Log warnings to standard error, or more of it to a file; what travels on the wire is never logged."""
    handler = logging.StreamHandler(sys.stderr) if log is None else logging.FileHandler(log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING if log is None else logging.INFO)
    logging.getLogger("pygls").setLevel(logging.WARNING)
