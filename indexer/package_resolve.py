"""What a use means in a language of packages: references to edges, each with a confidence.

In this order: the definitions around, the same file, imported bindings, the package, what is imported as a whole;
members by what the source plainly says a value is, then by what its class is built on. For a method of something
unknown: the folder and then the whole workspace, where only one definition has that name. What comes from outside
stays outside. How languages differ is told by `bridle.indexer.package_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from bridle.indexer.facts import Edge, EdgeKind, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import family
from bridle.indexer.package_lookup import ALL, Packages
from bridle.indexer.package_meanings import MAX_HOPS, TYPES, Found, Meanings
from bridle.indexer.package_roots import Root
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_values import arity, is_partial
from bridle.indexer.resolve import (
    IMPORTED,
    INHERITED,
    MEMBER,
    SCOPE,
    UNIQUE,
    is_test,
    is_test_file,
    only_method,
    path_of,
)
from bridle.indexer.scopes import Scopes

UNKNOWN = "?"
OVERLOADED = 0.7
MAX_OVERLOADS = 12
_EDGES: Mapping[str, EdgeKind] = {"call": "calls", "read": "references", "inherit": "inherits"}
_VIRTUAL = frozenset(("virtual", "override", "final"))
Link = tuple[Symbol, Symbol, EdgeKind, float]


class PackageResolver:
    """Answers for one state of the workspace and one language; pure."""

    _replacing = frozenset(("method",))
    """The kinds of members that stand for others."""

    def __init__(
        self, files: Mapping[str, Scopes], names: Groups[str, SymbolId], rules: Rules, roots: Sequence[Root]
    ) -> None:
        self._files = files
        self._names = names
        self._rules = rules
        self._packages = Packages(files, names, rules, roots)
        self._meanings = Meanings(files, self._packages, rules)

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in a stable order."""
        scopes = self._files[path]
        best: dict[tuple[SymbolId, SymbolId, EdgeKind], float] = {}
        for source, target, kind, confidence in chain(self._structure(scopes), self._uses(scopes)):
            key = (source.id, target.id, kind)
            if source.id != target.id and confidence > best.get(key, 0.0):
                best[key] = confidence
        return tuple(Edge(*key, confidence) for key, confidence in best.items())

    def _structure(self, scopes: Scopes) -> Iterator[Link]:
        """Yield what contains what, what the file imports, and what its methods override."""
        path = scopes.facts.path
        package = self._packages.package(path)
        for symbol in scopes.facts.symbols[1:]:
            outer = symbol.qualname.rpartition(".")[0]
            around = self._packages.at(package, outer, path) if outer else ()
            if self._rules.is_spaced:  # a namespace stands in many files
                around = tuple(one for one in around if one.span.path == path)
            yield around[0] if around else scopes.module, symbol, "contains", 1.0
        for binding in scopes.facts.imports:
            for target in self._declared(binding, path):
                yield scopes.module, target, "imports", SCOPE
        derived = {scopes.by_id[owner].qualname: scopes.by_id[owner] for owner in scopes.bases}
        for symbol in scopes.facts.symbols if derived else ():
            owner = derived.get(symbol.qualname.rpartition(".")[0])
            is_maker = owner is not None and symbol.name in (owner.name, self._rules.constructor)
            if symbol.kind in self._replacing and owner is not None and not is_maker:
                yield from self._overridden(symbol, owner)

    def _overridden(self, method: Symbol, owner: Symbol) -> Iterator[Link]:
        """Yield the nearest method that one stands for."""
        for base in self._meanings.lineage(owner, own=False):
            package = self._packages.package(base.span.path)
            found = self._packages.at(package, f"{base.qualname}.{method.name}", base.span.path)
            if alike := [one for one in found if self._is_replaced(one, method)]:
                yield method, alike[0], "overrides", INHERITED
                return

    def _is_replaced(self, base: Symbol, own: Symbol) -> bool:
        """Whether a method of what a class is built on is the one that a method of the class stands for."""
        is_alike = self._rules.is_sole or arity(base) == arity(own)
        if self._rules.is_included and not _VIRTUAL & {*base.signature.split(), *own.signature.rstrip(";").split()}:
            return False
        return base.kind == own.kind and not base.signature.startswith("private ") and is_alike

    def _declared(self, binding: Import, near: str) -> Iterator[Symbol]:
        """Yield what an import takes in by itself, whatever the file uses of it."""
        return self._imported(binding, near)

    def _imported(self, binding: Import, near: str) -> Iterator[Symbol]:
        """Yield what an import takes in: a file, a package's files, or definitions and their files."""
        if self._rules.is_included:
            yield from self._included(binding, near)
            return
        if self._rules.is_path or binding.target == ALL:
            for path in self._packages.paths(binding.module):
                if not is_test_file(path) or (not self._rules.is_path and is_test_file(near)):
                    yield self._files[path].module
            if self._rules.is_path:
                return
        dotted = binding.module if binding.target == ALL else f"{binding.module}.{binding.target}".strip(".")
        found = self._meanings.address(dotted, near)
        yield from found
        yield from (self._files[one.span.path].module for one in found or self._meanings.address(binding.module, near))

    def _included(self, binding: Import, near: str) -> Iterator[Symbol]:
        """Yield the file that an include takes in, or the definitions that a name is bound to."""
        if binding.name == binding.target == ALL:
            file = self._packages.includes.file(binding, near)
            if file is not None:
                yield self._files[file].module
        elif binding.target:
            scopes = self._files[near]
            spaces = {one.qualname: one for one in scopes.facts.symbols if one.kind == "namespace"}
            for source in (scopes.module, *spaces.values()):
                found = self._meanings.bound(scopes, source, binding)
                if found is not None:
                    yield from (one for one in found.symbols if one.kind != "namespace")
                    return

    def _uses(self, scopes: Scopes) -> Iterator[Link]:
        from_tests = is_test_file(scopes.facts.path)
        for use in scopes.facts.references:
            source = scopes.by_id[use.source]
            targets = tuple(self._targets(scopes, source, use))
            yield from self._besides(scopes, source, use, targets)
            for one, kind, sure in targets:
                yield source, one, kind, sure
                if from_tests and is_test(source) and not is_test_file(one.span.path):
                    yield source, one, "tests", sure

    def _besides(
        self, scopes: Scopes, source: Symbol, use: Reference, targets: Sequence[tuple[Symbol, EdgeKind, float]]
    ) -> Iterator[Link]:
        """Yield what else a use says of its file."""
        del scopes, source, use, targets
        return iter(())

    def meanings(self, use: Reference) -> Iterator[tuple[Symbol, float]]:
        """Yield what one use means, each with its confidence; behind a class that is called, its constructors."""
        scopes = self._files[path_of(use.source)]
        return ((one, sure) for one, _, sure in self._targets(scopes, scopes.by_id[use.source], use))

    def uses(self, path: str) -> Iterator[tuple[Reference, tuple[tuple[Symbol, float], ...]]]:
        """Yield the uses of a file in order, each with what it means."""
        return ((use, tuple(self.meanings(use))) for use in self._files[path].facts.references)

    def imported(self, path: str, binding: Import) -> Iterator[Symbol]:
        """Yield what an import of file `path` takes in: definitions and their files, or a package's files."""
        return self._imported(binding, path)

    def _targets(self, scopes: Scopes, source: Symbol, use: Reference) -> Iterator[tuple[Symbol, EdgeKind, float]]:
        found = self._use(scopes, source, use)
        if found is None:
            return
        is_one = len(found.symbols) == 1 or (self._rules.is_spaced and all(map(is_partial, found.symbols)))
        sure = found.confidence if is_one else min(found.confidence, OVERLOADED)
        for target in found.symbols[:MAX_OVERLOADS]:
            if (self._rules.is_included or self._rules.is_spaced) and target.kind == "namespace":
                continue
            kind = _EDGES[use.kind]
            is_value = target.kind == "variable" and self._rules.is_flat
            if kind == "calls" and (is_value or (self._rules.is_path and target.kind in (*TYPES, "variable"))):
                kind = "references"  # a conversion, or a call of what a variable holds
            for one in (target, *self._constructors(target, kind)):
                yield one, kind, sure

    def _constructors(self, target: Symbol, kind: EdgeKind) -> tuple[Symbol, ...]:
        if kind != "calls" or target.kind not in ("class", "enum") or not self._rules.constructor:
            return ()
        name = target.name if self._rules.constructor == "=" else self._rules.constructor
        return self._packages.at(
            self._packages.package(target.span.path), f"{target.qualname}.{name}", target.span.path
        )[:MAX_OVERLOADS]

    def _constructor(self, scopes: Scopes, source: Symbol, word: str) -> Found | None:
        """Return the class whose constructor ``this()`` or ``super()`` is a call of."""
        around = self._meanings.around(scopes, source)
        if around is not None and word in self._rules.behind:
            around = self._meanings.behind(around)
        return Found((around,), MEMBER) if around is not None else None

    def _use(self, scopes: Scopes, source: Symbol, use: Reference) -> Found | None:
        if not use.qualifier:
            if use.name in self._rules.own or use.name in self._rules.behind:
                return self._constructor(scopes, source, use.name)
            return self._meanings.name(scopes, source, use.name, use.kind)
        if use.qualifier == UNKNOWN:
            return self._guess(source, use)
        owner = self._meanings.value(scopes, source, use.qualifier, MAX_HOPS)
        if owner is None:
            is_name = not self._rules.is_path and "(" not in use.qualifier
            return self._meanings.found(scopes, f"{use.qualifier}.{use.name}") if is_name else None
        if owner.package is not None:
            return self._meanings.in_package(owner.package, use.name, scopes.facts.path, IMPORTED)
        assert owner.symbol is not None
        if owner.depth:
            return None
        found = self._meanings.member(owner.symbol, use.name, scopes.facts.path if self._rules.is_included else "")
        return Found(found.symbols, min(found.confidence, owner.confidence)) if found else None

    def _guess(self, source: Symbol, use: Reference) -> Found | None:
        if use.kind != "call" or use.name in self._rules.common:
            return None
        if self._rules.is_included:
            return self._only_method(source, use.name)
        found = only_method(self._files, self._names, self._rules.language, source.span.path, use.name)
        return Found((found[0],), found[1]) if found else None

    def _only_method(self, source: Symbol, name: str) -> Found | None:
        """Return the only method of that name in the workspace, however often it is declared."""
        found = [self._files[path_of(one)].by_id[one] for one in self._names.get(name) if self._is_ours(path_of(one))]
        methods = [one for one in found if one.kind == "method"]
        if len({one.qualname for one in methods}) != 1:
            return None
        whole = self._packages.at("", methods[0].qualname, methods[0].span.path)
        return Found(whole, UNIQUE) if whole else None

    def _is_ours(self, path: str) -> bool:
        return family(path) == self._rules.language
