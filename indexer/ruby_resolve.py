"""What a use means in Ruby: references to edges, each with a confidence.

A constant is looked up around, then in what the type around is built on, then at the top. A method is one of the object
at hand, or of what a path plainly gives: instances that are made, variables of instances, what methods give last. Of a
module that is taken in, the methods of who takes it in are its own too. A receiver of which nothing is known is of the
class that it is called like, else it means the only method of that name. What is required is the file in one of the
folders that code is loaded from.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

from bridle.indexer.facts import Edge, EdgeKind, Import, Reference, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.readers import RUBY, family
from bridle.indexer.languages.ruby_marks import ALIKE, SELF
from bridle.indexer.package_roots import Root
from bridle.indexer.package_rules import Rules
from bridle.indexer.package_values import parts_of
from bridle.indexer.resolve import INHERITED, MEMBER, PACKAGE, SCOPE, UNIQUE, is_test, is_test_file, path_of
from bridle.indexer.ruby_classes import Classes, Owner
from bridle.indexer.scopes import Scopes

MAX_HOPS = 8
MAX_STEPS = 400
"""So many steps of paths are taken for one use: what methods give may lead on without an end."""
MAX_TWICE = 3
MAX_TAKERS = 3
UNKNOWN = "?"
SUPER = "super"
MAKER = "initialize"
OTHER = "%"
"""Stands before what may be the object at hand."""
NAMED = 0.5
_EDGES: Mapping[str, EdgeKind] = {"call": "calls", "read": "references", "inherit": "inherits"}
_LOADED = frozenset(("lib", "test", "spec", "ext", "app", "tests", ""))
"""Folders that code is loaded from."""
_TOP = frozenset(("function", "method"))
_SAME = frozenset(("tap", "freeze", "dup", "clone", "itself"))

Link = tuple[Symbol, Symbol, EdgeKind, float]
Found = tuple[Sequence[Symbol], float]


class RubyResolver:
    """Answers for one state of the workspace; pure."""

    def __init__(
        self, files: Mapping[str, Scopes], names: Groups[str, SymbolId], rules: Rules, roots: Sequence[Root]
    ) -> None:
        del roots
        self._files = files
        self._names = names
        self._rules = rules
        self._classes = Classes(files, names)
        self._owners: dict[SymbolId, Owner] = {}
        self._steps = 0

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in a stable order."""
        scopes = self._files[path]
        best: dict[tuple[SymbolId, SymbolId, EdgeKind], float] = {}
        for source, target, kind, confidence in chain(self._structure(scopes), self._uses(scopes)):
            key = (source.id, target.id, kind)
            if source.id != target.id and confidence > best.get(key, 0.0):
                best[key] = confidence
        return tuple(Edge(*key, confidence) for key, confidence in best.items())

    def meanings(self, use: Reference) -> Iterator[tuple[Symbol, float]]:
        """Yield what one use means, each with its confidence; behind a class that is made one of, its constructor."""
        scopes = self._files[path_of(use.source)]
        return ((one, sure) for one, _, sure in self._targets(scopes.by_id[use.source], use))

    def uses(self, path: str) -> Iterator[tuple[Reference, tuple[tuple[Symbol, float], ...]]]:
        """Yield the uses of a file in order, each with what it means."""
        return ((use, tuple(self.meanings(use))) for use in self._files[path].facts.references)

    def imported(self, path: str, binding: Import) -> Iterator[Symbol]:
        """Yield the file that is required."""
        found = self._required(path, binding)
        if found is not None:
            yield self._files[found].module

    # --- structure ----------------------------------------------------------------------------------------------

    def _structure(self, scopes: Scopes) -> Iterator[Link]:
        path, symbols = scopes.facts.path, scopes.facts.symbols
        parents = Outline([(symbol.span.start_byte, symbol.span.end_byte) for symbol in symbols]).parents
        for at, symbol in enumerate(symbols[1:], 1):
            yield symbols[parents[at]], symbol, "contains", 1.0
            if symbol.kind == "method" and symbol.name != MAKER and (owner := self._owner(symbol)).name:
                yield from self._overridden(symbol, owner)
        for binding in scopes.facts.imports:
            for target in self.imported(path, binding):
                yield scopes.module, target, "imports", SCOPE

    def _overridden(self, method: Symbol, owner: Owner) -> Iterator[Link]:
        own = f"{owner.name}.{SELF}" if owner.is_itself else owner.name
        if method.qualname != f"{own}.{method.name}":
            return
        for found in self._classes.methods(owner, method.name):
            if found[0].qualname != method.qualname:
                yield method, found[0], "overrides", INHERITED
                return

    def _required(self, near: str, binding: Import) -> str | None:
        folder = posixpath.dirname(near)
        if binding.level:
            beside = posixpath.normpath(posixpath.join(folder, binding.module))
            return next((one for one in (f"{beside}.rb", beside) if one in self._files), None)
        wanted = f"/{binding.module}.rb"
        known = [path for path in self._by_name.get(wanted.rpartition("/")[2], ()) if f"/{path}".endswith(wanted)]
        loaded = [path for path in known if f"/{path}"[: -len(wanted)].rpartition("/")[2] in _LOADED]
        return min(loaded, key=lambda path: (-_shared(path, near), path.count("/"), path), default=None)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(self._files):
            if family(path) == RUBY.name:
                found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    # --- uses ---------------------------------------------------------------------------------------------------

    def _uses(self, scopes: Scopes) -> Iterator[Link]:
        from_tests = is_test_file(scopes.facts.path)
        for use in scopes.facts.references:
            source = scopes.by_id[use.source]
            for one, kind, sure in self._targets(source, use):
                yield source, one, kind, sure
                if from_tests and is_test(source) and not is_test_file(one.span.path):
                    yield source, one, "tests", sure

    def _targets(self, source: Symbol, use: Reference) -> Iterator[tuple[Symbol, EdgeKind, float]]:
        self._steps = 0
        if use.kind == "write":
            use = Reference(f"{use.name}=", use.qualifier, "call", use.source, use.line)
        if use.kind != "call":
            found = self._constant(source, use)
            for one, sure in found:
                yield one, _EDGES[use.kind], sure
            return
        if use.name == "new" and (made := self._made(source, use)) is not None:
            for one in made:
                yield one, "calls", MEMBER
            return
        symbols, sure = self._called(source, use)
        twice = min(sure, PACKAGE) if len(symbols) > 1 else sure
        for one in symbols[:MAX_TWICE]:
            yield one, "calls", twice

    def _constant(self, source: Symbol, use: Reference) -> Iterator[tuple[Symbol, float]]:
        dotted = f"{use.qualifier}.{use.name}" if use.qualifier else use.name
        around = source.qualname
        if use.kind == "inherit":
            found = self._classes.base(source, use)
        elif "(" in dotted or dotted[:1].islower() or dotted[:1] in "$?":
            return
        else:
            found = self._classes.constant(around, dotted)
        if found is None:
            return
        home = self._classes.home(found, source.span.path)
        if home is not None:
            yield home, SCOPE if home.span.path == source.span.path else MEMBER
        else:
            known = self._classes.at(found)
            yield from ((one, MEMBER) for one in known[:1])

    def _made(self, source: Symbol, use: Reference) -> list[Symbol] | None:
        """Return the class of which an instance is made, and its constructor; None where ``new`` is another method."""
        owner = self._value(source, use.qualifier, MAX_HOPS) if use.qualifier else self._owner(source)
        if owner is None or not owner.name or not owner.is_itself or self._classes.method(owner, "new"):
            return None
        home = self._classes.home(owner.name, source.span.path)
        maker = self._classes.method(Owner(owner.name, is_itself=False), MAKER)
        return [*([home] if home is not None else []), *maker[:1]]

    def _called(self, source: Symbol, use: Reference) -> Found:
        if not use.qualifier:
            return self._bare(source, use.name)
        if use.qualifier == UNKNOWN:
            return self._guess(source, use.name)
        if use.qualifier[:1] == OTHER:
            return self._in_block(source, use)
        if use.qualifier[:1] == ALIKE and "." not in use.qualifier:
            return self._of_alike(source, use.qualifier, use.name)
        owner = self._value(source, use.qualifier, MAX_HOPS)
        if owner is not None and owner.name:
            found = self._classes.method(owner, use.name)
            if found:
                return found, MEMBER if use.qualifier == SELF or owner.is_itself else INHERITED
            return self._of_taker(owner, use.name)
        if not self._is_open(source, use.qualifier):
            return (), 0.0
        last = parts_of(use.qualifier)[-1]
        return self._of_alike(source, f"{ALIKE}{last.name.lstrip('$~')}" if not last.done.count("[]") else "", use.name)

    def _in_block(self, source: Symbol, use: Reference) -> Found:
        """Return what is called in a block of which the object at hand may be another."""
        found = self._bare(source, use.name)
        if found[0]:
            return found
        owner = self._value(source, use.qualifier[1:], MAX_HOPS)
        return (self._classes.method(owner, use.name), NAMED) if owner is not None and owner.name else ((), 0.0)

    def _of_alike(self, source: Symbol, names: str, name: str) -> Found:
        """Return the method of the class that a value is called like, else the only one of that name."""
        for owner in chain.from_iterable(map(self._classes.alike, names.split(ALIKE)[1:])):
            if found := self._classes.method(owner, name):
                return found, NAMED
        return self._guess(source, name)

    def _bare(self, source: Symbol, name: str) -> Found:
        owner = self._owner(source)
        if name == SUPER:
            return self._super(source, owner), INHERITED
        around = source.qualname
        while around and around != owner.name:  # of suites, and of what is in no type
            inner = [one for one in self._classes.at(f"{around}.{name}") if one.span.path == source.span.path]
            if inner and inner[0].kind in _TOP:
                return inner, SCOPE
            around = around.rpartition(".")[0]
        if owner.name:
            own = self._classes.method(owner, name)
            if own:
                return own, SCOPE if own[0].span.path == source.span.path else MEMBER
            taken = self._of_taker(owner, name)
            if taken[0]:
                return taken
        top = [one for one in (*self._classes.at(name), *self._classes.at(f"{SELF}.{name}")) if one.kind in _TOP]
        near = [one for one in top if one.span.path == source.span.path]
        if near or top:
            return (near or top), (SCOPE if near else PACKAGE)
        if found := self._classes.of_main(name):
            return found, PACKAGE
        return self._guess(source, name) if not owner.name else ((), 0.0)

    def _super(self, source: Symbol, owner: Owner) -> Sequence[Symbol]:
        if source.kind != "method" or not owner.name:
            return ()
        own = f"{owner.name}.{SELF}.{source.name}" if owner.is_itself else f"{owner.name}.{source.name}"
        return next((found for found in self._classes.methods(owner, source.name) if found[0].qualname != own), ())

    def _of_taker(self, owner: Owner, name: str) -> Found:
        """Return the method that all who take a module in agree on."""
        if owner.is_itself or not self._classes.types(owner.name):
            return (), 0.0
        found: dict[str, Symbol] = {}
        for taker in self._classes.takers(owner.name):
            for method in self._classes.method(Owner(taker, is_itself=False), name)[:1]:
                found[method.qualname] = method
        return (list(found.values()), PACKAGE) if len(found) <= MAX_TAKERS else ((), 0.0)

    def _guess(self, source: Symbol, name: str) -> Found:
        """Return the only method of a name in the workspace."""
        if name in self._rules.common:
            return (), 0.0
        found: dict[str, list[Symbol]] = {}
        in_tests = is_test_file(source.span.path)
        for target in sorted(self._names.get(name)):
            path = path_of(target)
            if family(path) == RUBY.name and (path == source.span.path or not is_test_file(path)):
                symbol = self._files[path].by_id[target]
                if symbol.kind == "method" and (in_tests or f".{SELF}." not in f".{symbol.qualname}"):
                    found.setdefault(symbol.qualname, []).append(symbol)
        return (next(iter(found.values())), UNIQUE) if len(found) == 1 else ((), 0.0)

    # --- values -------------------------------------------------------------------------------------------------

    def _owner(self, source: Symbol) -> Owner:
        if source.id not in self._owners:
            self._owners[source.id] = self._classes.owner(source)
        return self._owners[source.id]

    def _is_open(self, source: Symbol, path: str) -> bool:
        """Whether nothing is known of where a path begins: what begins with a constant from outside is known."""
        head = parts_of(path)[0]
        return not head.name[:1].isupper() or self._classes.constant(source.qualname, head.name) is not None

    def _value(self, source: Symbol, path: str, hops: int) -> Owner | None:
        """Return what a path gives, None where that is not known."""
        self._steps += 1
        if hops == 0 or self._steps > MAX_STEPS:
            return None
        head, *rest = parts_of(path)
        value = self._taken(self._head(source, head.name, hops), head.done, hops)
        for part in rest:
            if value is None or not value.name:
                return None
            value = self._taken(self._step(value, part.name, hops, is_called=bool(part.done)), part.done, hops)
        return value

    def _taken(self, value: Owner | None, done: Sequence[str], hops: int) -> Owner | None:
        """Return what is left of a value that is asked for elements."""
        for _ in range(done.count("[]")):
            method = self._classes.method(value, "[]") if value is not None and value.name else ()
            value = self._given(method[0], value, hops) if method and value is not None else None
        return value

    def _head(self, source: Symbol, name: str, hops: int) -> Owner | None:
        owner = self._owner(source)
        if name == SELF:
            return owner if owner.name else None
        if name[:1] == "$":
            return self._of_suite(source, name, hops) or self._variable(owner, name, hops)
        if name[:1] == ALIKE:
            return next(chain.from_iterable(map(self._classes.alike, name.split(ALIKE)[1:])), None)
        if name[:1].isupper():
            return self._of_constant(self._classes.constant(source.qualname, name), hops)
        if name in (SUPER, UNKNOWN):
            return None
        if name == "new" and owner.is_itself:
            return Owner(owner.name, is_itself=False)
        symbols, _ = self._bare(source, name)
        return self._given(symbols[0], owner, hops) if symbols else None

    def _of_constant(self, found: str | None, hops: int) -> Owner | None:
        if found is None:
            return None
        if self._classes.types(found):
            return Owner(found, is_itself=True)
        for symbol in self._classes.at(found):
            said = self._classes.said(symbol.span.path, symbol.qualname)
            if symbol.kind == "variable" and said:
                return self._value(symbol, said, hops - 1)
        return None

    def _step(self, value: Owner, name: str, hops: int, *, is_called: bool) -> Owner | None:
        if name[:1].isupper() and value.is_itself and not is_called:
            return self._of_constant(self._classes.constant(value.name, name), hops)
        if name in _SAME:
            return value
        method = self._classes.method(value, name)
        if method:
            return self._given(method[0], value, hops)
        if name == "new" and value.is_itself:
            return Owner(value.name, is_itself=False)
        if name == "class" and not value.is_itself:
            return Owner(value.name, is_itself=True)
        return None

    def _variable(self, owner: Owner, name: str, hops: int) -> Owner | None:
        """Return what a variable of the object at hand holds."""
        lineage = self._classes.lineage(owner.name) if owner.name else ()
        takers = self._classes.takers(owner.name)[:MAX_TAKERS] if not owner.is_itself and owner.name else ()
        for one in (*lineage, *(base for taker in takers for base in self._classes.lineage(taker))):
            place = f"{one}.{SELF}" if owner.is_itself else one
            for symbol in self._classes.types(one):
                if said := self._classes.said(symbol.span.path, f"{place}.{name}"):
                    return self._value(self._inside(symbol, owner), said, hops - 1)
        return None

    def _of_suite(self, source: Symbol, name: str, hops: int) -> Owner | None:
        """Return what a variable holds that a suite around sets."""
        around = source.qualname
        while around:
            said = self._classes.said(source.span.path, f"{around}.{name}")
            if said and not self._classes.types(around):
                return self._value(source, said, hops - 1)
            around = around.rpartition(".")[0]
        return None

    def _inside(self, symbol: Symbol, owner: Owner) -> Symbol:
        """Return a definition from where what a type says of its variables is seen: one of its methods."""
        if owner.is_itself:
            return symbol
        members = self._files[symbol.span.path].members.get(symbol.qualname, {})
        return next((one for one in members.values() if one.kind == "method"), symbol)

    def _given(self, method: Symbol, owner: Owner, hops: int) -> Owner | None:
        """Return what a method gives when it is called on something."""
        outer, _, name = method.qualname.rpartition(".")
        said = self._classes.said(method.span.path, f"{outer}.().{name}".lstrip("."))
        if not said:
            return None
        if said == SELF:
            return owner
        if said in ("new()", "self.new()") and owner.is_itself:
            return Owner(owner.name, is_itself=False)
        return self._value(method, said, hops - 1)


def _shared(path: str, other: str) -> int:
    """Return how many folders two places have in common from the root on."""
    count = 0
    for one, two in zip(path.split("/")[:-1], other.split("/")[:-1], strict=False):
        if one != two:
            break
        count += 1
    return count
