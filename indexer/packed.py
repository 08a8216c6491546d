"""The edges of one state of the workspace as flat arrays, as they are kept between runs.

A definition is its number among all definitions of all files, files in path order. What was packed of one state can
only be unpacked beside the same facts; `key` tells whether they are the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import get_args

import msgspec

from bridle.indexer.digest import digest_of_parts
from bridle.indexer.facts import Edge, EdgeKind, FileFacts, SymbolId

_KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


class Packed(msgspec.Struct, frozen=True):
    """Edges in the order of their files: int32 `sources` and `targets`, int8 `kinds`, float64 `confidences`.

    `counts` are the edges per file, int32. Native byte order.
    """

    key: str
    counts: bytes
    sources: bytes
    targets: bytes
    kinds: bytes
    confidences: bytes


def key_of(facts: Mapping[str, FileFacts], layout: str) -> str:
    """Return what tells one state from every other: its files with their digests, and where modules are."""
    return digest_of_parts([layout, *(part for path in sorted(facts) for part in (path, facts[path].digest))])


def pack(key: str, facts: Mapping[str, FileFacts], edges: Mapping[str, tuple[Edge, ...]]) -> Packed:
    """Return the edges of a state."""
    paths = sorted(facts)
    numbers = {target: number for number, target in enumerate(_ids(facts, paths))}
    known = [edge for path in paths for edge in edges[path]]
    return Packed(
        key,
        array("i", [len(edges[path]) for path in paths]).tobytes(),
        array("i", [numbers[edge.source] for edge in known]).tobytes(),
        array("i", [numbers[edge.target] for edge in known]).tobytes(),
        array("b", [_NUMBERS[edge.kind] for edge in known]).tobytes(),
        array("d", [edge.confidence for edge in known]).tobytes(),
    )


def unpack(packed: Packed, facts: Mapping[str, FileFacts]) -> dict[str, tuple[Edge, ...]]:
    """Return the edges by path.

    Raises:
        ValueError: the arrays do not fit one another or the facts.
    """
    paths = sorted(facts)
    ids = list(_ids(facts, paths))
    counts, sources, targets = (memoryview(data).cast("i") for data in (packed.counts, packed.sources, packed.targets))
    kinds, confidences = memoryview(packed.kinds).cast("b"), memoryview(packed.confidences).cast("d")
    if len({len(sources), len(targets), len(kinds), len(confidences), sum(counts)}) > 1 or len(counts) != len(paths):
        raise ValueError("edges that do not fit their files")
    try:
        flat = map(
            Edge,
            map(ids.__getitem__, sources),
            map(ids.__getitem__, targets),
            (_KINDS[kind] for kind in kinds),
            confidences,
        )
        return {path: tuple(islice(flat, count)) for path, count in zip(paths, counts, strict=True)}
    except (IndexError, TypeError) as error:
        raise ValueError("edges of definitions that are not there") from error


def _ids(facts: Mapping[str, FileFacts], paths: list[str]) -> Iterator[SymbolId]:
    return (symbol.id for path in paths for symbol in facts[path].symbols)
