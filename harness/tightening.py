"""How one setting is made of what several files say of it: the tightest holds, and a loosening is not heard. Pure."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from bridle.harness.model.purse import Ceiling
from bridle.harness.nouns import Budget
from bridle.harness.settingsfiles import GATES, Bounds, BudgetPart, CeilingPart, Gate, Show, TestsPart
from bridle.harness.shadow.limits import MEBIBYTE, Limits, usual_limits

_Number = TypeVar("_Number", int, float)


class Proof(msgspec.Struct, frozen=True):
    """Which tests prove a change: see `TestsPart`."""

    gate: Gate = "full"
    gate_s: float = 900.0
    coverage: float = 0.0
    strength_s: float = 0.0
    stop_after: int = 5


def proof(user: TestsPart, editor: TestsPart, project: TestsPart) -> Proof:
    """Return what proves a change; the editor and the project can ask for more than the person does, not for less."""
    usual = Proof()
    parts, own = (user, editor, project), usual.stop_after if user.stop_after is None else user.stop_after
    return Proof(
        gate=GATES[max(GATES.index(gate) for gate in (user.gate or usual.gate, editor.gate, project.gate) if gate)],
        gate_s=max([user.gate_s or usual.gate_s, *(part.gate_s for part in parts if part.gate_s is not None)]),
        coverage=max(part.coverage or 0.0 for part in parts),
        strength_s=max(part.strength_s or 0.0 for part in parts),
        stop_after=_most(own, editor.stop_after, project.stop_after),
    )


def budget(user: BudgetPart, *tighter: BudgetPart) -> Budget:
    """Return what one run may take."""
    default = Budget()
    dollars = [part.cost_usd for part in tighter]
    own = default.cost_usd_micros if user.cost_usd is None else round(user.cost_usd * 1_000_000)
    return Budget(
        tokens=least(user.tokens or default.tokens, *(part.tokens for part in tighter)),
        cost_usd_micros=least(own, *(None if d is None else round(d * 1_000_000) for d in dollars)),
        seconds=least(user.seconds or default.seconds, *(part.seconds for part in tighter)),
        turns=least(user.turns or default.turns, *(part.turns for part in tighter)),
        stall_s=least(user.stall_s or default.stall_s, *(part.stall_s for part in tighter)),
    )


def ceiling(*parts: CeilingPart) -> Ceiling:
    """Return the lowest of what is said."""
    tokens = [part.tokens for part in parts if part.tokens is not None]
    micros = [round(part.cost_usd * 1_000_000) for part in parts if part.cost_usd is not None]
    return Ceiling(min(tokens, default=None), min(micros, default=None))


def limits(user: Bounds, project: Bounds) -> Limits:
    """Return what each command in the sandbox may take."""
    usual = usual_limits()
    memory, disk = usual.memory_bytes // MEBIBYTE, usual.disk_bytes // MEBIBYTE
    return msgspec.structs.replace(
        usual,
        memory_bytes=least(user.memory_mb or memory, project.memory_mb) * MEBIBYTE,
        processes=least(user.processes or usual.processes, project.processes),
        disk_bytes=least(user.disk_mb or disk, project.disk_mb) * MEBIBYTE,
    )


def _most(first: int, *others: int | None) -> int:
    """Return the greatest of the numbers that are given; 0 stands for no end."""
    given = [first, *(number for number in others if number is not None)]
    return 0 if 0 in given else max(given)


def least(own: _Number, *others: _Number | None) -> _Number:
    """Return the smallest of the numbers that are given."""
    return min(own, *(other for other in others if other is not None), own)


def shown(editor: Show, user: Show) -> Show:
    """Return whether findings of a kind are shown: as the editor says, where it says anything."""
    return user if editor == "auto" else editor
