"""Where the definitions of a language of packages are: by package and qualified name. Pure, but remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from bridle.indexer.facts import Import, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import family
from bridle.indexer.package_includes import Includes
from bridle.indexer.package_roots import Root
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_values import TYPES, is_partial, n_parameters
from bridle.indexer.resolve import path_of
from bridle.indexer.scopes import Scopes

ALL = "*"


class Packages:
    """The packages that the files of one language make in one state of the workspace."""

    def __init__(
        self, files: Mapping[str, Scopes], names: Groups[str, SymbolId], rules: Rules, roots: Sequence[Root]
    ) -> None:
        self._files = files
        self._names = names
        self._rules = rules
        self._roots = [root for root in roots if root.language == rules.language]
        self._packages: dict[str, str] = {}
        self._homes: dict[str, dict[tuple[str, str], list[Symbol]]] = {}
        self._types: dict[str, dict[str, str]] = {}
        self._members_of: dict[str, list[str]] | None = None
        self._bindings: dict[str, dict[str, Import]] = {}

    @cached_property
    def includes(self) -> Includes:
        """Which file includes which, in a language whose imports say a file."""
        ours = [path for path in self._files if self._is_ours(path)] if self._rules.is_included else []
        return Includes({path: self._files[path] for path in ours})

    def package(self, path: str) -> str:
        """Return the key of the package that a file belongs to."""
        if path not in self._packages:
            self._packages[path] = self._rules.package(self._files[path].facts, self._roots)
        return self._packages[path]

    def at(self, package: str, qualname: str, near: str) -> tuple[Symbol, ...]:
        """Return the definitions of that qualified name in a package, those of file `near` first or alone.

        Behind the name may stand how many arguments of types are given to it: ``Acme.Pair`2``.
        """
        qualname, _, n_given = qualname.partition("`")
        found = self.everywhere(package, qualname)
        if n_given and len(found) > 1:
            found = [one for one in found if one.kind not in TYPES or n_parameters(one) == int(n_given)] or found
        own = [symbol for symbol in found if symbol.span.path == near]
        if self._rules.is_included:
            return tuple(self.includes.bodies(own or self.includes.seen(found, near), found))
        if own and self._rules.is_spaced and is_partial(own[0]):  # other parts are of it as well
            return (*own, *(symbol for symbol in found if symbol.span.path != near and symbol.kind == own[0].kind))
        return tuple(own or found)

    def beside(self, qualname: str, near: str) -> tuple[Symbol, ...]:
        """Return the definitions of that name in the files that are taken in together with file `near`."""
        found = self.everywhere("", qualname)
        reached = self.includes.beside(near) if found else frozenset[str]()
        return tuple(symbol for symbol in found if symbol.span.path in reached)

    def alone(self, qualname: str) -> tuple[Symbol, ...]:
        """Return the one definition of that name that the workspace has, none where there are more."""
        found = self.everywhere("", qualname)
        return tuple(found) if len(found) == 1 else ()

    def everywhere(self, package: str, qualname: str) -> list[Symbol]:
        """Return all definitions of that qualified name in a package."""
        return self._homes_of(qualname.rpartition(".")[2]).get((package, qualname), [])

    def has(self, name: str) -> bool:
        """Whether anything is called so."""
        return bool(self._homes_of(name))

    def named(self, name: str) -> list[Symbol]:
        """Return all definitions of a simple name."""
        return [symbol for home in self._homes_of(name).values() for symbol in home]

    def _homes_of(self, name: str) -> dict[tuple[str, str], list[Symbol]]:
        if name not in self._homes:
            homes: dict[tuple[str, str], list[Symbol]] = {}
            for target in sorted(self._names.get(name)):
                path = path_of(target)
                if path in self._files and self._is_ours(path):
                    symbol = self._files[path].by_id[target]
                    homes.setdefault((self.package(path), symbol.qualname), []).append(symbol)
            self._homes[name] = homes
        return self._homes[name]

    def _is_ours(self, path: str) -> bool:
        return family(path) == self._rules.language

    def paths(self, package: str) -> list[str]:
        """Return the files of a package, in order."""
        if self._members_of is None:
            self._members_of = {}
            for path in sorted(self._files):
                if self._is_ours(path):
                    self._members_of.setdefault(self.package(path), []).append(path)
        return self._members_of.get(package, [])

    def bound(self, scopes: Scopes) -> Mapping[str, Import]:
        """Return the imports of a file by the name that they bind."""
        path = scopes.facts.path
        if path not in self._bindings:
            bound: dict[str, Import] = {}
            for binding in scopes.facts.imports:
                name = binding.name
                if name.endswith("?"):  # of the package's own name, where it is known
                    inside = self.paths(binding.module)
                    said = self._files[inside[0]].facts.package.removesuffix("_test") if inside else ""
                    name = said or name[:-1]
                if name not in ("", ALL):
                    bound[name] = binding
            self._bindings[path] = bound
        return self._bindings[path]

    def types_of(self, path: str) -> Mapping[str, str]:
        """Return what a file says of its values, by name."""
        if path not in self._types:
            self._types[path] = {one.qualname: one.type for one in self._files[path].facts.types}
        return self._types[path]
