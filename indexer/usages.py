"""Where a definition is used: every place of it in the workspace, by meaning, and who calls it.

What the uses of a file mean is remembered as long as its edges stand: they are made by the same rules, and made again
whenever one of their meanings can have changed. One thread at a time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from bridle.indexer.facts import Edge, FileFacts, SymbolId
from bridle.indexer.languages.readers import PYTHON, family
from bridle.indexer.navigation import Related, Stop, Texts, Use, bindings, imported
from bridle.indexer.places import imports_of
from bridle.indexer.resolve import path_of
from bridle.indexer.snapshot import Snapshot

MAX_FILES = 5_000
"""Of so many files it is remembered what their uses mean."""

_REMARK = re.compile(rb"(?<!:)//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_REMARKS = {PYTHON.name: re.compile(rb"#[^\r\n]*")}
"""Comments, which may stand inside of a statement that imports."""

_Written = tuple[int, int]
"""Where a name begins, and its size in bytes."""


class _Meant(NamedTuple):
    """What the uses of a file mean, by their numbers, and where its imports name what; both by definition."""

    edges: tuple[Edge, ...]
    uses: Mapping[SymbolId, tuple[int, ...]]
    imports: Mapping[SymbolId, tuple[_Written, ...]] | None


class Usages:
    """The uses of definitions, remembered by file."""

    def __init__(self) -> None:
        self._known: dict[str, _Meant] = {}

    def of(self, snapshot: Snapshot, targets: Iterable[SymbolId], texts: Texts, stop: Stop) -> Iterator[Use]:
        """Yield every place where one of `targets` is used, imports included, in path order, each once."""
        wanted = frozenset(targets)
        paths = {path_of(target) for target in wanted}  # what uses itself has no edge
        for target in wanted:
            paths.update(snapshot.linked.using(target))
        for path in sorted(paths):
            if stop():
                return
            found = {use.at: use for use in self._in(snapshot, path, wanted, texts)}
            yield from (found[at] for at in sorted(found))

    def incoming(self, snapshot: Snapshot, target: SymbolId, texts: Texts, stop: Stop) -> Related:
        """Return what calls `target`, in path order, with the calls."""
        found: dict[SymbolId, list[Use]] = {}
        for use in self.of(snapshot, [target], texts, stop):
            if use.kind == "call":
                found.setdefault(use.source, []).append(use)
        known = ((snapshot.linked.symbol(source), uses) for source, uses in found.items())
        return [(symbol, uses) for symbol, uses in known if symbol is not None]

    def prepare(self, snapshot: Snapshot, texts: Texts, stop: Stop) -> bool:
        """Find out what the uses of further files mean, until `stop`; returns whether some are left."""
        paths = snapshot.linked.files
        if len(paths) > MAX_FILES:
            return False
        for path, scopes in paths.items():
            known = self._known.get(path)
            if known is None or known.edges is not snapshot.linked.edges.get(path):
                if stop():
                    return True
                self._meant(snapshot, scopes.facts, texts)
        return False

    def _in(self, snapshot: Snapshot, path: str, wanted: Collection[SymbolId], texts: Texts) -> Iterator[Use]:
        scopes = snapshot.linked.files.get(path)
        if scopes is None:
            return
        facts = scopes.facts
        meant = self._meant(snapshot, facts, texts)
        counts, places = (memoryview(data).cast("i") for data in (facts.places.counts, facts.places.uses))
        ends = list(accumulate(counts))
        for index in sorted({one for target in wanted for one in meant.uses.get(target, ())}):
            use, end = facts.references[index], ends[index]
            size = len(use.name.encode())
            yield from (Use(path, at, size, use.source, use.kind) for at in places[end - counts[index] : end])
        for target in wanted:
            for at, size in (meant.imports or {}).get(target, ()):
                yield Use(path, at, size, facts.symbols[0].id, "import")

    def _meant(self, snapshot: Snapshot, facts: FileFacts, texts: Texts) -> _Meant:
        edges = snapshot.linked.edges.get(facts.path, ())
        known = self._known.get(facts.path)
        if known is None or known.edges is not edges:
            if len(self._known) >= MAX_FILES:
                self._known.clear()
            known = _Meant(edges, _meant_by_uses(snapshot, facts), None)
        if known.imports is None and (text := texts(facts.path)) is not None:
            known = known._replace(imports=_named_by_imports(snapshot, facts, text))
        self._known[facts.path] = known
        return known


def _meant_by_uses(snapshot: Snapshot, facts: FileFacts) -> dict[SymbolId, tuple[int, ...]]:
    found: dict[SymbolId, tuple[int, ...]] = {}
    resolver = snapshot.linked.resolving.get(family(facts.path))
    for index, (_, meant) in enumerate(resolver.uses(facts.path) if resolver is not None else ()):
        for symbol, _ in meant:
            found[symbol.id] = (*found.get(symbol.id, ()), index)
    return found


def _named_by_imports(snapshot: Snapshot, facts: FileFacts, text: bytes) -> dict[SymbolId, tuple[_Written, ...]]:
    """Return where the imports of a file name what they take in: as it is called there, a file by its last part."""
    words: dict[tuple[str, str], list[SymbolId]] = {}
    for binding in bindings(facts):
        last = binding.module.replace("/", ".").rstrip(".").rpartition(".")[2]
        for symbol in imported(snapshot, facts.path, binding):
            word = last if symbol.kind == "module" and binding.target != symbol.name else binding.target or last
            words.setdefault((word, last), []).append(symbol.id)
    found: dict[SymbolId, tuple[_Written, ...]] = {}
    remark = _REMARKS.get(family(facts.path), _REMARK)
    for start, end in imports_of(facts) if words else ():
        statement = remark.sub(lambda one: b" " * len(one[0]), text[start:end])
        for (word, module), symbols in words.items():
            written = word.encode()
            if written and written in statement and module.encode() in statement:
                for one in re.finditer(rb"(?<![\w$])" + re.escape(written) + rb"(?![\w$])", statement):
                    place = (start + one.start(), len(written))
                    for target in symbols:
                        found[target] = tuple(dict.fromkeys((*found.get(target, ()), place)))
    return found
