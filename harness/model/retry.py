"""The one policy for calls that fail: fatal never, unknown once, transient with growing waits, all of it
bounded.

It wraps any client. What failed attempts cost is added to the reply, or to the problem that is left. Attempts that took
more than was set aside for the call are the last, so that a budget is passed by one such call at most.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import reduce

import msgspec

from bridle.harness.model.budget import Reserved, add, counted, estimate
from bridle.harness.model.client import (
    Charged,
    Listener,
    ModelClient,
    ModelProblem,
    ModelReply,
    ModelRequest,
    Retrying,
)
from bridle.harness.nouns import Usage


class Policy(msgspec.Struct, frozen=True):
    """How often and how long. Waits double from `first_s` to `longest_s`, each less up to a half."""

    attempts: int = 5
    unknown_attempts: int = 2
    first_s: float = 1.0
    longest_s: float = 30.0
    total_s: float = 120.0


def wait_s(problem: ModelProblem, attempt: int, waited_s: float, luck: float, policy: Policy) -> float | None:
    """Return how long to wait after failed attempt number `attempt` (from 1); None: do not try again.

    `luck` is from 0 to 1. An endpoint that says how long to wait is waited for exactly, or not at all where
    that would pass the total.
    """
    allowed = {"fatal": 1, "unknown": policy.unknown_attempts, "transient": policy.attempts}[problem.kind]
    if attempt >= allowed:
        return None
    growing_s = min(policy.longest_s, policy.first_s * 2 ** (attempt - 1)) * (0.5 + luck / 2)
    wanted_s = growing_s if problem.retry_after_s is None else problem.retry_after_s
    return wanted_s if waited_s + wanted_s <= policy.total_s else None


class Patient:
    """A client that tries again by the policy."""

    def __init__(
        self,
        client: ModelClient,
        policy: Policy | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._policy = policy or Policy()
        self._sleep = sleep
        self._now = now
        self._luck = luck

    @property
    def model(self) -> str:
        """The model's id."""
        return self._client.model

    @property
    def endpoint(self) -> str:
        """Where requests go."""
        return self._client.endpoint

    async def prepare(self) -> None:
        """Prepare what is below."""
        await self._client.prepare()

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        """Ask until there is a reply or the policy ends it. Raises the last ModelProblem."""
        spent: list[Usage] = []
        try:
            return await self._tried(request, on_event, spent)
        except asyncio.CancelledError:
            if spent:
                on_event(Charged(reduce(add, spent)))
            raise

    async def _tried(self, request: ModelRequest, on_event: Listener, failed: list[Usage]) -> ModelReply:
        """Ask until there is a reply; what attempts without one cost is kept in `failed`."""
        began_s, attempt, wanted = self._now(), 0, estimate(request)
        while True:
            attempt += 1
            try:
                reply = await self._client.reply(request, on_event)
            except ModelProblem as problem:
                failed.append(problem.spent)
                problem.spent = reduce(add, failed)
                if _is_more(problem.spent, wanted):
                    raise
                delay_s = wait_s(problem, attempt, self._now() - began_s, self._luck(), self._policy)
                if delay_s is None:
                    raise
                on_event(Retrying(problem.message, attempt, delay_s))
            else:
                usage = msgspec.structs.replace(reduce(add, [*failed, reply.usage]), turns=reply.usage.turns)
                return msgspec.structs.replace(reply, usage=usage)
            await self._sleep(delay_s)

    async def close(self) -> None:
        """Close what is below."""
        await self._client.close()


def _is_more(spent: Usage, wanted: Reserved) -> bool:
    cost, set_aside = spent.cost_usd_micros or 0, wanted.cost_usd_micros
    return counted(spent) > wanted.tokens or (set_aside is not None and cost > set_aside)
