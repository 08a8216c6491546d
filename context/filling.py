"""The lines that are shown so far and what one more stretch of them costs: no line is paid for twice. Pure.

What stands beside what is shown already costs less than what stands alone: it needs no mark of a gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from bridle.context.readform import Range
from bridle.context.shapes import closed, has_shell, least_bytes, shell
from bridle.indexer.facts import Symbol

THRIFT = 0.35
"""How much a body's size counts against it: of two that are as likely, the smaller leaves room for more."""
ONE_BODY_SHARE = 0.6
"""A body takes no more of the budget than this."""
_WIDE = frozenset(("class", "interface", "namespace", "suite", "section", "key"))
"""What is shown by its parts, rather than whole."""
_WIDE_SHARE = 0.2


class Priced(Protocol):
    """A file, as far as it costs something."""

    @property
    def n_lines(self) -> int:
        """How many lines there are."""
        ...

    def cost(self, line: int) -> float:
        """Return what one line costs."""
        ...

    def is_blank(self, line: int) -> bool:
        """Whether nothing stands on a line."""
        ...


class Prices(msgspec.Struct, frozen=True):
    """What a file costs beside its lines, and what each range of them does."""

    per_file: Callable[[str], float]
    per_range: float


class Offer(msgspec.Struct, frozen=True):
    """Lines that could be shown of a file: what all that is shown of it would be then, and what it adds to the cost."""

    path: str
    lines: tuple[Range, ...]
    ranges: tuple[Range, ...]
    cost: float


def worth(score: float, symbol: Symbol, symbols: Sequence[Symbol]) -> float:
    """Return how much a body is worth for what it takes."""
    return score * math.exp(-THRIFT * math.log(16 + least_bytes(symbol, symbols) / 4))


class Filling:
    """What is shown of each file."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self.ranges: dict[str, tuple[Range, ...]] = {}
        self._lines: dict[str, set[int]] = {}

    def offer(self, path: str, file: Priced, lines: Sequence[Range]) -> Offer:
        """Return what it takes to show some lines of a file as well; it costs nothing when they are shown already."""
        shown = self.ranges.get(path, ())
        if shown and all(any(a <= start and end <= b for a, b in shown) for start, end in lines):
            return Offer(path, tuple(lines), shown, 0.0)
        ranges = closed([*shown, *lines], file.n_lines, file.is_blank)
        held = self._lines.get(path, set())
        fresh = (line for one in ranges if one not in shown for line in range(*one) if line not in held)
        cost = sum(map(file.cost, fresh)) + self._prices.per_range * (len(ranges) - len(shown))
        if not ranges:
            return Offer(path, tuple(lines), (), 0.0)
        return Offer(path, tuple(lines), ranges, cost if shown else cost + self._prices.per_file(path))

    def fitting(
        self, symbol: Symbol, symbols: Sequence[Symbol], file: Priced, most: float, *, whole: bool = False
    ) -> Offer | None:
        """Return the offer of a definition, or of its shell; None where neither costs `most` at most.

        `symbols` are those of its file. With `whole`, parts of a class are not left to be looked at one by one.
        """
        path, every = symbol.span.path, (symbol.span.start_line, min(symbol.span.end_line, file.n_lines))
        if symbol.kind != "module":
            offer = self.offer(path, file, [every])
            wide = symbol.kind in _WIDE and not whole and offer.cost > most * _WIDE_SHARE
            if offer.cost <= most and not wide:
                return offer
        if has_shell(symbol):
            own = shell(symbol, symbols, lambda line: line >= file.n_lines or file.is_blank(line))
            offer = self.offer(path, file, own)
            if own and offer.cost <= most:
                return offer
        return None

    def take(self, offer: Offer) -> None:
        """Show what was offered."""
        self.ranges[offer.path] = offer.ranges
        self._lines[offer.path] = {line for one in offer.ranges for line in range(*one)}
