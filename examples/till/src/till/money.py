"""Amounts of money, in whole cents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PRICE = re.compile(r"(-?)(\d+)(?:\.(\d{2}))?")


@dataclass(frozen=True, order=True)
class Money:
    """An amount in cents. Amounts below zero are refunds."""

    cents: int

    @classmethod
    def parse(cls, text: str) -> Money:
        """Return the amount written as ``12`` or ``12.50``. Raises ValueError on anything else."""
        match = _PRICE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"not an amount: {text!r}")
        sign, whole, part = match.groups()
        cents = int(whole) * 100 + int(part or "0")
        return cls(-cents if sign else cents)

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - other.cents)

    def times(self, quantity: int) -> Money:
        """Return the amount for `quantity` pieces."""
        return Money(self.cents * quantity)

    def percent(self, rate: int) -> Money:
        """Return `rate` percent of the amount, to the nearest cent; half a cent goes up."""
        return Money(self.cents * rate // 100)

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        whole, part = divmod(abs(self.cents), 100)
        return f"{sign}{whole}.{part:02d}"


ZERO = Money(0)


def total(amounts: Iterable[Money]) -> Money:
    """Return the sum of `amounts`."""
    return sum(amounts, start=ZERO)
