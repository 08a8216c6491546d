"""What the words of a question say of every definition at once: arrays over the definitions of one state. Pure.

A definition goes by its number among those of all files that have words, files in path order. What a term gives is
worked out once for a state and added up for each question, term by term in their order, so that every sum is the same
to the last bit however it came about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bridle.indexer.held import FileWords, Gains, Held

Floats: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = NDArray[np.intp]


class Table:
    """The numbers of the definitions of all files that have words. Frozen.

    `starts` is where those of each file begin, and behind that how many there are in all; `modules` are the first of
    each file that has any. `owners` is the number of the file of each definition, `lengths` how many words it has.
    """

    def __init__(self, lengths: Mapping[str, bytes]) -> None:
        self.paths: Sequence[str] = sorted(lengths)
        self.files: Mapping[str, int] = {path: number for number, path in enumerate(self.paths)}
        known = [lengths[path] for path in self.paths]
        sizes = np.fromiter(map(len, known), np.intp, len(known)) // 4
        self.starts: Numbers = np.concatenate((np.zeros(1, np.intp), np.cumsum(sizes)))
        self.modules: Numbers = self.starts[:-1][sizes > 0]
        self.owners: Numbers = np.repeat(np.arange(len(known)), sizes)
        self.lengths = np.frombuffer(b"".join(known), np.int32)
        self._starts: Sequence[int] = self.starts.tolist()

    def __len__(self) -> int:
        return self._starts[-1]

    def start(self, path: str) -> int:
        """Return the number of a file's first definition, -1 of a file without words."""
        file = self.files.get(path)
        return -1 if file is None else self._starts[file]

    def place(self, number: int) -> tuple[str, int]:
        """Return the file of a definition, and its index there."""
        file = int(self.owners[number])
        return self.paths[file], number - self._starts[file]

    def within(self, path: str) -> slice:
        """Return the numbers of a file's definitions, none of a file without words."""
        file = self.files.get(path)
        return slice(0, 0) if file is None else slice(self._starts[file], self._starts[file + 1])


class Scores:
    """Scores of all definitions, by number. Frozen.

    Behind them all stands 0: that of what has no number, and -1 in its place.
    """

    def __init__(self, table: Table, values: Floats) -> None:
        self.table, self.values = table, values

    def of(self, numbers: Sequence[int]) -> list[float]:
        """Return those of some definitions."""
        found: list[float] = self.values[numbers].tolist() if numbers else []
        return found

    def in_file(self, path: str) -> dict[int, float]:
        """Return those of a file that are not 0, by index."""
        known = self.values[self.table.within(path)]
        return {int(index): float(known[index]) for index in np.flatnonzero(known)}

    def best(self, limit: int) -> list[int]:
        """Return the numbers of the greatest above 0, the greatest first; ties stand in their order."""
        found = np.flatnonzero(self.values > 0)
        if len(found) > limit:
            found = found[self.values[found] >= np.partition(self.values[found], -limit)[-limit]]
        best: list[int] = found[np.argsort(-self.values[found], kind="stable")][:limit].tolist()
        return best

    def at_least(self, least: float) -> list[int]:
        """Return the numbers of those that are not less, in their order."""
        found: list[int] = np.flatnonzero(self.values >= least).tolist()
        return found

    def greatest(self) -> float:
        """Return the greatest, 0 where there is none."""
        return float(self.values.max(initial=0.0))

    def without(self, numbers: Sequence[int]) -> Scores:
        """Return them with 0 for some definitions."""
        values = self.values.copy()
        values[[number for number in numbers if number >= 0]] = 0.0
        return Scores(self.table, values)

    def without_modules(self) -> Scores:
        """Return them with 0 for what stands outside of definitions."""
        values = self.values.copy()
        values[self.table.modules] = 0.0
        return Scores(self.table, values)

    def leading(self, limit: int) -> Scores:
        """Return them with 0 for all but so many of each file, ties in their order."""
        table, values = self.table, self.values.copy()
        counts = np.bincount(table.owners[np.flatnonzero(values)], minlength=len(table.paths))
        for file in np.flatnonzero(counts > limit).tolist():
            known = values[table.starts[file] : table.starts[file + 1]]
            known[np.argsort(-known, kind="stable")[limit:]] = 0.0
        return Scores(table, values)


class Told:
    """Everything that the words of a question say, by the number of a definition or of a file.

    `scores` sums up what the terms give each definition, `files` what each term gives the best definition of a file;
    `rarity` is how rare the terms are that stand anywhere, in the order in which they were asked.
    """

    def __init__(self, table: Table, gains: Mapping[str, Gains]) -> None:
        self.table = table
        self.files: Floats = np.zeros(len(table.paths))
        self.rarity = {term: one.rarity for term, one in gains.items()}
        self._gains = gains
        values: Floats = np.zeros(len(table) + 1)
        for one in gains.values():
            values[one.numbers] += one.gains
            self.files[one.files] += one.bests
        self.scores = Scores(table, values)

    def demoted(self, factor: Callable[[str], float], of_module: float) -> tuple[list[str], Scores]:
        """Return the files that words stand in, best first, and the scores; both times the `factor` of the file.

        What stands outside of definitions counts `of_module` of that.
        """
        paths, found = self.table.paths, np.flatnonzero(self.files > 0)
        factors = np.ones(len(paths))
        factors[found] = [factor(paths[file]) for file in found.tolist()]
        order: list[int] = found[np.argsort(-(self.files * factors)[found], kind="stable")].tolist()
        values = self.scores.values.copy()
        values[:-1] *= factors[self.table.owners]
        values[self.table.modules] *= of_module
        return [paths[file] for file in order], Scores(self.table, values)

    def matched(self, numbers: Sequence[int]) -> list[list[tuple[float, str]]]:
        """Return for each of some definitions the terms that matched, with what each gave, the most telling first.

        In what has no number, and -1 in its place, none did.
        """
        found: list[list[tuple[float, str]]] = [[] for _ in numbers]
        places = np.full(len(self.table) + 1, -1, np.intp)
        places[np.asarray(numbers, np.intp)] = np.arange(len(numbers))
        places[-1] = -1
        for term, one in self._gains.items():
            at = places[one.numbers]
            wanted = np.flatnonzero(at >= 0)
            held: list[int] = at[wanted].tolist()
            for place, gain in zip(held, one.gains[wanted].tolist(), strict=True):
                found[place].append((gain, term))
        for pairs in found:
            if len(pairs) > 1:
                pairs.sort(key=_most_telling)
        return found


class Weighing:
    """What terms weigh in one state: there are so many definitions and words, and long ones gain less (BM25)."""

    def __init__(self, table: Table, n_definitions: int, n_words: int, k1: float, b: float) -> None:
        self.table = table
        self._n = n_definitions
        self._k1, self._flat = k1, k1 * (1 - b)
        self._steeps: Floats = table.lengths.astype(np.float64) * (k1 * b / max(1.0, n_words / max(1, n_definitions)))

    def told(self, terms: Iterable[tuple[str, Held]]) -> Told:
        """Return what some terms say, each with who holds it."""
        return Told(self.table, {term: self._gains(held) for term, held in terms if held.n})

    def _gains(self, held: Held) -> Gains:
        """Return what a term gives; it is kept with who holds it, who are of this state."""
        if (known := held.gains) is None:
            held.gains = known = self._weighed(held)
        return known

    def _weighed(self, held: Held) -> Gains:
        rows = np.frombuffer(held.rows, np.int32).reshape(-1, 2)
        sizes = np.frombuffer(held.sizes, np.int32)
        files = np.fromiter(map(self.table.files.__getitem__, held.paths), np.intp, len(held.paths))
        numbers = np.repeat(self.table.starts[files], sizes) + rows[:, 0]
        counts = rows[:, 1].astype(np.float64)
        rarity = math.log(1 + (self._n - held.n + 0.5) / (held.n + 0.5))
        gains: Floats = rarity * (self._k1 + 1) * counts / (counts + self._flat + self._steeps[numbers])
        begins = np.cumsum(sizes) - sizes
        return Gains(rarity, numbers, gains, files, np.maximum.reduceat(gains, begins))


def held_by(words: FileWords, index: int) -> dict[str, int]:
    """Return the terms of a definition of a file with their weighted counts."""
    rows, starts = np.frombuffer(words.rows, np.int32).reshape(-1, 2), np.frombuffer(words.starts, np.int32)
    at = np.flatnonzero(rows[:, 0] == index)
    terms = words.terms
    held: list[int] = (np.searchsorted(starts, at, side="right") - 1).tolist()
    counts: list[int] = rows[at, 1].tolist()
    return {terms[term]: count for term, count in zip(held, counts, strict=True)}


def _most_telling(pair: tuple[float, str]) -> tuple[float, str]:
    return -pair[0], pair[1]
