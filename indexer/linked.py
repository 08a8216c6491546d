"""All files with their edges. Frozen; the next state resolves again only the files that a change can reach.

A file's shape is what others can see of it: its definitions, imports, exports, bases, and what it says values are.
While the shape stands, a change is the file's own affair. Where it differs, the files that mention a name of the
difference and may see it are resolved again, and so is whoever knows such a name under another one: by an import or
export, as the base of a class, or as the class of a value (`bridle.indexer.touched`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar, cast

import msgspec

from bridle.indexer.candidates import Candidates
from bridle.indexer.edges import Edges, EdgesOnDemand, KeptEdges
from bridle.indexer.entry import Entry
from bridle.indexer.facts import Edge, FileFacts, Symbol, SymbolId
from bridle.indexer.files import FolderLink
from bridle.indexer.groups import Groups
from bridle.indexer.importers import Importers, modules_bound
from bridle.indexer.languages.readers import PYTHON, RUBY, family
from bridle.indexer.languages.ruby_marks import classes_mentioned
from bridle.indexer.linking import Homes, Layout, Resolving, edges_of
from bridle.indexer.numbering import KeptGroups, Numbering, groups_of
from bridle.indexer.packed import Packed
from bridle.indexer.resolve import path_of
from bridle.indexer.scopes import Scopes
from bridle.indexer.script_projects import Projects
from bridle.indexer.touched import WORD, bindings, parts, touched

T = TypeVar("T")


class Linked(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Facts and edges of one state of the workspace, by path.

    `n_resolved` counts the files that were resolved to get here, those among them that are when somebody asks.
    """

    files: Mapping[str, Scopes]
    homes: Homes
    edges: Edges
    n_resolved: int

    @cached_property
    def names(self) -> Groups[str, SymbolId]:
        """The definitions by simple name."""
        return _names_of(self.files)

    @cached_property
    def mentions(self) -> Groups[str, str]:
        """The files that use a name, by name."""
        return Groups[str, str].spread((path, _mentioned(scopes)) for path, scopes in self.files.items())

    @cached_property
    def sources(self) -> Groups[SymbolId, str]:
        """The files from which edges lead to a definition; every file is resolved for it."""
        return Groups[SymbolId, str].spread((path, _targets(known)) for path, known in self.edges.items())

    @classmethod
    def of(
        cls,
        facts: Mapping[str, FileFacts | Entry],
        links: Sequence[FolderLink] = (),
        roots: Sequence[str] = (),
        projects: Projects = Projects(),  # noqa: B008  # frozen
    ) -> Linked:
        """Resolve everything, a file of Python when somebody asks for its edges."""
        files = {path: Scopes(known) for path, known in sorted(facts.items())}
        homes = Homes(files, Layout(tuple(links), tuple(roots), projects))
        names = _names_of(files)
        resolving = homes.resolving(files, names)
        later = [path for path in files if family(path) == PYTHON.name]
        at_once = edges_of([path for path in files if family(path) != PYTHON.name], resolving)
        edges = Edges(at_once, EdgesOnDemand(later, resolving[PYTHON.name].edges) if later else None)
        return _knowing(cls(files, homes, edges, len(files)), names=names)

    @classmethod
    def restored(cls, entries: Mapping[str, Entry], packed: Packed, layout: Layout) -> Linked:
        """Return a state as it was packed; of its files, edges and groups each is made when it is first asked for.

        Raises:
            ValueError: what was packed does not fit itself or the files.
        """
        numbering = Numbering(entries)
        files = {path: Scopes(entries[path]) for path in numbering.paths}
        file, n_symbols = numbering.paths.__getitem__, numbering.starts[-1]
        return _knowing(
            cls(files, Homes(files, layout), Edges({}, KeptEdges(packed, numbering)), 0),
            sources=Groups[SymbolId, str](KeptGroups(numbering, n_symbols, packed.users, file)),
            names=Groups[str, SymbolId](groups_of(packed.names, numbering.id)),
            mentions=Groups[str, str](groups_of(packed.mentions, file)),
        )

    def changed(self, changes: Mapping[str, FileFacts | Entry | None]) -> Linked:
        """Return the state after `changes` of files, None for one that is gone."""
        old = {path: self.files[path] for path in changes if path in self.files}
        new = {path: Scopes(known) for path, known in sorted(changes.items()) if known}
        files = _with(self.files, new, changes)
        homes = self.homes if files.keys() == self.files.keys() else Homes(files, self.homes.layout)
        names = self.names.changed(_names(old.values()), _names(new.values()))
        mentions = self.mentions.changed(_mentions(old.values()), _mentions(new.values()))
        moved = old.keys() ^ new.keys()
        roots = self.homes.layout.projects.roots
        reaches_any = self.homes.reaches_any(moved) or homes.reaches_any(moved)
        again = set(files) if reaches_any else touched(old, new, files, mentions, self._dependents, roots)
        fresh = edges_of(sorted(again), homes.resolving(files, names))
        stale = {path: self.edges[path] for path in {*fresh, *old} if path in self.edges}
        edges = self.edges.changed(fresh, (path for path, known in changes.items() if known is None))
        sources = self.sources.changed(_sources(stale), _sources(fresh))
        return _knowing(Linked(files, homes, edges, len(fresh)), names=names, mentions=mentions, sources=sources)

    def _dependents(self, path: str) -> Collection[str]:
        """Return the files that may see the names of a Python file; where they are very many, all are."""
        found = self.importers.of(path)
        return self.files if found is None else found

    @cached_property
    def importers(self) -> Importers:
        """Who sees a Python file in this state."""
        return Importers(lambda path: self.sources.get(SymbolId(f"{path}::")), self.mentions.get)

    @cached_property
    def resolving(self) -> Mapping[str, Resolving]:
        """What each language's uses mean in this state, by the language; remembers, for one thread at a time."""
        return self.homes.resolving(self.files, self.names)

    def into(self, target: SymbolId) -> tuple[Edge, ...]:
        """Return the edges that end at `target`, containment left out, in path order."""
        return tuple(edge for path in sorted(self._maybe_using(target)) for edge in self.edges.into(path, target))

    def using(self, target: SymbolId) -> Collection[str]:
        """Return the files from which edges lead to `target`."""
        maybe = self._maybe_using(target)
        return maybe if self._knows_sources else [path for path in maybe if self.edges.into(path, target)]

    def _maybe_using(self, target: SymbolId) -> Collection[str]:
        """Return the files from which edges lead to `target`; before all are resolved, those from which they may."""
        if not self._knows_sources:
            symbol = self.symbol(target)
            if symbol is None:
                return ()
            if family(symbol.span.path) != PYTHON.name:
                return self._sources_at_once.get(target)
            if (found := self._candidates.of(symbol)) is not None:
                return found
        return self.sources.get(target)

    @property
    def _knows_sources(self) -> bool:
        return not self.edges.n_open or "sources" in self.__dict__

    @cached_property
    def _sources_at_once(self) -> Groups[SymbolId, str]:
        """The files from which edges lead to a definition that is none of Python: no file of Python is among them."""
        paths = (path for path in self.files if family(path) != PYTHON.name)
        return Groups[SymbolId, str].spread((path, _targets(self.edges[path])) for path in paths)

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self.files, self.names, self.mentions, has_links=bool(self.homes.layout.links))

    def out_of(self, source: SymbolId) -> tuple[Edge, ...]:
        """Return the edges that begin at `source`, containment left out."""
        return tuple(edge for edge in self.edges.out_of(path_of(source), source) if _is_use(edge))

    def symbol(self, target: SymbolId) -> Symbol | None:
        """Return the definition of that id, None where there is none."""
        scopes = self.files.get(path_of(target))
        return scopes.by_id.get(target) if scopes else None


def _with(known: Mapping[str, T], fresh: Mapping[str, T], changes: Mapping[str, object]) -> dict[str, T]:
    """Return what is known with what is fresh in its place, and without what is gone."""
    values = dict(known)
    values.update(fresh)
    for path in changes:
        if changes[path] is None:
            values.pop(path, None)
    return values


def _knowing(linked: Linked, **groups: Groups[str, str] | Groups[str, SymbolId] | Groups[SymbolId, str]) -> Linked:
    """Hand groups over that are made already, and else are when they are first asked for."""
    cast("dict[str, object]", linked.__dict__).update(groups)
    return linked


def _is_use(edge: Edge) -> bool:
    return edge.kind != "contains"


def _names(files: Iterable[Scopes]) -> Iterator[tuple[str, SymbolId]]:
    return ((symbol.name, symbol.id) for scopes in files for symbol in scopes.facts.symbols)


def _names_of(files: Mapping[str, Scopes]) -> Groups[str, SymbolId]:
    symbols = (symbol for scopes in files.values() for symbol in scopes.facts.symbols)
    return Groups[str, SymbolId].spread((symbol.id, (symbol.name,)) for symbol in symbols)


def _sources(edges: Mapping[str, tuple[Edge, ...]]) -> Iterator[tuple[SymbolId, str]]:
    return ((target, path) for path, known in edges.items() for target in _targets(known))


def _targets(edges: tuple[Edge, ...]) -> Iterable[SymbolId]:
    return dict.fromkeys(edge.target for edge in edges if edge.kind != "contains")


def _mentions(files: Iterable[Scopes]) -> Iterator[tuple[str, str]]:
    return ((name, scopes.path) for scopes in files for name in _mentioned(scopes))


def _mentioned(scopes: Scopes) -> set[str]:
    """Return the names that a file uses, and of Python marks of those that it may bind modules by."""
    facts = scopes.facts
    names = {use.name for use in facts.references}
    names.update(f"{use.name}=" for use in facts.references if use.kind == "write")
    written = " ".join({use.qualifier for use in facts.references} | {value.path for value in facts.values})
    names.update(WORD.findall(written))
    if family(scopes.path) == RUBY.name:
        names |= classes_mentioned(written)
        names.update(symbol.name for symbol in facts.symbols if symbol.kind in ("class", "namespace"))
    elif family(scopes.path) == PYTHON.name:
        names.update(modules_bound(scopes))
    for binding in bindings(scopes):
        names |= parts(binding)
    return names
