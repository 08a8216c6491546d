"""A frozen map from a key to all its values, from which the next one is made at the cost of what changed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Hashable)


class Groups(Generic[K, V]):
    """Keys with their values in the order in which they came; a pair is held once."""

    def __init__(self, values: dict[K, tuple[V, ...]]) -> None:
        self._values = values

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

    def get(self, key: K) -> tuple[V, ...]:
        """Return the values of `key`, none when it is not there."""
        return self._values.get(key, ())

    def __iter__(self) -> Iterator[K]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def changed(self, removed: Iterable[tuple[K, V]], added: Iterable[tuple[K, V]]) -> Groups[K, V]:
        """Return the groups without `removed` and with `added`; a pair that is in both stays in place."""
        gone, come = dict.fromkeys(removed), dict.fromkeys(added)
        values = self._values.copy()
        taken: dict[K, set[V]] = {}
        for key, value in gone:
            if (key, value) not in come:
                taken.setdefault(key, set()).add(value)
        for key, dropped in taken.items():
            values[key] = tuple(value for value in values.get(key, ()) if value not in dropped)
            if not values[key]:
                del values[key]
        for key, value in come:
            if (key, value) not in gone and value not in values.get(key, ()):
                values[key] = (*values.get(key, ()), value)
        return Groups(values)
