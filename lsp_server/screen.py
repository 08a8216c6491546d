"""What the editor is shown on its lines: standing findings, proposals where they would land, instructions.

Told only when it differs from what was told last, and withdrawn with an empty list. Decides nothing about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lsprotocol import types as lsp

from bridle.harness.engine import Finding
from bridle.lsp_server.board import Board, Reached
from bridle.lsp_server.diagnostics import (
    finding_diagnostic,
    hunk_diagnostics,
    instruction_diagnostic,
    left_out_diagnostic,
    reached_diagnostic,
)
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
        self._stale: dict[str, bool] = {}
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
        self._stale.clear()
        reached = self._board.reached(self.settings)
        paths = sorted(self._paths() | reached.keys())
        wanted = {self._uri(path): self._on(path, reached.get(path, ())) for path in paths}
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

    def _on(self, path: str, reached: Sequence[Reached]) -> list[lsp.Diagnostic]:
        document = self._documents.at(path)
        client, uri_of = self._editor.client, self._places.uri
        found = [
            *self._hunks(path, document),
            *_instructions(document),
            *(reached_diagnostic(one, document, uri_of, client) for one in reached),
        ]
        findings = [one for one in self._board.on(path) if self._board.shown(one, self.settings)]
        n_room = max(0, MAX_PER_FILE - len(found))
        told = [self._told_of(finding, document) for finding in findings[:n_room]]
        more = [left_out_diagnostic(len(findings) - n_room)] if len(findings) > n_room else []
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
