"""How things stand, in one answer: for status lines, for `doctor`, and for the context bill."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bridle.context.pack import Pack, packed
from bridle.context.rank import Ranked, rank
from bridle.context.task import Beside, Task
from bridle.context.whynot import why_not
from bridle.harness.engine import GetContext, PackPiece, PackView, SessionRow, Status, Usage
from bridle.harness.ground import Ground
from bridle.harness.knowing import Knowing
from bridle.harness.model.prices import cost_usd_micros
from bridle.harness.model.profiles import Price
from bridle.harness.permission.trust import Trust
from bridle.harness.reranking import reranked_alone
from bridle.harness.rulefiles import rule_files
from bridle.harness.runs import Runs
from bridle.harness.verify.finders.discover import discover
from bridle.harness.withholding import pointed_at, withheld
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.snapshot import Snapshot

FIX_TURNS = 4
OVERHEAD_TOKENS = 3_000
REPLY_TOKENS = 700
"""What one turn of a fix takes where no fix was made yet: the context, tools and rules, and a reply."""
MAX_REMEMBERED = 20


class Overview:
    """What the engine can say of itself without running anything of the repository."""

    def __init__(
        self,
        ground: Ground,
        trust: Trust,
        knowing: Knowing,
        runs: Runs,
        rung: Awaitable[str],
        model: Callable[[], str],
    ) -> None:
        self._ground = ground
        self._root = ground.root
        self._settings = ground.settings
        self._buffers = ground.buffers
        self._trust = trust
        self._knowing = knowing
        self._runs = runs
        self._rung = rung
        self._model = model

    async def status(self) -> Status:
        """Return the state of this workspace as it is when all of it is known: an older one never overtakes a newer."""
        rung, checks = await self._rung, await asyncio.to_thread(self._checks)
        snapshot = self._knowing.now
        model = self._model()
        trusted = self._trust.trusted
        rows = self._runs.sessions().sessions
        return Status(
            root=str(self._root),
            trusted=trusted,
            rung=rung,
            model=model,
            checks=checks,
            n_files=len(snapshot.digests),
            n_symbols=len(snapshot.symbols),
            role=self._knowing.role,
            resumable=tuple(row.id for row in rows if row.resumable),
            lint_on_save=self._settings.checks_on_save,
            lint=self._settings.lint,
            types=self._settings.types,
            navigation=self._settings.navigation,
            next_step=_next_step(trusted=trusted, model=model),
            fix_cost_usd_micros=fix_cost(rows, self._settings.profiles.of(model).price, self._settings.context_tokens),
        )

    def _checks(self) -> tuple[str, ...]:
        settings = self._settings
        return tuple(check.name for check in discover(self._root, settings.python or None, declared=settings.declared))

    async def close(self) -> None:
        """Wait for what is still being found out."""
        await self._rung

    async def context(self, request: GetContext) -> PackView:
        """Return the context bill of a task."""
        snapshot, beside = await self._knowing.snapshot(), await self._knowing.beside()
        at = request.at
        task = Task(
            instruction=request.instruction,
            at=None if at is None else (at.path, at.start_line, at.end_line),
            open_files=tuple(sorted(self._buffers.versions())),
            n_tokens=request.n_tokens,
            rules=await asyncio.to_thread(rule_files, self._root),
            pinned=tuple((pin.path, pin.start_line, pin.end_line) for pin in request.pinned),
            excluded=request.excluded,
        )
        ranked = await asyncio.to_thread(rank, task, snapshot, beside)
        ordered, note = await reranked_alone(self._ground, task, ranked)
        chosen, why = await asyncio.to_thread(self._chosen, task, snapshot, ordered, request.why_not)
        return PackView(
            n_tokens=chosen.n_tokens,
            budget=chosen.budget,
            pieces=tuple(
                PackPiece(p.span.path, p.span.start_line, p.span.end_line, p.detail, p.n_tokens, p.reason, p.score)
                for p in chosen.pieces
            ),
            left_out=chosen.left_out,
            text=chosen.text(None),
            why_not=why,
            notes=tuple(filter(None, (self._weighed(beside, ranked), note))),
        )

    def _weighed(self, beside: Beside, ranked: Sequence[Ranked]) -> str:
        """Return whether weights of this repository's own were used: they are for tasks without a place."""
        if beside.weights is None or any(one.seed for one in ranked):
            return ""
        return "weights calibrated on this repository's own commits; 'bridle context --forget' takes them back"

    def _chosen(self, task: Task, snapshot: Snapshot, ranked: Sequence[Ranked], path: str) -> tuple[Pack, str]:
        """Return the pack, and why no more of `path` is in it."""
        chosen = packed(task, snapshot, self._read, ranked, withheld=withheld(self._ground, pointed_at(task)))
        return chosen, why_not(path, chosen, ranked, snapshot) if path else ""

    def _read(self, path: str) -> str | None:
        data = self._buffers.current(path)
        try:
            return None if data is None else decode(data).text
        except UndecodableError:
            return None


def fix_cost(rows: Sequence[SessionRow], price: Price | None, context_tokens: int) -> int | None:
    """Return what a fix costs as a rule, in micro-dollars: what the last ones came to, else by its model's price.

    None where neither is known.
    """
    costs = [row.usage.cost_usd_micros for row in rows if row.workflow == "fix" and row.usage.turns]
    known = sorted(cost for cost in costs[:MAX_REMEMBERED] if cost is not None)
    if known:
        return known[len(known) // 2]
    sent = FIX_TURNS * (context_tokens + OVERHEAD_TOKENS)
    return cost_usd_micros(Usage(input_tokens=sent, output_tokens=FIX_TURNS * REPLY_TOKENS), price)


def _next_step(*, trusted: bool, model: str) -> str:
    if not trusted:
        return "trust this folder: 'bridle trust', or answer the question in the editor"
    return "" if model else "set up a model: 'bridle key set'; everything else works without one"
