"""What names and values mean where namespaces are parts of qualified names: in C# and Kotlin.

A name is looked up in the definitions and namespaces around, then in what the file takes in; a member of a value also
among the methods that extend its type. Of a value from outside the name of its type is known, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bridle.indexer.facts import Import, Symbol, SymbolId
from bridle.indexer.languages.trees import words
from bridle.indexer.package_lookup import Packages
from bridle.indexer.package_meanings import MAX_CLASSES, MAX_HOPS, Found, Meanings
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_spaces import ARRAY, Spaces, extended_by
from bridle.indexer.package_values import TYPES, Part, Value
from bridle.indexer.resolve import IMPORTED, MEMBER, SCOPE, STAR
from bridle.indexer.scopes import Scopes

_HOLDERS = words(
    "IEnumerable IList List ICollection IReadOnlyList IReadOnlyCollection IQueryable IDictionary Dictionary "
    "MutableList Set MutableSet Map MutableMap Collection MutableCollection Iterable Sequence Array"
)
_ANYTHING = ("object", "Object", "Any")


class SpacedMeanings(Meanings):
    """What is meant in one state of the workspace. Pure, but remembers."""

    def __init__(self, files: Mapping[str, Scopes], packages: Packages, rules: Rules) -> None:
        super().__init__(files, packages, rules)
        self._receivers: dict[SymbolId, Symbol | None] = {}
        self.spaces = Spaces(files, packages, is_flat=rules.is_flat)

    # --- names ----------------------------------------------------------------------------------------------

    def name(self, scopes: Scopes, source: Symbol, name: str, kind: str) -> Found | None:
        """Look a bare name up: definitions around, namespaces around, imports, what is taken in whole.

        Behind the name may stand how many arguments it is given: then a type is meant.
        """
        path, around = scopes.facts.path, source.qualname
        name, _, n_given = name.partition("`")
        binding = self._packages.bound(scopes).get(name)
        if binding is None and not self._packages.has(name):
            return None
        kind, wanted = "inherit" if n_given else kind, f"{name}`{n_given or 0}"
        while True:
            inside = self._packages.at("", f"{around}.{wanted}".lstrip("."), path)
            if found := tuple(one for one in inside if self._may_be_bare(one, kind) and self._is_at_hand(source, one)):
                return Found(found, SCOPE if found[0].span.path == path else MEMBER)
            if not around or (self._rules.is_flat and around in self.spaces.own(path)):
                break
            owner = self._owner((source,) if around == source.qualname else self._packages.at("", around, path))
            member = self.member(owner, name) if owner is not None else None
            if member is not None and self._may_be_bare(member.symbols[0], kind):
                return member
            around = around.rpartition(".")[0]
        if binding is not None:
            return self.bound(scopes, source, binding)
        taken = self.spaces.taken(path, source.qualname, wanted)
        found = tuple(one for one in taken if self._may_be_bare(one, kind) and self._is_at_hand(source, one))
        return Found(found, STAR) if found else None

    def _owner(self, known: Sequence[Symbol]) -> Symbol | None:
        """Return the type whose members are seen by their bare names in a definition: itself, or what it extends."""
        if not known or known[0].kind in TYPES:
            return known[0] if known else None
        return self._receiver(known[0]) if self._rules.is_flat else None

    def _receiver(self, symbol: Symbol) -> Symbol | None:
        """Return the type that a function extends: it is what its body is a part of."""
        if symbol.id not in self._receivers:
            self._receivers[symbol.id] = None
            scopes, name = self._files[symbol.span.path], extended_by(symbol)
            spaces = (one for one in scopes.facts.symbols if one.kind == "namespace")
            value = self.value(scopes, next(spaces, scopes.module), f"{name}()", MAX_HOPS) if name else None
            owner = value.symbol if value is not None and not value.depth else None
            self._receivers[symbol.id] = owner if owner is not None and owner.kind in TYPES else None
        return self._receivers[symbol.id]

    def _is_at_hand(self, source: Symbol, symbol: Symbol) -> bool:
        """Whether a function that extends a type may be called by its bare name: where that type is around."""
        extended = extended_by(symbol).rpartition(".")[2] if self._rules.is_flat else ""
        if not extended:
            return True
        path, around = source.span.path, source.qualname
        while around:
            known = (source,) if around == source.qualname else self._packages.at("", around, path)
            owner = self._owner(known)
            if owner is not None and extended in self._names_of(owner):
                return True
            if known and extended_by(known[0]).rpartition(".")[2] == extended:
                return True
            around = around.rpartition(".")[0]
        return False

    def _names_of(self, owner: Symbol) -> set[str]:
        """Return the names of a type and of what it is built on, as far as they are told."""
        types = list(self.lineage(owner))
        said = (base.name for at in types for base in self._files[at.span.path].bases.get(at.id, ()))
        return {*_ANYTHING, *(one.name for one in types), *said}

    def around(self, scopes: Scopes, source: Symbol) -> Symbol | None:
        """Return the type around a definition, which may be one that a function extends."""
        around, path = source.qualname, scopes.facts.path
        while around and self._rules.is_flat:
            owner = self._owner((source,) if around == source.qualname else self._packages.at("", around, path))
            if owner is not None:
                return owner
            around = around.rpartition(".")[0]
        return super().around(scopes, source)

    def bound(self, scopes: Scopes, source: Symbol, binding: Import) -> Found | None:
        """Return the definitions that an import binds, which may be told from what is taken in."""
        found = self.found(scopes, f"{binding.module}.{binding.target}")
        taken = self.spaces.taken(scopes.facts.path, source.qualname, binding.target) if found is None else ()
        return Found(taken, IMPORTED) if taken else found

    def address(self, dotted: str, near: str) -> tuple[Symbol, ...]:
        """Return the definitions that a dotted name means, which may begin in a namespace around."""
        return self.spaces.full(dotted, near) or super().address(dotted, near)

    def _may_be_bare(self, symbol: Symbol, kind: str) -> bool:
        """Whether a bare name may mean a definition: a value is not called, and a method may be handed on."""
        if symbol.kind == "variable":
            return kind == "read"
        if symbol.kind != "method":
            return True
        return kind in ("call", "read") and not symbol.qualname.endswith(f"{symbol.name}.{symbol.name}")

    # --- values ---------------------------------------------------------------------------------------------

    def _head(self, scopes: Scopes, source: Symbol, name: str, kind: str, hops: int) -> Value | None:
        found = super()._head(scopes, source, name, kind, hops)
        if found is None and kind == "call":
            return Value(None, None, 0, MEMBER, name.partition("`")[0])
        return found

    def _step(self, value: Value, part: Part, scopes: Scopes, hops: int) -> Value | None:
        if value.symbol is not None:
            found = super()._step(value, part, scopes, hops)
        else:  # from outside
            is_kept = value.depth and self._opens(part.name)
            found = value._replace(depth=value.depth - (part.name in self._rules.gives)) if is_kept else None
        if found is None and (extended := self.extended(scopes, value, part.name)) is not None:
            found = self._of(extended.symbols, extended.confidence, hops)
        if found is None and not value.depth and part.name in self._rules.gives:
            return value  # what holds one value is told as that value
        return found

    def extended(self, scopes: Scopes, value: Value | None, name: str) -> Found | None:
        """Return the methods that are called like one of a value's, and stand elsewhere."""
        if not self._packages.has(name) or (value is None and (name in self._rules.common or self._opens(name))):
            return None
        known: set[str] | None = None
        if value is not None and value.depth:
            known = {ARRAY, *_HOLDERS}
        elif value is not None and not (self._rules.is_flat and value.outside[:1].islower()):  # what a function gives
            known = {*_ANYTHING, value.outside, value.outside.capitalize()}
            known |= self._names_of(value.symbol) if value.symbol is not None else set()
        found = self.spaces.extending(scopes.facts.path, name, known)
        return Found(found, STAR) if found else None

    def _done(self, value: Value | None, done: Sequence[str], hops: int) -> Value | None:
        if value is None or value.symbol is not None or not value.outside:
            return super()._done(value, done, hops)
        n_elements = sum(deed == "[]" for deed in done)
        return value._replace(depth=value.depth - n_elements) if n_elements <= value.depth else None

    def _elements(self, value: Value, hops: int) -> Value | None:
        """Return the container that a type is by its indexer, or by what it is built on."""
        if value.symbol is None or value.symbol.kind == "type":
            return super()._elements(value, hops)
        for at in self.lineage(value.symbol):
            known = self._packages.types_of(at.span.path)
            for key, depth in ((f"{at.qualname}.().this", 1), (at.qualname, 0)):
                if key in known and (given := self._said(at, key, MEMBER, hops)) is not None:
                    return given._replace(depth=given.depth + depth)
        return None

    # --- classes --------------------------------------------------------------------------------------------

    def lineage(self, owner: Symbol, *, own: bool = True) -> Iterator[Symbol]:
        """Yield a type and what it is built on, nearest first, with all their parts."""
        waiting, seen = [owner], {owner.id}
        while waiting and len(seen) <= MAX_CLASSES:
            at = waiting.pop(0)
            parts = self.spaces.parts(at)
            seen.update(part.id for part in parts)
            if own or at is not owner:
                yield from parts
            for base in (base for part in parts for base in self._bases(part)):
                if base.id not in seen:
                    seen.add(base.id)
                    waiting.append(base)
