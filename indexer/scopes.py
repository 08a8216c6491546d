"""The names that one file binds, ready to be looked up. Frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridle.indexer.facts import FIXTURE, FileFacts, Import, Reference, Symbol, SymbolId

RECEIVERS = frozenset(("self", "cls", "Self", "super"))
"""Names that mean the class around, or an instance of it."""


class Scopes:
    """The names of one file.

    `members` are definitions by the qualified name around them, `values` the paths that an attribute, a variable or a
    call gives, by qualified name and name. `dotted` are the modules that ``import a.b`` makes known: ``a`` and ``a.b``.
    """

    def __init__(self, facts: FileFacts) -> None:
        self.facts = facts
        self.module = facts.symbols[0]
        self.by_id = {symbol.id: symbol for symbol in facts.symbols}
        self.members: dict[str, dict[str, Symbol]] = {}
        for symbol in facts.symbols[1:]:
            self.members.setdefault(symbol.qualname.rpartition(".")[0], {})[symbol.name] = symbol
        self.bindings: dict[str, tuple[Import, ...]] = {}
        for binding in facts.imports:
            if binding.name != "*":
                self.bindings[binding.name] = (*self.bindings.get(binding.name, ()), binding)
        self.stars = tuple(binding for binding in facts.imports if binding.name == "*")
        dotted = [name.split(".") for name in self.bindings if "." in name]
        self.dotted = frozenset(".".join(parts[:size]) for parts in dotted for size in range(1, len(parts) + 1))
        self.bases: dict[SymbolId, list[Reference]] = {}
        for use in facts.references:
            if use.kind == "inherit":
                self.bases.setdefault(use.source, []).append(use)
        self.values: dict[tuple[str, str], tuple[str, ...]] = {}
        for owner, name, path in ((value.owner, value.name, value.path) for value in facts.values):
            key = owner.partition("::")[2].partition("#")[0], name
            self.values[key] = (*self.values.get(key, ()), path)

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
