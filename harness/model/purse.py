"""What all runs together may take in one session and in one day, beside what each run may.

A session is the life of one engine; a day is that of this machine's clock, over all workspaces, as their journals tell.
Calls under way count as what was set aside for them, so that runs side by side do not pass a ceiling together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import msgspec

from bridle.harness.model.budget import BudgetReached, Reserved, add, counted, dollars
from bridle.harness.nouns import Usage


class Ceiling(msgspec.Struct, frozen=True):
    """The most of one stretch of time; None for no limit."""

    tokens: int | None = None
    cost_usd_micros: int | None = None


class Ceilings(msgspec.Struct, frozen=True):
    """The ceilings of a session and of a day."""

    session: Ceiling = Ceiling()
    day: Ceiling = Ceiling()


def day_of(time_s: float) -> str:
    """Return the day of this machine's clock, as ``2026-11-26``."""
    return datetime.fromtimestamp(time_s).astimezone().strftime("%Y-%m-%d")


class Purse:
    """The running totals of one engine. `spent_on` tells what journals say was spent on a day. Thread-safe."""

    def __init__(self, ceilings: Ceilings, spent_on: Callable[[str], Usage], now: Callable[[], float]) -> None:
        self._ceilings = ceilings
        self._spent_on = spent_on
        self._now = now
        self._day = ""
        self._today = Usage()
        self._session = Usage()
        self._pending: list[Reserved] = []
        self._lock = threading.Lock()

    def look(self) -> None:
        """Learn what was spent today, by others too; reads journals, so not on the loop."""
        if self._ceilings.day == Ceiling():
            return
        day = day_of(self._now())
        today = self._spent_on(day)
        with self._lock:
            self._day, self._today = day, today

    def reserve(self, wanted: Reserved) -> None:
        """Set aside what a call may take. Raises BudgetReached; then the call must not be made."""
        with self._lock:
            if self._day and day_of(self._now()) > self._day:  # a clock that went back begins no new day
                self._day, self._today = day_of(self._now()), Usage()
            self._expect_room("this session", self._ceilings.session, self._session, wanted)
            self._expect_room("today", self._ceilings.day, self._today, wanted)
            self._pending.append(wanted)

    def settle(self, reserved: Reserved, usage: Usage) -> None:
        """Put what a call took in the place of what was set aside for it."""
        with self._lock:
            if reserved in self._pending:
                self._pending.remove(reserved)
            self._session, self._today = add(self._session, usage), add(self._today, usage)

    def _expect_room(self, when: str, ceiling: Ceiling, spent: Usage, wanted: Reserved) -> None:
        waiting = [*self._pending, wanted]
        tokens = counted(spent) + sum(one.tokens for one in waiting)
        if ceiling.tokens is not None and tokens > ceiling.tokens:
            used = f"{counted(spent)} of {ceiling.tokens} tokens"
            raise BudgetReached("tokens", f"{used} are spent {when}, and the next call may take {wanted.tokens}")
        cost = (spent.cost_usd_micros or 0) + sum(one.cost_usd_micros or 0 for one in waiting)
        if ceiling.cost_usd_micros is not None and cost > ceiling.cost_usd_micros:
            used = f"{dollars(spent.cost_usd_micros or 0)} of {dollars(ceiling.cost_usd_micros)}"
            call = dollars(wanted.cost_usd_micros or 0)
            raise BudgetReached("cost", f"{used} are spent {when}, and the next call may take {call}")
