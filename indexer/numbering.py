"""Numbers for the files and definitions of one state, and groups that are kept as arrays of such numbers.

A file is its number in path order; a definition is its number among those of all files, files in path order. Nothing
is made of what was kept before somebody asks for it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from typing import Protocol, TypeVar, overload

import msgspec

from bridle.indexer.entry import Entry
from bridle.indexer.facts import SymbolId
from bridle.indexer.groups import Groups

MAX_MADE = 4_096  # rows that are kept as they were made for a question

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class Numbering:
    """The files and definitions of one state. Frozen; remembers what was asked."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.paths = sorted(entries)
        self.starts = [0, *accumulate(entries[path].n_symbols for path in self.paths)]
        self._entries = entries
        self._places: dict[str, dict[SymbolId, int]] = {}

    @cached_property
    def files(self) -> Mapping[str, int]:
        """The number of each file."""
        return {path: number for number, path in enumerate(self.paths)}

    def id(self, number: int) -> SymbolId:
        """Return the id of definition `number`."""
        file = bisect_right(self.starts, number) - 1
        return self._entries[self.paths[file]].ids[number - self.starts[file]]

    def number(self, target: SymbolId) -> int | None:
        """Return the number of a definition, None for one that is not there."""
        path = target.partition("::")[0]
        file = self.files.get(path)
        if file is None:
            return None
        if (places := self._places.get(path)) is None:
            places = self._places[path] = {known: at for at, known in enumerate(self._entries[path].ids)}
        at = places.get(target)
        return None if at is None else self.starts[file] + at

    def __iter__(self) -> Iterator[SymbolId]:
        return (target for path in self.paths for target in self._entries[path].ids)


class Rows(msgspec.Struct, frozen=True, array_like=True):
    """Rows of numbers, one behind the other: row ``k`` is ``values[starts[k]:starts[k + 1]]``. Both int32, native."""

    starts: bytes
    values: bytes

    @classmethod
    def of(cls, rows: Iterable[Iterable[int]]) -> Rows:
        """Return rows as they are kept."""
        starts, values = array("i", [0]), array("i")
        for row in rows:
            values.extend(row)
            starts.append(len(values))
        return cls(starts.tobytes(), values.tobytes())


class Table(msgspec.Struct, frozen=True, array_like=True):
    """A row for each of some texts: these are sorted, `n_texts` of them, as a list in MessagePack."""

    texts: bytes
    n_texts: int
    rows: Rows

    @classmethod
    def of(cls, groups: Groups[str, V], number: Callable[[V], int]) -> Table:
        """Return groups as they are kept, values by their numbers."""
        texts = sorted(groups)
        rows = Rows.of(map(number, groups.get(text)) for text in texts)
        return cls(msgspec.msgpack.encode(texts), len(texts), rows)


class _Keys(Protocol[K]):
    """What rows stand for, in their order."""

    def number(self, target: K, /) -> int | None: ...

    def __iter__(self) -> Iterator[K]: ...


class _Texts:
    """The texts of a table, read when first asked for."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @cached_property
    def _known(self) -> list[str]:
        return msgspec.msgpack.decode(self._table.texts, type=list[str])

    def number(self, target: str, /) -> int | None:
        at = bisect_left(self._known, target)
        return at if at < len(self._known) and self._known[at] == target else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)


class KeptGroups(Mapping[K, tuple[V, ...]]):
    """What rows of numbers stand for, made for a key when it is asked for; keys of empty rows are not there.

    Raises:
        ValueError: these are not the rows of so many keys.
    """

    def __init__(self, keys: _Keys[K], n_keys: int, rows: Rows, value: Callable[[int], V]) -> None:
        self._keys = keys
        self._starts, self._values = memoryview(rows.starts).cast("i"), memoryview(rows.values).cast("i")
        self._value = value
        self._made: dict[int, tuple[V, ...]] = {}
        if len(self._starts) != n_keys + 1 or self._starts[0] != 0 or self._starts[-1] != len(self._values):
            raise ValueError("rows that do not fit what they are of")

    @overload
    def get(self, key: K, /) -> tuple[V, ...] | None: ...
    @overload
    def get(self, key: K, /, default: tuple[V, ...]) -> tuple[V, ...]: ...
    @overload
    def get(self, key: K, /, default: D) -> tuple[V, ...] | D: ...
    def get(self, key: K, /, default: object = None) -> object:
        """Return the values of `key`, `default` when it is not there."""
        number = self._keys.number(key)
        return (self._row(number) or default) if number is not None else default

    def __getitem__(self, key: K) -> tuple[V, ...]:
        if found := self.get(key):
            return found
        raise KeyError(key)

    def __iter__(self) -> Iterator[K]:
        starts = self._starts
        return (key for at, key in enumerate(self._keys) if starts[at] < starts[at + 1])

    def __len__(self) -> int:
        return self._n_keys

    @cached_property
    def _n_keys(self) -> int:
        starts = self._starts
        return sum(starts[at] < starts[at + 1] for at in range(len(starts) - 1))

    def _row(self, number: int) -> tuple[V, ...]:
        if (row := self._made.get(number)) is None:
            row = tuple(map(self._value, self._values[self._starts[number] : self._starts[number + 1]]))
            if len(self._made) == MAX_MADE:
                self._made.clear()
            self._made[number] = row
        return row


def groups_of(table: Table, value: Callable[[int], V]) -> KeptGroups[str, V]:
    """Return what a table stands for. Raises ValueError where it does not fit itself."""
    return KeptGroups(_Texts(table), table.n_texts, table.rows, value)
