"""The one place where an engine is put together: every room, for one root."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bridle.harness.afterwards import Afterwards
from bridle.harness.asking import Asking, agreed, consented
from bridle.harness.audit.spending import spent_on
from bridle.harness.buffers import Buffers
from bridle.harness.calibrated import Calibration
from bridle.harness.checking import Checking
from bridle.harness.completing import Completing
from bridle.harness.describing import Describing, Kept
from bridle.harness.editing import Editing
from bridle.harness.embedding import opener
from bridle.harness.executing import Executing
from bridle.harness.ground import Ground
from bridle.harness.knowing import Knowing
from bridle.harness.landings import Landings
from bridle.harness.mcp.servers import Servers
from bridle.harness.model.choose import choose
from bridle.harness.model.client import ModelClient
from bridle.harness.model.keys import take_key
from bridle.harness.model.purse import Purse
from bridle.harness.navigating import Navigating
from bridle.harness.nouns import UserProblem
from bridle.harness.overview import Overview
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.trust import Trust
from bridle.harness.phases.library import Library
from bridle.harness.proposals.ledger import Ledger
from bridle.harness.proposals.proving import Proving
from bridle.harness.proposals.standing import Standing
from bridle.harness.reaching import Reaching
from bridle.harness.recovery import recover
from bridle.harness.remembering import Remembering
from bridle.harness.runs import Runs
from bridle.harness.service import LocalEngine, Post, Rooms
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.lock import WorkspaceLock
from bridle.harness.session.state import State
from bridle.harness.settings import Settings, load, model_environment, user_file
from bridle.harness.shadow.contract import SANDBOXES
from bridle.harness.shadow.shadow import open_shadow
from bridle.harness.sweeping import Sweeping
from bridle.harness.unsheltered import Unsheltered
from bridle.harness.warming import Warming

SWEEP_AFTER_S = 60.0
NEXT_STEP_MODEL = "set up a model with 'bridle key set', or name one with BRIDLE_MODEL; all else works without"


async def open_engine(root: Path, client_settings: Mapping[str, object]) -> LocalEngine:
    """Open the engine of the workspace at `root`. Raises UserProblem when its state cannot be kept.

    Must be called on the event loop that will use it.
    """
    state = await asyncio.to_thread(State, root)
    root = state.root
    settings, trust = load(root, client_settings), Trust(root)
    post = Post()
    buffers = Buffers(root)
    key = take_key(os.environ)
    trusted = partial(_is_trusted, trust)
    vectors = opener(state, settings.vectors, buffers.current, trusted)
    remembering, calibration = Remembering(root, state.past), Calibration(state.weights)
    knowing = Knowing(root, state.index, _claimed(state, post), post.emit, vectors, remembering, calibration)
    asking = Asking(post.emit)
    rung = asyncio.create_task(asyncio.to_thread(_rung, root, state, settings))
    grants = Grants(settings.policy, settings.needs)
    servers = _servers(root, settings, state, trust)
    model = _Model(partial(choose, model_environment(os.environ), root, key, settings.endpoints))
    ground = Ground(
        root=root,
        engine=uuid.uuid4().hex[:8],
        state=state,
        settings=settings,
        grants=grants,
        trusted=trusted,
        buffers=buffers,
        snapshot=knowing.snapshot,
        client=model.client,
        consent=partial(consented, state.folder / "consent.json", asking=asking),
        ask=partial(asking.ask, about="permission"),
        question=partial(asking.put, about="task"),
        blobs=Blobs(state.blobs),
        ledger=Ledger(state.proposals),
        emit=post.emit,
        now=time.time,
        library=Library(root, user_file().parent / "workflows", trusted),
        purse=Purse(settings.ceiling, partial(spent_on, state.folder.parent), time.time),
        servers=servers,
        beside=knowing.beside,
        agreed=partial(agreed, state.folder / "consent.json"),
    )
    rooms = _rooms(ground, post, trust, asking, knowing, rung, model)
    knowing.start()
    return LocalEngine(post, rooms)


def _rooms(
    ground: Ground,
    post: Post,
    trust: Trust,
    asking: Asking,
    knowing: Knowing,
    rung: asyncio.Task[str],
    model: _Model,
) -> Rooms:
    """Put the rooms together that stand on `ground`."""
    root, state, settings, buffers, servers = ground.root, ground.state, ground.settings, ground.buffers, ground.servers
    unsheltered = Unsheltered(rung, asking)
    completing, runs = Completing(ground), Runs(ground)
    checking = Checking(root, state, settings, buffers, post.emit, unsheltered, ground.grants, completing.begin)
    proving = Proving(checking, ground.ledger, buffers, post.emit)
    landings = Landings(ground, proving)
    navigating, reaching = Navigating(ground, knowing), Reaching(buffers, checking.memory)
    kept = Kept(ground.ledger, ground.blobs, state.journals)
    return Rooms(
        buffers=buffers,
        trust=trust,
        asking=asking,
        knowing=knowing,
        navigating=navigating,
        checking=checking,
        reaching=reaching,
        describing=Describing(root, buffers, navigating, reaching, kept),
        completing=completing,
        executing=Executing(ground),
        runs=runs,
        landings=landings,
        afterwards=Afterwards(ground, proving),
        editing=Editing(ground, landings),
        standing=Standing(ground.ledger, buffers, post.emit),
        overview=Overview(ground, trust, knowing, runs, rung, model.name),
        warming=Warming(checking.warm, partial(_may_warm, trust, knowing, runs, rung, settings)),
        sweeping=_idle_sweep(state, settings, knowing, runs),
        release=partial(_release, servers, model),
    )


def _is_trusted(trust: Trust) -> bool:
    return trust.trusted


def _may_warm(trust: Trust, knowing: Knowing, runs: Runs, rung: asyncio.Task[str], settings: Settings) -> bool:
    """Idle work is for the owner of a trusted root, in a sandbox, when no run goes and checks may run unasked."""
    sheltered = rung.done() and not rung.cancelled() and rung.result() in SANDBOXES
    return sheltered and trust.trusted and knowing.role == "owner" and settings.checks_on_save and not runs.under_way


def _idle_sweep(state: State, settings: Settings, knowing: Knowing, runs: Runs) -> Warming:
    """Forgetting is for the owner, when no run goes; what it counts is read anew, with a ledger of its own."""
    sweeping = Sweeping(state, Ledger(state.proposals), settings.sessions, time.time)

    async def sweep(cancel: threading.Event) -> bool:
        return await asyncio.to_thread(sweeping.sweep, cancel)

    def allowed() -> bool:
        return sweeping.due and knowing.role == "owner" and not runs.under_way

    return Warming(sweep, allowed, SWEEP_AFTER_S)


def _claimed(state: State, post: Post) -> WorkspaceLock:
    """Claim the root, and put right what a crash left if it is ours now."""
    lock = WorkspaceLock(state.lock)
    if lock.try_take():
        recover(state.root, state, time.time, post.emit)
    return lock


async def _release(servers: Servers | None, model: _Model) -> None:
    if servers is not None:
        await servers.close()
    await model.close()


class _Model:
    """The model that is set up, looked for when it is first needed and again as long as there is none."""

    def __init__(self, find: Callable[[], ModelClient | None]) -> None:
        self._find = find
        self._found: ModelClient | None = None

    def client(self) -> ModelClient:
        """Return the model. Raises UserProblem when none is set up."""
        self._found = self._found or self._find()
        if self._found is None:
            raise UserProblem("no model is set up", NEXT_STEP_MODEL)
        return self._found

    async def close(self) -> None:
        """Let go of the model's connections."""
        if self._found is not None:
            await self._found.close()

    def name(self) -> str:
        """Return the model's id, "" when none is set up."""
        try:
            return self.client().model
        except UserProblem:
            return ""


def _servers(root: Path, settings: Settings, state: State, trust: Trust) -> Servers:
    required = settings.sandbox_required
    return Servers(root, settings.mcp, state.folder, lambda: trust.trusted, sandbox_required=required)


def _rung(root: Path, state: State, settings: Settings) -> str:
    """Return the rung that this workspace gets, by opening a shadow once; where there is none, why."""
    try:
        shadow = open_shadow(
            root,
            state.shadows,
            python=settings.python or None,
            required=settings.sandbox_required,
            limits=settings.limits,
            container=settings.container,
        )
    except UserProblem as problem:
        return f"none: {problem.message}"
    shadow.close()
    return shadow.rung
