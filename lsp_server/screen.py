"""What the editor is shown on its lines: standing findings, proposals where they would land, instructions.

Told only when it differs from what was told last, and withdrawn with an empty list. Decides nothing about it.
"""

from __future__ import annotations

import asyncio

from lsprotocol import types as lsp

from bridle.lsp_server.board import Board
from bridle.lsp_server.diagnostics import finding_diagnostic, hunk_diagnostics, instruction_diagnostic
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.editor import Editor
from bridle.lsp_server.instructions import MARK, instructions
from bridle.lsp_server.offers import Offers, as_made
from bridle.lsp_server.places import Places
from bridle.lsp_server.settings import ClientSettings

QUIET_S = 0.2
MAX_PER_FILE = 500


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
        self._timer: asyncio.TimerHandle | None = None

    def refresh_soon(self) -> None:
        """Show what changed, once it has been quiet for a moment."""
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(QUIET_S, self.refresh)

    def stop(self) -> None:
        """Show nothing more by itself."""
        if self._timer is not None:
            self._timer.cancel()

    def refresh(self) -> None:
        """Show what changed since the last time."""
        wanted = {self._uri(path): self._on(path) for path in sorted(self._paths())}
        for uri in [*wanted, *(uri for uri in self._told if uri not in wanted)]:
            diagnostics = wanted.get(uri, [])
            if diagnostics != self._told.get(uri, []):
                document = self._documents.get(uri)
                self._editor.publish(uri, document.version if document else None, diagnostics)
        self._told = {uri: diagnostics for uri, diagnostics in wanted.items() if diagnostics}

    def _paths(self) -> set[str]:
        offered = {patch.path for proposal in self._offers.open() for patch in proposal.files}
        opened = {document.path for document in self._documents if document.path is not None}
        return self._board.paths() | offered | opened

    def _uri(self, path: str) -> str:
        document = self._documents.at(path)
        return document.uri if document is not None else self._places.uri(path)

    def _on(self, path: str) -> list[lsp.Diagnostic]:
        document = self._documents.at(path)
        found = [*self._findings(path, document), *self._hunks(path, document), *_instructions(document)]
        return found[:MAX_PER_FILE]

    def _findings(self, path: str, document: Document | None) -> list[lsp.Diagnostic]:
        client, uri_of = self._editor.client, self._places.uri
        return [
            finding_diagnostic(finding, document, uri_of, client, stale=self._board.stale(finding.check))
            for finding in self._board.on(path)
            if path and self._board.shown(finding, self.settings)
        ]

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
