"""Where in its text the names of a file stand: of its definitions, of its uses, and the statements that import. Pure.

A reader tells every place that it saw; kept are those at which the name is really written, packed as int32 in native
byte order beside the facts.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain

from bridle.indexer.facts import FileFacts, Places, Reference, Symbol

NOWHERE = -1
"""The place of a name that is written nowhere, as a module's."""


def pack(
    source: bytes,
    names: Sequence[tuple[str, int]],
    uses: Sequence[tuple[str, Sequence[int]]],
    imports: Sequence[tuple[int, int]],
) -> Places:
    """Return the places of a file, whose text is `source` in UTF-8.

    `names` are the names of its definitions with their bytes, `uses` those of its uses with all of theirs, in the order
    of the facts; `imports` are the bytes ``(start, end)`` of statements that import.
    """
    begins_with = source.startswith
    kept: list[int] = []
    counts: list[int] = []
    for name, places in uses:
        written = name.encode()
        found = sorted({at for at in places if at >= 0 and begins_with(written, at)} if len(places) > 1 else places)
        if len(found) == 1 and not (found[0] >= 0 and begins_with(written, found[0])):
            found = []
        kept += found
        counts.append(len(found))
    return Places(
        _packed([_quoted(source, name.encode(), at) for name, at in names]),
        _packed(counts),
        _packed(kept),
        _packed(list(chain.from_iterable(sorted(set(imports))))),
    )


def _quoted(source: bytes, name: bytes, at: int) -> int:
    """Return where a definition's name begins: `at`, or behind the quote that stands there."""
    return at + 1 if at >= 0 and not source.startswith(name, at) and source.startswith(name, at + 1) else at


def _packed(numbers: list[int]) -> bytes:
    return array("i", numbers).tobytes()


def name_at(facts: FileFacts, index: int) -> int:
    """Return the byte where the name of a definition of the file begins, by its index; `NOWHERE` where it has none."""
    names = memoryview(facts.places.names).cast("i")
    return names[index] if index < len(names) else NOWHERE


def named_at(facts: FileFacts, byte: int) -> Symbol | None:
    """Return the definition whose name is written around `byte`, or ends there; None for none."""
    names = memoryview(facts.places.names).cast("i")
    for symbol, at in zip(facts.symbols, names, strict=False):
        if 0 <= at <= byte <= at + len(symbol.name.encode()):
            return symbol
    return None


def used_at(facts: FileFacts, byte: int) -> list[tuple[Reference, int]]:
    """Return the uses whose name is written around `byte`, or ends there, each with where it begins.

    A place that holds `byte` comes before one that only ends there.
    """
    found: list[tuple[bool, Reference, int]] = []
    for use, places in each_use(facts):
        size = 0
        for at in places:
            if at <= byte:
                size = size or len(use.name.encode())
                if byte <= at + size:
                    found.append((byte == at + size, use, at))
    found.sort(key=lambda one: one[0])
    return [(use, at) for ends, use, at in found if ends == found[0][0]]


def each_use(facts: FileFacts) -> Iterator[tuple[Reference, memoryview]]:
    """Yield the uses of a file, each with the bytes where its name is written, in order."""
    counts, places = (memoryview(data).cast("i") for data in (facts.places.counts, facts.places.uses))
    ends = accumulate(counts)
    for use, count, end in zip(facts.references, counts, ends, strict=False):
        yield use, places[end - count : end]


def imports_of(facts: FileFacts) -> list[tuple[int, int]]:
    """Return the bytes ``(start, end)`` of the statements that import, in order."""
    flat = memoryview(facts.places.imports).cast("i")
    return list(zip(flat[::2], flat[1::2], strict=True))


def import_around(facts: FileFacts, byte: int) -> tuple[int, int] | None:
    """Return the innermost statement that imports around `byte`, None for none."""
    known = imports_of(facts)
    at = bisect_right(known, (byte, 1 << 31))
    return next((span for span in reversed(known[:at]) if byte <= span[1]), None)
