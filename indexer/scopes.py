"""The names that one file binds, ready to be looked up. Frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from bridle.indexer.entry import Entry
from bridle.indexer.facts import FIXTURE, FileFacts, Import, Reference, Symbol, SymbolId

RECEIVERS = frozenset(("self", "cls", "Self", "super"))
"""Names that mean the class around, or an instance of it."""


class Scopes:
    """The names of one file, each kind made when it is first asked for, as the facts are."""

    def __init__(self, facts: FileFacts | Entry) -> None:
        self.entry = facts if isinstance(facts, Entry) else Entry.of(facts)

    @cached_property
    def facts(self) -> FileFacts:
        """What was read out of the file."""
        return self.entry.facts

    @property
    def path(self) -> str:
        """The file; known without its facts."""
        return self.entry.path

    @cached_property
    def module(self) -> Symbol:
        """The definition that is the file itself."""
        return self.facts.symbols[0]

    @cached_property
    def by_id(self) -> Mapping[SymbolId, Symbol]:
        """The definitions by id."""
        return {symbol.id: symbol for symbol in self.facts.symbols}

    @cached_property
    def members(self) -> Mapping[str, dict[str, Symbol]]:
        """The definitions by the qualified name around them and their name."""
        members: dict[str, dict[str, Symbol]] = {}
        for symbol in self.facts.symbols[1:]:
            outer = symbol.qualname.rpartition(".")[0]
            if (inside := members.get(outer)) is None:
                inside = members[outer] = {}
            inside[symbol.name] = symbol
        return members

    @cached_property
    def bindings(self) -> Mapping[str, tuple[Import, ...]]:
        """The imports by the name that they bind, stars left out."""
        bindings: dict[str, tuple[Import, ...]] = {}
        for binding in self.facts.imports:
            if binding.name != "*":
                bindings[binding.name] = (*bindings.get(binding.name, ()), binding)
        return bindings

    @cached_property
    def stars(self) -> tuple[Import, ...]:
        """The imports that bind whatever is there."""
        return tuple(binding for binding in self.facts.imports if binding.name == "*")

    @cached_property
    def dotted(self) -> frozenset[str]:
        """The modules that ``import a.b`` makes known: ``a`` and ``a.b``."""
        dotted = [name.split(".") for name in self.bindings if "." in name]
        return frozenset(".".join(parts[:size]) for parts in dotted for size in range(1, len(parts) + 1))

    @cached_property
    def bases(self) -> Mapping[SymbolId, list[Reference]]:
        """What a definition is built on, by its id."""
        bases: dict[SymbolId, list[Reference]] = {}
        for use in self.facts.references:
            if use.kind == "inherit":
                bases.setdefault(use.source, []).append(use)
        return bases

    @cached_property
    def values(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The paths that an attribute, a variable or a call gives, by qualified name and name."""
        values: dict[tuple[str, str], tuple[str, ...]] = {}
        for owner, name, path in ((value.owner, value.name, value.path) for value in self.facts.values):
            key = owner.partition("::")[2].partition("#")[0], name
            values[key] = (*values.get(key, ()), path)
        return values

    def is_fixture(self, symbol: Symbol) -> bool:
        """Whether a function of this file is one that pytest makes something by."""
        around, _, _ = symbol.qualname.rpartition(".")
        return any(
            symbol.name in paths for (at, name), paths in self.values.items() if at == around and name[:1] == FIXTURE
        )

    def classes_around(self, symbol: Symbol) -> Iterator[Symbol]:
        """Yield the classes that enclose `symbol`, innermost first, itself included."""
        qualname = symbol.qualname
        while qualname:
            outer, _, name = qualname.rpartition(".")
            around = self.members.get(outer, {}).get(name)
            if around is not None and around.kind == "class":
                yield around
            qualname = outer


class Views:
    """From which definition of a file a use means the same as from where it stands: one for many."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._inner: dict[SymbolId, tuple[Mapping[str, Symbol], ...]] = {}
        self._classes: dict[SymbolId, Symbol] = {}

    def of(self, source: Symbol, use: Reference, head: str) -> Symbol:
        """Return the module, a class, or `source` itself; `head` is the first name of the use."""
        if source.id not in self._inner:
            self._look(source)
        if head in RECEIVERS:
            return self._classes[source.id]
        if use.qualifier == FIXTURE:
            return source if use.name == source.name else self._classes[source.id]
        inner = self._inner[source.id]
        return source if inner and any(head in members for members in inner) else self._scopes.module

    def _look(self, source: Symbol) -> None:
        scopes, found = self._scopes, list[Mapping[str, Symbol]]()
        around, is_own = source.qualname, True
        while around:
            outer, _, name = around.rpartition(".")
            members = scopes.members.get(around)
            at = scopes.members.get(outer, {}).get(name)
            if members and (is_own or at is None or at.kind != "class"):
                found.append(members)
            around, is_own = outer, False
        self._inner[source.id] = tuple(found)
        self._classes[source.id] = next(scopes.classes_around(source), scopes.module)
