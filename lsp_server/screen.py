"""What the editor is shown on its lines: standing findings, proposals where they would land, instructions.

Told only when it differs from what was told last, and withdrawn with an empty list. Decides nothing about it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lsprotocol import types as lsp

from bridle.harness.engine import Finding
from bridle.lsp_server.board import Board, Reached
from bridle.lsp_server.diagnostics import (
    finding_diagnostic,
    hunk_diagnostics,
    instruction_diagnostic,
    left_out_diagnostic,
    question_diagnostic,
    reached_diagnostic,
)
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.editor import Editor
from bridle.lsp_server.instructions import MARK, instructions
from bridle.lsp_server.offers import Offers, as_made
from bridle.lsp_server.places import Places
from bridle.lsp_server.settings import ClientSettings

QUIET_S = 0.2
SLICE_S = 0.004
"""How long files are shown at a stretch: what is typed meanwhile waits no longer."""
MAX_PER_FILE = 200


class Ground(NamedTuple):
    """All that what is shown of a file is made of: the same ground shows the same."""

    findings: tuple[Finding, ...]
    doubts: tuple[tuple[str, bool, bool], ...]
    reached: tuple[Reached, ...]
    offers: tuple[lsp.Diagnostic, ...]
    questions: tuple[lsp.Diagnostic, ...]
    revision: int | None


class Screen:
    """The diagnostics of one root."""

    def __init__(
        self,
        editor: Editor,
        places: Places,
        documents: Documents,
        board: Board,
        offers: Offers,
        settings: ClientSettings,
    ) -> None:
        self.settings = settings
        self._editor = editor
        self._places = places
        self._documents = documents
        self._board = board
        self._offers = offers
        self._told: dict[str, list[lsp.Diagnostic]] = {}
        self._stale: dict[str, bool] = {}
        self._reached: Mapping[str, Sequence[Reached]] = {}
        self._shown: dict[str, tuple[Ground, list[lsp.Diagnostic]]] = {}
        self._waiting: deque[tuple[str, str]] = deque()
        self._next: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None

    def refresh_soon(self) -> None:
        """Show what changed, once it has been quiet for a moment."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET_S, self.refresh)

    def stop(self) -> None:
        """Show nothing more by itself."""
        for handle in (self._timer, self._next):
            if handle is not None:
                handle.cancel()

    def clear(self) -> None:
        """Take everything off the screen."""
        self.stop()
        self._waiting.clear()
        for uri in list(self._told):
            self._tell(uri, [])

    def refresh(self) -> None:
        """Show what changed since the last time: what is open first, and never so much at once that typing waits."""
        self._stale.clear()
        self._reached = self._board.reached(self.settings)
        opened = {document.path for document in self._documents}
        paths = sorted(self._paths() | self._reached.keys(), key=lambda path: (path not in opened, path))
        uris = {self._uri(path): path for path in paths}
        for uri in [uri for uri in self._told if uri not in uris]:
            self._tell(uri, [])
        for path in self._shown.keys() - set(paths):
            del self._shown[path]
        self._waiting = deque(uris.items())
        self._go_on()

    @property
    def busy(self) -> bool:
        """Whether files still wait to be shown."""
        return bool(self._waiting)

    def _go_on(self) -> None:
        """Show the next files, for as long as nobody notices; then let others have the loop."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        deadline = time.perf_counter() + SLICE_S
        while self._waiting:
            uri, path = self._waiting.popleft()
            self._tell(uri, self._on(path))
            if self._waiting and time.perf_counter() > deadline:
                self._next = asyncio.get_running_loop().call_later(0, self._go_on)
                return

    def _tell(self, uri: str, diagnostics: list[lsp.Diagnostic]) -> None:
        told = self._told.get(uri, [])
        if diagnostics is told or diagnostics == told:
            return
        document = self._documents.get(uri)
        self._editor.publish(uri, document.version if document else None, diagnostics)
        if diagnostics:
            self._told[uri] = diagnostics
        else:
            del self._told[uri]

    def _paths(self) -> set[str]:
        offered = {patch.path for proposal in self._offers.open() for patch in proposal.files}
        opened = {document.path for document in self._documents if document.path is not None}
        return self._board.paths() | offered | opened

    def _uri(self, path: str) -> str:
        document = self._documents.at(path)
        return document.uri if document is not None else self._places.uri(path)

    def _on(self, path: str) -> list[lsp.Diagnostic]:
        """Return what stands on a file, made anew only where something of it is another."""
        document, board = self._documents.at(path), self._board
        findings = tuple(one for one in board.on(path) if board.shown(one, self.settings))
        checks = {finding.check for finding in findings}
        ground = Ground(
            findings=findings,
            doubts=tuple((check, self._stale_now(check), board.unclear(check)) for check in sorted(checks)),
            reached=tuple(self._reached.get(path, ())),
            offers=tuple(self._hunks(path, document)),
            questions=tuple(self._questions(document)),
            revision=document.revision if document is not None else None,
        )
        known = self._shown.get(path)
        if known is not None and known[0] == ground:
            return known[1]
        diagnostics = self._made(ground, document)
        self._shown[path] = (ground, diagnostics)
        return diagnostics

    def _made(self, ground: Ground, document: Document | None) -> list[lsp.Diagnostic]:
        client, uri_of = self._editor.client, self._places.uri
        found = [
            *ground.questions,
            *ground.offers,
            *_instructions(document),
            *(reached_diagnostic(one, document, uri_of, client) for one in ground.reached),
        ]
        n_room = max(0, MAX_PER_FILE - len(found))
        told = [self._told_of(finding, document) for finding in ground.findings[:n_room]]
        n_left = len(ground.findings) - n_room
        more = [left_out_diagnostic(n_left)] if n_left > 0 else []
        return [*told, *found, *more][: MAX_PER_FILE + 1]

    def _told_of(self, finding: Finding, document: Document | None) -> lsp.Diagnostic:
        board, check = self._board, finding.check
        return finding_diagnostic(
            finding,
            document,
            self._places.uri,
            self._editor.client,
            stale=self._stale_now(check),
            unclear=board.unclear(check),
        )

    def _stale_now(self, check: str) -> bool:
        """Tell whether a check is behind the documents, asked once a refresh."""
        if check not in self._stale:
            self._stale[check] = self._board.stale(check)
        return self._stale[check]

    def _questions(self, document: Document | None) -> list[lsp.Diagnostic]:
        waiting = self._editor.questions.waiting() if document is not None else ()
        return [question_diagnostic(one, document) for one in waiting if document and one.uri == document.uri]

    def _hunks(self, path: str, document: Document | None) -> list[lsp.Diagnostic]:
        found: list[lsp.Diagnostic] = []
        for proposal in self._offers.open():
            stands = as_made(proposal, path) if document is None else self._offers.stands(proposal, document)
            found += hunk_diagnostics(proposal, stands, document)
        return found


def _instructions(document: Document | None) -> list[lsp.Diagnostic]:
    if document is None or MARK not in str(document.text):
        return []
    return [instruction_diagnostic(line, text, document) for line, text in instructions(document.text.lines)]
