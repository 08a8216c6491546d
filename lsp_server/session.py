"""One root's session: the mutable state that lives on the door's loop, and the tasks that work on it.

It owns what the rooms below share, and decides nothing itself: `happenings` takes the engine's events, `commands`
the person's, `verifying` the checks.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from lsprotocol import types as lsp

from bridle.harness.engine import Closed, Done, GetStatus, Selection, Status, SyncBuffers, Usage, UserProblem
from bridle.lsp_server.accept import Landing
from bridle.lsp_server.actions import View, Waiting, selected_lines
from bridle.lsp_server.board import Board
from bridle.lsp_server.choices import Choices
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.editor import Editor
from bridle.lsp_server.landing import text_digest
from bridle.lsp_server.link import Link, MakeEngine
from bridle.lsp_server.mirror import Mirror
from bridle.lsp_server.offers import Offers
from bridle.lsp_server.places import Places, file_of
from bridle.lsp_server.previewing import Previewing
from bridle.lsp_server.progress import Reports
from bridle.lsp_server.protocol import explain
from bridle.lsp_server.screen import Screen
from bridle.lsp_server.settings import ClientSettings, completed
from bridle.lsp_server.values import values_hover

logger = logging.getLogger(__name__)

SYNC_S = 30.0
MAX_WAITING = 3


class Session:
    """Everything of one root."""

    def __init__(
        self, root: str, make_engine: MakeEngine, editor: Editor, documents: Documents, settings: ClientSettings
    ) -> None:
        self.editor = editor
        self.documents = documents
        self.places = Places(root)
        self.settings = self._sent = settings
        self.status: Status | None = None
        self.unready = "Bridle is starting"
        self.foremost = True
        self.asked_trust = False
        self.on_settings: Callable[[], None] = lambda: None
        self.link = Link(make_engine, root, settings)
        self.board = Board(documents)
        self.offers = Offers()
        self.reports = Reports(editor)
        self.mirror = Mirror(documents, self._sync)
        self.screen = Screen(editor, self.places, documents, self.board, self.offers, settings)
        self.choices = Choices(documents)
        self.bill: Mapping[int, Selection] = {}
        """Which place each line of the context bill is about that was shown last."""
        editor.questions.on_change = self.screen.refresh
        self.landing = Landing(self.link, documents, self.mirror, self.offers, editor)
        self.previewing = Previewing(self.landing, documents, self.mirror, self.offers, editor, self.places)
        self._spent: dict[str, Usage] = {}
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def trusted(self) -> bool:
        """Whether the person said that this folder's checks may run."""
        return self.status is not None and self.status.trusted

    # --- documents ------------------------------------------------------------------------------------------

    def changed(self, document: Document) -> None:
        """A document was opened or changed: all that costs time waits for a quiet moment."""
        self.mirror.touch(document)
        self.screen.refresh_soon()

    def closed(self, document: Document) -> None:
        """A document was closed."""
        self.board.let_go(document)
        self.choices.closed(document)
        self.mirror.drop(document)
        self.screen.refresh_soon()

    def forget(self, paths: Iterable[str]) -> None:
        """Files are gone."""
        self.board.forget(paths)
        self.screen.refresh_soon()

    def hover(self, document: Document, line: int) -> str:
        """Return what is known of the values on a line, "" for any text but the one that failed."""
        findings = self.board.valued(document.path) if document.path is not None else []
        shown = [finding for finding in findings if self.board.shown(finding, self.settings)]
        if not shown or document.path is None:
            return ""
        digest = text_digest(str(document.text))
        return values_hover(shown, document.path, line, digest, markdown=self.editor.client.hover_markdown)

    def view(self, document: Document, place: lsp.Range) -> View:
        """Return what stands on a range, for its actions."""
        if document.path is None:
            return View(self.trusted, "", questions=self.editor.questions.waiting())
        lines = selected_lines(document.path, place)
        waiting: list[Waiting] = []
        for proposal in self.offers.open()[:MAX_WAITING]:
            stands = self.offers.stands(proposal, document)
            here = tuple(one.hunk for one in stands if one.touches(lines.start_line, lines.end_line))
            waiting.append(Waiting(proposal, here, self.offers.broken(proposal, self.documents)))
        return View(
            trusted=self.trusted,
            model=self.status.model if self.status else "",
            findings=[
                finding
                for finding in self.board.on(document.path, lines.start_line, lines.end_line)
                if self.board.shown(finding, self.settings)
            ],
            proposals=waiting,
            can_undo=self.offers.landed(),
            n_muted=len(self.board.muted),
            chosen=self.choices.about(document.path),
            asked=self.choices.asked is not None,
            fix_cost=self.status.fix_cost_usd_micros if self.status else None,
            unready=self.unready,
            questions=self.editor.questions.waiting(),
        )

    def _complete_settings(self) -> None:
        status = self.status
        sent = self._sent
        settings = completed(sent, status.lint, status.types, status.navigation) if status is not None else sent
        self.settings = self.screen.settings = settings
        self.on_settings()

    def take_settings(self, settings: ClientSettings) -> None:
        """Take new settings; those of the engine count from its next start."""
        self._sent = settings
        self._complete_settings()
        self.screen.refresh()

    # --- telling --------------------------------------------------------------------------------------------

    def take_status(self, status: Status) -> None:
        """Take how things stand, and tell our own plug-ins."""
        self.status = status
        self._complete_settings()
        self.unready = ""
        self.tell_status()

    def finish(self, work: str, message: str = "") -> None:
        """Say that work is over, and how things stand without it."""
        self.reports.end(work, message)
        self.tell_status()

    def tell_status(self) -> None:
        """Tell our own plug-ins how things stand, in a few words."""
        if self.foremost:  # else what another folder tells is what the person sees
            self.editor.status(*self._standing(), self._sum())

    def _standing(self) -> tuple[str, Literal["ready", "busy", "warning", "error"], str]:
        """Return how things stand: in a word or two, as a state, and in detail."""
        status = self.status
        if status is None:
            return self.unready or "starting", "busy" if not self.unready else "warning", ""
        if self.unready:
            return "stopped", "error", self.unready
        if not status.trusted:
            return "not trusted", "warning", status.next_step
        if self.reports.names():
            return "working", "busy", ""
        if waiting := self.offers.open():
            several = f"{len(waiting)} proposals" if len(waiting) > 1 else "1 proposal"
            return several, "ready", waiting[0].badge.text
        return "ready", "ready", status.next_step or ", ".join(status.checks)

    def spend(self, run: str, usage: Usage) -> None:
        """Take what a run came to so far."""
        self._spent[run] = usage

    def _sum(self) -> dict[str, int]:
        """Return what runs came to since the door has this folder."""
        used = self._spent.values()
        return {
            "tokens": sum(one.input_tokens + one.output_tokens for one in used),
            "cost_usd_micros": sum(one.cost_usd_micros or 0 for one in used),
        }

    def tell_runs(self) -> None:
        """Tell our own plug-ins that the list of runs is not what it was."""
        self.editor.runs_changed()

    def tell_problem(self, error: BaseException) -> None:
        """Show the person what went wrong, in words."""
        _, words = explain(error)
        self.editor.show(words, "warning" if isinstance(error, UserProblem) else "error")

    # --- work -----------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` beside the conversation; what goes wrong is shown to the person."""
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # what was stopped before it began is told to be over

    def folder_for_shown(self) -> Path:
        """Return where texts are written that are only to be looked at: as set, else a private folder until the end."""
        if self.settings.shown_folder:
            folder = Path(self.settings.shown_folder).expanduser()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return folder
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="bridle-", ignore_cleanup_errors=True)
        return Path(self._scratch.name)

    def shows(self, uri: str, name: str) -> bool:
        """Tell whether a document is the text of this name that is only to be looked at."""
        if not self.bill or not uri.endswith(name):
            return False
        return file_of(uri) == str(self.folder_for_shown() / name)

    async def refresh_status(self) -> Status:
        """Ask the engine how things stand. Raises Closed, TimeoutError, UserProblem."""
        status = await self.link.ask(GetStatus(), Status)
        self.take_status(status)
        return status

    async def close(self) -> None:
        """End everything of this session, in bounded time."""
        for task in list(self._tasks):
            task.cancel()
        self.mirror.stop()
        self.screen.stop()
        self.reports.end_all("stopped")
        await self.link.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (UserProblem, Closed, TimeoutError) as problem:
            self.tell_problem(problem)
        except Exception as fault:
            logger.exception("work beside the conversation failed")
            self.tell_problem(fault)

    async def _sync(self, request: SyncBuffers) -> None:
        await self.link.ask(request, Done, SYNC_S)
