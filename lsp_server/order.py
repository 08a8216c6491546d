"""Changes of documents in the order in which a client counted them, where it is known to send them in another.

Helix up to 25.01 sends each change from a task of its own: under load version 3 comes before version 1. Applied as they
come, the texts of editor and door part for good. So a change that is ahead of its turn waits for those before it, but
not long: Helix also counts changes that it never sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lsprotocol import types as lsp

WAIT_S = 0.3
"""How long a change waits for one that was counted before it."""

Take = Callable[[lsp.DidChangeTextDocumentParams], None]


class Order:
    """The changes that came ahead of their turn."""

    def __init__(self, take: Take, version: Callable[[str], int | None]) -> None:
        self._take = take
        self._version = version
        self._early: dict[str, dict[int, lsp.DidChangeTextDocumentParams]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Hand a change on in its turn, and all that waited for it."""
        uri, early = params.text_document.uri, self._early.setdefault(params.text_document.uri, {})
        early[params.text_document.version] = params
        while (due := early.pop((self._version(uri) or 0) + 1, None)) is not None:
            self._take(due)
        behind = [version for version in early if version <= (self._version(uri) or 0)]
        for version in behind:
            self._take(early.pop(version))  # refused as any older one
        if not early:
            self._forget(uri)
        elif uri not in self._timers:
            self._timers[uri] = asyncio.get_running_loop().call_later(WAIT_S, self.catch_up, uri)

    def catch_up(self, uri: str) -> None:
        """Hand on what waits for a document, whatever is missing."""
        early = self._early.get(uri, {})
        self._forget(uri)
        for version in sorted(early):
            self._take(early[version])

    def _forget(self, uri: str) -> None:
        self._early.pop(uri, None)
        if (timer := self._timers.pop(uri, None)) is not None:
            timer.cancel()
