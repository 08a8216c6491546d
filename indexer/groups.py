"""A frozen map from a key to all its values, from which the next one is made at the cost of what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Hashable)
LEAST_OVER = 256


class Groups(Generic[K, V]):
    """Keys with their values in the order in which they came; a pair is held once.

    What changed since the groups were made lies over the rest, which is shared, until it is a sixteenth of it.
    """

    def __init__(self, values: Mapping[K, tuple[V, ...]], over: dict[K, tuple[V, ...]] | None = None) -> None:
        self._values = values
        self._over = over or {}

    @classmethod
    def of(cls, pairs: Iterable[tuple[K, V]]) -> Groups[K, V]:
        """Return the groups of `pairs`."""
        gathered: dict[K, dict[V, None]] = {}
        for key, value in pairs:
            if (group := gathered.get(key)) is None:
                gathered[key] = {value: None}
            else:
                group[value] = None
        return cls({key: tuple(group) for key, group in gathered.items()})

    @classmethod
    def spread(cls, rows: Iterable[tuple[V, Iterable[K]]]) -> Groups[K, V]:
        """Return the groups of values that come each once, with its keys, each of these once."""
        gathered: defaultdict[K, list[V]] = defaultdict(list)
        for value, keys in rows:
            for key in keys:
                gathered[key].append(value)
        return cls({key: tuple(group) for key, group in gathered.items()})

    def get(self, key: K) -> tuple[V, ...]:
        """Return the values of `key`, none when it is not there."""
        found = self._over.get(key)
        return self._values.get(key, ()) if found is None else found

    def __iter__(self) -> Iterator[K]:
        yield from (key for key in self._values if self._over.get(key) != ())
        yield from (key for key, group in self._over.items() if group and key not in self._values)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changed(self, removed: Iterable[tuple[K, V]], added: Iterable[tuple[K, V]]) -> Groups[K, V]:
        """Return the groups without `removed` and with `added`; a pair that is in both stays in place."""
        gone, come = dict.fromkeys(removed), dict.fromkeys(added)
        taken: dict[K, set[V]] = {}
        for key, value in gone:
            if (key, value) not in come:
                taken.setdefault(key, set()).add(value)
        over = dict(self._over)
        for key, dropped in taken.items():
            over[key] = tuple(value for value in self.get(key) if value not in dropped)
        for key, value in come:
            if (key, value) not in gone:
                group = over[key] if key in over else self._values.get(key, ())
                if value not in group:
                    over[key] = (*group, value)
        if len(over) <= max(LEAST_OVER, len(self._values) // 16):
            return Groups(self._values, over)
        return Groups({key: group for key, group in {**self._values, **over}.items() if group})
