"""Whether an edit landed: not what the client says, but what the document holds after its echo.

The person may type before the edit reaches the editor, or in the same message behind it; so every single change is
looked at, and what must come of the edit is worked out anew after each that is not the edit itself. An editor that does
not look at versions, or counts one only when it sends it (eglot), puts the edit at its old place: that is seen as well.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bridle.harness.engine import Buffer
from bridle.indexer.text import LineEdit, apply_edits
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.landing import carry, inverse_edits, same_text
from bridle.lsp_server.mirror import buffer_of

MAX_GROUNDS = 16  # the latest texts that an edit may have been put on


class Landed(NamedTuple):
    """A document as it was when its edit had landed, and the edits that take it back from there."""

    buffer: Buffer
    inverse: tuple[LineEdit, ...]


class Expected(NamedTuple):
    """A text that would show that an edit landed."""

    text: str
    inverse: tuple[LineEdit, ...]


class Awaited:
    """One document's edit that is under way."""

    def __init__(self, document: Document, edits: Sequence[LineEdit]) -> None:
        self.document = document
        self.landed: Landed | None = None
        self.misplaced: Landed | None = None
        self._edits = edits
        self._grounds: deque[str] = deque(maxlen=MAX_GROUNDS)
        self._since = document.revision
        self._expected = [_expected(str(document.text), edits)]
        self.look()

    @property
    def untouched(self) -> bool:
        """Whether nothing at all happened to the document since."""
        return self.document.revision == self._since

    def look(self) -> None:
        """Look at the text as it is now; where the edit is not in it, it may still come on top of it."""
        text = str(self.document.text)
        for expected in self._expected:
            if same_text(text, expected.text):
                self.landed = Landed(buffer_of(self.document), expected.inverse)
                return
        for ground in self._grounds:
            if same_text(text, apply_edits(ground, self._edits)):
                self.misplaced = Landed(buffer_of(self.document), inverse_edits(ground, self._edits))
                return
        if self.document.revision != self._since:
            self._grounds.append(text)
        moved = self.document.log.since(self._since)
        if moved is not None and not (found := carry(self._edits, moved, self.document)).conflicts:
            self._expected[1:] = [_expected(text, found.edits)]


class Echo:
    """Watches the documents of one edit; make it before the edit is sent."""

    def __init__(self, documents: Documents, wanted: Mapping[str, tuple[Document, Sequence[LineEdit]]]) -> None:
        self.awaited = {path: Awaited(document, edits) for path, (document, edits) in wanted.items()}
        self._documents = documents
        self._all = asyncio.Event()
        documents.listeners.append(self._changed)
        self._check()

    @property
    def untouched(self) -> bool:
        """Whether nothing at all happened to the documents that have not landed."""
        return all(one.untouched for one in self.awaited.values() if one.landed is None)

    @property
    def misplaced(self) -> dict[str, Landed]:
        """The documents that hold the edit where its lines stood when it was sent, and not where they are now."""
        found = {path: one.misplaced for path, one in self.awaited.items() if one.landed is None}
        return {path: landed for path, landed in found.items() if landed is not None}

    async def wait(self, timeout_s: float) -> dict[str, Landed]:
        """Wait until all landed, somewhere; past `timeout_s` return those that did well. The watch is over then."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._all.wait()
        except TimeoutError:
            pass
        finally:
            self.stop()
        return {path: one.landed for path, one in self.awaited.items() if one.landed is not None}

    def stop(self) -> None:
        """Watch no longer."""
        if self._changed in self._documents.listeners:
            self._documents.listeners.remove(self._changed)

    def _changed(self, document: Document) -> None:
        for one in self.awaited.values():
            if one.document is document and one.landed is None and one.misplaced is None:
                one.look()
        self._check()

    def _check(self) -> None:
        if all(one.landed or one.misplaced for one in self.awaited.values()):
            self._all.set()


def _expected(text: str, edits: Sequence[LineEdit]) -> Expected:
    return Expected(apply_edits(text, edits), inverse_edits(text, edits))
