"""Which definition a path of Rust means: modules that define, declare, import and give on what is in others.

A module is the symbol of its file, or of the ``mod`` inside of it. A name is looked up in what a module defines, the
modules that it declares, what it imports, what it takes in whole; never in the module around.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bridle.indexer.facts import Import, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import RUST, family
from bridle.indexer.package_meanings import TYPES
from bridle.indexer.resolve import path_of
from bridle.indexer.rust_modules import Tree
from bridle.indexer.scopes import Scopes

MAX_STEPS = 40
MODULES = frozenset(("module", "namespace"))

_PLACES = MODULES | TYPES
_Seen = frozenset[tuple[SymbolId, str, str]]


def is_macro(symbol: Symbol) -> bool:
    """Whether a definition is a macro."""
    return symbol.kind == "function" and "macro_rules!" in symbol.signature


class Places:
    """The modules of one state of the workspace, and what is in them. Pure, but remembers.

    `members_of` tells what a type has under a name.
    """

    def __init__(
        self,
        files: Mapping[str, Scopes],
        names: Groups[str, SymbolId],
        tree: Tree,
        members_of: Callable[[Symbol, str], tuple[Symbol, ...]],
    ) -> None:
        self._files = files
        self._names = names
        self.tree = tree
        self._members_of = members_of
        self._defined: dict[str, dict[str, dict[str, list[Symbol]]]] = {}
        self._imports: dict[str, dict[str, dict[str, list[Import]]]] = {}
        self._looked: dict[tuple[SymbolId, str, str], tuple[Symbol, ...]] = {}

    def all_named(self, name: str) -> list[Symbol]:
        """Return all definitions of that name in Rust."""
        ours = [one for one in self._names.get(name) if family(path_of(one)) == RUST.name]
        return [self._files[path_of(one)].by_id[one] for one in ours if path_of(one) in self._files]

    def module(self, path: str, qualname: str) -> Symbol:
        """Return the module of a file that a definition of that qualified name stands in, or is."""
        scopes = self._files[path]
        while qualname:
            for symbol in self.named(path, qualname):
                if symbol.kind == "namespace":
                    return symbol
            qualname = qualname.rpartition(".")[0]
        return scopes.module

    def named(self, path: str, qualname: str) -> Sequence[Symbol]:
        """Return the definitions of a file that have that qualified name."""
        outer, _, name = qualname.rpartition(".")
        return self.defined(path).get(outer, {}).get(name, ())

    def defined(self, path: str) -> dict[str, dict[str, list[Symbol]]]:
        """Return the definitions of a file by the qualified name around them, and by name."""
        if path not in self._defined:
            found: dict[str, dict[str, list[Symbol]]] = {}
            for symbol in self._files[path].facts.symbols[1:]:
                outer = symbol.qualname.rpartition(".")[0]
                found.setdefault(outer, {}).setdefault(symbol.name, []).append(symbol)
            self._defined[path] = found
        return self._defined[path]

    def bound(self, path: str, scope: str) -> dict[str, list[Import]]:
        """Return what a module of a file imports, by name."""
        if path not in self._imports:
            found: dict[str, dict[str, list[Import]]] = {}
            for one in self._files[path].facts.imports:
                if one.level != 1:
                    found.setdefault(one.scope, {}).setdefault(one.name, []).append(one)
            self._imports[path] = found
        return self._imports[path].get(scope, {})

    def inside(self, module: Symbol, name: str, want: str, seen: _Seen = frozenset()) -> tuple[Symbol, ...]:
        """Return what a module has under a name: `want` is ``path`` for what has names in it, ``macro``, or ``use``."""
        key = module.id, name, want
        if key in self._looked:
            return self._looked[key]
        if key in seen or len(seen) > MAX_STEPS:
            return ()
        found = self._inside(module, name, want, seen | {key})
        if not seen:
            self._looked[key] = found
        return found

    def _inside(self, module: Symbol, name: str, want: str, seen: _Seen) -> tuple[Symbol, ...]:
        path, scope = module.span.path, module.qualname
        own = tuple(one for one in self.defined(path).get(scope, {}).get(name, ()) if _suits(one, want))
        if own:
            return own
        file = self.tree.child(path, scope, name)
        if file is not None and want in ("path", "any"):
            return (self._files[file].module,)
        bound, found = self.bound(path, scope), dict[SymbolId, Symbol]()
        for one in bound.get(name, ()):
            target = self.imported(module, one, want, seen)
            found.update((symbol.id, symbol) for symbol in target)
            if target and one.level == 0:
                return tuple(found.values())
        for star in bound.get("*", ()):
            given = self.place(module, star.module.split("."), seen)
            target = self.step(given, name, want, seen) if given is not None else ()
            found.update((symbol.id, symbol) for symbol in target)
            if target and star.level == 0:
                break
        return tuple(found.values())

    def imported(self, module: Symbol, one: Import, want: str, seen: _Seen = frozenset()) -> tuple[Symbol, ...]:
        """Return what an import of a module means."""
        if not one.module:
            return self.head(module, one.target, want, seen, is_import=True)
        given = self.place(module, one.module.split("."), seen)
        return self.step(given, one.target, want, seen) if given is not None else ()

    def place(self, module: Symbol, parts: Sequence[str], seen: _Seen = frozenset()) -> Symbol | None:
        """Return the module or type that a path means, seen from a module."""
        at = next(iter(self.head(module, parts[0], "path", seen, is_import=True)), None)
        for part in parts[1:MAX_STEPS]:
            if at is None:
                return None
            at = next(iter(self.step(at, part, "path", seen)), None)
        return at

    def head(
        self, module: Symbol, name: str, want: str, seen: _Seen = frozenset(), *, is_import: bool = False
    ) -> tuple[Symbol, ...]:
        """Return what the first name of a path means in a module."""
        if name == "crate":
            return (self._files[self.tree.root(module.span.path)].module,)
        if name == "mod":
            return (module,)
        if name == "super":
            return self._outer(module)
        found = self.inside(module, name, want, seen)
        if not found and want in ("path", "any"):
            library = self.tree.libraries.get(name)
            found = (self._files[library].module,) if library is not None else ()
        if not found and want == "macro" and not is_import:
            found = self._macro(module, name)
        return found

    def _outer(self, module: Symbol) -> tuple[Symbol, ...]:
        if module.qualname:
            return (self.module(module.span.path, module.qualname.rpartition(".")[0]),)
        home = self.tree.homes.get(module.span.path)
        return (self.module(home.path, home.scope),) if home is not None else ()

    def _macro(self, module: Symbol, name: str) -> tuple[Symbol, ...]:
        """Return the macros of that name of the file, else of the crate: their order in the text is not looked at."""
        found = [one for one in self.all_named(name) if is_macro(one)]
        root = self.tree.root(module.span.path)
        same = [one for one in found if one.span.path == module.span.path]
        return tuple(same or [one for one in found if self.tree.root(one.span.path) == root])

    def step(self, at: Symbol, name: str, want: str, seen: _Seen = frozenset()) -> tuple[Symbol, ...]:
        """Return what a module or a type has under a name."""
        if at.kind in MODULES:
            if name in ("super", "mod"):
                return self._outer(at) if name == "super" else (at,)
            found = self.inside(at, name, want, seen)
            exported = (
                want in ("macro", "any") and not found and not at.qualname and at.span.path not in self.tree.homes
            )
            return self._macro(at, name) if exported else found
        return self._members_of(at, name) if at.kind in TYPES else ()


def _suits(symbol: Symbol, want: str) -> bool:
    """Whether a definition is of the kind that is looked for."""
    if want == "any":
        return True
    if want == "macro" or is_macro(symbol):
        return want == "macro" and is_macro(symbol)
    return symbol.kind in _PLACES if want == "path" else symbol.kind not in MODULES
