"""What a run stands on: the rooms it needs, handed in by the workspace, and nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bridle.context.task import Beside
from bridle.harness.buffers import Buffers
from bridle.harness.engine import EngineEvent
from bridle.harness.mcp.servers import Servers
from bridle.harness.model.client import ModelClient
from bridle.harness.model.purse import Purse
from bridle.harness.permission.grants import Grants
from bridle.harness.phases.library import Library
from bridle.harness.proposals.ledger import Ledger
from bridle.harness.pulse import Pulse
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.state import State
from bridle.harness.settings import Settings
from bridle.indexer.snapshot import Snapshot


async def nothing_beside() -> Beside:
    """Know nothing beside the snapshot."""
    return Beside()


class Question(Protocol):
    """Puts a question about the task to the person."""

    async def __call__(
        self, message: str, choices: tuple[str, ...], default: str, *, timeout_s: float = ...
    ) -> tuple[str, bool]:
        """Return the answer, and whether the person gave it: without one in time it is the default."""
        ...


@dataclass(frozen=True)
class Ground:
    """The workspace as a run sees it.

    `engine` names this engine's life: versions of open documents count within it. `trusted` tells whether a person said
    yes to this folder as it is now. `client` gives the model and `consent` asks once before anything goes to an
    endpoint; both raise UserProblem. `ask` puts a question about a permission (text, choices, the default) to the
    person, `question` one about the task. `now` is seconds since the epoch. `library` has the workflows, `purse` what
    all runs together may take. `beside` is what choosing context knows beside the snapshot; `agreed` tells
    of an endpoint whether the person said yes to it already. `pulse` hears whether the
    run lives.
    """

    root: Path
    engine: str
    state: State
    settings: Settings
    grants: Grants
    trusted: Callable[[], bool]
    buffers: Buffers
    snapshot: Callable[[], Awaitable[Snapshot]]
    client: Callable[[], ModelClient]
    consent: Callable[[str, str], Awaitable[None]]
    ask: Callable[[str, tuple[str, ...], str], Awaitable[str]]
    question: Question
    blobs: Blobs
    ledger: Ledger
    emit: Callable[[EngineEvent], None]
    now: Callable[[], float]
    library: Library
    purse: Purse
    pulse: Pulse = field(default_factory=Pulse)
    servers: Servers | None = None
    beside: Callable[[], Awaitable[Beside]] = nothing_beside
    agreed: Callable[[str], bool] = lambda _: False


@dataclass
class Brake:
    """One cancel for both worlds of a run: its task on the loop, its checks on threads."""

    event: threading.Event = field(default_factory=threading.Event)
    task: asyncio.Task[None] | None = None
    leaving: bool = False
    reason: str = "stopped; no file was changed"

    def pull(self, reason: str = "") -> None:
        """Stop everything that the run is doing; `reason` is told as the run's ending."""
        self.reason = reason or self.reason
        self.event.set()
        if self.task is not None:
            self.task.cancel()

    def leave(self) -> None:
        """Stop because the engine goes: the run stays open in its journal and can be resumed."""
        self.leaving = True
        self.pull()
