"""What a use means: references to edges, each with a confidence.

In this order: own scope, same file, imported binding; for a method of something unknown, the package and then
the whole workspace, where only one definition has that name. What is bound to something outside stays
outside, and a bare name that nobody binds is never guessed: in Python it is a local.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from bridle.indexer.evaluate import Evaluation, Held, How, Member
from bridle.indexer.facts import FIXTURE, Edge, EdgeKind, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import PYTHON, SCRIPTS, family
from bridle.indexer.languages.script_tests import is_script_test_file
from bridle.indexer.languages.tests import is_packaged_test, is_packaged_test_file, is_test_beside_code
from bridle.indexer.modules import Modules
from bridle.indexer.scopes import Scopes, Views

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
_Seen = dict[tuple[str, str], int]
_NOTHING: Mapping[str, Symbol] = {}
_HEAD = re.compile(r"\W")
_BUILTINS = frozenset(dir(builtins))


class Resolver:
    """Answers for one state of the workspace; pure."""

    def __init__(self, files: Mapping[str, Scopes], modules: Modules, names: Groups[str, SymbolId]) -> None:
        self._files = files
        self._modules = modules
        self._names = names
        self._evaluation = Evaluation(self)
        self._module_files: dict[tuple[str, int, str], str | None] = {}
        self._members: dict[tuple[SymbolId, str, bool], Member | None] = {}
        self._in_modules: dict[tuple[str, str], _Found | None] = {}
        self._in_tests: dict[str, bool] = {}

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in a stable order."""
        scopes = self._files[path]
        best: dict[tuple[SymbolId, SymbolId, EdgeKind], float] = {}
        for source, target, kind, confidence in self._all(scopes):
            key = (source.id, target.id, kind)
            if confidence > best.get(key, 0.0) and source.id != target.id:
                best[key] = confidence
        return tuple(Edge(*key, confidence) for key, confidence in best.items())

    def meanings(self, use: Reference) -> Iterator[_Found]:
        """Yield what one use means, each with its confidence; behind a class that is called, what makes one."""
        scopes = self._files[path_of(use.source)]
        head = _HEAD.split(use.qualifier, maxsplit=1)[0] if use.qualifier else use.name
        return self._meanings(scopes, scopes.by_id[use.source], use, head)

    def uses(self, path: str) -> Iterator[tuple[Reference, tuple[_Found, ...]]]:
        """Yield the uses of a file in order, each with what it means."""
        scopes = self._files[path]
        views = Views(scopes)
        meant: dict[tuple[str, str, bool, SymbolId], tuple[_Found, ...]] = {}
        for use in scopes.facts.references:
            head = _HEAD.split(use.qualifier, maxsplit=1)[0] if use.qualifier else use.name
            view = views.of(scopes.by_id[use.source], use, head)
            key = use.qualifier, use.name, use.kind == "call", view.id
            if (found := meant.get(key)) is None:
                found = meant[key] = tuple(self._meanings(scopes, view, use, head))
            yield use, found

    def imported(self, path: str, binding: Import) -> Iterator[Symbol]:
        """Yield what an import of file `path` takes in: the definition, then the module."""
        scopes = self._files[path]
        return filter(None, (self._imported(scopes, binding), self._module_of(scopes, binding)))

    def _all(self, scopes: Scopes) -> Iterator[tuple[Symbol, Symbol, EdgeKind, float]]:
        for symbol in scopes.facts.symbols[1:]:
            outer, _, name = symbol.qualname.rpartition(".")[0].rpartition(".")
            yield scopes.members.get(outer, {}).get(name, scopes.module), symbol, "contains", 1.0
        for binding in scopes.facts.imports:
            for target in filter(None, (self._imported(scopes, binding), self._module_of(scopes, binding))):
                yield scopes.module, target, "imports", SCOPE
        yield from self._overridden(scopes)
        from_tests = self._is_in_tests(scopes.facts.path)
        for use, found in self.uses(scopes.facts.path):
            source = scopes.by_id[use.source]
            is_test_use = from_tests and _is_named_test(source)
            for target, confidence in found:
                yield source, target, _EDGES[use.kind], confidence
                if is_test_use and not self._is_in_tests(target.span.path):
                    yield source, target, "tests", confidence

    def _is_in_tests(self, path: str) -> bool:
        if (known := self._in_tests.get(path)) is None:
            known = self._in_tests[path] = is_test_file(path)
        return known

    def _overridden(self, scopes: Scopes) -> Iterator[tuple[Symbol, Symbol, EdgeKind, float]]:
        for symbol in scopes.facts.symbols:
            if symbol.kind == "class" and symbol.id in scopes.bases:
                for method in scopes.members.get(symbol.qualname, {}).values():
                    found = self.member(symbol, method.name, own=False) if method.kind == "method" else None
                    if found is not None and found.symbol is not None and found.symbol.kind == "method":
                        yield method, found.symbol, "overrides", found.confidence

    def _meanings(self, scopes: Scopes, source: Symbol, use: Reference, head: str) -> Iterator[_Found]:
        for found in self._use(scopes, source, use, head):
            yield from self._with_constructor(use, found)

    def _with_constructor(self, use: Reference, found: _Found) -> Iterator[_Found]:
        yield found
        target, confidence = found
        if use.kind == "call" and target.kind == "class":
            made = self._files[target.span.path].members.get(target.qualname, {}).get("__init__")
            if made is not None:
                yield made, confidence

    def _use(self, scopes: Scopes, source: Symbol, use: Reference, head: str) -> Iterator[_Found]:
        if not use.qualifier:
            if (bare := self.name(scopes, source, use.name)) is not None:
                yield bare
            return
        if use.qualifier == FIXTURE:
            if (made := self.fixture(scopes, source, use.name)) is not None:
                yield made, INHERITED
            return
        held = self._evaluation.held(scopes, source, use.qualifier)
        for owner in held:
            found = self._attribute(owner, use.name)
            if found is not None:
                yield found
        if not held and not self._is_bound(scopes, head) and (guess := self._guess(source, use)) is not None:
            yield guess

    def _is_bound(self, scopes: Scopes, head: str) -> bool:
        bound = head in scopes.bindings or head in scopes.members.get("", ()) or head in _BUILTINS
        return bound or head in scopes.dotted

    def name(self, scopes: Scopes, source: Symbol, name: str) -> _Found | None:
        """Look `name` up as Python does: the scopes around, the module, its imports."""
        around = source.qualname
        while around:
            found = scopes.members.get(around, {}).get(name)
            if found is not None and (around == source.qualname or not self._is_class(scopes, around)):
                return found, SCOPE
            around = around.rpartition(".")[0]
        return self._in_module(scopes, name)

    def _symbol_at(self, scopes: Scopes, qualname: str) -> Symbol | None:
        outer, _, name = qualname.rpartition(".")
        return scopes.members.get(outer, {}).get(name)

    def _is_class(self, scopes: Scopes, qualname: str) -> bool:
        symbol = self._symbol_at(scopes, qualname)
        return symbol is not None and symbol.kind == "class"

    def _in_module(self, scopes: Scopes, name: str, hops: int = MAX_HOPS, seen: _Seen | None = None) -> _Found | None:
        """Return what a module has under a name, `hops` imports further on at most.

        `seen` are the names that were asked for on the way, with the hops that were left: modules that take all of each
        other would else be walked through in every order.
        """
        key = scopes.facts.path, name
        if seen is None:
            if key not in self._in_modules:
                self._in_modules[key] = self._looked_up(scopes, name, hops, {key: hops})
            return self._in_modules[key]
        if seen.get(key, -1) >= hops:
            return None
        seen[key] = hops
        return self._looked_up(scopes, name, hops, seen)

    def _looked_up(self, scopes: Scopes, name: str, hops: int, seen: _Seen) -> _Found | None:
        found = scopes.members.get("", _NOTHING).get(name)
        if found is not None:
            return found, SCOPE
        if hops == 0:
            return None
        if (bindings := scopes.bindings.get(name)) is not None:
            targets = (self._imported(scopes, binding, hops - 1, seen) for binding in bindings)
            target = next(filter(None, targets), None)
            return (target, IMPORTED) if target else None
        for star in scopes.stars:
            module = self._module_of(scopes, star)
            if module is not None and not name.startswith("_"):
                behind = self._in_module(self._files[module.span.path], name, hops - 1, seen)
                if behind is not None:
                    return behind[0], STAR
        return None

    def _imported(
        self, scopes: Scopes, binding: Import, hops: int = MAX_HOPS, seen: _Seen | None = None
    ) -> Symbol | None:
        module = self._module_of(scopes, binding)
        if not binding.target or binding.target == "*":
            return module
        if module is not None and module.id != scopes.module.id:
            found = self._in_module(self._files[module.span.path], binding.target, hops, seen)
            if found is not None:
                return found[0]
        dotted = f"{binding.module}.{binding.target}".lstrip(".")
        return self._module(scopes.facts.path, binding.level, dotted)

    def _module_of(self, scopes: Scopes, binding: Import) -> Symbol | None:
        return self._module(scopes.facts.path, binding.level, binding.module)

    def _module(self, path: str, level: int, dotted: str) -> Symbol | None:
        key = path.rpartition("/")[0], level, dotted
        if key in self._module_files:
            find = self._module_files[key]
        else:
            find = self._modules.relative(path, level, dotted) if level else self._modules.find(dotted, path)
            self._module_files[key] = find
        scopes = self._files.get(find) if find else None
        return scopes.module if scopes else None

    def scopes_of(self, symbol: Symbol) -> Scopes:
        """Return the names of a definition's file."""
        return self._files[symbol.span.path]

    def imported_path(self, scopes: Scopes, parts: Sequence[str]) -> tuple[Symbol, float, int] | None:
        """Return the module that ``import a.b`` binds for the longest start of a path, and how many parts it takes."""
        for size in range(len(parts), 0, -1):
            dotted = ".".join(parts[:size])
            module = self._module(scopes.facts.path, 0, dotted) if dotted in scopes.dotted else None
            if module is not None:
                return module, IMPORTED, size
        return None

    def in_module(self, module: Symbol, name: str) -> _Found | None:
        """Return what a module has under a name, its submodules last."""
        found = self._in_module(self._files[module.span.path], name)
        inside = self._modules.inside(module.span.path, name) if found is None else None
        return (self._files[inside].module, IMPORTED) if inside and inside in self._files else found

    def fixture(self, scopes: Scopes, source: Symbol, name: str) -> Symbol | None:
        """Return the function that pytest hands to a parameter of that name: of the class, the file, a conftest."""
        folder = scopes.facts.path.rpartition("/")[0]
        homes = [(scopes, around.qualname) for around in scopes.classes_around(source)]
        homes.append((scopes, ""))
        while True:
            conftest = self._files.get(f"{folder}/conftest.py" if folder else "conftest.py")
            homes += [(conftest, "")] if conftest is not None else []
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        for home, qualname in homes:
            for made in home.values.get((qualname, f"{FIXTURE}{name}"), ()):
                found = home.members.get(qualname, {}).get(made)
                if found is not None and found.id != source.id:
                    return found
        bare = self._in_module(scopes, name)
        return bare[0] if bare and self._files[bare[0].span.path].is_fixture(bare[0]) else None

    def member(self, owner: Symbol, name: str, *, own: bool = True) -> Member | None:
        """Look `name` up in class `owner` and then in those that it is built on, in Python's order."""
        key = owner.id, name, own
        if key in self._members:
            return self._members[key]
        order = self._order(owner)
        found = self._member(order if own else order[1:], owner, name)
        if self._evaluation.knows(_order_key(owner)):  # else it was cut short, on the way to something else
            self._members[key] = found
        return found

    def _member(self, order: Sequence[Symbol], owner: Symbol, name: str) -> Member | None:
        for at in order:
            scopes = self._files[at.span.path]
            found = scopes.members.get(at.qualname, _NOTHING).get(name)
            paths = () if found is not None else scopes.values.get((at.qualname, name), ())
            if found is not None or paths:
                return Member(at, found, paths, MEMBER if at is owner else INHERITED)
        return None

    def _attribute(self, owner: Held, name: str) -> _Found | None:
        """Return the definition that an attribute is; none where it is a value only."""
        symbol, how, confidence, _ = owner
        found: _Found | None = None
        if symbol.kind == "module":
            found = self.in_module(symbol, name)
        elif symbol.kind == "class" and how in {How.ITSELF, How.ONE, How.SUPER}:
            member = self.member(symbol, name, own=how is not How.SUPER)
            found = (member.symbol, member.confidence) if member and member.symbol else None
        return (found[0], min(found[1], confidence)) if found else None

    def _order(self, owner: Symbol) -> tuple[Symbol, ...]:
        """Return a class and all that it is built on, in the order in which Python looks: C3, else nearest first."""
        return self._evaluation.once(_order_key(owner), 1, (owner,), lambda: (owner, *self._behind(owner)))

    def _behind(self, owner: Symbol) -> Iterator[Symbol]:
        scopes = self._files[owner.span.path]
        around = self._symbol_at(scopes, owner.qualname.rpartition(".")[0]) or scopes.module
        bases: list[Symbol] = []
        for base in scopes.bases.get(owner.id, ()):
            whole = f"{base.qualifier}.{base.name}" if base.qualifier else base.name
            found = self._evaluation.held(scopes, around, whole)
            bases += [one.symbol for one in found if one.symbol.kind == "class" and one.how is How.ITSELF]
        bases = [one for one in bases if one.id != owner.id]
        orders = [list(self._order(one)) for one in bases]
        yield from (one for one in _merged([*orders, bases]) if one.id != owner.id)

    def _guess(self, source: Symbol, use: Reference) -> _Found | None:
        if use.kind != "call" or use.name in _COMMON:
            return None
        return only_method(self._files, self._names, PYTHON.name, source.span.path, use.name)


def _order_key(owner: Symbol) -> tuple[str, str, str]:
    return owner.id, "", "order"


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


def _merged(orders: list[list[Symbol]]) -> Iterator[Symbol]:
    """Yield the classes of all orders: each once, and before those that any order has behind it, where that can be."""
    waiting = [order for order in orders if order]
    while waiting:
        behind = {symbol.id for order in waiting for symbol in order[1:]}
        chosen = next((order[0] for order in waiting if order[0].id not in behind), waiting[0][0])
        yield chosen
        waiting = [left for order in waiting if (left := [one for one in order if one.id != chosen.id])]


def path_of(symbol: SymbolId) -> str:
    """Return the file that a definition stands in."""
    return symbol.partition("::")[0]


@lru_cache(maxsize=1024)
def is_test_file(path: str) -> bool:
    """Whether the runners of its language look for tests in the file, or the file stands among tests."""
    language = family(path)
    if language == SCRIPTS.name:
        return is_script_test_file(path)
    if (told := is_packaged_test_file(language, path)) is not None:
        return told
    *folders, name = path.split("/")
    stem = name.rpartition(".")[0]
    return stem.startswith("test_") or stem.endswith("_test") or not {"tests", "test"}.isdisjoint(folders)


def is_test(symbol: Symbol) -> bool:
    """Whether `symbol` is a test as the runners of its language find them by default, or one is handed it."""
    if symbol.kind == "test":
        return True
    if symbol.kind not in {"function", "method"}:
        return False
    language = family(symbol.span.path)
    if is_test_beside_code(language, symbol):
        return True
    if not is_test_file(symbol.span.path):
        return False
    if is_packaged_test_file(language, symbol.span.path):
        return is_packaged_test(language, symbol)
    return _is_named_test(symbol)


def _is_named_test(symbol: Symbol) -> bool:
    return symbol.kind in {"function", "method"} and symbol.name.startswith("test")
