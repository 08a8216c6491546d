"""What a test claims, and whether what it claims later is still as much. Pure; `claim_reader.py` finds them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import msgspec


class Claim(msgspec.Struct, frozen=True):
    """One thing that a test holds true.

    `whole` is the same for the same claim in other words; `literal` is the side that is spelled out, `constants`
    all that is; `guards` counts the conditions that it stands under; `rank` says how much it excludes.
    """

    kind: str
    whole: str
    literal: str
    constants: tuple[str, ...]
    names: frozenset[str]
    rank: int
    guards: int
    line: int
    text: str

    def covers(self, other: Claim) -> bool:
        """Tell whether this claim, said of another name or with more arguments, is still `other`."""
        if self.guards > other.guards or self.rank < other.rank:
            return False
        if self.whole == other.whole:
            return True
        if self.kind == other.kind:
            return self.literal == other.literal and _holds_all(self.constants, other.constants)
        return self.rank > other.rank and bool(self.names & other.names)


def uncovered(before: Sequence[Claim], after: Sequence[Claim]) -> list[Claim]:
    """Return the claims that no claim of `after` covers, each of those counted once."""
    left = list(after)
    missing: list[Claim] = []
    for claim in sorted(before, key=lambda one: not any(one.whole == other.whole for other in after)):
        exact = (other for other in left if other.whole == claim.whole and other.covers(claim))
        found = next(exact, None) or next((other for other in left if other.covers(claim)), None)
        if found is None:
            missing.append(claim)
        else:
            left.remove(found)
    return missing


def as_strong(missing: Sequence[Claim], fresh: Sequence[Claim]) -> bool:
    """Tell whether for each claim that is missing there is a new one that excludes as much, whatever it says.

    One that excludes more may stand for several.
    """
    left = sorted(fresh, key=lambda claim: claim.rank)
    for claim in missing:
        found = next((one for one in left if one.rank >= claim.rank and one.guards <= claim.guards), None)
        if found is None:
            return False
        if found.rank == claim.rank:
            left.remove(found)
    return True


def still_holds_much(missing: Sequence[Claim], fresh: Sequence[Claim]) -> bool:
    """Tell whether a new claim excludes as much as the strongest that is missing."""
    return max((one.rank for one in fresh), default=0) >= max(claim.rank for claim in missing) and min(
        one.guards for one in fresh
    ) <= min(claim.guards for claim in missing)


def is_refitted(missing: Sequence[Claim], fresh: Sequence[Claim]) -> bool:
    """Tell whether a new claim is an old one with another value in it, or one without its spelled-out value."""
    return any(
        one.kind == claim.kind
        and ((one.names == claim.names and one.constants != claim.constants) or (claim.literal and not one.literal))
        for claim in missing
        for one in fresh
    )


def called_name(node: ast.expr) -> str:
    """Return the last name of what is called or named: `raises` for `pytest.raises`."""
    if isinstance(node, ast.Call):
        return called_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _holds_all(many: Sequence[str], few: Sequence[str]) -> bool:
    left = list(many)
    for one in few:
        if one not in left:
            return False
        left.remove(one)
    return True
