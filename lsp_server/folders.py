"""The folders of the workspace, each with its documents and, once somebody is at work in it, its session and engine.

A document belongs to the innermost folder around it. One that is in none is the first folder's, as a text without a
path. Nothing of a folder is started before a document of it is opened, but for the first one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path

from lsprotocol import types as lsp

from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.commands import Commands
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.editor import Editor
from bridle.lsp_server.happenings import Happenings
from bridle.lsp_server.link import MakeEngine
from bridle.lsp_server.order import Order
from bridle.lsp_server.places import Places, file_of, root_around
from bridle.lsp_server.protocol import Protocol
from bridle.lsp_server.session import Session
from bridle.lsp_server.settings import ClientSettings
from bridle.lsp_server.verifying import Verifying

MAX_AT_WORK = 8
"""So many folders have an engine at once: each costs a process and its index."""


class Work:
    """What is there once somebody is at work in a folder."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.verifying = Verifying(session)
        self.happenings = Happenings(session, self.verifying)
        self.commands = Commands(session, self.verifying, self.happenings)

    def knows(self, argument: Argument) -> bool:
        """Tell whether a proposal or a run that a command names is one of this folder's."""
        session = self.session
        resumable = session.status.resumable if session.status else ()
        offers = argument.proposal and session.offers.knows(argument.proposal)
        return bool(offers or (argument.run and (argument.run in session.reports or argument.run in resumable)))


class Folder:
    """One folder: its open documents, and what is at work in it."""

    def __init__(self, root: str, client: Client) -> None:
        self.places = Places(root)
        self.name = Path(root).name
        self.documents = Documents(client.encoding, self.places.path)
        self.work: Work | None = None


class Folders:
    """All folders of one client's workspace."""

    def __init__(
        self, protocol: Protocol, client: Client, make_engine: MakeEngine, begun: Callable[[Work], None]
    ) -> None:
        self.settings = ClientSettings()
        self._protocol = protocol
        self._client = client
        self._make_engine = make_engine
        self._begun = begun
        self._folders: list[Folder] = []
        self._nowhere = Documents(client.encoding, lambda _: None)
        self._order = Order(self._change, self._version)
        self._current: Folder | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._told_many = False
        self._told_all: dict[str, Argument] = {}
        self._by_file = True  # the client opened files alone: each file's project is a folder

    # --- which folder ---------------------------------------------------------------------------------------

    @property
    def current(self) -> Work | None:
        """What is at work in the folder that the person was in last."""
        return self._current.work if self._current else None

    def at_work(self) -> list[Work]:
        """Return what is at work, folder by folder as the client named them."""
        return [folder.work for folder in self._folders if folder.work is not None]

    def find(self, uri: str) -> tuple[Document, Work] | None:
        """Return an open document and what is at work in its folder; None where one of them is not there."""
        folder = self._holding(uri)
        document = folder.documents.get(uri) if folder else None
        if folder is None or folder.work is None or document is None:
            return None
        self._enter(folder)
        return document, folder.work

    def around(self, uri: str) -> Work | None:
        """Return what is at work in the folder that a file is in, open or not; where it is in none, in the first."""
        folder = self._holding(uri) or self._home(uri)
        return folder.work if folder else None

    def meant(self, argument: Argument) -> Work | None:
        """Return where the document, proposal or run is that a command names; else where the person was last."""
        if argument.uri:
            self._enter(self._holding(argument.uri))
            return self.around(argument.uri) or self.current
        known = [work for work in self.at_work() if work.knows(argument)]
        return known[0] if known and self.current not in known else self.current

    def tell_all(self, command: str, argument: Argument) -> None:
        """Run a command in every folder, and in each that begins later, as it was told last."""
        self._told_all[command] = argument
        for work in self.at_work():
            work.commands.execute(command, argument)

    # --- folders that come and go ---------------------------------------------------------------------------

    def add(self, uris: Iterable[str]) -> None:
        """Take folders in; documents that are open in them are theirs from now on."""
        known = {os.path.realpath(folder.places.root) for folder in self._folders}
        for root in filter(None, map(file_of, uris)):
            self._by_file = False
            if (real := os.path.realpath(root)) not in known:
                known.add(real)
                self._folders.append(Folder(root, self._client))
        self._name_them()
        self._sort_documents()

    def begin_first(self) -> None:
        """Begin to work in the first folder, where there is one."""
        if self._folders:
            self._begin(self._folders[0])

    def remove(self, uris: Iterable[str]) -> None:
        """Let folders go: what runs in them is stopped, what they showed is taken off the screen."""
        roots = {os.path.realpath(root) for root in map(file_of, uris) if root}
        gone = [folder for folder in self._folders if os.path.realpath(folder.places.root) in roots]
        self._folders = [folder for folder in self._folders if folder not in gone]
        for folder in gone:
            self._sort(folder.documents)
            if folder.work is not None:
                folder.work.session.screen.clear()
                self._later(folder.work.session.close())
        if self._current in gone:
            self._current = None
            self._enter(next((folder for folder in self._folders if folder.work is not None), None))
        self._told_many = False
        for folder in self._folders:
            if any(True for _ in folder.documents):  # one that waited has its turn
                self._begin(folder)
        self._name_them()

    async def close(self) -> None:
        """End all sessions; what was written is written, what runs is stopped."""
        folders, self._folders, self._current = self._folders, [], None
        await asyncio.gather(*self._leaving, *(folder.work.session.close() for folder in folders if folder.work))

    # --- documents ------------------------------------------------------------------------------------------

    def open(self, item: lsp.TextDocumentItem) -> None:
        """Take a document that was opened; where the client opened no folder, its project is one from now on."""
        if self._by_file and not any(folder.places.path(item.uri) is not None for folder in self._folders):
            file = file_of(item.uri)
            if file is not None and (root := root_around(file)) is not None:
                self._folders.append(Folder(root, self._client))
                self._sort_documents()
        folder = self._home(item.uri)
        document = (folder.documents if folder else self._nowhere).open(item)
        if folder is not None:
            self._begin(folder)
            self._touched(folder, document)

    def change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Take changes of an open document, in the order in which they were made."""
        if self._client.shuffles_changes:
            self._order.change(params)
        else:
            self._change(params)

    def _change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        folder = self._holding(params.text_document.uri)
        document = (folder.documents if folder else self._nowhere).change(params)
        if folder is not None and document is not None:
            self._touched(folder, document)

    def save(self, uri: str) -> tuple[Document, Work] | None:
        """Note that a document was saved; returns it with what is at work in its folder, None where nothing is."""
        self._order.catch_up(uri)
        folder = self._holding(uri)
        document = (folder.documents if folder else self._nowhere).save(uri)
        return (document, folder.work) if folder and folder.work and document is not None else None

    def close_document(self, uri: str) -> None:
        """Let a document go."""
        self._order.catch_up(uri)
        folder = self._holding(uri)
        document = (folder.documents if folder else self._nowhere).close(uri)
        if folder is not None and folder.work is not None and document is not None:
            folder.work.session.closed(document)

    # --- parts ----------------------------------------------------------------------------------------------

    def _home(self, uri: str) -> Folder | None:
        """Return the innermost folder around a file, the first folder for what is in none."""
        around = [folder for folder in self._folders if folder.places.path(uri) is not None]
        return max(around, key=lambda folder: len(folder.places.root)) if around else next(iter(self._folders), None)

    def _version(self, uri: str) -> int | None:
        folder = self._holding(uri)
        document = (folder.documents if folder else self._nowhere).get(uri)
        return document.version if document is not None else None

    def _holding(self, uri: str) -> Folder | None:
        return next((folder for folder in self._folders if folder.documents.get(uri) is not None), None)

    def _begin(self, folder: Folder) -> None:
        if folder.work is not None:
            return
        if len(self.at_work()) >= MAX_AT_WORK:
            if not self._told_many:
                self._told_many = True
                words = f"{MAX_AT_WORK} folders are at work already; {folder.name} waits until one of them is removed"
                Editor(self._protocol, self._client).show(words, "warning")
            return
        editor = Editor(self._protocol, self._client)
        session = Session(folder.places.root, self._make_engine, editor, folder.documents, self.settings)
        folder.work = Work(session)
        self._name_them()
        self._enter(folder)
        self._begun(folder.work)
        for document in folder.documents:  # opened while the folder waited
            session.changed(document)
        for command, argument in self._told_all.items():
            folder.work.commands.execute(command, argument)

    def _enter(self, folder: Folder | None) -> None:
        """The person is in this folder now: its state is what they are told."""
        if folder is None or folder is self._current or folder.work is None:
            return
        for other in self.at_work():
            other.session.foremost = other is folder.work
        self._current = folder
        folder.work.session.tell_status()

    def _touched(self, folder: Folder, document: Document) -> None:
        if folder.work is not None:
            self._enter(folder)
            folder.work.session.changed(document)

    def _name_them(self) -> None:
        """Where several folders are at work, each says which it is."""
        several = len(self._folders) > 1
        for folder in self._folders:
            if folder.work is not None:
                folder.work.session.editor.folder = folder.name if several else ""
                folder.work.session.editor.scope = folder.places.uri("").rstrip("/") if several else None

    def _sort_documents(self) -> None:
        for documents in [self._nowhere, *(folder.documents for folder in self._folders)]:
            self._sort(documents)

    def _sort(self, documents: Documents) -> None:
        """Give documents to the folder that they are in now."""
        for document in documents:
            home = self._home(document.uri)
            target = home.documents if home is not None else self._nowhere
            if target is documents:
                continue
            held = next((folder for folder in self._folders if folder.documents is documents), None)
            documents.close(document.uri)
            if held is not None and held.work is not None:
                held.work.session.closed(document)
            taken = target.adopt(document)
            if home is not None:
                self._begin(home)
                self._touched(home, taken)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
