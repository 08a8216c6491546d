"""The open documents: their text as the editor has it, and the log of every change.

Each change gets a number of its own, a *revision*, counted over all documents and unique across lives of the door.
Revisions are what engine and door speak of; the client's versions only guard against changes out of order.
Nothing here reads a file.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from itertools import count

from lsprotocol import types as lsp

from bridle.indexer.history import ChangeLog
from bridle.indexer.text import Place, PositionEncoding, Text

logger = logging.getLogger(__name__)


class Document:
    """One open document. `path` is its place below the root, None where it has none."""

    def __init__(self, item: lsp.TextDocumentItem, path: str | None, revision: int, encoding: PositionEncoding) -> None:
        self.uri = item.uri
        self.language = item.language_id
        self.path = path
        self.version = item.version
        self.text = Text(item.text, encoding)
        self.log = ChangeLog(revision)
        self.opened_at = self.saved_at = self.revision = revision
        self.opened_text = item.text

    @property
    def unsaved(self) -> bool:
        """Whether it changed since it was opened or saved."""
        return self.revision != self.saved_at

    def apply(self, change: lsp.TextDocumentContentChangeEvent, revision: int) -> None:
        """Take one change."""
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            done = self.text.replace(_place(change.range.start), _place(change.range.end), change.text)
        else:
            done = self.text.replace_all(change.text)
        self.log.record(revision, done)
        self.revision = revision


class Documents:
    """All open documents. Listeners are told after every single change of a text."""

    def __init__(self, encoding: PositionEncoding, path_of: Callable[[str], str | None]) -> None:
        self._encoding: PositionEncoding = encoding
        self._path_of = path_of
        self._open: dict[str, Document] = {}
        self._revisions = count(time.time_ns() // 1_000)  # faster than any change can count
        self.listeners: list[Callable[[Document], None]] = []

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def get(self, uri: str) -> Document | None:
        """Return the open document of a URI."""
        return self._open.get(uri)

    def at(self, path: str) -> Document | None:
        """Return the open document at a path below the root."""
        return next((document for document in self._open.values() if document.path == path), None)

    def open(self, item: lsp.TextDocumentItem) -> Document:
        """Take a document that was opened, or opened anew."""
        document = Document(item, self._path_of(item.uri), next(self._revisions), self._encoding)
        self._open[item.uri] = document
        self._tell(document)
        return document

    def adopt(self, other: Document) -> Document:
        """Take a document that was open elsewhere, as it is now."""
        document = self.open(lsp.TextDocumentItem(other.uri, other.language, other.version, str(other.text)))
        if other.unsaved:
            document.saved_at = other.saved_at
        return document

    def change(self, params: lsp.DidChangeTextDocumentParams) -> Document | None:
        """Apply changes in order; None when they were refused: a document never opened, or an older version."""
        document = self._open.get(params.text_document.uri)
        if document is None:
            logger.warning("ignored a change of %r, which is not open", params.text_document.uri)
            return None
        if params.text_document.version <= document.version:
            logger.warning(
                "refused a change of %r: version %d after %d",
                document.uri, params.text_document.version, document.version,
            )  # fmt: skip
            return None
        document.version = params.text_document.version
        for change in params.content_changes:
            document.apply(change, next(self._revisions))
            self._tell(document)
        return document

    def save(self, uri: str) -> Document | None:
        """Note that a document was saved."""
        document = self._open.get(uri)
        if document is not None:
            document.saved_at = document.revision
        return document

    def close(self, uri: str) -> Document | None:
        """Let a document go: what is on disk counts again."""
        return self._open.pop(uri, None)

    def _tell(self, document: Document) -> None:
        for listener in tuple(self.listeners):
            listener(document)


def _place(position: lsp.Position) -> Place:
    return Place(position.line, position.character)
