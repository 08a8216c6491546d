"""Work under way, as the editor shows it: begun by the server under a fresh token, reported, ended, cancellable.

In a client that shows no progress nothing is sent; the caller says at the end what came of it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

from lsprotocol import types as lsp

from bridle.lsp_server.editor import Editor

MAX_LINE = 120


class Report:
    """One piece of work. Reports before the client agreed to the token are kept, the last one only."""

    def __init__(self, editor: Editor, title: str, on_cancel: Callable[[], None] | None) -> None:
        self.token = f"bridle-{uuid.uuid4()}"
        self.on_cancel = on_cancel
        self._editor = editor
        self._title = title
        self._last = lsp.WorkDoneProgressReport()
        self._shown = False
        self._ended = False
        self._end = lsp.WorkDoneProgressEnd()
        self._creating = asyncio.ensure_future(self._create()) if editor.client.progress else None

    def say(self, message: str, percentage: int | None = None) -> None:
        """Report one line."""
        line = message.partition("\n")[0]
        line = line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"
        self._last = lsp.WorkDoneProgressReport(
            message=line, percentage=percentage, cancellable=self.on_cancel is not None
        )
        if self._shown and not self._ended:
            self._editor.progress(self.token, self._last)

    def end(self, message: str = "") -> None:
        """Say that it is over."""
        if self._ended:
            return
        self._ended = True
        self._end = lsp.WorkDoneProgressEnd(message=message or None)
        if self._shown:
            self._editor.progress(self.token, self._end)

    async def _create(self) -> None:
        if not await self._agreed():
            return
        self._shown = True
        begin = lsp.WorkDoneProgressBegin(
            title=self._title,
            message=self._last.message,
            percentage=self._last.percentage,
            cancellable=self.on_cancel is not None,
        )
        self._editor.progress(self.token, begin)
        if self._ended:  # a token that was agreed to is ended: some clients show work from the moment it was made
            self._editor.progress(self.token, self._end)

    async def _agreed(self) -> bool:
        return not self._ended and await self._editor.create_progress(self.token)


class Reports:
    """All work under way, by a name of the caller's."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._reports: dict[str, Report] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._reports

    def names(self) -> list[str]:
        """Return what is under way, the oldest first."""
        return list(self._reports)

    def begin(self, name: str, title: str, on_cancel: Callable[[], None] | None = None) -> None:
        """Begin to report; work of the same name that was under way is over."""
        self.end(name)
        self._reports[name] = Report(self._editor, f"{self._editor.sender}: {title}", on_cancel)

    def say(self, name: str, message: str, percentage: int | None = None) -> None:
        """Report one line of work that is under way; of any other, nothing."""
        if (report := self._reports.get(name)) is not None:
            report.say(message, percentage)

    def end(self, name: str, message: str = "") -> None:
        """Say that work is over."""
        if (report := self._reports.pop(name, None)) is not None:
            report.end(message)

    def cancel(self, token: int | str) -> None:
        """The person wants the work under `token` to stop; its end is told when it did."""
        for report in list(self._reports.values()):
            if report.token == token and report.on_cancel is not None:
                report.on_cancel()

    def end_all(self, message: str) -> None:
        """Say that all is over."""
        for name in self.names():
            self.end(name, message)
