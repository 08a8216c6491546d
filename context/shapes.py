"""What of a definition is shown: the whole of it, or its shell, where its parts stand for themselves.

The shell of a class is its head, its fields and its documentation without its methods; that of a long function is what
stands around the functions in it. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from bridle.context.readform import Range, joined
from bridle.indexer.facts import Symbol

HELD = frozenset({"class", "interface", "enum"})
"""What holds parts that are looked at one by one, and has lines of its own that say what they share."""
CALLABLE = frozenset({"function", "method", "test"})
LONG_LINES = 80
"""A longer function may be shown without the functions in it."""
SMALL_GAP = 2
_NO_PART = frozenset({"module", "variable", "section", "key"})


def has_shell(symbol: Symbol) -> bool:
    """Whether a definition may be shown without its parts."""
    span = symbol.span
    return symbol.kind in HELD or (symbol.kind in CALLABLE and span.end_line - span.start_line > LONG_LINES)


def shell(symbol: Symbol, symbols: Sequence[Symbol], is_blank: Callable[[int], bool]) -> tuple[Range, ...]:
    """Return the lines of a definition that belong to none of its parts, blank ones left out.

    `symbols` are those of its file, in source order.
    """
    held = {line for part in parts(symbol, symbols) for line in range(part.span.start_line, part.span.end_line)}
    lines = range(symbol.span.start_line, symbol.span.end_line)
    kept = [(line, line + 1) for line in lines if line not in held and not is_blank(line)]
    return joined(kept, symbol.span.end_line)


def least_bytes(symbol: Symbol, symbols: Sequence[Symbol]) -> int:
    """Return how much of a definition is shown at least, in bytes."""
    return shell_bytes(symbol, symbols) if has_shell(symbol) else symbol.span.end_byte - symbol.span.start_byte


def shell_bytes(symbol: Symbol, symbols: Sequence[Symbol]) -> int:
    """Return the bytes of a definition that belong to none of its parts."""
    held = sum(part.span.end_byte - part.span.start_byte for part in parts(symbol, symbols))
    return symbol.span.end_byte - symbol.span.start_byte - held


def parts(symbol: Symbol, symbols: Sequence[Symbol]) -> Iterator[Symbol]:
    """Yield the outermost definitions within one."""
    span = symbol.span
    until = span.start_byte
    for at in range(bisect_left(symbols, span.start_byte, key=lambda one: one.span.start_byte), len(symbols)):
        one = symbols[at]
        if one.span.start_byte >= span.end_byte:
            return
        inside = one.span.start_byte >= until and one.span.end_byte <= span.end_byte
        if inside and one.id != symbol.id and one.kind not in _NO_PART:
            until = one.span.end_byte
            yield one


def closed(ranges: Sequence[Range], total: int, is_blank: Callable[[int], bool]) -> tuple[Range, ...]:
    """Return `ranges` joined, those too that only a few blank lines part: they cost less than the mark of a gap."""
    known = joined(ranges, total)
    gaps = [(end, start) for (_, end), (start, _) in pairwise(known) if start - end <= SMALL_GAP]
    blank = [gap for gap in gaps if all(map(is_blank, range(*gap)))]
    return joined([*known, *blank], total) if blank else known
