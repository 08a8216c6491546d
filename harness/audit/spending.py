"""What the model's answers cost, by run, phase, model or day."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal, get_args

import msgspec

from bridle.harness.model.budget import add
from bridle.harness.model.purse import day_of
from bridle.harness.nouns import RunId, Usage, UserProblem
from bridle.harness.session import events
from bridle.harness.session.journal import REGISTER, Reading, Register, entered, journals_in, read_journal

By = Literal["run", "phase", "model", "day"]
WAYS: tuple[By, ...] = get_args(By)
UNNAMED = "(not told)"


class Spent(msgspec.Struct, frozen=True):
    """One call of a model, or some of one phase, model and day. `day` is of this machine's clock, as ``2026-11-26``."""

    run: RunId
    phase: str
    model: str
    day: str
    usage: Usage
    calls: int = 1


class Sum(msgspec.Struct, frozen=True):
    """What was spent under one key: `known` is false where the price of an answer is not known."""

    key: str
    calls: int
    usage: Usage
    cost_usd_micros: int
    known: bool

    @property
    def cached(self) -> float:
        """The share of all tokens that were sent which the cache had already."""
        used = self.usage
        sent = used.input_tokens + used.cache_read_tokens + used.cache_write_tokens
        return used.cache_read_tokens / sent if sent else 0.0


def spending(reading: Reading) -> Iterator[Spent]:
    """Yield every call of one run that cost anything or was answered."""
    phase = model = ""
    for record in reading.records:
        match record.event():
            case events.Started(model=name):
                model = name
            case events.ModelCalled(model=name):
                model = name or model
            case events.PhaseEntered(name=name):
                phase = name
            case events.ModelReplied(usage=usage) | events.ModelFailed(usage=usage) | events.Reranked(usage=usage):
                yield Spent(reading.run, phase or UNNAMED, model or UNNAMED, day_of(record.time), usage)
            case _:
                pass


def bills(reading: Reading) -> tuple[events.Bill, ...]:
    """Return what one run cost, as the register keeps it when the run is let go."""
    groups: dict[tuple[str, str, str], list[Spent]] = {}
    for one in spending(reading):
        groups.setdefault((one.phase, one.model, one.day), []).append(one)
    return tuple(events.Bill(*key, len(group), _usage(group)) for key, group in sorted(groups.items()))


def let_go(register: Register, known: Collection[str]) -> Iterator[Spent]:
    """Yield what the runs cost that were let go and are not among those that are `known`."""
    for run, event in sorted(register.dropped.items()):
        if run not in known:
            for bill in event.bills:
                yield Spent(RunId(run), bill.phase, bill.model, bill.day, bill.usage, bill.calls)


def spent_on(home: Path, day: str) -> Usage:
    """Return what was spent on a day in all workspaces whose state is below `home`; what cannot be read is left out."""
    found: list[Spent] = []
    for folder in sorted(home.glob("*/journals")):
        for path in sorted(folder.glob("*.jsonl")):
            with contextlib.suppress(OSError, UserProblem):
                if day_of(path.stat().st_mtime) < day or path.stem == REGISTER:
                    continue
                found += spending(read_journal(folder, RunId(path.stem)))
        found += let_go(entered(folder), journals_in(folder))
    return _usage(one for one in found if one.day == day)


def summed(spent: Iterable[Spent], by: By) -> tuple[Sum, ...]:
    """Return the sums under each key: days in order, all others by what they cost, the dearest first."""
    groups: dict[str, list[Spent]] = {}
    for one in spent:
        groups.setdefault(getattr(one, by), []).append(one)
    sums = [total(key, group) for key, group in groups.items()]
    if by == "day":
        return tuple(sorted(sums, key=lambda one: one.key))
    return tuple(sorted(sums, key=lambda one: (-one.cost_usd_micros, -one.usage.input_tokens, one.key)))


def total(key: str, spent: Iterable[Spent]) -> Sum:
    """Return the sum of all; money that is not known is left out of it, and said so."""
    usage, money, calls, known = Usage(), 0, 0, True
    for one in spent:
        usage = add(usage, one.usage)
        money += one.usage.cost_usd_micros or 0
        known = known and one.usage.cost_usd_micros is not None
        calls += one.calls
    return Sum(key, calls, usage, money, known)


def _usage(spent: Iterable[Spent]) -> Usage:
    whole = Usage()
    for one in spent:
        whole = add(whole, one.usage)
    return whole
