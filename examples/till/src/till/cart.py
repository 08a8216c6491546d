"""What a customer buys, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass

from till.catalogue import Article, Rate
from till.money import ZERO, Money, total


@dataclass(frozen=True)
class Line:
    """Some pieces of one article."""

    article: Article
    quantity: int = 1

    @property
    def net(self) -> Money:
        """The price of the line before tax."""
        return self.article.price.times(self.quantity)


class Cart:
    """The lines of one purchase, and the discount on all of it."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._discount = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines in the order in which they were put in."""
        return tuple(self._lines)

    def put(self, article: Article, quantity: int = 1) -> None:
        """Put pieces of an article into the cart. Raises ValueError below one piece."""
        if quantity < 1:
            raise ValueError(f"cannot put {quantity} pieces of {article.name!r} into a cart")
        self._lines.append(Line(article, quantity))

    def discount(self, percent: int) -> None:
        """Take `percent` off every line. Raises ValueError outside 0 to 100."""
        if not 0 <= percent <= 100:
            raise ValueError(f"{percent} % is not a discount")
        self._discount = percent

    def net(self, rate: Rate | None = None) -> Money:
        """Return what the lines of one tax rate, or all lines, come to before tax."""
        chosen = [line.net for line in self._lines if rate is None or line.article.rate == rate]
        gross = total(chosen)
        return gross - gross.percent(self._discount)

    def tax(self) -> dict[Rate, Money]:
        """Return the tax by rate, for the rates that occur, lowest first."""
        rates = sorted({line.article.rate for line in self._lines})
        return {rate: self.net(rate).percent(rate) for rate in rates if rate != Rate.FREE}

    def total(self) -> Money:
        """Return what the customer pays."""
        parts = [self.net(rate) for rate in Rate]
        return total([*parts, *self.tax().values()]) if self._lines else ZERO
