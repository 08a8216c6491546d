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
