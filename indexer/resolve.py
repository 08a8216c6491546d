"""What a use means: references to edges, each with a confidence.

In this order: own scope, same file, imported binding; for a method of something unknown, the package and then
the whole workspace, where only one definition has that name. What is bound to something outside stays
outside, and a bare name that nobody binds is never guessed: in Python it is a local.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping

from bridle.indexer.facts import Edge, EdgeKind, FileFacts, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import PYTHON, SCRIPTS, family
from bridle.indexer.languages.script_tests import is_script_test_file
from bridle.indexer.modules import Modules

SCOPE, MEMBER, IMPORTED, INHERITED, STAR, PACKAGE, UNIQUE = 1.0, 0.95, 0.95, 0.9, 0.8, 0.5, 0.35
MAX_HOPS = 12

_TYPES = (str, bytes, int, float, list, dict, set, tuple, object, Exception, open)
_COMMON = frozenset(name for kind in _TYPES for name in dir(kind)) | {
    "close",
    "read",
    "write",
    "flush",
    "open",
}
_EDGES: Mapping[str, EdgeKind] = {"call": "calls", "read": "references", "inherit": "inherits"}
_Found = tuple[Symbol, float]


class Scopes:
    """The names that one file binds. Frozen."""

    def __init__(self, facts: FileFacts) -> None:
        self.facts = facts
        self.module = facts.symbols[0]
        self.by_id = {symbol.id: symbol for symbol in facts.symbols}
        self.members: dict[str, dict[str, Symbol]] = {}
        for symbol in facts.symbols[1:]:
            self.members.setdefault(symbol.qualname.rpartition(".")[0], {})[symbol.name] = symbol
        self.bindings = {binding.name: binding for binding in facts.imports if binding.name != "*"}
        self.stars = tuple(binding for binding in facts.imports if binding.name == "*")
        self.bases: dict[SymbolId, list[Reference]] = {}
        for use in facts.references:
            if use.kind == "inherit":
                self.bases.setdefault(use.source, []).append(use)

    def classes_around(self, symbol: Symbol) -> Iterator[Symbol]:
        """Yield the classes that enclose `symbol`, innermost first, itself included."""
        qualname = symbol.qualname
        while qualname:
            outer, _, name = qualname.rpartition(".")
            around = self.members.get(outer, {}).get(name)
            if around is not None and around.kind == "class":
                yield around
            qualname = outer


class Resolver:
    """Answers for one state of the workspace; pure."""

    def __init__(self, files: Mapping[str, Scopes], modules: Modules, names: Groups[str, SymbolId]) -> None:
        self._files = files
        self._modules = modules
        self._names = names

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in a stable order."""
        scopes = self._files[path]
        best: dict[tuple[SymbolId, SymbolId, EdgeKind], float] = {}
        for source, target, kind, confidence in self._all(scopes):
            key = (source.id, target.id, kind)
            if source.id != target.id and confidence > best.get(key, 0.0):
                best[key] = confidence
        return tuple(Edge(*key, confidence) for key, confidence in best.items())

    def _all(self, scopes: Scopes) -> Iterator[tuple[Symbol, Symbol, EdgeKind, float]]:
        for symbol in scopes.facts.symbols[1:]:
            outer, _, name = symbol.qualname.rpartition(".")[0].rpartition(".")
            yield scopes.members.get(outer, {}).get(name, scopes.module), symbol, "contains", 1.0
        for binding in scopes.facts.imports:
            for target in filter(None, (self._imported(scopes, binding), self._module_of(scopes, binding))):
                yield scopes.module, target, "imports", SCOPE
        from_tests = is_test_file(scopes.facts.path)
        for use in scopes.facts.references:
            source = scopes.by_id[use.source]
            found = self._use(scopes, source, use)
            if found is None:
                continue
            for target, confidence in self._with_constructor(use, found):
                yield source, target, _EDGES[use.kind], confidence
                if from_tests and is_test(source) and not is_test_file(target.span.path):
                    yield source, target, "tests", confidence

    def _with_constructor(self, use: Reference, found: _Found) -> Iterator[_Found]:
        yield found
        target, confidence = found
        if use.kind == "call" and target.kind == "class":
            made = self._files[target.span.path].members.get(target.qualname, {}).get("__init__")
            if made is not None:
                yield made, confidence

    def _use(self, scopes: Scopes, source: Symbol, use: Reference) -> _Found | None:
        if not use.qualifier:
            return self._name(scopes, source, use.name)
        head, *rest = use.qualifier.split(".")
        classes = scopes.classes_around(source)
        if head in {"self", "cls", "super()"}:
            around = next(classes, None)
            found = None
            if around is not None and not rest:
                found = self._member(around, use.name, own=head != "super()")
            return found or self._guess(source, use)
        owner = self._path(scopes, source, use.qualifier)
        if owner is not None:
            return self._attribute(owner, use.name)
        if self._is_bound(scopes, head):
            return None
        return self._guess(source, use)

    def _is_bound(self, scopes: Scopes, head: str) -> bool:
        head = head.removesuffix("()")
        bound = head in scopes.bindings or head in scopes.members.get("", {}) or hasattr(builtins, head)
        return bound or any(name.startswith(f"{head}.") for name in scopes.bindings)

    def _name(self, scopes: Scopes, source: Symbol, name: str) -> _Found | None:
        """Look `name` up as Python does: the scopes around, the module, its imports."""
        around = source.qualname
        while around:
            found = scopes.members.get(around, {}).get(name)
            if found is not None and (around == source.qualname or not self._is_class(scopes, around)):
                return found, SCOPE
            around = around.rpartition(".")[0]
        return self._in_module(scopes, name, MAX_HOPS)

    def _is_class(self, scopes: Scopes, qualname: str) -> bool:
        outer, _, name = qualname.rpartition(".")
        symbol = scopes.members.get(outer, {}).get(name)
        return symbol is not None and symbol.kind == "class"

    def _in_module(self, scopes: Scopes, name: str, hops: int) -> _Found | None:
        found = scopes.members.get("", {}).get(name)
        if found is not None:
            return found, SCOPE
        if hops == 0:
            return None
        if (binding := scopes.bindings.get(name)) is not None:
            target = self._imported(scopes, binding, hops - 1)
            return (target, IMPORTED) if target else None
        for star in scopes.stars:
            module = self._module_of(scopes, star)
            if module is not None and not name.startswith("_"):
                behind = self._in_module(self._files[module.span.path], name, hops - 1)
                if behind is not None:
                    return behind[0], STAR
        return None

    def _imported(self, scopes: Scopes, binding: Import, hops: int = MAX_HOPS) -> Symbol | None:
        module = self._module_of(scopes, binding)
        if not binding.target or binding.target == "*":
            return module
        if module is not None and module.id != scopes.module.id:
            found = self._in_module(self._files[module.span.path], binding.target, hops)
            if found is not None:
                return found[0]
        dotted = f"{binding.module}.{binding.target}".lstrip(".")
        return self._module(scopes.facts.path, binding.level, dotted)

    def _module_of(self, scopes: Scopes, binding: Import) -> Symbol | None:
        return self._module(scopes.facts.path, binding.level, binding.module)

    def _module(self, path: str, level: int, dotted: str) -> Symbol | None:
        find = self._modules.relative(path, level, dotted) if level else self._modules.find(dotted, path)
        scopes = self._files.get(find) if find else None
        return scopes.module if scopes else None

    def _path(self, scopes: Scopes, source: Symbol, dotted: str) -> _Found | None:
        """Return what a dotted path means, as far as it consists of modules and classes."""
        parts = dotted.split(".")
        for size in range(len(parts), 1, -1):
            binding = scopes.bindings.get(".".join(parts[:size]))
            if binding is not None and (module := self._module_of(scopes, binding)) is not None:
                return self._walk((module, IMPORTED), parts[size:])
        first = self._name(scopes, source, parts[0].removesuffix("()"))
        return self._walk(first, parts[1:], called=parts[0].endswith("()"))

    def _walk(self, found: _Found | None, parts: list[str], *, called: bool = False) -> _Found | None:
        for part in parts:
            if found is None or (called and found[0].kind != "class"):
                return None
            found = self._attribute(found, part.removesuffix("()"))
            called = part.endswith("()")
        return None if found is not None and called and found[0].kind != "class" else found

    def _attribute(self, owner: _Found, name: str) -> _Found | None:
        symbol, confidence = owner
        found: _Found | None = None
        if symbol.kind == "class":
            found = self._member(symbol, name)
        elif symbol.kind == "module":
            found = self._in_module(self._files[symbol.span.path], name, MAX_HOPS)
            inside = self._modules.inside(symbol.span.path, name) if found is None else None
            if inside and inside in self._files:
                found = self._files[inside].module, IMPORTED
        return (found[0], min(found[1], confidence)) if found else None

    def _member(self, owner: Symbol, name: str, *, own: bool = True) -> _Found | None:
        """Look `name` up in class `owner` and then its bases, nearest first."""
        waiting, seen, is_own = [owner], {owner.id}, True
        while waiting and len(seen) <= MAX_HOPS * 4:
            at = waiting.pop(0)
            scopes = self._files[at.span.path]
            found = scopes.members.get(at.qualname, {}).get(name)
            if found is not None and (own or not is_own):
                return found, MEMBER if is_own else INHERITED
            is_own = False
            for base in scopes.bases.get(at.id, ()):
                whole = f"{base.qualifier}.{base.name}" if base.qualifier else base.name
                behind = self._path(scopes, scopes.module, whole)
                if behind is not None and behind[0].kind == "class" and behind[0].id not in seen:
                    seen.add(behind[0].id)
                    waiting.append(behind[0])
        return None

    def _guess(self, source: Symbol, use: Reference) -> _Found | None:
        if use.kind != "call" or use.name in _COMMON:
            return None
        return only_method(self._files, self._names, PYTHON.name, source.span.path, use.name)


def only_method(
    files: Mapping[str, Scopes], names: Groups[str, SymbolId], language: str, path: str, name: str
) -> tuple[Symbol, float] | None:
    """Return the only method of that name in the folder of `path`, else in the workspace, with its confidence."""
    found = [target for target in names.get(name) if family(path_of(target)) == language]
    candidates = [files[path_of(target)].by_id[target] for target in found]
    candidates = [target for target in candidates if target.kind == "method"]
    if not is_test_file(path):
        candidates = [target for target in candidates if not is_test_file(target.span.path)]
    folder = path.rpartition("/")[0]
    near = [target for target in candidates if target.span.path.rpartition("/")[0] == folder]
    if len(near) == 1:
        return near[0], PACKAGE
    return (candidates[0], UNIQUE) if len(candidates) == 1 else None


def path_of(symbol: SymbolId) -> str:
    """Return the file that a definition stands in."""
    return symbol.partition("::")[0]


def is_test_file(path: str) -> bool:
    """Whether pytest, or a runner of JavaScript, looks for tests in the file, or the file stands among tests."""
    if family(path) == SCRIPTS.name:
        return is_script_test_file(path)
    *folders, name = path.split("/")
    stem = name.rpartition(".")[0]
    return stem.startswith("test_") or stem.endswith("_test") or not {"tests", "test"}.isdisjoint(folders)


def is_test(symbol: Symbol) -> bool:
    """Whether `symbol` is a test as pytest finds them by default, or a runner of JavaScript is handed it."""
    if symbol.kind == "test":
        return True
    is_function = symbol.kind in {"function", "method"} and symbol.name.startswith("test")
    return is_function and is_test_file(symbol.span.path)
