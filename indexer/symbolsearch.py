"""Finds definitions by what a person types of their names: whole, its beginning, its humps, a part, letters in order.

``Model.save`` and ``models/save`` want a save with the rest in its path or its qualified name. Every look is linear in
the names. Pure; nothing is parsed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, islice

from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import family
from bridle.indexer.resolve import is_test_file
from bridle.indexer.snapshot import Snapshot

MAX_QUERY = 100
MAX_NAME = 200
MAX_LOOSE = 5_000
"""So many names with the letters in order are looked at more closely."""

_PARTS = re.compile(r"[\s./\\#:]+|->")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+|[^\W\d_]")
_KINDS = (
    "class",
    "interface",
    "enum",
    "type",
    "function",
    "namespace",
    "method",
    "variable",
    "test",
    "suite",
    "module",
    "section",
    "key",
)
_KIND_RANK = {kind: rank for rank, kind in enumerate(_KINDS)}


class _Forms:
    """The names that there are, the shortest first, in the forms in which they are searched; made when needed."""

    def __init__(self, names: Iterable[str], before: _Forms | None) -> None:
        self.names = sorted(names, key=lambda name: (len(name), name))
        self._known: Mapping[str, str] = before.known_initials() if before is not None else {}

    def known_initials(self) -> Mapping[str, str]:
        """Return the initials that are known by now, of these names or those before."""
        return self.initials_of if "initials_of" in self.__dict__ else self._known

    @cached_property
    def initials_of(self) -> Mapping[str, str]:
        """The initials of each name; those that were known before are not made again."""
        known, self._known = self._known, {}
        return {name: known.get(name) or initials(name) for name in self.names}

    @cached_property
    def plain(self) -> _Lines:
        """As they are written, leading underscores left out."""
        return _Lines([name.lstrip("_") or name for name in self.names])

    @cached_property
    def folded(self) -> _Lines:
        """In any case."""
        return _Lines([name.casefold() for name in self.names])

    @cached_property
    def bare(self) -> _Lines:
        """In any case, leading underscores left out."""
        return _Lines([name.casefold().lstrip("_") or name for name in self.names])

    @cached_property
    def initials(self) -> _Lines:
        """The first letters of their words."""
        return _Lines([self.initials_of[name] for name in self.names])


class SymbolNames:
    """The names of one state of the workspace, ready to be searched. What is known since `before` is not made again."""

    def __init__(self, names: Groups[str, SymbolId], before: SymbolNames | None = None) -> None:
        self.groups = names
        known: _Forms | None = before.forms if before is not None else None
        fit = {name for name in names if name and len(name) <= MAX_NAME}
        is_same = known is not None and len(fit) == len(known.names) and fit.issuperset(known.names)
        self.forms: _Forms = known if known is not None and is_same else _Forms(fit, known)  # the same after most edits

    def matching(self, typed: str) -> Iterator[Sequence[str]]:
        """Yield the names that answer, best first, each once, those together that answer alike; all for nothing typed.

        Who types a capital letter means it.
        """
        wanted, names = typed.casefold(), self.forms.names
        if not wanted:
            yield from ([name] for name in names)
            return
        whole = [names[index] for index in self.forms.folded.lines(f"\n{wanted}\n")]
        if typed != wanted and typed in whole:
            yield [typed]
            whole.remove(typed)
        yield whole
        seen = {typed, *whole}
        for index in self._looser(wanted, typed):
            if (name := names[index]) not in seen:
                seen.add(name)
                yield [name]

    def _looser(self, wanted: str, typed: str) -> Iterator[int]:
        """Yield what answers by a part, the closest first."""
        if typed != wanted:
            yield from self.forms.plain.lines(f"\n{typed}")
        yield from self.forms.folded.lines(f"\n{wanted}")
        yield from self.forms.bare.lines(f"\n{wanted}")
        if len(wanted) > 1:
            yield from self.forms.initials.lines(f"\n{wanted}\n")
            yield from self.forms.initials.lines(f"\n{wanted}")
        inside: list[int] = []
        for index in self.forms.folded.lines(wanted):
            if _begins_word(self.forms.names[index], wanted):
                yield index
            else:
                inside.append(index)
        yield from inside
        if len(wanted) > 1:
            loose = islice(self.forms.folded.with_letters(wanted), MAX_LOOSE)
            yield from sorted(loose, key=lambda index: (_looseness(self.forms.names[index], wanted), index))


class _Lines:
    """Texts, one a line, searched together."""

    def __init__(self, texts: Sequence[str]) -> None:
        lines = [text.replace("\n", " ") for text in texts]
        self._text = "\n".join(["", *lines, ""])
        self._starts = [0, *accumulate(len(line) + 1 for line in lines)]  # of the line ends before them

    def lines(self, part: str) -> Iterator[int]:
        """Yield the lines that hold a part, which may begin or end with their ends."""
        at, text, starts = 0, self._text, self._starts
        while (found := text.find(part, at)) >= 0 and found < starts[-1]:
            line = bisect_right(starts, found) - 1
            yield line
            at = starts[line + 1]

    def with_letters(self, letters: str) -> Iterator[int]:
        """Yield the lines that hold letters in their order."""
        pattern = "\n" + "".join(f"[^{re.escape(one)}\n]*{re.escape(one)}" for one in letters)
        for found in re.finditer(pattern, self._text):
            yield bisect_right(self._starts, found.start()) - 1


def initials(name: str) -> str:
    """Return the first letters of the words of a name, folded: qs of QuerySet, goo4 of get_object_or_404."""
    return "".join(word[0] for word in _WORDS.findall(name)).casefold()


def _begins_word(name: str, wanted: str) -> bool:
    """Whether what is wanted begins at one of the words of a name."""
    folded = name.casefold()
    at = folded.find(wanted)
    while at >= 0:
        before = name[at - 1 : at]
        if not before.isalpha() or (name[at : at + 1].isupper() and not before.isupper()):
            return True
        at = folded.find(wanted, at + 1)
    return False


def _looseness(name: str, wanted: str) -> tuple[int, bool, int]:
    """Return how loosely the letters stand: jumps that end inside a word, a late begin, the stretch that they take."""
    begins = {word.start() for word in _WORDS.finditer(name)}
    folded, at, jumps, first = name.casefold(), -1, 0, -1
    for letter in wanted:
        onward = folded.find(letter, at + 1)
        if onward != at + 1 and (word := _next_word(folded, letter, at + 1, begins)) >= 0:
            onward = word
        if onward < 0:
            return len(wanted), True, len(name)
        jumps += onward != at + 1 and onward not in begins
        first = onward if first < 0 else first
        at = onward
    return jumps, first > 0, at - first


def _next_word(folded: str, letter: str, start: int, begins: set[int]) -> int:
    return next((at for at in sorted(begins) if at >= start and folded.startswith(letter, at)), -1)


def search_symbols(
    snapshot: Snapshot, names: SymbolNames, query: str, limit: int, without: frozenset[str] = frozenset()
) -> list[Symbol]:
    """Return the `limit` definitions that answer what was typed best, best first.

    `names` must be those of the snapshot; files in `without`'s languages are left out.
    """
    *around, typed = _PARTS.split(query.strip()[:MAX_QUERY])
    wanted = [part.casefold() for part in around if part]
    found: list[Symbol] = []
    for alike in names.matching(typed):
        named = (snapshot.linked.symbol(target) for name in alike for target in names.groups.get(name))
        fit = [one for one in named if one is not None and (not wanted or _is_in(one, wanted))]
        fit = [one for one in fit if not without or family(one.span.path) not in without]
        found += sorted(fit, key=_order)
        if len(found) >= limit:
            break
    return found[:limit]


def _is_in(symbol: Symbol, wanted: Sequence[str]) -> bool:
    """Whether path and qualified name of a definition hold parts in their order."""
    at, around = 0, f"{symbol.span.path}/{symbol.qualname.rpartition('.')[0]}".casefold()
    for part in wanted:
        found = around.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _order(symbol: Symbol) -> tuple[bool, int, int, str]:
    path = symbol.span.path
    return is_test_file(path), _KIND_RANK.get(symbol.kind, len(_KINDS)), path.count("/"), symbol.id
