"""Which parts of an edit documents hold, while a person chooses among them in a preview of their editor's own.

What the client says of it is not asked: every change of a document is looked at, and read as a choice among the edits
on a text that it held before. The person may type beside the preview; edits are carried along, and one whose lines they
change is none any more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from bridle.indexer.text import LineEdit
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.echo import Landed
from bridle.lsp_server.landing import carry, inverse_edits, which_stand
from bridle.lsp_server.mirror import buffer_of

MAX_GROUNDS = 16  # the latest texts that parts may have been put on
QUIET_S = 0.3

Part = tuple[str, LineEdit]
"""A part's id and its edit."""


class Choice:
    """The parts of one document."""

    def __init__(self, document: Document, parts: Sequence[Part]) -> None:
        self.document = document
        self.parts = tuple(parts)
        self.landed: Landed | None = None
        self.taken: frozenset[str] = frozenset()
        self.typed = False
        """Whether the person's own lines stand beside what was taken."""
        self._since = document.revision
        self._first = (str(document.text), self.parts)
        self._later: deque[tuple[str, tuple[Part, ...]]] = deque(maxlen=MAX_GROUNDS)
        self._stands_on = ""

    @property
    def strange(self) -> bool:
        """Whether the document changed, and holds no part that was seen to come."""
        return self.landed is None and self.document.revision != self._since

    def look(self) -> None:
        """Read the text as it is now."""
        text = str(self.document.text)
        known = False
        for ground, parts in (self._first, *reversed(self._later)):
            found = which_stand(ground, [edit for _, edit in parts], text)
            known |= found is not None
            if found is None or (not found and self._stands_on != ground):
                continue
            taken = frozenset(parts[number][0] for number in found)
            if not taken:  # it was taken back since
                self.landed, self.taken = None, taken
            elif self.landed is None or self.taken <= taken:
                chosen = [parts[number][1] for number in sorted(found)]
                self.landed, self.taken = Landed(buffer_of(self.document), inverse_edits(ground, chosen)), taken
                self._stands_on, self.typed = ground, ground != self._first[0]
        if self.landed is None and not known:
            self._move_on(text)

    def _move_on(self, text: str) -> None:
        """The person typed: the parts may come on top of that."""
        moved = self.document.log.since(self._since)
        if moved is not None:
            carried = [(mark, carry([edit], moved, self.document)) for mark, edit in self.parts]
            self._later.append((text, tuple((mark, one.edits[0]) for mark, one in carried if one.edits)))


class Ticked:
    """Watches the documents of one preview; make it before the edit is sent."""

    def __init__(self, documents: Documents, parts: Mapping[str, tuple[Document, Sequence[Part]]]) -> None:
        self.choices = {path: Choice(document, found) for path, (document, found) in parts.items()}
        self._documents = documents
        self._moved = asyncio.Event()
        self._beside = self._revisions()
        documents.listeners.append(self._changed)

    @property
    def taken(self) -> frozenset[str]:
        """The ids of the parts that stand in the documents."""
        return frozenset[str]().union(*(choice.taken for choice in self.choices.values()))

    @property
    def landed(self) -> dict[str, Landed]:
        """The documents that hold parts, as they were when the parts had come."""
        return {path: choice.landed for path, choice in self.choices.items() if choice.landed is not None}

    def typed(self) -> list[str]:
        """Return the documents in which the person typed meanwhile, beside what they took."""
        now = self._revisions()
        own = [path for path, choice in self.choices.items() if choice.typed or choice.strange]
        return sorted([*own, *(path for path in now if now[path] != self._beside.get(path))])

    async def settle(self, timeout_s: float) -> None:
        """Wait until all parts are there, or no document has moved for a moment; at most `timeout_s`."""
        whole = sum(len(choice.parts) for choice in self.choices.values())
        try:
            async with asyncio.timeout(timeout_s):
                while len(self.taken) < whole:
                    self._moved.clear()
                    async with asyncio.timeout(QUIET_S):
                        await self._moved.wait()
        except TimeoutError:
            pass

    def stop(self) -> None:
        """Watch no longer."""
        if self._changed in self._documents.listeners:
            self._documents.listeners.remove(self._changed)

    def _changed(self, document: Document) -> None:
        for choice in self.choices.values():
            if choice.document is document:
                choice.look()
        self._moved.set()

    def _revisions(self) -> dict[str, int]:
        """Return path → revision of the open documents that are not of this preview."""
        open_now = ((one.path, one.revision) for one in self._documents)
        return {path: revision for path, revision in open_now if path is not None and path not in self.choices}
