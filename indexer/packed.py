"""What was linked of one state of the workspace as flat arrays, as it is kept between runs.

What was packed of one state can only be read beside the same files; `key` tells whether they are the same. Files and
definitions go by their numbers (`bridle.indexer.numbering`).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import get_args

import msgspec

from bridle.indexer.digest import digest_of_parts
from bridle.indexer.entry import Entry
from bridle.indexer.facts import Edge, EdgeKind, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.numbering import Numbering, Rows, Table

KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}


class Packed(msgspec.Struct, frozen=True):
    """Edges in the order of their files: int32 `sources` and `targets`, int8 `kinds`, float64 `confidences`.

    `counts` are the edges per file, int32. Native byte order. `users` are the files from which edges lead to each
    definition, `names` the definitions of a name, `mentions` the files that use it, `terms` those whose words hold it.
    """

    key: str
    counts: bytes
    sources: bytes
    targets: bytes
    kinds: bytes
    confidences: bytes
    users: Rows
    names: Table
    mentions: Table
    terms: Table


class Groupings(msgspec.Struct, frozen=True):
    """What is looked up in a state, beside its edges."""

    users: Groups[SymbolId, str]
    names: Groups[str, SymbolId]
    mentions: Groups[str, str]
    terms: Groups[str, str]


def key_of(entries: Mapping[str, Entry], layout: str) -> str:
    """Return what tells one state from every other: its files with their digests, and where modules are."""
    return digest_of_parts([layout, *(part for path in sorted(entries) for part in (path, entries[path].digest))])


def pack(key: str, entries: Mapping[str, Entry], edges: Mapping[str, tuple[Edge, ...]], groupings: Groupings) -> Packed:
    """Return what was linked of a state."""
    numbering = Numbering(entries)
    numbers = {target: number for number, target in enumerate(numbering)}
    files = numbering.files.__getitem__
    found = [edges[path] for path in numbering.paths]
    known = [edge for some in found for edge in some]
    return Packed(
        key,
        array("i", [len(some) for some in found]).tobytes(),
        array("i", [numbers[edge.source] for edge in known]).tobytes(),
        array("i", [numbers[edge.target] for edge in known]).tobytes(),
        array("b", [_NUMBERS[edge.kind] for edge in known]).tobytes(),
        array("d", [edge.confidence for edge in known]).tobytes(),
        Rows.of(map(files, groupings.users.get(target)) for target in numbering),
        Table.of(groupings.names, numbers.__getitem__),
        Table.of(groupings.mentions, files),
        Table.of(groupings.terms, files),
    )
