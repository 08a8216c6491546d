"""What there is to say of the definitions of a file whatever is asked: words of their names, what they stand in. Pure.

It is made of a file when a question first comes to it, and known as long as the index holds the file as it is.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.scopes import Scopes
from bridle.indexer.words import terms_of

_CALLABLE: Final = frozenset({"function", "method", "test"})
_WORD = re.compile(r"\w+")


class Standing:
    """What stands in a file, by index.

    `around` is the index of the definition around each, that of the module where there is none. `names` are the terms
    of their names, `lowered` the names in small letters, `outer` the terms of what encloses them. `forms` says of each
    how large it is, and whether it is a class, a variable, nested in what can be called.
    """

    def __init__(self, symbols: tuple[Symbol, ...]) -> None:
        self.symbols = symbols
        self.indices: dict[SymbolId, int] = {symbol.id: index for index, symbol in enumerate(symbols)}
        self.around = _around(symbols)
        self.names = [terms_of(symbol.name) for symbol in symbols]
        self.lowered = [symbol.name.lower() for symbol in symbols]
        self.outer = [text_terms(symbol.qualname.rpartition(".")[0]) for symbol in symbols]
        self.path = path_terms(symbols[0].span.path) if symbols else ()
        self.in_file = math.log1p(len(symbols))
        self.forms = [
            (
                math.log1p(symbol.span.end_line - symbol.span.start_line),
                float(symbol.kind == "class"),
                float(symbol.kind == "variable"),
                float(symbols[around].kind in _CALLABLE),
            )
            for symbol, around in zip(symbols, self.around, strict=True)
        ]


_known: WeakKeyDictionary[Scopes, Standing] = WeakKeyDictionary()


def standing_of(scopes: Scopes) -> Standing:
    """Return what there is to say of a file."""
    found = _known.get(scopes)
    if found is None:
        found = _known[scopes] = Standing(scopes.facts.symbols)
    return found


@lru_cache(maxsize=50_000)
def text_terms(text: str) -> tuple[str, ...]:
    """Return the terms of the words of a text."""
    return tuple(term for word in _WORD.findall(text) for term in terms_of(word))


@lru_cache(maxsize=50_000)
def path_terms(path: str) -> tuple[str, ...]:
    """Return the terms of the folders and the stem of a path."""
    return text_terms(path.rpartition(".")[0].replace("/", " "))


def _around(symbols: tuple[Symbol, ...]) -> list[int]:
    around = [0] * len(symbols)
    open_ones: list[tuple[int, int]] = []
    for index in range(1, len(symbols)):
        end = symbols[index].span.end_byte
        while open_ones and open_ones[-1][0] < end:
            open_ones.pop()
        around[index] = open_ones[-1][1] if open_ones else 0
        open_ones.append((end, index))
    return around
