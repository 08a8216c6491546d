"""How a purchase is printed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from till.cart import Cart, Line
from till.money import Money

WIDTH = 32


def receipt(cart: Cart) -> str:
    """Return the receipt as lines of text, each at most `WIDTH` wide."""
    return "\n".join(_rows(cart)) + "\n"


def _rows(cart: Cart) -> Iterator[str]:
    for line in cart.lines:
        yield _row(_label(line), line.net)
    yield "-" * WIDTH
    for rate, amount in cart.tax().items():
        yield _row(f"tax {rate.value} %", amount)
    yield _row("total", cart.total())


def _label(line: Line) -> str:
    name = line.article.name
    return name if line.quantity == 1 else f"{line.quantity} x {name}"


def _row(label: str, amount: Money) -> str:
    price = str(amount)
    room = WIDTH - len(price) - 1
    return f"{label[:room]:<{room}} {price}"
