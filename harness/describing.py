"""Tells a person who points at a place what is known of it, from what is at hand; but for git nothing is run.

The four parts are looked for side by side and each is waited for a moment: the answer is of what was there by then.
Git goes on in the background, so that the next question finds what it said; a newer question ends it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Coroutine
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from bridle.context.redact import hidden
from bridle.harness.about import About, Author, Caller, Change, GetAbout
from bridle.harness.audit.acceptance import Acceptance, accepted
from bridle.harness.audit.authors import Landed, Wrote, landings_of, wrote
from bridle.harness.buffers import Buffers
from bridle.harness.engine import GetReach
from bridle.harness.lastchange import Changed, LastChanges
from bridle.harness.navigating import Navigating, Pointed
from bridle.harness.navigation import Spot
from bridle.harness.nouns import Fault, ReachRow, UserProblem
from bridle.harness.proposals.ledger import Ledger
from bridle.harness.reaching import Reaching
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.journal import read_journal
from bridle.indexer.digest import digest
from bridle.indexer.encoding import text_of
from bridle.indexer.facts import Symbol
from bridle.indexer.resolve import is_test, is_test_file
from bridle.indexer.snapshot import Snapshot

logger = logging.getLogger(__name__)

WAIT_S, LEAST_S = 0.3, 0.1
"""How long is waited for an answer, and how long for its parts even where the place itself took that long."""
MAX_CALLERS = 5
MAX_READ_CHARS = 10_000
MAX_CHARS = 120
SHORT_COMMIT = 8
MAX_KEPT = 200

Part = TypeVar("Part")


class Kept(NamedTuple):
    """Where what runs did is kept."""

    ledger: Ledger
    blobs: Blobs
    journals: Path


class _Asking(NamedTuple):
    """A question to git that is under way: the path, the text and the lines of it."""

    what: tuple[str, str, range]
    stop: threading.Event
    task: asyncio.Task[Changed | None]


class Describing:
    """What is known of the places of one root."""

    def __init__(self, root: Path, buffers: Buffers, navigating: Navigating, reaching: Reaching, kept: Kept) -> None:
        self._buffers = buffers
        self._navigating = navigating
        self._reaching = reaching
        self._kept = kept
        self._changes = LastChanges(root)
        self._asking: _Asking | None = None
        self._git = asyncio.Lock()
        self._comparing = threading.Lock()
        self._wrote: OrderedDict[tuple[str, str, str], Wrote] = OrderedDict()
        self._accepted: OrderedDict[tuple[str, str], Acceptance | None] = OrderedDict()

    async def describe(self, request: GetAbout) -> About:
        """Answer from what is known within a moment."""
        began = time.monotonic()
        at = request.at
        pointed = await _within(WAIT_S, self._navigating.point(at)) or Pointed()
        symbol = pointed.symbol
        path = symbol.span.path if symbol is not None else at.path
        left_s = max(LEAST_S, began + WAIT_S - time.monotonic())
        if symbol is None:
            return About(complete=pointed.complete, author=await _within(left_s, self._author(at, None)))
        lines = range(symbol.span.start_line, max(symbol.span.end_line, symbol.span.start_line + 1))
        author, change, reach, callers = await asyncio.gather(
            _within(left_s, self._author(at, symbol)),
            _within(left_s, self._changed(path, lines)),
            _within(left_s, self._reach(path, symbol)),
            _within(left_s, asyncio.to_thread(callers_of, pointed.snapshot, symbol)),
        )
        callers = callers or []
        return About(
            name=plain(symbol.qualname or symbol.name),
            callers=tuple(callers[:MAX_CALLERS]),
            n_callers=len(callers),
            n_tests=sum(caller.is_test for caller in callers),
            complete=pointed.complete,
            reach=reach,
            change=_told(change) if change is not None else None,
            author=author,
        )

    async def close(self) -> None:
        """Ask git nothing more."""
        if self._asking is not None:
            self._asking.stop.set()
            await asyncio.wait([self._asking.task])

    # --- git ------------------------------------------------------------------------------------------------

    async def _changed(self, path: str, lines: range) -> Changed | None:
        """Return what git says; who stops waiting leaves it going, until somebody asks for something else."""
        text = await asyncio.to_thread(self._text, path)
        if text is None:
            return None
        what, asking = (path, text, lines), self._asking
        if asking is None or asking.what != what or asking.task.done():
            if asking is not None:
                asking.stop.set()
            stop = threading.Event()
            asking = self._asking = _Asking(what, stop, asyncio.create_task(self._ask_git(*what, stop)))
        return await asyncio.shield(asking.task)

    async def _ask_git(self, path: str, text: str, lines: range, stop: threading.Event) -> Changed | None:
        async with self._git:
            return await asyncio.to_thread(self._changes.of, path, text, lines, stop)

    # --- tests ----------------------------------------------------------------------------------------------

    async def _reach(self, path: str, symbol: Symbol) -> ReachRow | None:
        if symbol.kind not in ("function", "method"):
            return None
        rows = (await self._reaching.reach(GetReach(path))).rows
        within = range(symbol.span.start_line, symbol.span.end_line)
        return next((row for row in rows if row.start_line in within), None)

    # --- runs -----------------------------------------------------------------------------------------------

    async def _author(self, at: Spot, symbol: Symbol | None) -> Author | None:
        """Return the run that wrote a line, else, on the head of a definition, the newest that wrote lines of it."""
        landings = landings_of(self._kept.ledger.newest_first(), at.path)
        return await asyncio.to_thread(self._whose, landings, at.path, at.line, symbol) if landings else None

    def _whose(self, landings: list[Landed], path: str, line: int, symbol: Symbol | None) -> Author | None:
        with self._comparing:
            text = self._text(path)
            return self._found(landings, text, line, symbol) if text is not None else None

    def _found(self, landings: list[Landed], text: str, line: int, symbol: Symbol | None) -> Author | None:
        path = landings[0].file.path
        mark = digest(text.encode("utf-8", "replace"))
        found = [self._wrote_of(landed, text, mark) for landed in landings]
        for one in found:
            if line in one.lines or line in one.edited:
                return self._told(one.landed, edited=line not in one.lines)
        if symbol is None or symbol.span.path != path or not symbol.span.start_line <= line < symbol.span.end_line:
            return None
        span = range(symbol.span.start_line, symbol.span.end_line)
        for one in found:
            if n_lines := len(one.lines.intersection(span)):
                return msgspec.structs.replace(self._told(one.landed, edited=False), lines=n_lines, of=len(span))
        return None

    def _wrote_of(self, landed: Landed, text: str, mark: str) -> Wrote:
        key = landed.part.plan, landed.file.path, mark
        known = self._wrote.get(key) or wrote(landed, text, self._content)
        _keep(self._wrote, key, known)
        return known

    def _told(self, landed: Landed, *, edited: bool) -> Author:
        proposal, part = landed.offer.proposal, landed.part
        key = proposal.run, part.plan
        known = self._accepted.get(key) or self._accepted_of(landed)
        _keep(self._accepted, key, known)
        return Author(
            run=proposal.run,
            workflow=plain(known.workflow) if known else "",
            task=plain(known.task if known and known.task else proposal.title),
            seconds_ago=max(0.0, time.time() - part.at),
            accepted=known.by if known else "",
            badge=plain(proposal.badge.text),
            model=plain(known.model) if known else "",
            edited=edited,
        )

    def _accepted_of(self, landed: Landed) -> Acceptance | None:
        try:
            return accepted(read_journal(self._kept.journals, landed.offer.proposal.run).records, landed.part.plan)
        except UserProblem:  # its journal was let go: what the ledger has is told all the same
            return None

    def _content(self, mark: str) -> str | None:
        try:
            return text_of(self._kept.blobs.get(mark))
        except Fault:  # let go, as old: then it cannot be told who wrote what
            return None

    def _text(self, path: str) -> str | None:
        document = self._buffers.get(path)
        return document.buffer.text if document is not None else text_of(self._buffers.current(path))


def callers_of(snapshot: Snapshot | None, symbol: Symbol) -> list[Caller]:
    """Return what calls a definition, by the graph alone: the surest first, and code before tests."""
    found: list[Caller] = []
    if snapshot is None:
        return found
    for edge in snapshot.callers(symbol.id):
        caller = snapshot.linked.symbol(edge.source)
        if caller is not None:
            name = plain(caller.qualname or caller.name)
            span = caller.span
            in_tests = is_test(caller) or is_test_file(span.path)
            found.append(Caller(name, span.path, span.start_line, round(edge.confidence, 4), in_tests))
    return sorted(found, key=lambda one: (one.is_test, -one.confidence, one.path, one.line))


def plain(text: str) -> str:
    """Return text of anybody as one line that can be shown: redacted first, then cut."""
    shown = hidden(text[:MAX_READ_CHARS])
    line = " ".join("".join(one if one.isprintable() else " " for one in shown).split())
    return line if len(line) <= MAX_CHARS else f"{line[: MAX_CHARS - 1]}…"


def _told(changed: Changed) -> Change:
    commit, n_open = changed.commit, changed.n_open
    if commit is None:
        return Change(open="all")
    ago = max(0.0, time.time() - commit.time)
    said = Change(commit.id[:SHORT_COMMIT], plain(commit.subject), plain(commit.author), ago)
    return msgspec.structs.replace(said, open="some") if n_open else said


async def _within(seconds: float, work: Coroutine[object, object, Part]) -> Part | None:
    """Return what comes within so many seconds, else None."""
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError:
        return None
    except Exception:  # what one part could not tell keeps no other from being told
        logger.exception("a part of what is known of a place could not be told")
        return None


Key = TypeVar("Key")
Value = TypeVar("Value")


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MAX_KEPT:
        kept.popitem(last=False)
