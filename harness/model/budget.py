"""Limits that hold before the money is gone: each call is reserved at its estimate and a tenth, then settled.

A call that does not fit into what is left is not made. So a limit can only be passed by what one call, or the
attempts at it, took beyond its own reservation. The arithmetic is pure; the meter keeps the one running
total.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from bridle.harness.model.client import ModelRequest
from bridle.harness.model.prices import cost_usd_micros
from bridle.harness.model.tokens import tokens_in
from bridle.harness.nouns import Budget, Usage

Limit = Literal["tokens", "cost", "seconds", "turns"]

MARGIN_TENTHS = 1
CACHE_READ_SHARE = 10
"""Tokens read from the cache count for a tenth: they are repeated, not new."""


class Reserved(msgspec.Struct, frozen=True):
    """What one call may take. `cost_usd_micros` is None where the model's price is not known."""

    tokens: int
    cost_usd_micros: int | None
    started_s: float = 0.0


class BudgetReached(Exception):
    """The next call would not fit. `which` is the limit that stands in the way."""

    def __init__(self, which: Limit, message: str) -> None:
        super().__init__(message)
        self.which: Limit = which


def counted(usage: Usage) -> int:
    """Return the tokens that count against a budget."""
    cached = -(-usage.cache_read_tokens // CACHE_READ_SHARE)
    return usage.input_tokens + usage.output_tokens + usage.cache_write_tokens + cached


def add(one: Usage, other: Usage) -> Usage:
    """Return the sum; an unknown cost stays unknown."""
    known = one.cost_usd_micros is not None and other.cost_usd_micros is not None
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cache_read_tokens + other.cache_read_tokens,
        one.cache_write_tokens + other.cache_write_tokens,
        (one.cost_usd_micros or 0) + (other.cost_usd_micros or 0) if known else None,
        one.turns + other.turns,
        one.seconds + other.seconds,
    )


def estimate(request: ModelRequest) -> Reserved:
    """Return what a call takes at most: all it sends, as new, and all it may say, and a tenth more."""
    n_sent = _more(tokens_in(request))
    n_said = _more(request.max_tokens)
    dearest = Usage(cache_write_tokens=n_sent, output_tokens=n_said)
    return Reserved(n_sent + n_said, cost_usd_micros(dearest, request.facts.price))


def obstacle(budget: Budget, spent: Usage, wanted: Reserved, elapsed_s: float) -> Limit | None:
    """Return the limit that a further call would pass, None where it fits."""
    if spent.turns + 1 > budget.turns:
        return "turns"
    if elapsed_s >= budget.seconds:
        return "seconds"
    if counted(spent) + wanted.tokens > budget.tokens:
        return "tokens"
    if (spent.cost_usd_micros or 0) + (wanted.cost_usd_micros or 0) > budget.cost_usd_micros:
        return "cost"
    return None


class Wider(Protocol):
    """What holds for more than one run: see `purse.py`."""

    def reserve(self, wanted: Reserved) -> None:
        """Set aside what a call may take. Raises BudgetReached."""
        ...

    def settle(self, reserved: Reserved, usage: Usage) -> None:
        """Put what a call took in the place of what was set aside for it."""
        ...


class Meter:
    """The running total of one run. `now` is a clock in seconds that never goes back; `also` holds for more than it."""

    def __init__(
        self, budget: Budget, now: Callable[[], float], spent: Usage | None = None, also: Wider | None = None
    ) -> None:
        self._also = also
        self._budget = budget
        self._now = now
        self._began_s = now()
        self._usage = spent or Usage()

    @property
    def usage(self) -> Usage:
        """What was spent and settled so far."""
        return self._usage

    def reserve(self, request: ModelRequest) -> Reserved:
        """Set aside what `request` may take. Raises BudgetReached; then the call must not be made."""
        wanted = estimate(request)
        now_s = self._now()
        which = obstacle(self._budget, self._usage, wanted, now_s - self._began_s)
        if which is not None:
            raise BudgetReached(which, _told(which, self._budget, self._usage, wanted))
        reserved = msgspec.structs.replace(wanted, started_s=now_s)
        if self._also is not None:
            self._also.reserve(reserved)
        return reserved

    def settle(self, reserved: Reserved, usage: Usage) -> None:
        """Put what a call took in the place of what was reserved for it."""
        seconds = max(0.0, self._now() - reserved.started_s)
        self._usage = add(self._usage, msgspec.structs.replace(usage, seconds=seconds))
        if self._also is not None:
            self._also.settle(reserved, usage)


class Allowance:
    """What one phase may take of a run's budget: its own limits first, then those of the run."""

    def __init__(self, run: Meter, own: Budget, phase: str, now: Callable[[], float]) -> None:
        self._run = run
        self._own = Meter(own, now)
        self._phase = phase

    @property
    def usage(self) -> Usage:
        """What the whole run has spent."""
        return self._run.usage

    def reserve(self, request: ModelRequest) -> Reserved:
        """Set aside what `request` may take. Raises BudgetReached, which says whose limit stands in the way."""
        try:
            self._own.reserve(request)
        except BudgetReached as limit:
            raise BudgetReached(limit.which, f"phase {self._phase!r}: {limit}") from limit
        return self._run.reserve(request)

    def settle(self, reserved: Reserved, usage: Usage) -> None:
        """Put what a call took in the place of what was reserved for it."""
        self._own.settle(reserved, usage)
        self._run.settle(reserved, usage)


def dollars(micros: int | None) -> str:
    """Return an amount for people."""
    return "unknown cost" if micros is None else f"${micros / 1_000_000:.2f}"


def _more(n_tokens: int) -> int:
    return n_tokens + -(-n_tokens * MARGIN_TENTHS // 10)


def _told(which: Limit, budget: Budget, spent: Usage, wanted: Reserved) -> str:
    match which:
        case "turns":
            return f"the limit of {budget.turns} model calls is reached"
        case "seconds":
            return f"the limit of {budget.seconds:g} s is reached"
        case "tokens":
            spent_now = f"{counted(spent)} of {budget.tokens} tokens"
            return f"{spent_now} are spent, and the next call may take {wanted.tokens}"
        case "cost":
            spent_now, next_call = dollars(spent.cost_usd_micros), dollars(wanted.cost_usd_micros)
            limit = dollars(budget.cost_usd_micros)
            return f"{spent_now} of {limit} are spent, and the next call may take {next_call}"
