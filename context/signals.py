"""What speaks for each definition that a task may be about, as numbers: one row a candidate, one column a signal.

The words of the task find the candidates, with the best files whole and what past commits of like messages touched. A
signal says one thing about one candidate; `bridle.context.rank` weighs them. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import Final

import msgspec

from bridle.context.standing import standing_of
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.languages.readers import is_text
from bridle.indexer.past import MAX_COMMITS, Past, Vote
from bridle.indexer.resolve import is_test_file, path_of
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.words import query_terms

SIGNALS: Final = (
    "words", "words_raw", "subject", "rarest",  # what the words say of it
    "name", "exact",  # of its name
    "owner", "path_words", "file_place", "place_in_file", "owner_words", "in_file",  # of what it stands in
    "called_words", "caller_words", "used_by", "uses",  # of what is around it
    "past", "past_file",  # what past commits of like messages touched
    "churn_file", "age",  # what is changed often, or was lately
    "named", "path_named",  # what the task spells out
    "size", "aside", "class", "variable", "nested",  # what it is
)  # fmt: skip
"""The columns of a row, in order."""
COLUMN: Final[Mapping[str, int]] = {name: n for n, name in enumerate(SIGNALS)}

MAX_HITS, MAX_FILES, MAX_OF_FILE, MAX_PAST, MAX_NAMED = 250, 5, 120, 60, 12
MAX_CANDIDATES, ENOUGH_CANDIDATES, MAX_ALSO = 500, 400, 300
TEST_FACTOR, MODULE_FACTOR = 0.4, 0.7
_NO_AGE = math.log1p(MAX_COMMITS)

_WORD = re.compile(r"\w+")
_SPEAKS_OF_TESTS = re.compile(r"(?i)\btests?\b|\b(?:pytest|vitest|jest|mocha)\b|\bfixtures?\b|\btest_\w+")
_CODE_NAME = re.compile(
    r"`([A-Za-z_][\w.]*)`|\b([A-Za-z_]\w*(?:\.\w+)+|\w*_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)|(\w+)(?=\(\))"
)
_PATH = re.compile(r"[\w./-]+\.\w{1,5}")
_TRAILER = re.compile(r"(?im)^(?:[a-z]+-)+by: .*$|\bhttps?://\S+")
"""Who signed a text, and addresses, tell nothing of code."""
_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|__tests__|testing|testdata|spec|e2e|examples?|benches|bench|benchmarks?|docs?|scripts|fuzz"
    r"|vendor|third_party|dist)/|\.d\.ts$"
)
_NO_USE = frozenset({"contains", "imports"})

Key = tuple[str, int]
"""A definition as words know it: its file, and its index there."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """A candidate: what it is, what each signal says, and the words that matched, the most telling first."""

    symbol: Symbol
    values: tuple[float, ...]
    words: tuple[str, ...]
    past: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        """Return one signal."""
        return self.values[COLUMN[name]]


@cache
def idle_words() -> frozenset[str]:
    """Return the words that tell nothing about a place in code."""
    return frozenset((files("bridle.context") / "idle_words.txt").read_text("ascii").split())


def speaks_of_tests(instruction: str) -> bool:
    """Whether a task is about tests, too."""
    return _SPEAKS_OF_TESTS.search(instruction) is not None


def code_names(instruction: str) -> Iterator[str]:
    """Yield what a task spells out that looks like a name in code."""
    for found in _CODE_NAME.finditer(instruction):
        yield next(part for part in found.groups() if part)


def paths_named(instruction: str, snapshot: Snapshot) -> set[str]:
    """Return the files of the snapshot that a task names, whole or by their last parts."""
    spelled = {path.removeprefix("./") for path in _PATH.findall(instruction)}
    if not spelled:
        return set()
    return {
        path for path in snapshot.linked.files if path in spelled or any(path.endswith(f"/{one}") for one in spelled)
    }


def rows_of(instruction: str, snapshot: Snapshot, past: Past, also: Iterable[SymbolId] = ()) -> list[Row]:
    """Return the candidates for `instruction` with their signals, in path order; `also` are some that words miss."""
    return _Gathering(instruction, snapshot, past, also).rows()


class _Gathering:
    """One question on its way to its rows."""

    def __init__(self, instruction: str, snapshot: Snapshot, past: Past, also: Iterable[SymbolId]) -> None:
        self._also = also
        instruction = _TRAILER.sub("", instruction)
        telling = " ".join(word for word in _WORD.findall(instruction) if word.lower() not in idle_words())
        self._snapshot = snapshot
        self._files = snapshot.linked.files
        self._told = snapshot.words.told(telling)
        self._past = past
        self._votes: Mapping[tuple[str, str], Vote] = past.like(telling) if past.commits else {}
        self._about_tests = speaks_of_tests(instruction)
        self._words = frozenset(word.lower() for word in _WORD.findall(telling))
        self._subject = frozenset(query_terms(instruction.strip().partition("\n")[0]))
        self._named = frozenset(code_names(instruction))
        self._paths_named = {path for path in paths_named(instruction, snapshot) if not is_text(path)}
        self._file_order, self._scores = self._told.demoted(self._factor, MODULE_FACTOR)
        self._file_places = {path: n for n, path in enumerate(self._file_order)}
        self._best = 1.0
        self._shares: dict[tuple[str, ...], float] = {}

    def rows(self) -> list[Row]:
        """Return the rows, in path order and the order of the source."""
        hits = self._hits()
        chosen = self._candidates(hits)
        numbers = [n for path, indices in chosen.items() for n in self._numbers(path, indices)]
        around = _Around(self._snapshot, chosen, self._scores.of(numbers))
        matched = iter(self._told.matched(numbers))
        return [row for path, indices in chosen.items() for row in self._rows_of_file(path, indices, around, matched)]

    def _numbers(self, path: str, indices: Iterable[int]) -> list[int]:
        """Return the numbers of some definitions of a file, -1 where it has none."""
        start = self._told.table.start(path)
        return [start + index if start >= 0 else -1 for index in indices]

    # --- candidates -------------------------------------------------------------------------------------------------

    def _hits(self) -> list[Key]:
        """Return what the words say most of, the best first; what stands outside of definitions is no candidate."""
        found = self._scores.without_modules().best(MAX_HITS)
        self._best = self._scores.of(found[:1])[0] if found else 1.0
        return [self._told.table.place(number) for number in found]

    def _factor(self, path: str) -> float:
        return TEST_FACTOR if not self._about_tests and _is_beside(path) else 1.0

    def _candidates(self, hits: Iterable[Key]) -> dict[str, list[int]]:
        """Return the candidates by file, in source order; files in path order."""
        keys: dict[Key, None] = dict.fromkeys(self._near())
        keys |= dict.fromkeys(hits)
        keys |= dict.fromkeys(self._spelled_out())
        for path in (*sorted(self._paths_named), *self._file_order[:MAX_FILES]):
            for index in range(1, min(MAX_OF_FILE, len(self._files[path].facts.symbols))):
                keys[path, index] = None
        votes = sorted((-vote.score, place) for place, vote in self._votes.items() if place[1])
        for _, (path, name) in votes[:MAX_PAST]:
            for index, symbol in enumerate(self._symbols(path)):
                if index and symbol.name == name:
                    keys[path, index] = None
        for path in self._next_files() if self._file_order else ():
            if len(keys) >= ENOUGH_CANDIDATES:
                break
            keys |= dict.fromkeys((path, at) for at in range(1, min(MAX_OF_FILE, len(self._symbols(path)))))
        chosen: dict[str, list[int]] = {}
        for path, index in sorted(list(keys)[:MAX_CANDIDATES]):
            chosen.setdefault(path, []).append(index)
        return chosen

    def _near(self) -> Iterator[Key]:
        for one in islice(self._also, MAX_ALSO):
            path = path_of(one)
            known = self._files.get(path)
            index = standing_of(known).indices.get(one) if known else None
            if index and not is_text(path):
                yield path, index

    def _next_files(self) -> Iterator[str]:
        """Yield the files to look at where the words of the task say little: those they stand in, then lively ones."""
        yield from self._file_order[MAX_FILES:]
        lively = sorted((-self._past.churn((path, "")).weight, path) for path in self._files if not is_text(path))
        yield from (path for weight, path in lively if weight < 0.0 and not _is_beside(path))

    def _symbols(self, path: str) -> tuple[Symbol, ...]:
        known = self._files.get(path)
        return known.facts.symbols if known else ()

    def _spelled_out(self) -> Iterator[Key]:
        for name in sorted(self._named):
            code = [symbol for symbol in self._snapshot.named(name) if not is_text(symbol.span.path)]
            for symbol in code[:MAX_NAMED]:
                if symbol.kind != "module":
                    yield symbol.span.path, self._symbols(symbol.span.path).index(symbol)

    # --- signals ----------------------------------------------------------------------------------------------------

    def _rows_of_file(
        self, path: str, indices: list[int], around: _Around, matched: Iterator[list[tuple[float, str]]]
    ) -> Iterator[Row]:
        """Yield the rows of a file's candidates; `matched` has next what words matched in each of them."""
        known, past = standing_of(self._files[path]), self._past
        scores = self._scores.of(self._numbers(path, indices))
        outer = self._scores.of(self._numbers(path, [known.around[index] for index in indices]))
        places = _places(scores)
        file_place = math.log1p(self._file_places.get(path, len(self._file_order)))
        path_words, factor, best = self._share(known.path), self._factor(path), self._best
        churn_file = math.log1p(past.churn((path, "")).weight) if past.commits else 0.0
        file_vote = self._votes.get((path, ""))
        past_file = file_vote.score if file_vote else 0.0
        path_named, aside = float(path in self._paths_named), float(factor < 1.0)
        for n, index in enumerate(indices):
            symbol, score, pairs = known.symbols[index], scores[n], next(matched)
            size, is_class, is_variable, is_nested = known.forms[index]
            vote = self._votes.get((path, symbol.name)) if self._votes else None
            values = (
                score / best,
                score,
                *(self._of_words(pairs, factor) if pairs else (0.0, 0.0)),
                self._share(known.names[index]),
                float(known.lowered[index] in self._words),
                self._share(known.outer[index]),
                path_words,
                file_place,
                places[n],
                outer[n] / best,
                known.in_file,
                *around.of(symbol.id, best),
                vote.score if vote else 0.0,
                past_file,
                churn_file,
                math.log1p(past.churn((path, symbol.name)).age) if past.commits else _NO_AGE,
                self._spelled(symbol),
                path_named,
                size,
                aside,
                is_class,
                is_variable,
                is_nested,
            )
            yield Row(symbol, values, tuple([term for _, term in pairs]), vote.words if vote else ())

    def _of_words(self, pairs: Sequence[tuple[float, str]], factor: float) -> tuple[float, float]:
        """Return `subject` and `rarest`."""
        rarity = self._told.rarity
        subject = sum([gain for gain, term in pairs if term in self._subject]) * factor
        return subject / self._best, max([rarity[term] for _, term in pairs])

    def _spelled(self, symbol: Symbol) -> float:
        """Return how plainly the task names a definition: less where many have the name."""
        if symbol.name not in self._named and symbol.qualname not in self._named:
            return 0.0
        named = sum(not is_text(path_of(one)) for one in self._snapshot.linked.names.get(symbol.name))
        return 1.0 / math.sqrt(named or 1)

    def _share(self, terms: tuple[str, ...]) -> float:
        """Return how much of some terms the task speaks of, the rare ones counting most."""
        if (share := self._shares.get(terms)) is None:
            rarity = self._told.rarity
            known = [rarity.get(term, 0.0) for term in terms]
            hit = sum(known)
            share = self._shares[terms] = hit / (hit + 3.0 * known.count(0.0)) if hit else 0.0
        return share


class _Around:
    """What the words say of what a candidate uses and of what uses it, among the candidates and what they use.

    Only edges that begin at candidates are looked at, so that it costs what they use and not what all use.
    """

    def __init__(self, snapshot: Snapshot, chosen: Mapping[str, list[int]], scores: Iterable[float]) -> None:
        self._sources = snapshot.linked.sources
        ids = {path: snapshot.linked.files[path].entry.ids for path in chosen}
        candidates = [(path, ids[path][index]) for path, indices in chosen.items() for index in indices]
        words = {symbol: score for (_, symbol), score in zip(candidates, scores, strict=True)}
        self._called: dict[SymbolId, float] = {}
        self._calling: dict[SymbolId, float] = {}
        self._uses: dict[SymbolId, int] = {}
        for path, source in candidates:
            for edge in snapshot.linked.edges.out_of(path, source):
                if edge.kind in _NO_USE:
                    continue
                self._uses[source] = self._uses.get(source, 0) + 1
                target, confidence = edge.target, edge.confidence
                called, calling = words.get(target, 0.0) * confidence, words[source] * confidence
                if called > self._called.get(source, 0.0):
                    self._called[source] = called
                if calling > self._calling.get(target, 0.0):
                    self._calling[target] = calling

    def of(self, symbol: SymbolId, best: float) -> tuple[float, float, float, float]:
        """Return `called_words`, `caller_words`, `used_by` and `uses`."""
        return (
            self._called.get(symbol, 0.0) / best,
            self._calling.get(symbol, 0.0) / best,
            math.log1p(len(self._sources.get(symbol))),
            math.log1p(self._uses.get(symbol, 0)),
        )


@lru_cache(maxsize=50_000)
def _is_beside(path: str) -> bool:
    """Whether a file stands beside the code proper: tests, examples, scripts."""
    return is_test_file(path) or _ASIDE.search(path) is not None


def _places(scores: Sequence[float]) -> list[float]:
    """Return the place of each in the order of the scores, as a logarithm; of equal ones the first comes first."""
    places = [0.0] * len(scores)
    for place, n in enumerate(sorted(range(len(scores)), key=scores.__getitem__, reverse=True)):
        places[n] = math.log1p(place)
    return places
