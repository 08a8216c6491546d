"""Where one run works: its shadow, its checks, its tools and its talk with the model, set up once.

It knows how to do each thing; `run.py` decides what comes next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bridle.context.pack import pack
from bridle.context.task import Task
from bridle.harness.edits.revisions import Revisions
from bridle.harness.engine import CheckFinished, CheckStarted
from bridle.harness.model.budget import Meter
from bridle.harness.nouns import Finding, Flag, RunId, Verdict
from bridle.harness.permission.decide import Gatekeeper
from bridle.harness.session.fold import RunState
from bridle.harness.session.journal import Journal
from bridle.harness.shadow.shadow import Shadow
from bridle.harness.tools.kit import Kit, tools_of
from bridle.harness.tools.toolbox import Toolbox
from bridle.harness.verify.checks import discover
from bridle.harness.verify.gates import judge
from bridle.harness.verify.ladder import verify
from bridle.harness.workflow.conversation import Conversation
from bridle.harness.workflow.ground import Brake, Ground
from bridle.harness.workflow.order import Order
from bridle.harness.workflow.prompt import opening, system_prompt


class Workbench:
    """Everything that one run holds in its hands."""

    def __init__(
        self, ground: Ground, order: Order, journal: Journal, meter: Meter, brake: Brake, shadow: Shadow, run: RunId
    ) -> None:
        self.shadow = shadow
        self._ground = ground
        self._order = order
        self._journal = journal
        self._brake = brake
        self._run = run
        self._dirty = ground.buffers.dirty()
        self._checks = discover(ground.root, ground.settings.python)
        self._baseline: tuple[Finding, ...] = ()
        self._judged_tree = ""
        self.revisions = Revisions()
        self.ground_digests: dict[str, str] = {}
        self.openings = ground.buffers.openings()
        self._tools = Toolbox(tools_of(Kit(ground, shadow, self.revisions, journal, self._check_for_model)))
        self._talk = Conversation(ground.client, self._tools, journal, meter, system_prompt())
