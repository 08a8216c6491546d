"""All files with their edges. Frozen; the next state resolves again only the files that a change can reach.

A file's shape is what others can see of it: its definitions, imports, exports, bases, and what it says values are.
While the shape stands, a change is the file's own affair. Where it differs, every file that mentions a name of the
difference is resolved again, and so is whoever knows such a name under another one: by an import or export, as the
base of a class, or as the class of a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import cast

import msgspec

from bridle.indexer.facts import Edge, Export, FileFacts, Import, Symbol, SymbolId, Value
from bridle.indexer.files import FolderLink
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import family
from bridle.indexer.linking import HEADED, Homes, Layout, edges_of
from bridle.indexer.resolve import path_of
from bridle.indexer.scopes import Scopes
from bridle.indexer.script_projects import Projects

ALL = "*"

_WORD = re.compile(r"[\w$#]+")
_PARTS = re.compile(r"[./]+")
_ENDING = re.compile(r"(?:\.d)?\.\w+$")


class Linked(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Facts and edges of one state of the workspace, by path.

    `n_resolved` counts the files that were resolved to get here.
    """

    files: Mapping[str, Scopes]
    homes: Homes
    edges: Mapping[str, tuple[Edge, ...]]
    n_resolved: int

    @cached_property
    def names(self) -> Groups[str, SymbolId]:
        """The definitions by simple name."""
        return Groups[str, SymbolId].of(_names(self.files.values()))

    @cached_property
    def mentions(self) -> Groups[str, str]:
        """The files that use a name, by name."""
        return Groups[str, str].of(_mentions(self.files.values()))

    @cached_property
    def sources(self) -> Groups[SymbolId, str]:
        """The files from which edges lead to a definition."""
        return Groups[SymbolId, str].of(_sources(self.edges))

    @classmethod
    def of(
        cls,
        facts: Mapping[str, FileFacts],
        links: Sequence[FolderLink] = (),
        roots: Sequence[str] = (),
        projects: Projects = Projects(),  # noqa: B008  # frozen
    ) -> Linked:
        """Resolve everything."""
        files = {path: Scopes(known) for path, known in sorted(facts.items())}
        homes = Homes(files, Layout(tuple(links), tuple(roots), projects))
        names = Groups[str, SymbolId].of(_names(files.values()))
        edges = edges_of(list(files), homes.resolving(files, names))
        return _knowing(cls(files, homes, edges, len(files)), names=names)

    @classmethod
    def restored(cls, facts: Mapping[str, FileFacts], edges: Mapping[str, tuple[Edge, ...]], layout: Layout) -> Linked:
        """Return the state of which the edges are known already."""
        files = {path: Scopes(known) for path, known in sorted(facts.items())}
        return cls(files, Homes(files, layout), edges, 0)

    def changed(self, changes: Mapping[str, FileFacts | None]) -> Linked:
        """Return the state after `changes` of files, None for one that is gone."""
        old = {path: self.files[path] for path in changes if path in self.files}
        new = {path: Scopes(known) for path, known in sorted(changes.items()) if known}
        files = {path: known for path, known in self.files.items() if path not in changes} | new
        homes = self.homes if files.keys() == self.files.keys() else Homes(files, self.homes.layout)
        names = self.names.changed(_names(old.values()), _names(new.values()))
        mentions = self.mentions.changed(_mentions(old.values()), _mentions(new.values()))
        moved = old.keys() ^ new.keys()
        reaches_any = self.homes.reaches_any(moved) or homes.reaches_any(moved)
        touched = set(files) if reaches_any else _touched(old, new, files, mentions)
        fresh = edges_of(sorted(touched), homes.resolving(files, names))
        stale = {path: self.edges[path] for path in {*fresh, *old} if path in self.edges}
        edges = {path: fresh[path] if path in fresh else self.edges[path] for path in files}
        sources = self.sources.changed(_sources(stale), _sources(fresh))
        linked = Linked(files, homes, edges, len(fresh))
        return _knowing(linked, names=names, mentions=mentions, sources=sources)

    def into(self, target: SymbolId) -> tuple[Edge, ...]:
        """Return the edges that end at `target`, containment left out, in path order."""
        paths = sorted(self.sources.get(target))
        return tuple(edge for path in paths for edge in self.edges[path] if edge.target == target and _is_use(edge))

    def out_of(self, source: SymbolId) -> tuple[Edge, ...]:
        """Return the edges that begin at `source`, containment left out."""
        known = self.edges.get(path_of(source), ())
        return tuple(edge for edge in known if edge.source == source and _is_use(edge))

    def symbol(self, target: SymbolId) -> Symbol | None:
        """Return the definition of that id, None where there is none."""
        scopes = self.files.get(path_of(target))
        return scopes.by_id.get(target) if scopes else None


def _knowing(linked: Linked, **groups: Groups[str, str] | Groups[str, SymbolId] | Groups[SymbolId, str]) -> Linked:
    """Hand groups over that are made already, and else are when they are first asked for."""
    cast("dict[str, object]", linked.__dict__).update(groups)
    return linked


def _is_use(edge: Edge) -> bool:
    return edge.kind != "contains"


def _names(files: Iterable[Scopes]) -> Iterator[tuple[str, SymbolId]]:
    return ((symbol.name, symbol.id) for scopes in files for symbol in scopes.facts.symbols)


def _sources(edges: Mapping[str, tuple[Edge, ...]]) -> Iterator[tuple[SymbolId, str]]:
    return ((edge.target, path) for path, known in edges.items() for edge in known if _is_use(edge))


def _mentions(files: Iterable[Scopes]) -> Iterator[tuple[str, str]]:
    for scopes in files:
        path = scopes.facts.path
        names = {use.name for use in scopes.facts.references}
        written = {use.qualifier for use in scopes.facts.references} | {value.path for value in scopes.facts.values}
        names.update(_WORD.findall(" ".join(written)))
        for binding in _bindings(scopes):
            names |= _parts(binding)
        for name in names:
            yield name, path


def _bindings(scopes: Scopes | None) -> list[Import | Export]:
    return [*scopes.facts.imports, *scopes.facts.exports] if scopes else []


def _parts(binding: Import | Export) -> set[str]:
    return {*_PARTS.split(binding.module), binding.target, *binding.name.split(".")} - {""}


def _touched(
    old: Mapping[str, Scopes],
    new: Mapping[str, Scopes],
    files: Mapping[str, Scopes],
    mentions: Groups[str, str],
) -> set[str]:
    """Return the files to resolve again: those that are new, and those that a changed name can reach."""
    names: set[str] = set()
    for path in {*old, *new}:
        difference = _difference(path, old.get(path), new.get(path))
        if ALL in difference:
            return set(files)
        names |= difference
    touched, waiting = set(new), list(names)
    while waiting:
        for path in mentions.get(waiting.pop()):
            touched.add(path)
            passed_on = _other_names(files[path], names) - names
            names |= passed_on
            waiting += passed_on
    return touched


def _other_names(scopes: Scopes, names: set[str]) -> set[str]:
    """Return what this file calls things that depend on one of `names`: by import, as a base, as a value's class."""
    bound = {_last(binding.name) for binding in _bindings(scopes) if names & _parts(binding)}
    bound |= {_last(one.qualname) for one in scopes.facts.types if not names.isdisjoint(_words(one.type))}
    derived = {scopes.by_id[owner].name for owner, bases in scopes.bases.items() if any(b.name in names for b in bases)}
    held = {_called(value) for value in scopes.facts.values if not names.isdisjoint(_WORD.findall(value.path))}
    return (bound | derived | held) - {""}


def _called(value: Value) -> str:
    """Return the name under which others come upon a value: its own, or that of the function which gives it."""
    name = value.name.strip("@()")
    return name or _last(value.owner.partition("::")[2].partition("#")[0])


def _difference(path: str, old: Scopes | None, new: Scopes | None) -> set[str]:
    """Return the names whose meaning outside the file may differ; `ALL` where that can be any."""
    symbols = _symbols(old) ^ _symbols(new)
    bindings = set(_bindings(old)) ^ set(_bindings(new))
    types = set(old.facts.types if old else ()) ^ set(new.facts.types if new else ())
    names = {part for parts in symbols for part in parts[0].split(".")}
    names |= {_last(binding.name) for binding in bindings} | {_last(one.qualname) for one in types}
    values = set(old.facts.values if old else ()) ^ set(new.facts.values if new else ())
    for value in values:
        names.update((_called(value), *_WORD.findall(value.owner.partition("::")[2])))
    packages = [scopes.facts.package if scopes else "" for scopes in (old, new)]
    if old is None or new is None or packages[0] != packages[1]:
        names.update(_PARTS.split(_ENDING.sub("", path)), *(package.split(".") for package in packages))
    return {ALL} if any(binding.name == ALL for binding in bindings) else names - {""}


def _symbols(scopes: Scopes | None) -> set[tuple[str, ...]]:
    """Return every definition as others see it: qualified name, kind, and the bases of a class in order."""
    if scopes is None:
        return set()
    bases = scopes.bases
    is_headed = family(scopes.facts.path) in HEADED
    return {
        (
            symbol.qualname,
            symbol.kind,
            scopes.facts.package,
            *(_head(symbol) if is_headed else ()),
            *(f"{base.qualifier}.{base.name}" for base in bases.get(symbol.id, ())),
        )
        for symbol in scopes.facts.symbols[1:]
    }


def _head(symbol: Symbol) -> tuple[str, str]:
    """Return what decides which of several definitions of one name is meant."""
    return symbol.id.partition("#")[2], symbol.signature


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _words(written: str) -> set[str]:
    return set(_WORD.findall(written))
