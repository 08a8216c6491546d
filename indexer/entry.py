"""What the index holds of one file: a few numbers at once, and the facts as bytes until somebody asks for them."""

from __future__ import annotations

import threading
from typing import cast

import msgspec

from bridle.indexer.compact import compact, facts_of, ids_of
from bridle.indexer.facts import FileFacts, SymbolId

_lock = threading.Lock()


class Entry(msgspec.Struct, array_like=True, eq=False, dict=True):
    """The facts of one file. Thread-safe; every answer is the same object each time.

    `packed` is what they are made of, empty once they are made. Neither changes what is told.
    """

    path: str
    digest: str
    n_lines: int
    n_bytes: int
    n_symbols: int
    n_references: int
    packed: bytes

    @classmethod
    def of(cls, facts: FileFacts) -> Entry:
        """Return the entry of facts that are made already."""
        entry = cls(*_sizes(facts), b"")
        entry._made["facts"] = facts
        return entry

    @classmethod
    def to_send(cls, facts: FileFacts) -> Entry:
        """Return the entry of facts as bytes, to be written somewhere."""
        return cls(*_sizes(facts), compact(facts))

    @property
    def facts(self) -> FileFacts:
        """The facts, made when first asked for."""
        made = self._made.get("facts")
        return cast("FileFacts", made) if made is not None else self._make()

    @property
    def ids(self) -> list[SymbolId]:
        """The ids of the definitions in their order; does not make the facts."""
        made = self._made.get("ids")
        if made is None:
            with _lock:
                packed = self.packed
            made = ids_of(self.path, packed) if packed else [symbol.id for symbol in self.facts.symbols]
            made = self._made.setdefault("ids", made)
        return cast("list[SymbolId]", made)

    @property
    def is_made(self) -> bool:
        """Whether the facts are made."""
        return "facts" in self._made

    def as_bytes(self) -> Entry:
        """Return an entry of the same facts as bytes, to be written somewhere."""
        with _lock:
            packed = self.packed
        if not packed:
            return Entry.to_send(self.facts)
        numbers = self.n_lines, self.n_bytes, self.n_symbols, self.n_references
        return Entry(self.path, self.digest, *numbers, packed)  # its own, for the facts may be made meanwhile

    @property
    def _made(self) -> dict[str, object]:
        return cast("dict[str, object]", self.__dict__)

    def _make(self) -> FileFacts:
        with _lock:
            if "facts" not in self._made:
                sizes = self.path, self.digest, self.n_lines, self.n_bytes
                self._made["facts"] = facts_of(*sizes, self.packed)
                self.packed = b""
            return cast("FileFacts", self._made["facts"])


def _sizes(facts: FileFacts) -> tuple[str, str, int, int, int, int]:
    return facts.path, facts.digest, facts.n_lines, facts.n_bytes, len(facts.symbols), len(facts.references)
