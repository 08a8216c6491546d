"""Edges of a truth that tells what every name of a project means: a line of JSON each, as `tellers/go_types.go` writes.

Each use that leads to a definition of the project is an edge from the definition of ours around it to the one of ours
that stands there; where we have none, the edge is missed. An edge of ours that is not among them is *wrong* where the
truth knows all uses of that name there to mean something else, and *untold* where it does not know one of them.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from comparing import KINDS, Comparison, Named, compare, plain

from bridle.indexer.facts import Symbol
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

UNKNOWN_IMPORT = "import?"
"""An import of which a truth knows nothing; its name is how the path ends."""

KIND_OF = {"call": "calls", "import": "imports", "inherit": "inherits", "read": "references", "override": "overrides"}


class Told(msgspec.Struct, frozen=True):
    """A name at byte `at` of a file. `goal` is "" outside of the project; at -1 of it stands the whole file."""

    path: str
    at: int
    name: str
    kind: str
    goal: str = ""
    goal_at: int = -1


def told_in(lines: Iterable[str]) -> list[Told]:
    """Return what a teller wrote."""
    return [msgspec.json.decode(line, type=Told) for line in lines if line.strip()]


def is_said(text: bytes, at: int) -> bool:
    """Tell whether a place is in a comment, or in a string on its line, roughly."""
    line = text[text.rfind(b"\n", 0, at) + 1 : at]
    return b"//" in line or line.lstrip()[:1] in (b"*", b"#") or line.lstrip()[:2] == b"/*" or line.count(b'"') % 2 == 1


def compared(
    root: Path,
    told: Sequence[Told],
    name: str,
    constructors: Sequence[str] = (),
    kinds: Sequence[str] = KINDS,
    said: Callable[[bytes, int], bool] = is_said,
) -> Comparison:
    """Return the counts of a project by what a truth told; `constructors` are names that stand for their class.

    With ``=`` a constructor is called like its class. What is `said` at a place of a text is no use.
    """
    index = Index(root, None, workers=1)
    try:
        found = _Project(root, index.refresh(), told, constructors, said).compared(kinds)
        return Comparison(name, found.n_symbols, found.counts)
    finally:
        index.close()


class _Project:
    def __init__(
        self,
        root: Path,
        snapshot: Snapshot,
        told: Sequence[Told],
        constructors: Sequence[str],
        said: Callable[[bytes, int], bool],
    ) -> None:
        self._snapshot, self._constructors, self._is_said = snapshot, constructors, said
        self._ids = {plain(symbol.id) for path in snapshot.digests for symbol in snapshot.in_file(path)}
        self._paths = {one.path for one in told} | {one.goal for one in told}
        self._sources = {path: _text(root / path) for path in self._paths if path in snapshot.digests}
        self._uses = [one for one in told if one.kind != "define" and one.path in self._sources]
        self._defined = [one for one in told if one.kind == "define" and one.path in self._sources]
        self._known: dict[tuple[str, str], list[Told]] = {}
        for one in self._uses:
            if one.kind in ("call", "read", "inherit"):
                self._known.setdefault((one.path, one.name), []).append(one)
        for known in self._known.values():
            known.sort(key=lambda one: one.at)

    @cached_property
    def _told_of(self) -> set[str]:
        """The definitions of ours that the truth tells of: code that is not compiled here is not among them."""
        known = (self._defined_at(one.path, one.at, one.name) for one in self._defined)
        return {plain(symbol.id) for symbol in known if symbol is not None}

    def compared(self, kinds: Sequence[str]) -> Comparison:
        truth = {edge for edge in map(self._edge, self._uses) if edge is not None}
        ours = {
            edge
            for one in self._snapshot.edges
            if one.kind in kinds and one.source.partition("::")[0] in self._sources
            for edge in [(plain(one.source), self._class_of(plain(one.target)), one.kind)]
            if edge[1] and edge[0] != edge[1] and edge[1].partition("::")[0] in self._paths
        }
        found = compare(ours, {edge for edge in truth if edge[2] in kinds}, self._judge)
        return Comparison(self._snapshot.root.name, len(self._defined), found)

    def _edge(self, use: Told) -> Named | None:
        if not use.goal or use.goal not in self._snapshot.digests:
            return None
        source = self._around(use.path, use.at)
        if use.goal_at < 0 and use.path == use.goal:
            return None
        if use.goal_at < 0:
            return f"{use.path}::", f"{use.goal}::", KIND_OF[use.kind]
        symbol = self._defined_at(use.goal, use.goal_at, use.name)
        target = plain(symbol.id) if symbol else f"{use.goal}::{use.name} (not ours)"
        target = self._class_of(target)
        if use.kind == "import":
            source = f"{use.path}::"
        return (source, target, KIND_OF[use.kind]) if source != target else None

    def _defined_at(self, path: str, at: int, used: str) -> Symbol | None:
        text = self._read(path)
        name = re.match(rb"[\w$]+", text[at:])
        said = name[0].decode("utf-8", "replace") if name else ""
        if text.startswith(used.encode(), at):
            said = used  # of the shell a name may have more than letters
        around = [
            one
            for one in self._snapshot.in_file(path)
            if one.name == said and one.qualname and one.span.start_byte <= at < one.span.end_byte
        ]
        return max(around, key=lambda one: one.span.start_byte) if around else None

    def _read(self, path: str) -> bytes:
        if path not in self._sources:
            self._sources[path] = _text(self._snapshot.root / path)
        return self._sources[path]

    def _around(self, path: str, at: int) -> str:
        around = [one for one in self._snapshot.in_file(path) if one.span.start_byte <= at < one.span.end_byte]
        return (
            plain(max(around, key=lambda one: (one.span.start_byte, -one.span.end_byte)).id) if around else f"{path}::"
        )

    def _class_of(self, target: str) -> str:
        """Return what a constructor stands for, "" where its class is in another file and is linked itself."""
        owner, _, name = target.rpartition(".")
        is_own = "=" in self._constructors and name == re.split(r"[.:]", owner)[-1]
        if is_own and owner not in self._ids:
            return ""
        return owner if owner and (name in self._constructors or is_own) else target

    def _is_open(self, path: str, goal: str) -> bool:
        """Tell whether the truth does not know what an import of a file means, which may be `goal`."""
        unknown = (one.name for one in self._uses if one.kind == UNKNOWN_IMPORT and one.path == path)
        return any(name and goal.endswith(name) for name in unknown)

    def _judge(self, edge: Named) -> str:
        """Tell whether the truth knows all that stands behind an edge of ours that it does not have."""
        source, target, kind = edge
        path, name = source.partition("::")[0], target.partition("::")[2].rpartition(".")[2]
        if kind == "imports" and self._is_open(path, target.partition("::")[0]):
            return "untold"
        if kind in ("overrides", "inherits") and source not in self._told_of:
            return "untold"
        if not name or kind == "overrides":
            return "wrong"
        known = self._known.get((path, name), [])
        text = self._read(path)
        for symbol in self._snapshot.in_file(path):
            if plain(symbol.id) != source:
                continue
            for found in re.finditer(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])", text):
                at = found.start()
                if not symbol.span.start_byte <= at < symbol.span.end_byte or self._is_said(text, at):
                    continue
                nth = bisect_left(known, at, key=lambda one: one.at)
                if nth >= len(known) or known[nth].at != at:
                    return "untold"
        return "wrong"


def _text(path: Path) -> bytes:
    """Return a file's text as places count in it: without a byte order mark."""
    return path.read_bytes().removeprefix(codecs.BOM_UTF8)


def lines_of(output: str) -> Iterator[Any]:
    """Yield the lines of a teller's output that are JSON."""
    yield from (line for line in output.splitlines() if line.startswith("{"))
