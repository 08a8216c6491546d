"""What names and paths mean in a language of packages: the rules by which `bridle.indexer.package_resolve` makes edges.

A name is looked up in the definitions around, the same file, imported bindings, the package, what is imported as a
whole; a path part by part, by what the source says that each holds or gives, in bounded steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bridle.indexer.facts import Import, Symbol, SymbolId
from bridle.indexer.package_lookup import ALL, Packages
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_values import TYPES as TYPES  # noqa: PLC0414  # told on to the resolvers
from bridle.indexer.package_values import Part, Value, parts_of
from bridle.indexer.resolve import IMPORTED, INHERITED, MEMBER, SCOPE, STAR, UNIQUE
from bridle.indexer.scopes import Scopes

MAX_HOPS = 10
MAX_CLASSES = 40
_SNAKE = re.compile(r"[_:]")
"""Hardly the name of a program: what is called so is a function."""

_BARE = frozenset(("class", "interface", "type", "enum", "function", "variable", "namespace"))


class Found(NamedTuple):
    """Definitions of one name, which overload or stand for each other, and how sure that is."""

    symbols: tuple[Symbol, ...]
    confidence: float


class Meanings:
    """What is meant in one state of the workspace. Pure, but remembers what classes are built on."""

    def __init__(self, files: Mapping[str, Scopes], packages: Packages, rules: Rules) -> None:
        self._files = files
        self._packages = packages
        self._rules = rules
        self._bases_of: dict[SymbolId, tuple[Symbol, ...]] = {}
        self._open: set[SymbolId] = set()
        self._was_cut = False

    def name(self, scopes: Scopes, source: Symbol, name: str, kind: str) -> Found | None:
        """Look a bare name up: definitions around, the file, its imports, the package, what is taken in whole."""
        path = scopes.facts.path
        package = self._packages.package(path)
        around = source.qualname
        while around:
            inside = self._packages.at(package, f"{around}.{name}", path)
            found = tuple(one for one in inside if self._may_be_bare(one, kind))
            if found:
                return Found(found, SCOPE)
            is_own = self._rules.is_included and around == source.qualname and source.kind not in TYPES
            holder = self._packages.at(package, around, path) if self._rules.is_implicit and not is_own else ()
            member = self.member(holder[0], name) if holder and holder[0].kind in TYPES else None
            if member is not None and self._may_be_bare(member.symbols[0], kind):
                return member
            is_asked = self._rules.is_included and kind != "inherit"
            if is_asked and holder and (base := self._base(holder[0], name)):
                return Found((base,), INHERITED)
            around = around.rpartition(".")[0]
        own = tuple(one for one in self._packages.at(package, name, path) if self._may_be_bare(one, kind))
        if own and own[0].span.path == path:
            return Found(own, SCOPE)
        binding = self._packages.bound(scopes).get(name)
        if binding is not None:
            return None if self._rules.is_path else self.bound(scopes, source, binding)
        if own:
            return Found(own, MEMBER)
        if self._rules.is_included:
            return self._used(scopes, source, name)
        if self._rules.has_globals and package:
            return self.in_package("", name, path, MEMBER)
        for star in scopes.stars:
            if (taken := self._starred(star, name, path)) is not None:
                return taken
        return None

    def _base(self, owner: Symbol, name: str) -> Symbol | None:
        """Return what a class is built on by its bare name, wherever that is defined."""
        bases = self.lineage(owner, own=False) if owner.kind in TYPES else iter(())
        return next((base for base in bases if base.name == name), None)

    def bound(self, scopes: Scopes, source: Symbol, binding: Import) -> Found | None:
        """Return the definitions that an import binds, as they are seen from `source`."""
        dotted = f"{binding.module}.{binding.target}"
        if not self._rules.is_included:
            return self.found(scopes, dotted)
        found = self._nested(source, dotted.strip("."), scopes.facts.path)
        return Found(found, IMPORTED) if found else None

    def _used(self, scopes: Scopes, source: Symbol, name: str) -> Found | None:
        """Look a name up in the namespaces of which a file takes in all names, and in what is taken in beside it."""
        for star in scopes.stars:
            if star.target != ALL:
                found = self._nested(source, f"{star.module}.{name}", scopes.facts.path)
                if found:
                    return Found(found, STAR)
        if not self._rules.is_shared:
            return None
        found = self._packages.beside(name, scopes.facts.path)
        if not found and _SNAKE.search(name):
            found = self._packages.alone(name)
            return Found(found, UNIQUE) if found else None
        return Found(found, STAR) if found else None

    def _nested(self, source: Symbol, dotted: str, near: str) -> tuple[Symbol, ...]:
        """Return the definitions of a dotted name that begins in one of the definitions around, or in none."""
        around = source.qualname
        while around:
            if found := self._packages.at("", f"{around}.{dotted}", near):
                return found
            around = around.rpartition(".")[0]
        return self._packages.at("", dotted, near)

    def _may_be_bare(self, symbol: Symbol, kind: str) -> bool:
        """Whether a bare name may mean a definition; a method only where it is called, a constructor never."""
        if symbol.kind in _BARE:
            return True
        is_constructor = symbol.qualname.endswith(f"{symbol.name}.{symbol.name}")
        return self._rules.is_implicit and symbol.kind == "method" and kind == "call" and not is_constructor

    def _starred(self, star: Import, name: str, path: str) -> Found | None:
        found = self.in_package(star.module, name, path, STAR)
        if found is not None or self._rules.is_path:
            return found
        owner = next(iter(self.address(star.module, path)), None)
        member = self.member(owner, name) if owner is not None and owner.kind in TYPES else None
        return Found(member.symbols, STAR) if member else None

    def in_package(self, package: str, name: str, near: str, confidence: float) -> Found | None:
        """Return the definitions of a name in a package."""
        found = tuple(one for one in self._packages.at(package, name, near) if self._may_be_bare(one, "call"))
        return Found(found, confidence) if found else None

    def found(self, scopes: Scopes, dotted: str) -> Found | None:
        """Return the definitions that a dotted name means."""
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
        if owner and owner[0].kind in TYPES:  # inherited by the class that is named
            member = self.member(owner[0], parts[-1])
            return member.symbols if member else ()
        return ()

    # --- values ---------------------------------------------------------------------------------------------

    def value(self, scopes: Scopes, source: Symbol, path: str, hops: int) -> Value | None:
        """Return what a path gives: a package, a type or a value of it; None where that is not known."""
        head, *rest = parts_of(path)
        value: Value | None
        if head.name in self._rules.own or head.name in self._rules.behind:
            around = self.around(scopes, source)
            base = self.behind(around) if around and head.name in self._rules.behind else around
            value = Value(base, None, 0, INHERITED if base is not around else MEMBER) if base else None
        elif head.name[:1] == "\\":  # a package, in full
            value = Value(None, head.name[1:], 0, IMPORTED)
        else:
            value = self._head(scopes, source, head.name, "call" if head.done[:1] == ("()",) else "read", hops)
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
                value = self._step(value, part, scopes, hops)
            value = self._done(value, part.done, hops)
            if value is not None and part.stars:
                value = value._replace(depth=value.depth + part.stars)
        return value

    def _head(self, scopes: Scopes, source: Symbol, name: str, kind: str, hops: int) -> Value | None:
        binding = self._packages.bound(scopes).get(name)
        if binding is not None and self._rules.is_path:
            return Value(None, binding.module, 0, IMPORTED) if self._packages.paths(binding.module) else None
        found = self.name(scopes, source, name, kind)
        if found is not None:
            return self._of(found.symbols, found.confidence, hops)
        around = self.around(scopes, source) if self._rules.is_implicit else None
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

    def _step(self, value: Value, part: Part, scopes: Scopes, hops: int) -> Value | None:
        near, name = scopes.facts.path, part.name
        if value.package is not None:
            found = self.in_package(value.package, name, near, IMPORTED)
            return self._of(found.symbols, found.confidence, hops) if found else None
        assert value.symbol is not None
        if value.depth:
            return value._replace(depth=value.depth - (name in self._rules.gives)) if self._opens(name) else None
        if name in self._rules.own:
            return value
        member = self.member(value.symbol, name, near if self._rules.is_included else "")
        if member is not None and member.symbols:
            return self._of(member.symbols, min(member.confidence, value.confidence), hops)
        field = self._field(value.symbol, name, hops)
        is_holder = field is None and self._rules.is_included and name in self._rules.gives
        return value if is_holder else field  # what holds one value is told as that value

    def _opens(self, name: str) -> bool:
        return name in self._rules.gives or name in self._rules.keeps

    def _field(self, owner: Symbol, name: str, hops: int) -> Value | None:
        for at in self.lineage(owner):
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
                inner = value if value.depth else self._elements(value, hops)
                is_pointer = self._rules.is_included and not (inner and inner.depth)
                value = (
                    inner._replace(depth=inner.depth - 1) if inner and inner.depth else value if is_pointer else None
                )
            elif symbol.kind in ("function", "method"):
                nth = int(done[at + 1][1:]) if at + 1 < len(done) and done[at + 1][0] == "@" else 0
                outer, _, name = symbol.qualname.rpartition(".")
                key = ".".join(part for part in (outer, "()", name) if part)
                value = self._said(symbol, key, value.confidence, hops, nth)
            elif symbol.kind not in TYPES:
                value = None
        meant = self._stands_for(value, hops) if value is not None else None
        return meant if meant is not None and value is not None and meant.depth == value.depth else value

    def _elements(self, value: Value, hops: int) -> Value | None:
        """Return the container that a value which is none itself stands for."""
        return self._stands_for(value, hops)

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
        found = self.value(self._files[symbol.span.path], symbol, said[nth], hops - 1)
        return found._replace(confidence=min(found.confidence, confidence)) if found else None

    # --- classes --------------------------------------------------------------------------------------------

    def around(self, scopes: Scopes, source: Symbol) -> Symbol | None:
        """Return the type around a definition, which may stand in another file of the package."""
        package, qualname = self._packages.package(scopes.facts.path), source.qualname
        while qualname:
            for symbol in self._packages.at(package, qualname, scopes.facts.path):
                if symbol.kind in TYPES:
                    return symbol
            qualname = qualname.rpartition(".")[0]
        return None

    def behind(self, owner: Symbol) -> Symbol | None:
        """Return the class that a class is built on first."""
        return next((base for base in self.lineage(owner, own=False) if base.kind == "class"), None)

    def member(self, owner: Symbol, name: str, seen_from: str = "") -> Found | None:
        """Look a name up in a type, then in what it is built on, nearest first; in a namespace as `seen_from` does."""
        for at in self.lineage(owner):
            place = seen_from if seen_from and at.kind == "namespace" else at.span.path
            found = self._packages.at(self._packages.package(at.span.path), f"{at.qualname}.{name}", place)
            if not found and seen_from and place != seen_from:
                found = self._packages.at(self._packages.package(seen_from), f"{at.qualname}.{name}", seen_from)
            if found:
                return Found(found, MEMBER if at is owner else INHERITED)
        return None

    def lineage(self, owner: Symbol, *, own: bool = True) -> Iterator[Symbol]:
        """Yield a type and what it is built on, nearest first."""
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
        around = scopes.members.get(outer, {}).get(name)
        while around is None and outer and self._rules.is_included:  # of a class that stands in another file
            outer, _, name = outer.rpartition(".")
            around = scopes.members.get(outer, {}).get(name)
        around = around or scopes.module
        for base in scopes.bases.get(symbol.id, ()):
            whole = f"{base.qualifier}.{base.name}" if base.qualifier else base.name
            value = self.value(scopes, around, whole, MAX_HOPS)
            if value is not None and value.symbol is not None and value.symbol.kind in TYPES:
                yield value.symbol
