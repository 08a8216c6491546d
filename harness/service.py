"""The engine in this process: each request to the room that answers it. It holds the rooms and no policy."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bridle.harness import engine as e
from bridle.harness.afterwards import Afterwards
from bridle.harness.asking import Asking
from bridle.harness.buffers import Buffers
from bridle.harness.checking import Checking
from bridle.harness.completing import Completing
from bridle.harness.describing import Describing
from bridle.harness.editing import Editing
from bridle.harness.executing import Executing
from bridle.harness.knowing import Knowing
from bridle.harness.landings import Landings
from bridle.harness.navigating import Navigating
from bridle.harness.nouns import Fault, RunId, UserProblem
from bridle.harness.order import order_of
from bridle.harness.overview import Overview
from bridle.harness.permission.trust import Trust
from bridle.harness.proposals.standing import Standing
from bridle.harness.reaching import Reaching
from bridle.harness.runs import Runs
from bridle.harness.warming import Warming

MAX_EARLY_EVENTS = 1_000


class Post:
    """The way out for events: kept, up to a cap, until there is a listener."""

    def __init__(self) -> None:
        self._early: deque[e.EngineEvent] = deque(maxlen=MAX_EARLY_EVENTS)
        self._listener: Callable[[e.EngineEvent], None] | None = None

    def emit(self, event: e.EngineEvent) -> None:
        """Hand one event over."""
        if self._listener is None:
            self._early.append(event)
        else:
            self._listener(event)

    def listen(self, listener: Callable[[e.EngineEvent], None]) -> None:
        """Take the one listener; what happened before it came is told first."""
        self._listener = listener
        while self._early:
            listener(self._early.popleft())


@dataclass(frozen=True)
class Rooms:
    """The rooms that answer."""

    buffers: Buffers
    trust: Trust
    asking: Asking
    knowing: Knowing
    navigating: Navigating
    checking: Checking
    reaching: Reaching
    describing: Describing
    completing: Completing
    executing: Executing
    runs: Runs
    landings: Landings
    afterwards: Afterwards
    editing: Editing
    standing: Standing
    overview: Overview
    warming: Warming
    sweeping: Warming
    release: Callable[[], Awaitable[None]]
    """Lets go of what is outside: the model's connections and the MCP servers."""


class LocalEngine:
    """One workspace's engine, in the caller's process and on the caller's event loop."""

    def __init__(self, post: Post, rooms: Rooms) -> None:
        self._post = post
        self._rooms = rooms

    def listen(self, listener: Callable[[e.EngineEvent], None]) -> None:
        """Hand over the listener."""
        self._post.listen(listener)

    async def call(self, request: e.EngineRequest, timeout_s: float = 30.0) -> e.EngineReply:
        """Answer one request. Raises UserProblem, Fault, TimeoutError."""
        for idle in (self._rooms.warming, self._rooms.sweeping):
            idle.touched(request)
        async with asyncio.timeout(timeout_s):
            if isinstance(request, e.NavigationRequest):
                return await self._rooms.navigating.answer(request)
            if isinstance(request, e.LinesRequest):
                return await self._rooms.editing.answer(request)
            if isinstance(request, e.PastRequest):
                return await self._of_past(request)
            return await self._answer(request)

    async def close(self) -> None:
        """Stop what is under way; runs stay resumable."""
        for idle in (self._rooms.warming, self._rooms.sweeping):
            await idle.close()
        self._rooms.checking.stop()
        self._rooms.executing.stop()
        await self._rooms.runs.close()
        await self._rooms.overview.close()
        await self._rooms.describing.close()
        self._rooms.navigating.close()
        await self._rooms.release()
        await self._rooms.knowing.close()

    async def _answer(self, request: e.EngineRequest) -> e.EngineReply:  # noqa: C901, PLR0912 - one case a request
        rooms = self._rooms
        match request:
            case e.SyncBuffers():
                await self._sync(request)
            case e.GetStatus():
                return await rooms.overview.status()
            case e.SetTrust():
                rooms.trust.say(trusted=request.trusted)
                return await rooms.overview.status()
            case e.Verify():
                self._expect_trust()
                return await rooms.checking.verify(request)
            case e.Exec():
                self._expect_trust()
                return await rooms.executing.execute(request)
            case e.GrantNeeds():
                await rooms.checking.grant(request)
            case e.AcceptFinding() | e.TakeBackFinding() | e.GetReversal():
                return await rooms.completing.answer(request)
            case e.StartRun():
                self._expect_trust()
                return rooms.runs.start(order_of(request, rooms.buffers.versions()))
            case e.CancelRun():
                rooms.runs.cancel(request.run)
            case e.ReplyTo():
                rooms.asking.reply(request)
            case e.GetProposals():
                return rooms.landings.proposals()
            case e.Reject():
                await self._reject(request)
            case e.Refresh():
                self._expect_trust()
                return self._refresh(request)
            case e.PrepareLanding():
                self._expect_trust()
                await rooms.runs.hand_over(request.proposal)
                return await rooms.landings.prepare(request)
            case e.PrepareUndo():
                return await rooms.landings.prepare_undo(request)
            case e.PrepareRewind():
                return await rooms.landings.prepare_rewind(request)
            case e.FinishLanding():
                return await rooms.landings.finish(request)
            case e.ProveLanded():
                self._expect_trust()
                return await rooms.afterwards.prove(request)
            case e.GetContext():
                return await rooms.overview.context(request)
            case e.PauseIndexing():
                rooms.knowing.pause(paused=request.paused)
            case e.GetReach():
                return await rooms.reaching.reach(request)
            case e.GetAbout():
                return await rooms.describing.describe(request)
            case e.GetWorkflows():
                return rooms.runs.workflows()
            case _:
                raise Fault(f"the engine knows no request {type(request).__name__}")
        return e.Done()

    async def _of_past(self, request: e.PastRequest) -> e.EngineReply:
        """Tell of runs, or do with one what a person asked for."""
        runs = self._rooms.runs
        match request:
            case e.GetSessions():
                return await asyncio.to_thread(runs.sessions)
            case e.GetStory():
                return await asyncio.to_thread(runs.story, request.run)
            case e.ResumeRun():
                self._expect_trust()
                return runs.resume(request.run, take=request.take)
            case e.ForkRun():
                return await asyncio.to_thread(runs.fork, request.run, request.to)
            case e.DiscardRun():
                runs.discard(request.run)
        return e.Done()

    async def _sync(self, request: e.SyncBuffers) -> None:
        """Take buffers before anything is awaited, so that requests sent later see them."""
        touched = self._rooms.buffers.sync(request)
        self._rooms.standing.ground_moved(touched)
        for path in touched:
            document = self._rooms.buffers.get(path)
            await self._rooms.knowing.set_buffer(path, None if document is None else document.buffer.text)

    async def _reject(self, request: e.Reject) -> None:
        """Take a proposal off the table, with its run; where only hunks are, the run ends first."""
        if request.hunks:
            await self._rooms.runs.hand_over(request.proposal)
        self._rooms.standing.reject(request.proposal, request.hunks)
        if not request.hunks:
            self._rooms.runs.cancel(RunId(request.proposal))

    def _refresh(self, request: e.Refresh) -> e.RunAccepted:
        """Begin the run of a proposal anew, and take the old proposal off the table."""
        accepted = self._rooms.runs.again(RunId(request.proposal), request.at, self._rooms.buffers.versions())
        self._rooms.standing.reject(request.proposal)
        return accepted

    def _expect_trust(self) -> None:
        if not self._rooms.trust.trusted:
            raise UserProblem(
                "this folder is not trusted, so nothing of it is run",
                "answer the question in the editor, or run 'bridle trust'",
            )
