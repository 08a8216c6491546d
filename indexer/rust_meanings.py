"""What names and values mean in Rust: types and their traits, and what paths of values give.

Where modules lead is known to `bridle.indexer.rust_places`. A bare name is looked up in the functions around, then in
the module. Methods belong to their type wherever their ``impl`` stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bridle.indexer.facts import Import, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import RUST, family
from bridle.indexer.languages.trees import words
from bridle.indexer.package_lookup import Packages
from bridle.indexer.package_meanings import MAX_HOPS, TYPES, Found, Meanings
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_values import Part, Value
from bridle.indexer.resolve import IMPORTED, INHERITED, MEMBER, SCOPE
from bridle.indexer.rust_modules import Tree
from bridle.indexer.rust_places import MODULES, Places
from bridle.indexer.scopes import Scopes

_SAME = words("clone cloned to_owned as_ref as_mut borrow borrow_mut by_ref into as_deref to_mut")
_ITEMS = ("Item", "Output")


class Said(NamedTuple):
    """What an ``impl`` says: the file, the type's qualified name there, the trait, the path to the type or ""."""

    path: str
    qualname: str
    trait: str
    type: str


class RustMeanings(Meanings):
    """What is meant in one state of the workspace. Pure, but remembers."""

    def __init__(
        self, files: Mapping[str, Scopes], packages: Packages, rules: Rules, names: Groups[str, SymbolId], tree: Tree
    ) -> None:
        super().__init__(files, packages, rules)
        self.places = Places(files, names, tree, self._members_of)
        self._owners: dict[tuple[str, str, str], Symbol | None] = {}
        self._traits: dict[str, list[Said]] | None = None

    # --- types ----------------------------------------------------------------------------------------------

    def owner(self, symbol: Symbol) -> Symbol | None:
        """Return the type or the trait that a definition is a member of."""
        outer = symbol.qualname.rpartition(".")[0]
        return self.type_named(symbol.span.path, outer) if outer else None

    def type_named(self, path: str, qualname: str, said: str = "") -> Symbol | None:
        """Return the type that the members with that qualified name around them are put on in a file.

        Where several have it, `said` is the path to the one that is meant.
        """
        key = path, qualname, said
        if key not in self._owners:
            self._owners[key] = None
            self._owners[key] = self._type_named(path, qualname, said)
        return self._owners[key]

    def _type_named(self, path: str, qualname: str, said: str) -> Symbol | None:
        around = self.places.named(path, qualname) if not said else ()
        own = next((one for one in around if one.kind in TYPES), None)
        if own is None and around:
            return None
        if own is None:
            module = self.places.module(path, qualname.rpartition(".")[0])
            said = said or self._packages.types_of(path).get(f"self.{qualname}", qualname.rpartition(".")[2])
            own = self.places.place(module, said.split("."))
        if own is not None and own.kind == "type":
            meant = self._stands_for(Value(own, None, 0, SCOPE), MAX_HOPS)
            own = meant.symbol if meant is not None and not meant.depth else own
        return own if own is not None and own.kind in TYPES else None

    def _members_of(self, at: Symbol, name: str) -> tuple[Symbol, ...]:
        member = self.member(at, name)
        return member.symbols if member is not None else ()

    def around(self, scopes: Scopes, source: Symbol) -> Symbol | None:
        """Return the type that a definition is a member of, or is itself."""
        path, qualname = scopes.facts.path, source.qualname
        while qualname:
            for symbol in self.places.named(path, qualname):
                if symbol.kind in TYPES:
                    return symbol
                if symbol.kind in MODULES:
                    return None
            outer = qualname.rpartition(".")[0]
            if outer and not self.places.named(path, outer):
                return self.type_named(path, outer)
            qualname = outer
        return None

    def member(self, owner: Symbol, name: str, seen_from: str = "") -> Found | None:
        """Look a name up in a type, wherever its ``impl`` stands, and then in its traits, nearest first."""
        del seen_from
        candidates = [one for one in self.places.all_named(name) if "." in one.qualname]
        for at in self.lineage(owner) if candidates else ():
            found = tuple(one for one in candidates if (of := self.owner(one)) is not None and of.id == at.id)
            if found:
                near = tuple(one for one in found if one.span.path == owner.span.path)
                return Found(near or found, MEMBER if at is owner else INHERITED)
        return None

    def in_scope(self, path: str, source: Symbol, name: str) -> Symbol | None:
        """Return the method of that name of the only trait that has one and that is seen where a definition stands."""
        module = self.places.module(path, source.qualname)
        found: dict[SymbolId, Symbol] = {}
        for one in self.places.all_named(name):
            owner = self.owner(one)
            if owner is not None and owner.kind == "interface" and self._sees(module, owner):
                found[owner.id] = one
        return next(iter(found.values())) if len(found) == 1 else None

    def _sees(self, module: Symbol, trait: Symbol) -> bool:
        names = [trait.name, *(one.name for one in self._given(module) if one.target == trait.name)]
        if any(trait.id == one.id for name in dict.fromkeys(names) for one in self.places.inside(module, name, "path")):
            return True
        unnamed = self.places.bound(module.span.path, module.qualname).get("_", ())
        return any(trait.id == one.id for bound in unnamed for one in self.places.imported(module, bound, "path"))

    def _given(self, module: Symbol) -> Iterator[Import]:
        for several in self.places.bound(module.span.path, module.qualname).values():
            yield from several

    def _built_on(self, symbol: Symbol) -> Iterator[Symbol]:
        """Yield the traits of a type, and what it leads to; the enum of a variant; what a trait is built on."""
        if symbol.kind == "variable":
            owner = self.owner(symbol)
            if owner is not None and owner.kind == "enum":
                yield owner
            return
        path = symbol.span.path
        for base in self._files[path].bases.get(symbol.id, ()):
            found = self.places.place(
                self.places.module(path, symbol.qualname), [*base.qualifier.split("."), base.name][not base.qualifier :]
            )
            if found is not None and found.kind in TYPES:
                yield found
        for said in self._implemented().get(symbol.name, ()):
            of, trait = self._said_of(said)
            if of is not None and of.id == symbol.id and trait is not None:
                yield trait

    def _said_of(self, said: Said) -> tuple[Symbol | None, Symbol | None]:
        of = self.type_named(said.path, said.qualname, said.type)
        module = self.places.module(said.path, said.qualname.rpartition(".")[0])
        trait = self.places.place(module, said.trait.split("."))
        return of, trait if trait is not None and trait.kind in TYPES else None

    def _implemented(self) -> dict[str, list[Said]]:
        """Return what every ``impl`` says, by the name of its type."""
        if self._traits is None:
            self._traits = {}
            for path, scopes in self._files.items():
                for said in _said_in(scopes) if family(path) == RUST.name else ():
                    self._traits.setdefault(said.qualname.rpartition(".")[2], []).append(said)
        return self._traits

    def traits_in(self, path: str) -> Iterator[tuple[Symbol | None, Symbol, str]]:
        """Yield each trait that an ``impl`` of a file says of a type; where that is from outside, by its name alone."""
        for said in _said_in(self._files[path]):
            of, trait = self._said_of(said)
            if trait is not None and trait.kind == "interface":
                yield of, trait, said.qualname

    # --- names and values -----------------------------------------------------------------------------------

    def name(self, scopes: Scopes, source: Symbol, name: str, kind: str) -> Found | None:
        """Look a bare name up: in the functions around, then in the module."""
        path = scopes.facts.path
        around = source.qualname
        while around:
            holders = self.places.named(path, around)
            if any(one.kind in MODULES for one in holders):
                break
            inner = self.places.defined(path).get(around, {}).get(name, ())
            if inner and any(one.kind in ("function", "method") for one in holders):
                return Found(tuple(inner), SCOPE)
            around = around.rpartition(".")[0]
        module = self.places.module(path, source.qualname)
        found = self.places.head(module, name, kind if kind in ("path", "macro") else "use")
        if not found and kind not in ("path", "macro"):
            found = self.places.head(module, name, "path")
        if not found:
            return None
        return Found(found, SCOPE if found[0].span.path == path else IMPORTED)

    def found(self, scopes: Scopes, dotted: str) -> Found | None:
        """Return the definitions that a path means, seen from the file's own module: never by a name alone."""
        del scopes, dotted
        return None

    def _head(self, scopes: Scopes, source: Symbol, name: str, kind: str, hops: int) -> Value | None:
        found = self.name(scopes, source, name, "call" if kind == "call" else "path")
        if found is None and kind != "call":
            found = self.name(scopes, source, name, "read")
        return self._of(found.symbols, found.confidence, hops) if found is not None else None

    def _of(self, found: Sequence[Symbol], confidence: float, hops: int) -> Value | None:
        symbol = found[0]
        if symbol.kind == "variable" and self._is_variant(symbol):
            return Value(symbol, None, 0, confidence)
        return super()._of(found, confidence, hops)

    def _is_variant(self, symbol: Symbol) -> bool:
        owner = next(iter(self.places.named(symbol.span.path, symbol.qualname.rpartition(".")[0])), None)
        return owner is not None and owner.kind == "enum" and " const " not in f" {symbol.signature}"

    def _step(self, value: Value, part: Part, scopes: Scopes, hops: int) -> Value | None:
        symbol, name = value.symbol, part.name
        if symbol is not None and symbol.kind in MODULES:
            found = self.places.step(symbol, name, "path") or self.places.step(symbol, name, "use")
            return self._of(found, min(IMPORTED, value.confidence), hops) if found else None
        if symbol is not None and not value.depth and part.done[:1] != ("()",):  # a method may be called like a field
            field = self._field(symbol, name, hops)
            if field is not None:
                return field
        found_there = super()._step(value, part, scopes, hops)
        if found_there is not None or symbol is None or value.depth:
            return found_there
        if name in _SAME:  # derived, or of every type
            return value
        held = self._elements(value, hops) if self._opens(name) else None
        return super()._step(held, part, scopes, hops) if held is not None and held.depth else None

    def _elements(self, value: Value, hops: int) -> Value | None:
        """Return what is iterated over, or looked up by a key: the type says so by what it calls its items."""
        meant = super()._elements(value, hops)
        if meant is not None or value.symbol is None or value.symbol.kind not in TYPES:
            return meant
        for name in _ITEMS:
            member = self.member(value.symbol, name)
            item = member.symbols[0] if member is not None else None
            if item is not None and item.kind == "type":
                said = self._said(item, item.qualname, value.confidence, hops)
                return said._replace(depth=said.depth + 1) if said is not None else None
        return None


def _said_in(scopes: Scopes) -> Iterator[Said]:
    for one in scopes.facts.types:
        if one.qualname.startswith("impl."):
            trait, _, path = one.type.partition(",")
            yield Said(scopes.facts.path, one.qualname[5:], trait, path)
