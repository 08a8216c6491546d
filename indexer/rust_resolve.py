"""What a use means in Rust: references to edges, each with a confidence.

As in the languages of packages, with modules in place of packages (`bridle.indexer.rust_meanings`). A module that is on
the way of a path is no use of it; what an import names is linked, its file, and the module that it is taken from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from bridle.indexer.facts import Edge, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.package_lookup import ALL
from bridle.indexer.package_meanings import MAX_HOPS, TYPES, Found
from bridle.indexer.package_resolve import UNKNOWN, Link, PackageResolver
from bridle.indexer.package_roots import Root
from bridle.indexer.package_rules import Rules
from bridle.indexer.resolve import IMPORTED, INHERITED, PACKAGE, SCOPE, is_test, is_test_file
from bridle.indexer.rust_meanings import RustMeanings
from bridle.indexer.rust_modules import Tree
from bridle.indexer.rust_places import MODULES
from bridle.indexer.scopes import Scopes

MACRO = "!"
_REPLACING = ("method", "variable", "type")


class RustResolver(PackageResolver):
    """Answers for one state of the workspace; pure."""

    def __init__(
        self, files: Mapping[str, Scopes], names: Groups[str, SymbolId], rules: Rules, roots: Sequence[Root]
    ) -> None:
        super().__init__(files, names, rules, roots)
        self._roots = roots

    @cached_property
    def _rust(self) -> RustMeanings:
        """What is meant here: the tree of modules costs a look at all files, once in a state that is asked of Rust."""
        tree = Tree(self._files, self._roots)
        return RustMeanings(self._files, self._packages, self._rules, self._names, tree)

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in a stable order."""
        self._meanings = self._rust
        return super().edges(path)

    def meanings(self, use: Reference) -> Iterator[tuple[Symbol, float]]:
        """Yield what one use means, each with its confidence."""
        self._meanings = self._rust
        return super().meanings(use)

    def _structure(self, scopes: Scopes) -> Iterator[Link]:
        """Yield what contains what, what the file imports, what types are built on, and what members override."""
        path = scopes.facts.path
        said = list(self._rust.traits_in(path))
        for symbol in scopes.facts.symbols[1:]:
            outer, _, name = symbol.qualname.rpartition(".")[0].rpartition(".")
            whole = f"{outer}.{name}" if outer else name
            owner = self._rust.owner(symbol) if whole else None
            around = owner or scopes.members.get(outer, {}).get(name) or self._rust.places.module(path, whole)
            yield around, symbol, "contains", 1.0
            if whole and symbol.kind in _REPLACING and (owner is None or owner.kind != "interface"):
                foreign = [trait for of, trait, qualname in said if of is None and qualname == whole]
                yield from self._replaced(symbol, self._rust.lineage(owner, own=False) if owner else foreign)
        for binding in scopes.facts.imports:
            for target in self._imported(binding, path):
                yield scopes.module, target, "imports", SCOPE
        for of, trait, _ in said:
            if of is not None:
                yield of, trait, "inherits", IMPORTED

    def _replaced(self, method: Symbol, traits: Iterable[Symbol]) -> Iterator[Link]:
        """Yield the method of a trait that one of a type stands for."""
        for trait in traits:
            if trait.kind != "interface":
                continue
            member = self._meanings.member(trait, method.name)
            if member is not None and member.symbols[0].kind == method.kind and member.symbols[0].id != method.id:
                yield method, member.symbols[0], "overrides", INHERITED
                return

    def _imported(self, binding: Import, near: str) -> Iterator[Symbol]:
        """Yield what an import takes in: a module's file; a definition, its file and the module it is taken from."""
        module = self._rust.places.module(near, binding.scope)
        if binding.level == 1:
            file = self._rust.places.tree.child(near, binding.scope, binding.name)
            if file is not None:
                yield self._files[file].module
            return
        if binding.module:
            outer = self._rust.places.place(module, binding.module.split("."))
            if outer is not None:
                is_whole = binding.target == ALL and bool(outer.qualname)
                yield from ((outer,) if outer.kind in TYPES or is_whole else ())
                yield self._files[outer.span.path].module
        found: dict[SymbolId, Symbol] = {}
        for want in ("path", "use", "macro") if binding.target != ALL else ():
            found.update((one.id, one) for one in self._rust.places.imported(module, binding, want))
        for one in found.values():
            yield one
            yield self._files[one.span.path].module

    def _uses(self, scopes: Scopes) -> Iterator[Link]:
        for source, target, kind, sure in super()._uses(scopes):
            if target.kind in MODULES or kind == "tests":
                continue
            link: Link = source, target, kind, sure
            if kind == "calls" and target.kind not in ("function", "method"):
                link = source, target, "references", sure  # a value is made, nothing is run
            yield link
            if is_test(source) and not self._is_in_tests(target):
                yield source, target, "tests", sure

    def _is_in_tests(self, symbol: Symbol) -> bool:
        """Whether a definition stands among tests: in a file of them, or in a module that is built for them alone."""
        if is_test_file(symbol.span.path) or is_test(symbol):
            return True
        module = self._rust.places.module(symbol.span.path, symbol.qualname)
        return "#[cfg(test)]" in module.signature

    def _use(self, scopes: Scopes, source: Symbol, use: Reference) -> Found | None:
        if use.qualifier.partition(".")[0] == MACRO:
            return self._macro(scopes, source, use)
        if not use.qualifier:
            return self._meanings.name(scopes, source, use.name, "path" if use.kind == "inherit" else use.kind)
        is_open = use.qualifier == UNKNOWN
        owner = self._meanings.value(scopes, source, use.qualifier, MAX_HOPS) if not is_open else None
        if owner is not None and owner.symbol is not None and not owner.depth:
            if owner.symbol.kind in MODULES:
                places = self._rust.places
                inside = places.step(owner.symbol, use.name, "use") or places.step(owner.symbol, use.name, "path")
                found = Found(inside, IMPORTED) if inside else None
            else:
                found = self._meanings.member(owner.symbol, use.name)
            if found is not None:
                return Found(found.symbols, min(found.confidence, owner.confidence))
            if owner.symbol.kind in (*MODULES, *TYPES):  # what they have is known, but for what macros write
                return None
        return (self._guess(source, use) if is_open else None) or self._of_trait(scopes, source, use)

    def _of_trait(self, scopes: Scopes, source: Symbol, use: Reference) -> Found | None:
        """Return the method of a trait that is seen here, for a receiver that is not known or from outside."""
        is_constant = use.name.isupper() and "(" not in use.qualifier
        if use.name in self._rules.common or (use.kind != "call" and not is_constant):
            return None
        if use.qualifier.partition(".")[0] in ("crate", "super", "mod", ""):
            return None
        symbol = self._rust.in_scope(scopes.facts.path, source, use.name)
        return Found((symbol,), PACKAGE) if symbol is not None else None

    def _macro(self, scopes: Scopes, source: Symbol, use: Reference) -> Found | None:
        places = self._rust.places
        module = places.module(scopes.facts.path, source.qualname)
        parts = use.qualifier.split(".")[1:]
        if parts:
            at = places.place(module, parts)
            found = places.step(at, use.name, "macro") if at is not None else ()
        else:
            found = places.head(module, use.name, "macro")
        return Found(found, SCOPE if found[0].span.path == scopes.facts.path else IMPORTED) if found else None
