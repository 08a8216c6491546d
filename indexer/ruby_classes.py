"""Classes and modules of Ruby in one state of the workspace: what constants mean, what types are built on and have.

A class is known by its qualified name, for it may be opened in many files. Pure, but remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from bridle.indexer.facts import Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import RUBY, family
from bridle.indexer.languages.ruby_marks import EXTENDED, EXTENDING, INCLUDING, SELF, class_names
from bridle.indexer.resolve import is_test_file, path_of
from bridle.indexer.scopes import Scopes

TYPES = frozenset(("class", "namespace"))
MAX_LINEAGE = 60
_CALLED = frozenset(("method", "function"))


class Owner(NamedTuple):
    """What the object at hand is: an instance of a type, or with `is_itself` the type; "" for what is in no type."""

    name: str
    is_itself: bool


class Classes:
    """The types that the files of Ruby make."""

    def __init__(self, files: Mapping[str, Scopes], names: Groups[str, SymbolId]) -> None:
        self._files = files
        self._names = names
        self._homes: dict[str, dict[str, list[Symbol]]] = {}
        self._lineages: dict[str, tuple[str, ...]] = {}
        self._open: set[str] = set()
        self._constants: dict[tuple[str, str], str | None] = {}
        self._takers: dict[str, list[str]] = {}

    # --- definitions by name ------------------------------------------------------------------------------------

    def at(self, qualname: str) -> Sequence[Symbol]:
        """Return the definitions of a qualified name, those of the code before those of tests."""
        name = qualname.rpartition(".")[2]
        if name not in self._homes:
            homes: dict[str, list[Symbol]] = {}
            for target in sorted(self._names.get(name)):
                path = path_of(target)
                if path in self._files and family(path) == RUBY.name:
                    symbol = self._files[path].by_id[target]
                    homes.setdefault(symbol.qualname, []).append(symbol)
            for known in homes.values():
                known.sort(key=lambda one: (is_test_file(one.span.path), one.id))
            self._homes[name] = homes
        return self._homes[name].get(qualname, ())

    def types(self, qualname: str) -> list[Symbol]:
        """Return the places where a class or module is opened."""
        return [one for one in self.at(qualname) if one.kind in TYPES]

    def home(self, qualname: str, near: str) -> Symbol | None:
        """Return where a type is defined most plainly: where it says what it is built on, else in a file so called."""
        found = self.types(qualname)
        code = [one for one in found if not is_test_file(one.span.path) or one.span.path == near] or found
        return min(code, key=_plainness, default=None)

    def owner(self, source: Symbol) -> Owner:
        """Return what the object at hand is in a definition."""
        scopes, at = self._files[source.span.path], source.qualname
        is_itself = source.kind in TYPES
        while at:
            outer, _, name = at.rpartition(".")
            around = scopes.members.get(outer, {}).get(name)
            if around is not None and around.kind in TYPES:
                return Owner(at, is_itself)
            if name == SELF:
                is_itself = True
                if around is None and self.types(outer):
                    return Owner(outer, is_itself=True)
            at = outer
        return Owner("", is_itself=False)

    # --- constants ----------------------------------------------------------------------------------------------

    def constant(self, around: str, dotted: str) -> str | None:
        """Return the qualified name that a constant means inside of `around`, None where it is from outside."""
        key = around, dotted
        if key in self._constants:
            return self._constants[key]
        found = self._constant(around, dotted)
        if not self._open:  # else what a type is built on is not known yet
            self._constants[key] = found
        return found

    def _constant(self, around: str, dotted: str) -> str | None:
        head, *rest = dotted.split(".")
        found = self._lexical(around, head)
        for part in rest:
            if found is None:
                return None
            found = self._inside(found, part)
        return found

    def _lexical(self, around: str, name: str) -> str | None:
        at = around
        while at:
            if self._is_constant(f"{at}.{name}"):
                return f"{at}.{name}"
            at = at.rpartition(".")[0]
        inner = around
        while inner:
            if self.types(inner):
                found = self._inside(inner, name)
                if found is not None:
                    return found
                break
            inner = inner.rpartition(".")[0]
        return name if self._is_constant(name) else None

    def _inside(self, owner: str, name: str) -> str | None:
        return next((f"{one}.{name}" for one in self.lineage(owner) if self._is_constant(f"{one}.{name}")), None)

    def _is_constant(self, qualname: str) -> bool:
        return any(one.kind in TYPES or one.kind == "variable" for one in self.at(qualname))

    # --- what types are built on --------------------------------------------------------------------------------

    def lineage(self, qualname: str) -> tuple[str, ...]:
        """Return a type and what its instances have their methods from, nearest first."""
        known = self._lineages.get(qualname)
        if known is not None:
            return known
        if qualname in self._open or len(self._open) > MAX_LINEAGE:
            return (qualname,)
        self._open.add(qualname)
        found: dict[str, None] = {qualname: None}
        mixed, based = self._bases(qualname)
        for base in (*reversed(mixed), *based):
            found.update(dict.fromkeys(self.lineage(base)))
        self._open.discard(qualname)
        told = tuple(found)[:MAX_LINEAGE]
        if not self._open:
            self._lineages[qualname] = told
        return told

    def _bases(self, qualname: str) -> tuple[list[str], list[str]]:
        """Return the modules that a type takes in, in order, and the class that it is built on."""
        mixed: list[str] = []
        based: list[str] = []
        own = {name for name, _ in self._extended(qualname)}
        for symbol in self.types(qualname):
            for base in self._files[symbol.span.path].bases.get(symbol.id, ()):
                found = self.base(symbol, base)
                if found is None or found == qualname or found in own:
                    continue
                is_class = any(one.kind == "class" for one in self.types(found))
                (based if is_class else mixed).append(found)
        brought = [other for one in mixed for other in self._brought(one, INCLUDING) if other != qualname]
        return [*mixed, *brought], based

    def _brought(self, module: str, mark: str) -> Iterator[str]:
        """Yield what else a type takes in by taking a module in."""
        for symbol in self.types(module):
            for said in self.said(symbol.span.path, f"{module}{mark}").split(","):
                if said and (found := self.constant(module, said)) is not None:
                    yield found

    def base(self, symbol: Symbol, base: Reference) -> str | None:
        """Return the type that one says it is built on."""
        dotted = f"{base.qualifier}.{base.name}" if base.qualifier else base.name
        for around in (symbol.qualname, symbol.qualname.rpartition(".")[0]):
            found = self.constant(around, dotted)
            if found is not None and found != symbol.qualname:
                return found
        return None

    def _extended(self, qualname: str) -> Iterator[tuple[str, Symbol]]:
        """Yield the modules whose methods are a type's own, with where that is said."""
        for symbol in self.types(qualname):
            for said in self.said(symbol.span.path, f"{qualname}{EXTENDED}").split(","):
                found = qualname if said == SELF else self.constant(qualname, said) if said else None
                if found is not None:
                    yield found, symbol

    @cached_property
    def _said(self) -> dict[str, dict[str, str]]:
        return {}

    def said(self, path: str, key: str) -> str:
        """Return what a file says of a value, by name."""
        if path not in self._said:
            self._said[path] = {one.qualname: one.type for one in self._files[path].facts.types}
        return self._said[path].get(key, "")

    @cached_property
    def _mixing(self) -> dict[str, list[str]]:
        """The types that take in something of a name, by that name."""
        found: dict[str, list[str]] = {}
        for path, scopes in self._files.items():
            if family(path) == RUBY.name:
                for owner, bases in scopes.bases.items():
                    for base in bases:
                        found.setdefault(base.name, []).append(scopes.by_id[owner].qualname)
        return found

    def takers(self, module: str) -> list[str]:
        """Return the types that take a module in; those of tests where no others do."""
        if module not in self._takers:
            named = dict.fromkeys(self._mixing.get(module.rpartition(".")[2], ()))
            found = [one for one in named if one != module and module in self.lineage(one)]
            code = [one for one in found if not all(is_test_file(symbol.span.path) for symbol in self.types(one))]
            self._takers[module] = code or found
        return self._takers[module]

    def alike(self, called: str) -> Iterator[Owner]:
        """Yield instances of what a value is called like: of TaskManager for ``task_manager``, of Task for ``fc_task``.

        Each name means the only class of that name in the code.
        """
        for name in class_names(called):
            self.at(name)
            known = self._homes.get(name, {})
            classes = {one for one, symbols in known.items() if any(symbol.kind in TYPES for symbol in symbols)}
            code = {one for one in classes if not is_test_file(known[one][0].span.path)}
            if len(code) == 1:
                yield Owner(next(iter(code)), is_itself=False)

    @cached_property
    def _of_main(self) -> tuple[str, ...]:
        """The modules that what stands in no type has its methods from."""
        paths = [path for path in sorted(self._files) if family(path) == RUBY.name]
        told = [said for path in paths for said in self.said(path, EXTENDED).split(",") if said]
        return tuple(dict.fromkeys(found for said in told if (found := self.constant("", said)) is not None))

    def of_main(self, name: str) -> Sequence[Symbol]:
        """Return the method of a name that is there for what stands in no type."""
        for module in self._of_main:
            if found := self.method(Owner(module, is_itself=False), name):
                return found
        return ()

    # --- methods ------------------------------------------------------------------------------------------------

    def method(self, owner: Owner, name: str) -> Sequence[Symbol]:
        """Return the nearest method of a name that an object has: one, or several where it is written twice."""
        return next(self.methods(owner, name), ())

    def methods(self, owner: Owner, name: str) -> Iterator[Sequence[Symbol]]:
        """Yield the methods of a name, nearest first."""
        for place in self._places(owner):
            found = [one for one in self.at(f"{place}.{name}") if one.kind in _CALLED]
            if not found and name[-1:] == "=":
                made = self.at(f"{place}.{name[:-1]}")
                found = [one for one in made if one.signature.startswith("attr_accessor")]
            is_code = not all(is_test_file(one.span.path) for one in self.types(place.removesuffix(f".{SELF}")))
            if is_code:  # what tests put on it does not count
                found = [one for one in found if not is_test_file(one.span.path)]
            if found:
                yield found

    def _places(self, owner: Owner) -> Iterator[str]:
        lineage = self.lineage(owner.name)
        if not owner.is_itself:
            yield from lineage
            return
        for one in lineage:
            if one != owner.name and not any(symbol.kind == "class" for symbol in self.types(one)):
                continue  # what a module has itself is not taken in
            yield f"{one}.{SELF}"
            for module, _ in self._extended(one):
                yield from self.lineage(module)
            for taken in self.lineage(one):
                for module in self._brought(taken, EXTENDING):
                    yield from self.lineage(module)
        if all(symbol.kind == "namespace" for symbol in self.types(owner.name)):
            yield owner.name  # by module_function


def _plainness(symbol: Symbol) -> tuple[bool, bool, SymbolId]:
    stem = symbol.span.path.rpartition("/")[2].rpartition(".")[0].replace("_", "")
    return "<" not in symbol.signature, stem.lower() != symbol.name.lower(), symbol.id
