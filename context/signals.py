"""What speaks for each definition that a task may be about, as numbers: one row a candidate, one column a signal.

The words of the task find the candidates, with the best files whole and what past commits of like messages touched. A
signal says one thing about one candidate; `bridle.context.rank` weighs them. Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.past import MAX_COMMITS, Past, Vote
from bridle.indexer.resolve import is_test_file, path_of
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.words import Told, query_terms, terms_of

SIGNALS: Final = (
    # what the words say: of itself, its name, what it stands in
    "words", "words_raw", "words_place", "subject", "rarest", "covered", "name", "exact", "owner", "path_words",
    # what they say of its file and its surroundings
    "file", "file_place", "hits_in_file", "place_in_file", "owner_words", "called_words", "caller_words", "two_hops",
    # what else is known
    "past", "past_file", "together", "churn", "churn_file", "age", "named", "path_named",
    # what it is
    "size", "aside", "method", "class", "type", "variable", "nested", "private", "used_by", "uses", "in_file",
)  # fmt: skip
"""The columns of a row, in order."""
COLUMN: Final[Mapping[str, int]] = {name: n for n, name in enumerate(SIGNALS)}

MAX_HITS, MAX_FILES, MAX_OF_FILE, MAX_PAST, MAX_NAMED = 250, 5, 120, 60, 12
N_LEADING, MAX_TOGETHER = 5, 30
MAX_CANDIDATES = 500
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
_TYPES = frozenset({"interface", "type", "enum"})
_CALLABLE = frozenset({"function", "method", "test"})
N_BEST = 20
_NO_USE = frozenset({"contains", "imports"})

Key = tuple[str, int]
"""A definition as words know it: its file, and its index there."""


class Row(msgspec.Struct, frozen=True):
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


def rows_of(instruction: str, snapshot: Snapshot, past: Past) -> list[Row]:
    """Return the candidates for `instruction` with their signals, in path order."""
    return _Gathering(instruction, snapshot, past).rows()


class _Gathering:
    """One question on its way to its rows."""

    def __init__(self, instruction: str, snapshot: Snapshot, past: Past) -> None:
        instruction = _TRAILER.sub("", instruction)
        telling = " ".join(word for word in _WORD.findall(instruction) if word.lower() not in idle_words())
        self._snapshot = snapshot
        self._files = snapshot.linked.files
        self._told: Told = snapshot.words.told(telling)
        self._past = past
        self._votes: Mapping[tuple[str, str], Vote] = past.like(telling) if past.commits else {}
        self._about_tests = speaks_of_tests(instruction)
        self._named = frozenset(code_names(instruction))
        self._paths_named = paths_named(instruction, snapshot)
        self._all_rarity = sum(self._told.rarity.values()) or 1.0
        self._factors = {path: self._factor(path) for path in self._told.files}
        self._word_scores = self._demoted()
        self._file_scores = {path: score * self._factors[path] for path, score in self._told.files.items()}
        self._file_order = sorted(self._file_scores, key=lambda path: (-self._file_scores[path], path))
        self._file_places = {path: n for n, path in enumerate(self._file_order)}
        self._order = sorted(self._word_scores, key=lambda key: (-self._word_scores[key], key))
        self._words = frozenset(word.lower() for word in _WORD.findall(telling))
        self._hits = Counter(path for path, _ in self._order[:N_BEST])
        self._subject = frozenset(query_terms(instruction.strip().partition("\n")[0]))
        self._together = self._touched_together()

    def rows(self) -> list[Row]:
        chosen = self._candidates()
        around = _Around(self._snapshot, chosen, self._word_scores)
        best = max(self._word_scores.values(), default=0.0) or 1.0
        places = {key: n for n, key in enumerate(self._order[:2_000])}
        rows: list[Row] = []
        for path, indices in chosen.items():
            of_file = self._of_file(path)
            inside = self._places_inside(path, indices)
            symbols = self._files[path].facts.symbols
            owners = _owners(symbols)
            for index in indices:
                key = (path, index)
                owner = owners[index]
                values = {
                    **of_file,
                    **self._of_words(key, symbols[index], best, places),
                    **self._of_itself(symbols, index, owner),
                    **around.of(key, owner, best),
                    "place_in_file": inside[index],
                }
                vote = self._votes.get((path, symbols[index].name))
                values["past"] = vote.score if vote else 0.0
                values["together"] = self._together.get((path, symbols[index].name), 0.0)
                rows.append(
                    Row(
                        symbols[index],
                        tuple(float(values[name]) for name in SIGNALS),
                        self._told.words(key),
                        vote.words if vote else (),
                    )
                )
        return rows

    # --- candidates -------------------------------------------------------------------------------------------------

    def _demoted(self) -> dict[Key, float]:
        """Return the scores of words, less for tests and for what stands outside of definitions."""
        return {
            key: score * self._factors[key[0]] * (MODULE_FACTOR if key[1] == 0 else 1.0)
            for key, score in self._told.scores.items()
        }

    def _touched_together(self) -> dict[tuple[str, str], float]:
        """Return the names that past commits touched along with the leading few."""
        leading = [key for key in self._order[:N_LEADING] if key[1]]
        names = [(path, self._symbols(path)[index].name) for path, index in leading]
        return self._past.together(zip(names, (self._word_scores[key] for key in leading), strict=True))

    def _factor(self, path: str) -> float:
        return TEST_FACTOR if not self._about_tests and _is_beside(path) else 1.0

    def _candidates(self) -> dict[str, list[int]]:
        """Return the candidates by file, in source order; files in path order."""
        keys: dict[Key, None] = dict.fromkeys(self._order[:MAX_HITS])
        keys |= dict.fromkeys(self._spelled_out())
        for path in (*sorted(self._paths_named), *self._file_order[:MAX_FILES]):
            for index in range(min(MAX_OF_FILE, len(self._files[path].facts.symbols))):
                keys[path, index] = None
        votes = {place: vote.score for place, vote in self._votes.items() if place[1]}
        spoken_for = sorted(votes, key=lambda place: (-votes[place], place))[:MAX_PAST]
        along = sorted(self._together, key=lambda place: (-self._together[place], place))[:MAX_TOGETHER]
        for path, name in dict.fromkeys((*spoken_for, *along)):
            for index, symbol in enumerate(self._symbols(path)):
                if symbol.name == name:
                    keys[path, index] = None
        chosen: dict[str, list[int]] = {}
        for path, index in sorted(list(keys)[:MAX_CANDIDATES]):
            chosen.setdefault(path, []).append(index)
        return chosen

    def _symbols(self, path: str) -> tuple[Symbol, ...]:
        known = self._files.get(path)
        return known.facts.symbols if known else ()

    def _key(self, symbol: SymbolId) -> Key:
        path = path_of(symbol)
        known = self._snapshot.symbols[symbol]
        return path, self._symbols(path).index(known)

    def _spelled_out(self) -> Iterator[Key]:
        for name in sorted(self._named):
            for symbol in self._snapshot.named(name)[:MAX_NAMED]:
                yield self._key(symbol.id)

    # --- signals ----------------------------------------------------------------------------------------------------

    def _of_file(self, path: str) -> dict[str, float]:
        """Return what is the same for all of one file."""
        churn = self._past.churn((path, ""))
        vote = self._votes.get((path, ""))
        best = self._file_scores[self._file_order[0]] if self._file_order else 1.0
        return {
            "file": self._file_scores.get(path, 0.0) / best,
            "file_place": math.log1p(self._file_places.get(path, len(self._file_order))),
            "path_words": self._share(_path_terms(path)),
            "past_file": vote.score if vote else 0.0,
            "churn_file": math.log1p(churn.weight),
            "path_named": float(path in self._paths_named),
            "aside": float(self._factor(path) < 1.0),
            "in_file": math.log1p(len(self._symbols(path))),
            "hits_in_file": math.log1p(self._hits[path]),
        }

    def _places_inside(self, path: str, indices: Iterable[int]) -> dict[int, float]:
        order = sorted(indices, key=lambda index: (-self._word_scores.get((path, index), 0.0), index))
        return {index: math.log1p(n) for n, index in enumerate(order)}

    def _of_words(self, key: Key, symbol: Symbol, best: float, places: Mapping[Key, int]) -> dict[str, float]:
        score = self._word_scores.get(key, 0.0)
        matched = self._told.matched.get(key, ())
        return {
            "words": score / best,
            "words_raw": score,
            "words_place": math.log1p(places.get(key, 2_000)),
            "subject": sum(gain for gain, term in matched if term in self._subject) * self._factor(key[0]) / best,
            "rarest": max((self._told.rarity[term] for _, term in matched), default=0.0),
            "covered": sum(self._told.rarity[term] for _, term in matched) / self._all_rarity,
            "name": self._share(terms_of(symbol.name)),
            "exact": float(symbol.name.lower() in self._words),
            "owner": self._share(_terms(symbol.qualname.rpartition(".")[0])),
        }

    def _share(self, terms: Iterable[str]) -> float:
        """Return how much of some terms the task speaks of, the rare ones counting most."""
        rarity = self._told.rarity
        known = [rarity.get(term, 0.0) for term in terms]
        hit = sum(known)
        return hit / (hit + 3.0 * sum(1 for one in known if not one)) if hit else 0.0

    def _of_itself(self, symbols: tuple[Symbol, ...], index: int, owner: int) -> dict[str, float]:
        symbol = symbols[index]
        churn = self._past.churn((symbol.span.path, symbol.name))
        named = symbol.name in self._named or symbol.qualname in self._named
        dunder = symbol.name.startswith("__") and symbol.name.endswith("__")
        return {
            "churn": math.log1p(churn.weight),
            "age": math.log1p(churn.age) if self._past.commits else _NO_AGE,
            "named": 1.0 / math.sqrt(len(self._snapshot.linked.names.get(symbol.name)) or 1) if named else 0.0,
            "size": math.log1p(symbol.span.end_line - symbol.span.start_line),
            "method": float(symbol.kind == "method"),
            "class": float(symbol.kind == "class"),
            "type": float(symbol.kind in _TYPES),
            "variable": float(symbol.kind == "variable"),
            "nested": float(symbols[owner].kind in _CALLABLE),
            "private": float(symbol.name.startswith("_") and not dunder),
        }


class _Around:
    """What the words say of what stands beside a candidate: its owner and siblings, what it calls and what calls it.

    Only edges of the candidates' own files are looked at, so that it costs what they hold and not what all hold.
    """

    def __init__(self, snapshot: Snapshot, chosen: Mapping[str, list[int]], scores: Mapping[Key, float]) -> None:
        self._scores = scores
        self._sources = snapshot.linked.sources
        self._out: dict[SymbolId, list[tuple[SymbolId, float]]] = {}
        self._into: dict[SymbolId, list[tuple[SymbolId, float]]] = {}
        self._symbols = {path: snapshot.linked.files[path].facts.symbols for path in chosen}
        self._words: dict[SymbolId, float] = {}
        for (path, index), score in scores.items():
            if path in self._symbols:
                self._words[self._symbols[path][index].id] = score
        for path in chosen:
            for edge in snapshot.linked.edges.get(path, ()):
                if edge.kind not in _NO_USE and path_of(edge.target) in chosen:
                    self._out.setdefault(edge.source, []).append((edge.target, edge.confidence))
                    self._into.setdefault(edge.target, []).append((edge.source, edge.confidence))
        self._known: dict[SymbolId, tuple[float, float]] = {}

    def of(self, key: Key, owner: int, best: float) -> dict[str, float]:
        path, index = key
        symbol = self._symbols[path][index].id
        called, calling = self._best(symbol)
        beside = {one for one, _ in (*self._out.get(symbol, ()), *self._into.get(symbol, ()))}
        return {
            "owner_words": self._scores.get((path, owner), 0.0) / best,
            "called_words": called / best,
            "caller_words": calling / best,
            "two_hops": max((max(self._best(one)) for one in beside), default=0.0) / best,
            "used_by": math.log1p(len(self._sources.get(symbol))),
            "uses": math.log1p(len(self._out.get(symbol, ()))),
        }

    def _best(self, symbol: SymbolId) -> tuple[float, float]:
        """Return the best words of what it uses, and of what uses it."""
        if (known := self._known.get(symbol)) is None:
            words = self._words
            called = max((words.get(one, 0.0) * sure for one, sure in self._out.get(symbol, ())), default=0.0)
            calling = max((words.get(one, 0.0) * sure for one, sure in self._into.get(symbol, ())), default=0.0)
            known = self._known[symbol] = called, calling
        return known


@lru_cache(maxsize=50_000)
def _is_beside(path: str) -> bool:
    """Whether a file stands beside the code proper: tests, examples, scripts."""
    return is_test_file(path) or _ASIDE.search(path) is not None


def _owners(symbols: tuple[Symbol, ...]) -> list[int]:
    """Return for each definition of a file the index of the one around it; the module is its own."""
    owners, open_ones = [0], [0]
    for index in range(1, len(symbols)):
        while len(open_ones) > 1 and symbols[open_ones[-1]].span.end_byte <= symbols[index].span.start_byte:
            open_ones.pop()
        owners.append(open_ones[-1])
        open_ones.append(index)
    return owners


@lru_cache(maxsize=50_000)
def _terms(text: str) -> tuple[str, ...]:
    return tuple(term for word in _WORD.findall(text) for term in terms_of(word))


@lru_cache(maxsize=50_000)
def _path_terms(path: str) -> tuple[str, ...]:
    return _terms(path.rpartition(".")[0].replace("/", " "))
