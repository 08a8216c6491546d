"""What a use means in a language of packages: references to edges, each with a confidence.

In this order: the definitions around, the same file, imported bindings, the package, what is imported as a whole;
members by what the source plainly says a value is, then by what its class is built on. For a method of something
unknown: the folder and then the whole workspace, where only one definition has that name. What comes from outside
stays outside. How languages differ is told by `bridle.indexer.package_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from bridle.indexer.facts import Edge, EdgeKind, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.package_lookup import ALL, Packages
from bridle.indexer.package_roots import Root
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_values import Value, parts_of
from bridle.indexer.resolve import (
    IMPORTED,
    INHERITED,
    MEMBER,
    SCOPE,
    STAR,
    is_test,
    is_test_file,
    only_method,
)
from bridle.indexer.scopes import Scopes

UNKNOWN = "?"
OVERLOADED = 0.7
MAX_HOPS = 10
MAX_CLASSES = 40
MAX_OVERLOADS = 12
_EDGES: Mapping[str, EdgeKind] = {"call": "calls", "read": "references", "inherit": "inherits"}
_TYPES = frozenset(("class", "interface", "type", "enum"))
_NEVER_CALLED = frozenset(("type", "interface", "variable"))
_BARE = frozenset(("class", "interface", "type", "enum", "function", "variable", "namespace"))
_Link = tuple[Symbol, Symbol, EdgeKind, float]


class Found(NamedTuple):
    """Definitions of one name, which overload or stand for each other, and how sure that is."""

    symbols: tuple[Symbol, ...]
    confidence: float


class PackageResolver:
    """Answers for one state of the workspace and one language; pure."""

    def __init__(
        self, files: Mapping[str, Scopes], names: Groups[str, SymbolId], rules: Rules, roots: Sequence[Root]
    ) -> None:
        self._files = files
        self._names = names
        self._rules = rules
        self._packages = Packages(files, names, rules, roots)
        self._bases_of: dict[SymbolId, tuple[Symbol, ...]] = {}
        self._open: set[SymbolId] = set()
        self._was_cut = False

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in a stable order."""
        scopes = self._files[path]
        best: dict[tuple[SymbolId, SymbolId, EdgeKind], float] = {}
        for source, target, kind, confidence in chain(self._structure(scopes), self._uses(scopes)):
            key = (source.id, target.id, kind)
            if source.id != target.id and confidence > best.get(key, 0.0):
                best[key] = confidence
        return tuple(Edge(*key, confidence) for key, confidence in best.items())

    # --- edges ----------------------------------------------------------------------------------------------

    def _structure(self, scopes: Scopes) -> Iterator[_Link]:
        """Yield what contains what, what the file imports, and what its methods override."""
        path = scopes.facts.path
        package = self._packages.package(path)
        for symbol in scopes.facts.symbols[1:]:
            outer = symbol.qualname.rpartition(".")[0]
            around = self._packages.at(package, outer, path) if outer else ()
            yield around[0] if around else scopes.module, symbol, "contains", 1.0
        for binding in scopes.facts.imports:
            for target in self._imported(binding, path):
                yield scopes.module, target, "imports", SCOPE
        for symbol in scopes.facts.symbols:
            if symbol.id in scopes.bases:
                yield from self._overridden(symbol)

    def _overridden(self, symbol: Symbol) -> Iterator[_Link]:
        prefix = f"{symbol.qualname}."
        for own in self._files[symbol.span.path].members.get(symbol.qualname, {}).values():
            if own.kind == "method" and own.qualname.startswith(prefix) and own.name != symbol.name:
                for base in self._lineage(symbol, own=False):
                    found = self._packages.at(
                        self._packages.package(base.span.path), f"{base.qualname}.{own.name}", base.span.path
                    )
                    if found and found[0].kind == "method":
                        yield own, found[0], "overrides", INHERITED
                        break

    def _imported(self, binding: Import, near: str) -> Iterator[Symbol]:
        """Yield what an import takes in: a package's files, or definitions and their files."""
        if self._rules.is_path or binding.target == ALL:
            for path in self._packages.paths(binding.module):
                if not is_test_file(path):
                    yield self._files[path].module
            if self._rules.is_path:
                return
        dotted = binding.module if binding.target == ALL else f"{binding.module}.{binding.target}".strip(".")
        for symbol in self.address(dotted, near):
            yield symbol
            yield self._files[symbol.span.path].module

    def _uses(self, scopes: Scopes) -> Iterator[_Link]:
        from_tests = is_test_file(scopes.facts.path)
        for use in scopes.facts.references:
            source = scopes.by_id[use.source]
            found = self._use(scopes, source, use)
            if found is None:
                continue
            is_one = len(found.symbols) == 1
            sure = found.confidence if is_one else min(found.confidence, OVERLOADED)
            for target in found.symbols[:MAX_OVERLOADS]:
                kind = _EDGES[use.kind]
                if kind == "calls" and target.kind in (_TYPES if not self._rules.constructor else _NEVER_CALLED):
                    kind = "references"
                for one in (target, *self._constructors(target, kind)):
                    yield source, one, kind, sure
                    if from_tests and is_test(source) and not is_test_file(one.span.path):
                        yield source, one, "tests", sure

    def _constructors(self, target: Symbol, kind: EdgeKind) -> tuple[Symbol, ...]:
        if kind != "calls" or target.kind not in ("class", "enum") or not self._rules.constructor:
            return ()
        name = target.name if self._rules.constructor == "=" else self._rules.constructor
        return self._packages.at(
            self._packages.package(target.span.path), f"{target.qualname}.{name}", target.span.path
        )[:MAX_OVERLOADS]

    def _use(self, scopes: Scopes, source: Symbol, use: Reference) -> Found | None:
        if not use.qualifier:
            return self._name(scopes, source, use.name, use.kind)
        if use.qualifier == UNKNOWN:
            return self._guess(source, use)
        owner = self._value(scopes, source, use.qualifier, MAX_HOPS)
        if owner is None:
            return None
        if owner.package is not None:
            found = self._in_package(owner.package, use.name, scopes.facts.path, IMPORTED)
            return found if found or self._rules.is_path else self._found(scopes, f"{owner.package}.{use.name}")
        assert owner.symbol is not None
        if owner.depth:
            return None
        found = self._member(owner.symbol, use.name)
        return Found(found.symbols, min(found.confidence, owner.confidence)) if found else None

    # --- names ----------------------------------------------------------------------------------------------

    def _name(self, scopes: Scopes, source: Symbol, name: str, kind: str) -> Found | None:
        """Look a bare name up: definitions around, the file, its imports, the package, what is taken in whole."""
        path = scopes.facts.path
        package = self._packages.package(path)
        around = source.qualname
        while around:
            found = tuple(one for one in self._packages.at(package, f"{around}.{name}", path) if self._may_be_bare(one))
            if found:
                return Found(found, SCOPE)
            holder = self._packages.at(package, around, path) if self._rules.is_implicit else ()
            if holder and holder[0].kind in _TYPES and (member := self._member(holder[0], name)) is not None:
                return member
            around = around.rpartition(".")[0]
        own = tuple(one for one in self._packages.at(package, name, path) if self._may_be_bare(one))
        if own and own[0].span.path == path:
            return Found(own, SCOPE)
        binding = self._packages.bound(scopes).get(name)
        if binding is not None:
            return None if self._rules.is_path else self._found(scopes, f"{binding.module}.{binding.target}")
        if own:
            return Found(own, MEMBER)
        for star in scopes.stars:
            if (taken := self._starred(star, name, path)) is not None:
                return taken
        return None

    def _may_be_bare(self, symbol: Symbol) -> bool:
        return symbol.kind in _BARE or (self._rules.is_implicit and symbol.kind == "method")

    def _starred(self, star: Import, name: str, path: str) -> Found | None:
        found = self._in_package(star.module, name, path, STAR)
        if found is not None or self._rules.is_path:
            return found
        owner = next(iter(self.address(star.module, path)), None)
        member = self._member(owner, name) if owner is not None and owner.kind in _TYPES else None
        return Found(member.symbols, STAR) if member else None

    def _in_package(self, package: str, name: str, near: str, confidence: float) -> Found | None:
        found = tuple(one for one in self._packages.at(package, name, near) if self._may_be_bare(one))
        return Found(found, confidence) if found else None

    def _found(self, scopes: Scopes, dotted: str) -> Found | None:
        found = self.address(dotted.strip("."), scopes.facts.path)
        return Found(found, IMPORTED) if found else None

    def address(self, dotted: str, near: str) -> tuple[Symbol, ...]:
        """Return the definitions that a dotted name means, of which the beginning is a package."""
        parts = dotted.split(".")
        for size in range(len(parts) - 1, -1, -1):
            found = self._packages.at(".".join(parts[:size]), ".".join(parts[size:]), near)
            if found:
                return found
        owner = self.address(dotted.rpartition(".")[0], near) if len(parts) > 2 else ()
        if owner and owner[0].kind in _TYPES:  # inherited by the class that is named
            member = self._member(owner[0], parts[-1])
            return member.symbols if member else ()
        return ()

    # --- values ---------------------------------------------------------------------------------------------

    def _value(self, scopes: Scopes, source: Symbol, path: str, hops: int) -> Value | None:
        """Return what a path gives: a package, a type or a value of it; None where that is not known."""
        head, *rest = parts_of(path)
        value: Value | None
        if head.name in self._rules.own or head.name in self._rules.behind:
            around = self._around(scopes, source)
            base = (
                next(self._lineage(around, own=False), None) if around and head.name in self._rules.behind else around
            )
            value = Value(base, None, 0, MEMBER) if base else None
        else:
            value = self._head(scopes, source, head.name, hops)
        value = self._done(value, head.done, hops)
        if value is not None and head.stars:
            value = value._replace(depth=value.depth + head.stars)
        dotted = head.name
        for part in rest:
            dotted = f"{dotted}.{part.name}"
            if value is None:
                if self._rules.is_path or head.done:
                    return None
                found = self.address(dotted, scopes.facts.path)  # written in full
                value = self._of(found, IMPORTED, hops) if found else None
            else:
                value = self._step(value, part.name, scopes, hops)
            if value is not None:
                value = self._done(value, part.done, hops)
        return value

    def _head(self, scopes: Scopes, source: Symbol, name: str, hops: int) -> Value | None:
        binding = self._packages.bound(scopes).get(name)
        if binding is not None and self._rules.is_path:
            return Value(None, binding.module, 0, IMPORTED) if self._packages.paths(binding.module) else None
        found = self._name(scopes, source, name, "read")
        if found is not None:
            return self._of(found.symbols, found.confidence, hops)
        around = self._around(scopes, source) if self._rules.is_implicit else None
        while around is not None:
            if (field := self._field(around, name, hops)) is not None:
                return field
            outer = around.qualname.rpartition(".")[0]
            holder = (
                self._packages.at(self._packages.package(around.span.path), outer, around.span.path) if outer else ()
            )
            around = holder[0] if holder else None
        return None

    def _of(self, found: Sequence[Symbol], confidence: float, hops: int) -> Value | None:
        """Return what definitions of one name are as a value: a type as itself, a variable as what it holds."""
        symbol = found[0]
        if symbol.kind == "variable":
            return self._said(symbol, symbol.qualname, confidence, hops)
        return Value(symbol, None, 0, confidence)

    def _step(self, value: Value, name: str, scopes: Scopes, hops: int) -> Value | None:
        near = scopes.facts.path
        if value.package is not None:
            found = self._in_package(value.package, name, near, IMPORTED)
            return self._of(found.symbols, found.confidence, hops) if found else None
        assert value.symbol is not None
        if value.depth:
            return None
        member = self._member(value.symbol, name)
        if member is not None and member.symbols:
            return self._of(member.symbols, min(member.confidence, value.confidence), hops)
        return self._field(value.symbol, name, hops)

    def _field(self, owner: Symbol, name: str, hops: int) -> Value | None:
        for at in self._lineage(owner):
            if f"{at.qualname}.{name}" in self._packages.types_of(at.span.path):
                return self._said(at, f"{at.qualname}.{name}", MEMBER, hops)
        return None

    def _done(self, value: Value | None, done: Sequence[str], hops: int) -> Value | None:
        """Return what is left of a value when it is called, or asked for an element."""
        for at, deed in enumerate(done):
            if value is None or value.symbol is None or deed.startswith("@"):
                continue
            symbol = value.symbol
            if deed == "[]":
                inner = value if value.depth else self._stands_for(value, hops)
                value = inner._replace(depth=inner.depth - 1) if inner and inner.depth else None
            elif symbol.kind in ("function", "method"):
                nth = int(done[at + 1][1:]) if at + 1 < len(done) and done[at + 1][0] == "@" else 0
                outer, _, name = symbol.qualname.rpartition(".")
                key = ".".join(part for part in (outer, "()", name) if part)
                value = self._said(symbol, key, value.confidence, hops, nth)
            elif symbol.kind not in _TYPES:
                value = None
        meant = self._stands_for(value, hops) if value is not None else None
        return meant if meant is not None and value is not None and meant.depth == value.depth else value

    def _stands_for(self, value: Value, hops: int) -> Value | None:
        """Return what a type is another name of, or what a type of containers holds."""
        if value.symbol is None or value.symbol.kind != "type":
            return None
        meant = self._said(value.symbol, value.symbol.qualname, value.confidence, hops)
        return meant._replace(depth=meant.depth + value.depth) if meant else None

    def _said(self, symbol: Symbol, key: str, confidence: float, hops: int, nth: int = 0) -> Value | None:
        """Return what the file of a definition says that something in it is."""
        said = self._packages.types_of(symbol.span.path).get(key, "").split(",")
        if hops == 0 or nth >= len(said) or not said[nth]:
            return None
        found = self._value(self._files[symbol.span.path], symbol, said[nth], hops - 1)
        return found._replace(confidence=min(found.confidence, confidence)) if found else None

    # --- classes --------------------------------------------------------------------------------------------

    def _around(self, scopes: Scopes, source: Symbol) -> Symbol | None:
        """Return the type around a definition, which may stand in another file of the package."""
        package, qualname = self._packages.package(scopes.facts.path), source.qualname
        while qualname:
            for symbol in self._packages.at(package, qualname, scopes.facts.path):
                if symbol.kind in _TYPES:
                    return symbol
            qualname = qualname.rpartition(".")[0]
        return None

    def _member(self, owner: Symbol, name: str) -> Found | None:
        """Look a name up in a type and then in what it is built on, nearest first."""
        for at in self._lineage(owner):
            found = self._packages.at(self._packages.package(at.span.path), f"{at.qualname}.{name}", at.span.path)
            if found:
                return Found(found, MEMBER if at is owner else INHERITED)
        return None

    def _lineage(self, owner: Symbol, *, own: bool = True) -> Iterator[Symbol]:
        waiting, seen = [owner], {owner.id}
        while waiting and len(seen) <= MAX_CLASSES:
            at = waiting.pop(0)
            if own or at is not owner:
                yield at
            for base in self._bases(at):
                if base.id not in seen:
                    seen.add(base.id)
                    waiting.append(base)

    def _bases(self, symbol: Symbol) -> tuple[Symbol, ...]:
        """Return what a type is built on; what was cut short in a circle is not remembered for others."""
        if symbol.id in self._bases_of:
            return self._bases_of[symbol.id]
        if symbol.id in self._open or len(self._open) > MAX_CLASSES:
            self._was_cut = True
            return ()
        self._was_cut = self._was_cut and bool(self._open)
        self._open.add(symbol.id)
        found = tuple(self._built_on(symbol))
        self._open.discard(symbol.id)
        if not self._open or not self._was_cut:
            self._bases_of[symbol.id] = found
        return found

    def _built_on(self, symbol: Symbol) -> Iterator[Symbol]:
        scopes = self._files[symbol.span.path]
        outer, _, name = symbol.qualname.rpartition(".")[0].rpartition(".")
        around = scopes.members.get(outer, {}).get(name, scopes.module)
        for base in scopes.bases.get(symbol.id, ()):
            whole = f"{base.qualifier}.{base.name}" if base.qualifier else base.name
            value = self._value(scopes, around, whole, MAX_HOPS)
            if value is not None and value.symbol is not None and value.symbol.kind in _TYPES:
                yield value.symbol

    def _guess(self, source: Symbol, use: Reference) -> Found | None:
        if use.kind != "call" or use.name in self._rules.common:
            return None
        found = only_method(self._files, self._names, self._rules.language, source.span.path, use.name)
        return Found((found[0],), found[1]) if found else None
