"""What a use in JavaScript or TypeScript means: references to edges, each with a confidence.

In this order: own scope, same file, imported binding, followed through re-exports to the definition; members by `this`,
by class, by what the source plainly says a value is. For a method of something unknown: the folder and then the whole
workspace, where only one definition has that name. What is imported from outside stays outside; a bare name that
nobody binds is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from bridle.indexer.facts import Edge, EdgeKind, Export, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import SCRIPTS
from bridle.indexer.resolve import (
    IMPORTED,
    INHERITED,
    MEMBER,
    SCOPE,
    STAR,
    is_test,
    is_test_file,
    only_method,
    path_of,
)
from bridle.indexer.scopes import Scopes
from bridle.indexer.script_builtins import BUILT_IN
from bridle.indexer.script_modules import ScriptModules

ALL, WHOLE, DEFAULT, UNKNOWN = "*", "=", "default", "?"
MAX_HOPS = 12
MAX_CLASSES = 40
_EDGES: Mapping[str, EdgeKind] = {"call": "calls", "read": "references", "inherit": "inherits"}
_INSIDE = frozenset(("method", "test", "suite"))
"""Kinds that no bare name means."""
_CLASSES = frozenset(("class", "interface"))
_Found = tuple[Symbol, float]


class ScriptResolver:
    """Answers for one state of the workspace; pure."""

    def __init__(self, files: Mapping[str, Scopes], modules: ScriptModules, names: Groups[str, SymbolId]) -> None:
        self._files = files
        self._modules = modules
        self._names = names
        self._imports: dict[str, dict[str, Import]] = {}
        self._exports: dict[str, dict[str, Export]] = {}
        self._types: dict[str, dict[str, str]] = {}
        self._bare: dict[str, dict[str, dict[str, Symbol]]] = {}
        self._found: dict[tuple[str, str], _Found | None] = {}

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in a stable order."""
        scopes = self._files[path]
        best: dict[tuple[SymbolId, SymbolId, EdgeKind], float] = {}
        for source, target, kind, confidence in chain(self._structure(scopes), self._uses(scopes)):
            key = (source.id, target.id, kind)
            if source.id != target.id and confidence > best.get(key, 0.0):
                best[key] = confidence
        return tuple(Edge(*key, confidence) for key, confidence in best.items())

    def _structure(self, scopes: Scopes) -> Iterator[tuple[Symbol, Symbol, EdgeKind, float]]:
        """Yield what contains what, and what the file imports or passes on."""
        by_qualname = {symbol.qualname: symbol for symbol in scopes.facts.symbols}
        for symbol in scopes.facts.symbols[1:]:
            around = by_qualname.get(symbol.qualname.rpartition(".")[0], scopes.module)
            yield around, symbol, "contains", 1.0
        path = scopes.facts.path
        bound: list[Import | Export] = [*scopes.facts.imports, *scopes.facts.exports]
        taken = [(one.module, one.target) for one in bound if one.module]
        for module, target in taken:
            file = self._modules.find(module, path)
            if file is None or file not in self._files:
                continue
            yield scopes.module, self._files[file].module, "imports", SCOPE
            found = self._taken(file, target, MAX_HOPS) if target not in ("", ALL) else None
            if found is not None:
                yield scopes.module, found[0], "imports", SCOPE

    def _uses(self, scopes: Scopes) -> Iterator[tuple[Symbol, Symbol, EdgeKind, float]]:
        from_tests = is_test_file(scopes.facts.path)
        for use in scopes.facts.references:
            source = scopes.by_id[use.source]
            for one, confidence in self.meanings(use):
                yield source, one, _EDGES[use.kind], confidence
                if from_tests and is_test(source) and not is_test_file(one.span.path):
                    yield source, one, "tests", confidence

    def meanings(self, use: Reference) -> Iterator[_Found]:
        """Yield what one use means, with its confidence; behind a class that is called, its constructor."""
        scopes = self._files[path_of(use.source)]
        found = self._use(scopes, scopes.by_id[use.source], use)
        if found is None:
            return
        yield found
        made = self._member(found[0], "constructor") if use.kind == "call" and found[0].kind == "class" else None
        if made is not None:
            yield made[0], found[1]

    def uses(self, path: str) -> Iterator[tuple[Reference, tuple[_Found, ...]]]:
        """Yield the uses of a file in order, each with what it means."""
        return ((use, tuple(self.meanings(use))) for use in self._files[path].facts.references)

    def imported(self, path: str, binding: Import) -> Iterator[Symbol]:
        """Yield what an import of file `path` takes in: the definition, then the file."""
        file = self._modules.find(binding.module, path)
        if file is None or file not in self._files:
            return
        found = self._taken(file, binding.target, MAX_HOPS) if binding.target not in ("", ALL) else None
        if found is not None and found[0].kind != "module":
            yield found[0]
        yield self._files[file].module

    def _use(self, scopes: Scopes, source: Symbol, use: Reference) -> _Found | None:
        if not use.qualifier:
            if use.name == "super":
                around = self._around(scopes, source)
                return self._member(around, "constructor", own=False) if around else None
            found = self._called(self._name(scopes, source, use.name))
            return None if found is not None and found[0].kind == "module" else found
        if use.qualifier == UNKNOWN:
            return self._guess(source, use)
        owner = self._value(scopes, source, use.qualifier)
        return self._called(self._attribute(owner, use.name)) if owner is not None else None

    def _called(self, found: _Found | None) -> _Found | None:
        """Return what stands for the whole of a module where a use means the module."""
        if found is None or found[0].kind != "module":
            return found
        return self._whole(found[0].span.path, MAX_HOPS) or found

    def _name(self, scopes: Scopes, source: Symbol, name: str) -> _Found | None:
        """Look `name` up in the definitions around, then in the file and its imports."""
        around = source.qualname
        while around:
            found = self._bare_in(scopes, around).get(name)
            if found is not None:
                return found, SCOPE
            around = around.rpartition(".")[0]
        return self._in_file(scopes, name, MAX_HOPS)

    def _in_file(self, scopes: Scopes, name: str, hops: int) -> _Found | None:
        found = self._bare_in(scopes, "").get(name)
        if found is not None:
            return found, SCOPE
        binding = self._imports_of(scopes).get(name)
        return self._bound(scopes, binding, hops - 1) if binding is not None and hops > 0 else None

    def _bare_in(self, scopes: Scopes, outer: str) -> Mapping[str, Symbol]:
        """Return the definitions inside `outer` that a bare name can mean."""
        path = scopes.facts.path
        if path not in self._bare:
            known: dict[str, dict[str, Symbol]] = {}
            for symbol in scopes.facts.symbols[1:]:
                if symbol.kind not in _INSIDE:
                    known.setdefault(symbol.qualname.rpartition(".")[0], {})[symbol.name] = symbol
            self._bare[path] = known
        return self._bare[path].get(outer, {})

    def _bound(self, scopes: Scopes, binding: Import, hops: int) -> _Found | None:
        file = self._modules.find(binding.module, scopes.facts.path)
        if file is None or file not in self._files:
            return None
        found = self._taken(file, binding.target, hops)
        return (found[0], min(found[1], IMPORTED)) if found else None

    def _taken(self, file: str, target: str, hops: int) -> _Found | None:
        """Return what `target` of a file is: the module itself for "", its whole for ``=``."""
        if not target:
            return self._files[file].module, SCOPE
        if target == WHOLE:
            return self._whole(file, hops) or (self._files[file].module, SCOPE)
        found = self._exported(file, target, hops)
        if found is not None:
            return found
        if target == DEFAULT:
            return self._whole(file, hops)
        whole = self._whole(file, hops)
        return self._attribute(whole, target) if whole else None

    def _whole(self, file: str, hops: int) -> _Found | None:
        """Return what CommonJS hands out instead of a module."""
        return self._exported(file, WHOLE, hops)

    def _exported(self, file: str, name: str, hops: int) -> _Found | None:
        """Return the definition that a file exports as `name`, wherever it stands."""
        key = file, name
        if key not in self._found:
            self._found[key] = None  # what leads back here is a circle
            self._found[key] = self._follow(self._files[file], name, hops) if hops > 0 else None
        return self._found[key]

    def _follow(self, scopes: Scopes, name: str, hops: int) -> _Found | None:
        path = scopes.facts.path
        export = self._exports_of(scopes).get(name)
        if export is not None and export.module:
            file = self._modules.find(export.module, path)
            return self._taken(file, export.target, hops - 1) if file in self._files and file else None
        if export is not None:
            found = self._in_file(scopes, export.target, hops - 1)
            member = scopes.members.get("", {}).get(export.target)
            return found or ((member, SCOPE) if member is not None else None)
        if name in (DEFAULT, WHOLE):
            return None
        for star in scopes.facts.exports:
            if star.name == ALL:
                file = self._modules.find(star.module, path)
                found = self._exported(file, name, hops - 1) if file and file in self._files else None
                if found is not None:
                    return found[0], min(found[1], STAR)
        return None

    def _imports_of(self, scopes: Scopes) -> dict[str, Import]:
        path = scopes.facts.path
        if path not in self._imports:
            self._imports[path] = {one.name: one for one in scopes.facts.imports if one.name}
        return self._imports[path]

    def _exports_of(self, scopes: Scopes) -> dict[str, Export]:
        path = scopes.facts.path
        if path not in self._exports:
            self._exports[path] = {one.name: one for one in scopes.facts.exports if one.name != ALL}
        return self._exports[path]

    def _value(self, scopes: Scopes, source: Symbol, dotted: str) -> _Found | None:
        """Return what a dotted path gives: a definition whose members can be asked for."""
        head, *rest = dotted.split(".")
        name = head.removesuffix("()")
        found: _Found | None
        if name == "this":
            around = self._around(scopes, source)
            found = (around, MEMBER) if around else None
        elif name == "super":
            around = self._around(scopes, source)
            found = self._base(around) if around else None
        else:
            found = self._called(self._name(scopes, source, name))
        found = self._as_value(found, is_called=head != name)
        for part in rest:
            if found is None:
                return None
            name = part.removesuffix("()")
            found = self._step(found, name, is_called=part != name)
        return found

    def _step(self, owner: _Found, name: str, *, is_called: bool, hops: int = MAX_HOPS) -> _Found | None:
        """Return the value of a member: of a method or property, of a field that the source says the class of."""
        member = self._attribute(owner, name)
        if member is not None:
            return self._as_value(member, is_called=is_called, hops=hops)
        if hops == 0:
            return None
        for at in self._lineage(owner[0]):
            scopes = self._files[at.span.path]
            said = self._types_of(scopes).get(f"{at.qualname}.{name}")
            if said is not None:
                return self._said(scopes, at, said, min(owner[1], MEMBER), hops)
        return None

    def _as_value(self, found: _Found | None, *, is_called: bool, hops: int = MAX_HOPS) -> _Found | None:
        """Return the class of what is found where the source says it: of a value, of the result of a call."""
        if found is None or hops == 0:
            return None
        symbol, confidence = found
        if symbol.kind in _CLASSES or symbol.kind in ("module", "namespace", "enum"):
            return found
        scopes = self._files[symbol.span.path]
        said = self._types_of(scopes).get(symbol.qualname)
        if said is None:
            return None if is_called or symbol.kind == "method" else found
        if symbol.kind == "function" and not is_called:
            return found
        return self._said(scopes, symbol, said, confidence, hops)

    def _said(self, scopes: Scopes, symbol: Symbol, said: str, confidence: float, hops: int) -> _Found | None:
        head, dot, rest = said.partition(".")
        name = head.removesuffix("()")
        meant = self._called(self._name(scopes, symbol, name)) if name != "this" else None
        if meant is not None and meant[0].id == symbol.id:
            return None
        meant = self._as_value(meant, is_called=head != name, hops=hops - 1)
        for part in rest.split(".") if dot else ():
            name = part.removesuffix("()")
            meant = self._step(meant, name, is_called=part != name, hops=hops - 1) if meant else None
        return (meant[0], min(meant[1], confidence)) if meant else None

    def _types_of(self, scopes: Scopes) -> dict[str, str]:
        path = scopes.facts.path
        if path not in self._types:
            self._types[path] = {one.qualname: one.type for one in scopes.facts.types}
        return self._types[path]

    def _around(self, scopes: Scopes, source: Symbol) -> Symbol | None:
        """Return the class around a definition, else what it is a member of."""
        innermost: Symbol | None = None
        qualname, is_member = source.qualname, source.kind == "method"
        while qualname:
            outer, _, name = qualname.rpartition(".")
            symbol = scopes.members.get(outer, {}).get(name)
            if symbol is not None and symbol.kind in _CLASSES:
                return symbol
            if is_member and innermost is None and qualname != source.qualname:
                innermost = symbol
            is_member = is_member or (symbol is not None and symbol.kind == "method")
            qualname = outer
        return innermost

    def _attribute(self, owner: _Found, name: str) -> _Found | None:
        symbol, confidence = owner
        scopes = self._files[symbol.span.path]
        found: _Found | None = None
        if symbol.kind == "module":
            found = self._taken(symbol.span.path, name, MAX_HOPS)
        elif symbol.kind in _CLASSES:
            found = self._member(symbol, name)
        else:
            own = scopes.members.get(symbol.qualname, {}).get(name)
            found = (own, MEMBER) if own is not None else None
        return (found[0], min(found[1], confidence)) if found else None

    def _member(self, owner: Symbol, name: str, *, own: bool = True) -> _Found | None:
        """Look `name` up in a class or interface and then what it is built on, nearest first."""
        is_own = True
        for at in self._lineage(owner):
            if own or not is_own:
                scopes, confidence = self._files[at.span.path], MEMBER if is_own else INHERITED
                found = scopes.members.get(at.qualname, {}).get(name)
                if found is not None:
                    return found, confidence
            is_own = False
        return None

    def _lineage(self, owner: Symbol) -> Iterator[Symbol]:
        waiting, seen = [owner], {owner.id}
        while waiting and len(seen) <= MAX_CLASSES:
            at = waiting.pop(0)
            yield at
            for base in self._bases(at):
                if base.id not in seen:
                    seen.add(base.id)
                    waiting.append(base)

    def _bases(self, symbol: Symbol) -> Iterator[Symbol]:
        scopes = self._files[symbol.span.path]
        for base in scopes.bases.get(symbol.id, ()):
            whole = f"{base.qualifier}.{base.name}" if base.qualifier else base.name
            found = self._value(scopes, scopes.module, whole)
            if found is not None and found[0].kind in (*_CLASSES, "function", "type"):
                yield found[0]

    def _base(self, symbol: Symbol) -> _Found | None:
        found = next(self._bases(symbol), None)
        return (found, INHERITED) if found else None

    def _guess(self, source: Symbol, use: Reference) -> _Found | None:
        if use.kind != "call" or use.name in BUILT_IN:
            return None
        return only_method(self._files, self._names, SCRIPTS.name, source.span.path, use.name)
