"""Search by words: which definitions hold the words of a question, and how tellingly (BM25F).

An identifier counts whole and in its parts (camel, snake, digits), lightly stemmed; words of a definition's
own name count five times, those of its path and of what encloses it twice. Everything here is frozen: a
changed file gives a new `Words` that shares the rest.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from struct import pack
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bridle.indexer.facts import Symbol
from bridle.indexer.groups import Groups
from bridle.indexer.held import FileWords, Held

if TYPE_CHECKING:
    from bridle.indexer.told import Table, Told, Weighing

NAME_WEIGHT, PATH_WEIGHT = 5, 2
K1, B = 1.2, 0.3
MAX_QUERY_TERMS = 200
MAX_IDENTIFIER = 100
MAX_KEPT = 200_000
"""Of terms that were asked lately, so many pairs of a term and a definition are kept."""

MAX_WORDS = 200_000
"""Of so many words it is known which terms they have."""
MAX_REMEMBERED = 16_384
"""A definition of more bytes is counted anew at each change of its file: so 64 MiB of text are remembered at most."""

_IDENTIFIER = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")
_APART = bytes(byte if byte >= 0x80 or byte == ord("_") or chr(byte).isalnum() else ord(" ") for byte in range(256))
"""To translate a text with: what is no part of an identifier or a number becomes a space."""
_NOTHING = ""
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PART_OF_ANY_SCRIPT = re.compile(r"[^\W\d_]+|\d+")
_STOP = frozenset(
    b"self cls def return if else elif for in not and or is None True False import from class with as pass "
    b"raise try except finally while lambda yield assert the a an of to".split()
)


@lru_cache(maxsize=MAX_WORDS)
def terms_of(identifier: str) -> tuple[str, ...]:
    """Return the terms of one identifier: its stemmed parts, and the whole of it when it has several."""
    identifier = identifier[:MAX_IDENTIFIER]
    parts = (_PART if identifier.isascii() else _PART_OF_ANY_SCRIPT).findall(identifier)
    if len(parts) > 1:
        return (*map(_stem, parts), identifier.strip("_").lower())
    return (_stem(parts[0]),) if parts else ()


class _Told(dict[bytes, tuple[str, ...]]):
    """The terms of words as they stand in a text; one that does not count has `_NOTHING` for its only one."""

    def __missing__(self, word: bytes) -> tuple[str, ...]:
        if len(self) >= MAX_WORDS:
            self.clear()
        name = word.lstrip(b"0123456789")
        counts = name and name not in _STOP
        terms = self[word] = terms_of(name.decode("utf-8", "replace")) if counts else (_NOTHING,)
        return terms


_told = _Told()


def query_terms(text: str) -> list[str]:
    """Return the terms of a question, each once, in order."""
    words = (word for word in _IDENTIFIER.findall(text.encode("utf-8", "replace")) if word not in _STOP)
    terms = dict.fromkeys(term for word in words for term in _told[word])
    return list(terms)[:MAX_QUERY_TERMS]


def counted_terms(text: str) -> dict[str, int]:
    """Return the terms of a text with how often each stands there."""
    return dict(_weighed(text.encode("utf-8", "replace").translate(_APART), "", ()).counts)


def file_words(
    source: bytes,
    symbols: Sequence[Symbol],
    stretches: Iterable[tuple[int, int, int]],
    wholes: Mapping[int, int],
    is_typed: bool = False,
) -> FileWords:
    """Return the words of a file whose bytes `symbols` own as `stretches` ``(owner, start, end)`` tell.

    `wholes` maps the index of an inner definition to the outer one whose words include it. A file that `is_typed` in
    is soon asked for again, and nearly the same then.
    """
    postings: dict[str, list[int]] = {}
    lengths: list[int] = []
    contexts = _Contexts(symbols[0].span.path if symbols else "")
    texts = _texts(source, len(symbols), stretches, wholes)
    for index, (symbol, text) in enumerate(zip(symbols, texts, strict=True)):
        weigh = _weighed_lately if is_typed and len(text) <= MAX_REMEMBERED else _weighed
        counts, length = weigh(text, symbol.name, contexts[symbol.qualname.rpartition(".")[0]])
        lengths.append(length)
        for term, count in counts.items():
            if (posting := postings.get(term)) is None:
                postings[term] = [index, count]
            else:
                posting += (index, count)
    terms = sorted(postings)
    rows = list(map(postings.__getitem__, terms))
    starts = [n // 2 for n in accumulate(map(len, rows), initial=0)]
    flat = list(chain.from_iterable(rows))
    return FileWords("\n".join(("", *terms, "")), _packed(starts), _packed(flat), _packed(lengths))


def _texts(
    source: bytes, n_definitions: int, stretches: Iterable[tuple[int, int, int]], wholes: Mapping[int, int]
) -> list[bytes]:
    """Return the words that each definition holds, with spaces between them."""
    held: list[list[bytes]] = [[] for _ in range(n_definitions)]
    words = source.translate(_APART)
    for owner, start, end in stretches:
        held[owner].append(words[start:end])
    for inner in sorted(wholes, reverse=True):
        held[wholes[inner]] += held[inner]
    return list(map(b" ".join, held))


class _Contexts(dict[str, tuple[str, ...]]):
    """The terms of a file's path and of what encloses its definitions, each as often as it weighs."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = _terms_of_text(path.rpartition(".")[0])

    def __missing__(self, outer: str) -> tuple[str, ...]:
        terms = self[outer] = (self._path + _terms_of_text(outer)) * PATH_WEIGHT
        return terms


class _Weighed(NamedTuple):
    """The terms of a definition with what each weighs there, and how many words it has."""

    counts: Mapping[str, int]
    length: int


def _weighed(text: bytes, name: str, context: tuple[str, ...]) -> _Weighed:
    """Return the terms of a definition that holds the words of `text`; what counts more is counted more often."""
    words = text.split()
    counts = Counter(chain(chain.from_iterable(map(_told.__getitem__, words)), terms_of(name) * NAME_WEIGHT, context))
    return _Weighed(counts, len(words) - counts.pop(_NOTHING, 0))


_weighed_lately = lru_cache(maxsize=4096)(_weighed)
"""Of a buffer that is typed in, nearly all definitions are those of a moment ago."""


def _packed(numbers: Sequence[int]) -> bytes:
    return pack(f"={len(numbers)}i", *numbers)


def _terms_of_text(text: str) -> tuple[str, ...]:
    words = (word for word in _IDENTIFIER.findall(text.encode()) if word not in _STOP)
    return tuple(term for word in words for term in _told[word])


@lru_cache(maxsize=50_000)
def _stem(part: str) -> str:
    word = part.lower()
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending, least in (("ing", 6), ("ed", 5)):
        if len(word) >= least and word.endswith(ending):
            word = word[: -len(ending)]
            if word[-1] == word[-2] and word[-1] not in "aeiouls":
                word = word[:-1]
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


class Scored(msgspec.Struct, frozen=True):
    """A definition that answers: its file, its index there, its score, the terms that matched, best first."""

    path: str
    index: int
    score: float
    words: tuple[str, ...]


class Words:
    """The words of all files. Frozen; `changed` makes the next one."""

    def __init__(
        self,
        files: Mapping[str, FileWords],
        paths: Groups[str, str],
        size: tuple[int, int],
        known: Iterable[tuple[str, Held]] = (),
    ) -> None:
        self._files = files
        self._paths = paths
        self._size = size  # definitions, words
        self._asked = _Asked(known)
        self._weighing: Weighing | None = None

    @property
    def files(self) -> Mapping[str, FileWords]:
        """The words of each file, by path."""
        return self._files

    @property
    def paths(self) -> Groups[str, str]:
        """The files that hold a term, by term."""
        return self._paths

    @classmethod
    def of(cls, files: Mapping[str, FileWords], paths: Groups[str, str] | None = None) -> Words:
        """Return the words of `files`; `paths` are the files that hold a term, where that is known already."""
        if paths is None:
            paths = Groups[str, str].spread((path, words.terms) for path, words in files.items())
        return cls(files, paths, _size(files))

    def changed(self, changes: Mapping[str, FileWords | None]) -> Words:
        """Return the words after `changes`, None for a file that is gone."""
        old = {path: words for path in changes if (words := self._files.get(path))}
        new = {path: words for path, words in changes.items() if words}
        files = dict(self._files)
        for path in changes:
            files.pop(path, None)
        files.update(new)
        gone, come = _size(old), _size(new)
        size = (self._size[0] - gone[0] + come[0], self._size[1] - gone[1] + come[1])
        known = self._asked.without(changes, {term for words in new.values() for term in words.terms})
        return Words(files, self._paths.changed(_postings(old), _postings(new)), size, known)

    @property
    def table(self) -> Table:
        """The numbers of the definitions."""
        return self._weighed().table

    def held_by(self, path: str, index: int) -> dict[str, int]:
        """Return the terms of a definition with their weighted counts, none of a file without words."""
        from bridle.indexer.told import held_by

        words = self._files.get(path)
        return held_by(words, index) if words is not None else {}

    def search(self, text: str, limit: int) -> list[Scored]:
        """Return the `limit` definitions that answer `text` best; ties stand in path order."""
        told = self.told(text)
        best = told.scores.best(limit)
        matched = told.matched(best)
        return [
            Scored(*told.table.place(number), score, tuple(term for _, term in pairs))
            for number, score, pairs in zip(best, told.scores.of(best), matched, strict=True)
        ]

    def told(self, text: str) -> Told:
        """Return what the words of `text` say of every definition that holds one of them."""
        return self._weighed().told((term, self._held(term)) for term in query_terms(text))

    def _weighed(self) -> Weighing:
        """Return what words weigh in this state; it is made when it is first asked for."""
        if self._weighing is None:
            from bridle.indexer.told import Table, Weighing  # numpy, which the workers that read do without

            lengths = {path: words.lengths for path, words in self._files.items()}
            self._weighing = Weighing(Table(lengths), *self._size, K1, B)
        return self._weighing

    def _held(self, term: str) -> Held:
        """Return who holds a term; of those that were asked lately it is known."""
        held = self._asked.get(term)
        if held is None:
            held = Held.of({path: self._files[path].row(term) for path in self._paths.get(term)})
            self._asked.add(term, held)
        return held


class _Asked:
    """The terms that were asked lately and who holds them, as far as that is not much. Thread-safe."""

    def __init__(self, known: Iterable[tuple[str, Held]]) -> None:
        self._known = dict(known)
        self._n = sum(held.n for held in self._known.values())
        self._lock = threading.Lock()

    def get(self, term: str) -> Held | None:
        """Return who holds a term, None where that is not known."""
        return self._known.get(term)

    def add(self, term: str, held: Held) -> None:
        """Keep who holds a term; the first that came go first."""
        with self._lock:
            if term in self._known or held.n > MAX_KEPT:
                return
            self._known[term] = held
            self._n += held.n
            while self._n > MAX_KEPT:
                self._n -= self._known.pop(next(iter(self._known))).n

    def without(self, paths: Iterable[str], terms: Container[str]) -> list[tuple[str, Held]]:
        """Return what stays when some files change, which hold `terms` now."""
        changed = set(paths)
        with self._lock:
            known = list(self._known.items())
        stay = (one for one in known if one[0] not in terms and changed.isdisjoint(one[1].paths))
        return [(term, held.anew()) for term, held in stay]


def _postings(files: Mapping[str, FileWords]) -> Iterator[tuple[str, str]]:
    return ((term, path) for path, words in files.items() for term in words.terms)


def _size(files: Mapping[str, FileWords]) -> tuple[int, int]:
    lengths = [memoryview(words.lengths).cast("i") for words in files.values()]
    return sum(map(len, lengths)), sum(map(sum, lengths))
