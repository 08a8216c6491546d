"""What a file sees through namespaces that it takes in, in a language where they are parts of qualified names. Pure.

A namespace is taken in by a file, or by one for all below its folder; types may have parts in several files; and a
method that extends a type is called like one of it, where its own class is seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from bridle.indexer.facts import GLOBAL, Import, Symbol
from bridle.indexer.package_lookup import Packages
from bridle.indexer.package_values import is_partial
from bridle.indexer.scopes import Scopes

_GIVEN = r"(?:<(?:[^<>]|<[^<>]*>)*>)?"
_EXTENDING = re.compile(
    r"\(\s*(?:\[[^\]]*\]\s*)*this\s+(?:in\s+|ref\s+)?(?:\w+\.)*(\w+)(.?)"
    rf"|\b(?:fun|val|var)\s+{_GIVEN}\s*((?:\w+\.)*\w+){_GIVEN}\??\.(?:\w+|`[^`]*`)\s*(?:[(:=]|get\b|by\b|$)"
)
"""How the head of a definition says what it extends: in C#, and in Kotlin."""

_MEMBERS = frozenset(("method", "function", "variable"))
_WRAPPERS = frozenset(("Task", "ValueTask", "Lazy"))
"""A value of these is told as what it holds."""

_ASIDE = "Properties"
"""A folder of a project that says something for all of it."""

ARRAY = "["


class Spaces:
    """The namespaces of one language in one state of the workspace."""

    def __init__(self, files: Mapping[str, Scopes], packages: Packages, *, is_flat: bool) -> None:
        self._files = files
        self._is_flat = is_flat
        self._packages = packages
        self._global: list[tuple[str, Import]] | None = None
        self._own: dict[str, tuple[str, ...]] = {}
        self._stars: dict[str, tuple[Import, ...]] = {}

    def own(self, path: str) -> tuple[str, ...]:
        """Return the namespaces that a file opens, the innermost first."""
        if path not in self._own:
            found = {one.qualname for one in self._files[path].facts.symbols if one.kind == "namespace"}
            self._own[path] = tuple(sorted(found, key=lambda space: (-space.count("."), space)))
        return self._own[path]

    def stars(self, path: str) -> tuple[Import, ...]:
        """Return what a file takes in as a whole: by itself, then by others."""
        if self._global is None:
            said = ((other, one) for other in self._packages.paths("") for one in self._files[other].stars)
            self._global = [(_folder(other), one) for other, one in said if one.level == GLOBAL]
        if path not in self._stars:
            own = (one for one in self._files[path].stars if one.level != GLOBAL)
            self._stars[path] = (*own, *(one for folder, one in self._global if path.startswith(folder)))
        return self._stars[path]

    def nested(self, around: str, dotted: str, near: str) -> tuple[Symbol, ...]:
        """Return the definitions of a dotted name that begins in one of the definitions around, or in none."""
        if not self._packages.has(dotted.rpartition(".")[2].partition("`")[0]):
            return ()
        while around and not self._is_flat:
            if found := self._packages.at("", f"{around}.{dotted}", near):
                return found
            around = around.rpartition(".")[0]
        return self._packages.at("", dotted, near)

    def full(self, dotted: str, near: str) -> tuple[Symbol, ...]:
        """Return the definitions of a dotted name that begins in a namespace of file `near`, or in none."""
        for space in self.own(near):
            found = self._packages.at("", f"{space}.{dotted}", near) or self.nested(space, dotted, near)
            if found:
                return found
        return self.nested("", dotted, near)

    def taken(self, path: str, around: str, name: str) -> tuple[Symbol, ...]:
        """Return the definitions of a bare name in what a file takes in."""
        for star in self.stars(path):
            if found := self.nested(around, f"{star.module}.{name}", path):
                return found
        return ()

    def parts(self, symbol: Symbol) -> tuple[Symbol, ...]:
        """Return all parts of a type, itself first."""
        if not is_partial(symbol):
            return (symbol,)
        others = self._packages.everywhere("", symbol.qualname)
        return (symbol, *(one for one in others if one.id != symbol.id and one.kind == symbol.kind))

    def extending(self, path: str, name: str, known: Collection[str] | None) -> tuple[Symbol, ...]:
        """Return the methods of that name that extend one of the types `known`, or any, as a file sees them."""
        return tuple(one for one in self._extending(name, known) if self._is_seen(path, one))

    def _extending(self, name: str, known: Collection[str] | None) -> Iterator[Symbol]:
        for symbol in self._packages.named(name):
            found = _EXTENDING.search(symbol.signature) if symbol.kind in _MEMBERS else None
            if found is None:
                continue
            extended, is_array = found[1] or found[3].rpartition(".")[2], found[2] == ARRAY
            head = symbol.signature[: found.start(1 if found[1] else 3)]
            is_open = re.search(rf"[<,]\s*(?:reified\s+)?{extended}\s*[,>:]", head) is not None
            is_meant = known is None or extended in known or (is_array and ARRAY in known)
            if is_meant or is_open or extended in _WRAPPERS:
                yield symbol

    def _is_seen(self, path: str, method: Symbol) -> bool:
        space = self.space_of(method)
        if self.is_around(path, method) or method.span.path == path:
            return True
        bound = self._files[path].bindings.get(method.name, ())
        if any(one.module == space and one.target == method.name for one in bound):
            return True
        return any(f".{space}".endswith(f".{star.module}") for star in self.stars(path))

    def is_around(self, path: str, method: Symbol) -> bool:
        """Whether what a method stands in is in a namespace of a file, so that nothing has to take it in."""
        space = self.space_of(method)
        if self._is_flat:
            return space == next(iter(self.own(path)), "")
        return not space or any(f"{own}.".startswith(f"{space}.") for own in self.own(path))

    def space_of(self, method: Symbol) -> str:
        """Return the namespace of a method that extends a type: around its class, where it has one to be seen by."""
        outer = method.qualname.rpartition(".")[0]
        return outer if self._is_flat else outer.rpartition(".")[0]


def is_extending(symbol: Symbol) -> bool:
    """Whether a method is called like one of another type."""
    return symbol.kind in _MEMBERS and _EXTENDING.search(symbol.signature) is not None


def extended_by(symbol: Symbol) -> str:
    """Return the type that a definition extends as it is written, its limit where it is an argument; "" for none."""
    found = _EXTENDING.search(symbol.signature) if symbol.kind in _MEMBERS else None
    if found is None:
        return ""
    name = found[1] or found[3]
    limit = re.search(rf"[<,]\s*(?:reified\s+)?{name}\s*:\s*(?:\w+\.)*(\w+)", symbol.signature)
    return limit[1] if limit is not None else name


def _folder(path: str) -> str:
    """Return the folder below which it counts what a file takes in for all."""
    folder = path.rpartition("/")[0]
    outer, _, last = folder.rpartition("/")
    folder = outer if last == _ASIDE else folder
    return f"{folder}/" if folder else ""
