"""What a use means where namespaces are parts of qualified names, and which files a file takes in: C#, Kotlin.

As in the languages of packages, with `bridle.indexer.spaced_meanings`. What a file takes in as a whole is an import of
the files of which it names something that way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bridle.indexer.facts import EdgeKind, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.package_lookup import ALL
from bridle.indexer.package_meanings import MAX_HOPS, Found
from bridle.indexer.package_resolve import UNKNOWN, Link, PackageResolver
from bridle.indexer.package_roots import Root
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_spaces import is_extending
from bridle.indexer.package_values import parts_of
from bridle.indexer.resolve import SCOPE, STAR
from bridle.indexer.scopes import Scopes
from bridle.indexer.spaced_meanings import SpacedMeanings

_ARITY = re.compile(r"(?:^|\.)`(\d+)$")


class SpacedResolver(PackageResolver):
    """Answers for one state of the workspace; pure."""

    _replacing = frozenset(("method", "variable"))

    def __init__(
        self, files: Mapping[str, Scopes], names: Groups[str, SymbolId], rules: Rules, roots: Sequence[Root]
    ) -> None:
        super().__init__(files, names, rules, roots)
        self._spaced = SpacedMeanings(files, self._packages, rules)
        self._meanings = self._spaced

    def _overridden(self, method: Symbol, owner: Symbol) -> Iterator[Link]:
        """Yield the nearest member that one stands for: of a class, where it says so."""
        is_said = "override" in method.signature.split()
        for edge in super()._overridden(method, owner):
            around = edge[1].qualname.rpartition(".")[0]
            holder = self._packages.at("", around, edge[1].span.path)
            if is_said or not holder or holder[0].kind == "interface":
                yield edge
            elif (other := self._of_interface(method, owner)) is not None:
                yield method, other, "overrides", edge[3]

    def _of_interface(self, method: Symbol, owner: Symbol) -> Symbol | None:
        """Return the nearest member of an interface that one stands for."""
        for base in self._spaced.lineage(owner, own=False):
            found = self._packages.at("", f"{base.qualname}.{method.name}", base.span.path)
            alike = [one for one in found if base.kind == "interface" and self._is_replaced(one, method)]
            if alike:
                return alike[0]
        return None

    def _declared(self, binding: Import, near: str) -> Iterator[Symbol]:
        """Yield what an import takes in by itself: nothing where it is a whole namespace."""
        return iter(()) if binding.target == ALL else self._imported(binding, near)

    def _imported(self, binding: Import, near: str) -> Iterator[Symbol]:
        """Yield what an import takes in: a definition and its file, or the files that are used of a namespace."""
        scopes = self._files[near]
        if binding.target == ALL:
            within = f"{binding.module}."
            for _, module, kind, _ in self._uses(scopes):
                known = self._files[module.span.path].facts.symbols if kind == "imports" else ()
                if any(one.qualname.startswith(within) for one in known):
                    yield module
            return
        found = self._spaced.bound(scopes, scopes.module, binding)
        meant = [one for one in found.symbols if one.kind != "namespace"] if found is not None else []
        around = self._spaced.address(binding.module, near) if self._rules.is_flat and not meant else ()
        yield from meant
        yield from (self._files[one.span.path].module for one in meant or around if one.kind != "namespace")

    def _besides(
        self, scopes: Scopes, source: Symbol, use: Reference, targets: Sequence[tuple[Symbol, EdgeKind, float]]
    ) -> Iterator[Link]:
        """Yield the files of the definitions that a use names as it takes in their namespaces."""
        path = scopes.facts.path
        _, name, done = parts_of(f"{use.qualifier}.{use.name}" if use.qualifier else use.name)[0]
        found = self._spaced.name(scopes, source, name, "inherit" if done else use.kind) if name != UNKNOWN else None
        taken = list(found.symbols) if found is not None and found.confidence == STAR else []
        for one, kind, sure in targets if use.qualifier else ():
            if kind == "calls" and sure <= STAR and is_extending(one) and not self._spaced.spaces.is_around(path, one):
                taken.append(one)
        for one in taken:
            yield scopes.module, self._files[one.span.path].module, "imports", SCOPE

    def _use(self, scopes: Scopes, source: Symbol, use: Reference) -> Found | None:
        if not use.qualifier:
            return super()._use(scopes, source, use)
        if (said := _ARITY.search(use.qualifier)) is not None:
            return self._given(scopes, source, use, said)
        if use.qualifier == UNKNOWN:
            return self._spaced.extended(scopes, None, use.name) or self._guess(source, use)
        owner = self._spaced.value(scopes, source, use.qualifier, MAX_HOPS)
        if owner is None:
            found = self._spaced.found(scopes, f"{use.qualifier}.{use.name}") if "(" not in use.qualifier else None
            is_value = "(" in use.qualifier or use.qualifier[:1].islower()  # of a type from outside nothing is known
            return found or (self._spaced.extended(scopes, None, use.name) if is_value else None)
        found = self._spaced.member(owner.symbol, use.name) if owner.symbol is not None and not owner.depth else None
        if found is None or (use.kind == "call" and found.symbols[0].kind == "variable"):
            return self._spaced.extended(scopes, owner, use.name) or found
        return Found(found.symbols, min(found.confidence, owner.confidence))

    def _given(self, scopes: Scopes, source: Symbol, use: Reference, said: re.Match[str]) -> Found | None:
        """Return the type that is given so many arguments."""
        name, outer = f"{use.name}`{said[1]}", use.qualifier[: said.start()]
        if not outer:
            return self._spaced.name(scopes, source, name, use.kind)
        owner = self._spaced.value(scopes, source, outer, MAX_HOPS)
        found = self._spaced.member(owner.symbol, name) if owner is not None and owner.symbol is not None else None
        return found or self._spaced.found(scopes, f"{outer}.{name}")
