"""What code at a place leans on: the definitions that a change there is likely to use, whether or not it changes them.

A change calls what its neighbours call, what stands in its own file, and what is used widely around it. Such names are
rarely words of the task, so they are looked for where the chosen bodies stand. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import Final

import msgspec

from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.languages.readers import is_text
from bridle.indexer.resolve import is_test, is_test_file, path_of
from bridle.indexer.snapshot import Snapshot

MAX_PATHS, MAX_BESIDE, MAX_EDGES = 8, 40, 4_000
MAX_LEANED_ON = 150
FADING = 0.6
"""Of two files that bodies are shown of, what the second says counts so much of what the first says."""
SIGNS: Final = ("used", "used_next", "here", "here_next", "widely", "widely_here", "likely", "class", "variable", "own")
"""The columns of a row: used in the first file or in the others, standing there, used from how many files, how likely
it is what the task is about, what it is, and whether it is another's own (its name begins with an underscore)."""
WEIGHTS: Final = (1.0, 0.8, 0.3, 0.2, 0.3, 0.2, 0.5, 0.0, 0.0, 0.0)
_NO_USE: Final = frozenset({"contains", "imports"})


class Leaned(msgspec.Struct, frozen=True):
    """A definition that is leaned on, how much, and by what."""

    symbol: Symbol
    score: float
    why: str


class Leading(msgspec.Struct, frozen=True):
    """Where the bodies stand that are shown, best first, and how likely each definition is what the task is about."""

    paths: tuple[str, ...]
    likely: Mapping[SymbolId, float]


Lean = Callable[[Leading, Snapshot], Sequence[Leaned]]
"""Tells what code that is shown leans on."""


def leaned_on(leading: Leading, snapshot: Snapshot) -> list[Leaned]:
    """Return what the files of `leading` lean on, most first."""
    rows = rows_of(leading, snapshot)
    scored = ((-sum(map(_times, WEIGHTS, row)), symbol.id) for symbol, row in rows)
    best = nsmallest(MAX_LEANED_ON, scored)
    return [Leaned(snapshot.symbols[one], -score, _why(one, leading)) for score, one in best]


def rows_of(leading: Leading, snapshot: Snapshot) -> Iterator[tuple[Symbol, tuple[float, ...]]]:
    """Yield what may be leaned on, each with its row."""
    paths = leading.paths[:MAX_PATHS]
    used = [_used_in(path, snapshot) for path in paths]
    candidates = dict.fromkeys(one for counts in used for one in counts)
    for path in (*paths, *_beside(paths, snapshot)):
        candidates |= dict.fromkeys(symbol.id for symbol in snapshot.in_file(path))
    candidates |= dict.fromkeys(leading.likely)
    faded = {path: FADING**n for n, path in enumerate(paths)}
    for one in candidates:
        symbol = snapshot.symbols.get(one)
        if symbol is None or symbol.kind == "module" or is_test(symbol) or is_text(path_of(one)):
            continue
        here = faded.get(symbol.span.path, 0.0)
        widely = math.log1p(len(snapshot.linked.sources.get(one)))
        if not here and not widely:
            continue
        yield (
            symbol,
            (
                math.log1p(used[0][one]) if used else 0.0,
                max((FADING**n * math.log1p(counts[one]) for n, counts in enumerate(used) if n), default=0.0),
                float(here == 1.0),
                here if here < 1.0 else 0.0,
                widely,
                widely * here,
                leading.likely.get(one, 0.0),
                float(symbol.kind in {"class", "interface", "type", "enum"}),
                float(symbol.kind == "variable"),
                float(symbol.name.startswith("_")),
            ),
        )


def _times(weight: float, value: float) -> float:
    return weight * value


def _why(one: SymbolId, leading: Leading) -> str:
    path = path_of(one)
    return f"code in {path} may use it" if path in leading.paths else "code like what is shown uses it"


def _used_in(path: str, snapshot: Snapshot) -> Counter[SymbolId]:
    edges = snapshot.linked.edges.get(path, ())[:MAX_EDGES]
    return Counter(edge.target for edge in edges if edge.kind not in _NO_USE)


def _beside(paths: Sequence[str], snapshot: Snapshot) -> Iterator[str]:
    """Yield files of the same folders."""
    folders = {path.rpartition("/")[0] for path in paths}
    n_left = MAX_BESIDE
    for path in snapshot.linked.files:
        in_folder = path.rpartition("/")[0] in folders and path not in paths
        if n_left and in_folder and not is_text(path) and not is_test_file(path):
            n_left -= 1
            yield path
