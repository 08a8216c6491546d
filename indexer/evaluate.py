"""What a path of Python stands for: modules, classes, functions, and instances of classes.

A path is names and what is done to them, as `bridle.indexer.facts.Value` has it. It is followed through attributes,
inheritance, annotations and what calls give, as far as all of that stands in the workspace; where it leaves it, the
answer is nothing, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from bridle.indexer.facts import FIXTURE, Symbol
from bridle.indexer.scopes import RECEIVERS, Scopes

MAX_DEPTH = 10
MAX_HELD = 6
MAX_OPEN = 64
MAX_SPENT = 2_000
"""How many questions may wait for one another, and how many one question may raise."""
TYPED = 0.9
"""How sure a thing is that an annotation or an assignment tells, at most."""

Key = tuple[str, str, str]
_T = TypeVar("_T")
_STEP = re.compile(r"\w+|\(\)|\[\]|\[\*\]")
_GIVEN_BY_KEY = frozenset(("get", "pop", "setdefault"))


class How(IntEnum):
    """In which way a definition is held: itself, as an instance, looked up past its class, many of it, by key."""

    ITSELF = 0
    ONE = 1
    SUPER = 2
    MANY = 3
    TABLE = 4


class Held(NamedTuple):
    """A definition as it is held, how sure that is, and the class through which a method was reached."""

    symbol: Symbol
    how: How
    confidence: float
    through: Symbol | None = None


class Member(NamedTuple):
    """An attribute of a class: its definition, or the paths that it holds; and the class that has it."""

    owner: Symbol
    symbol: Symbol | None
    paths: tuple[str, ...]
    confidence: float


class Lookup(Protocol):
    """Names looked up one at a time."""

    def scopes_of(self, symbol: Symbol) -> Scopes:
        """Return the names of a definition's file."""
        ...

    def name(self, scopes: Scopes, source: Symbol, name: str) -> tuple[Symbol, float] | None:
        """Return what a bare name means in definition `source`."""
        ...

    def imported_path(self, scopes: Scopes, parts: Sequence[str]) -> tuple[Symbol, float, int] | None:
        """Return the module that ``import a.b`` binds for the longest start of a path, and how many parts it takes."""
        ...

    def in_module(self, module: Symbol, name: str) -> tuple[Symbol, float] | None:
        """Return what a module has under a name."""
        ...

    def fixture(self, scopes: Scopes, source: Symbol, name: str) -> Symbol | None:
        """Return the function that pytest hands to a parameter of that name."""
        ...

    def member(self, owner: Symbol, name: str, *, own: bool = True) -> Member | None:
        """Return the attribute of a class, its own or inherited."""
        ...


class Evaluation:
    """Follows paths; remembers what it found, so one is made for each state of the workspace."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[Key, tuple[Any, ...]] = {}
        self._open: set[Key] = set()
        self._is_cut = False
        self._spent = 0

    def knows(self, key: Key) -> bool:
        """Whether the answer to a question is known, and whole."""
        return key in self._known

    def held(
        self, scopes: Scopes, source: Symbol, path: str, through: Symbol | None = None, depth: int = MAX_DEPTH
    ) -> tuple[Held, ...]:
        """Return what `path` in definition `source` stands for, read by an instance of class `through`."""
        if path[:1] == "?":
            return ()
        key = source.id, path, through.id if through else ""
        return self.once(key, depth, (), lambda: self._first(scopes, source, path, through, depth))

    def once(self, key: Key, depth: int, cut: tuple[_T, ...], find: Callable[[], tuple[_T, ...]]) -> tuple[_T, ...]:
        """Return what `find` finds, and remember it; `cut` for what leads to itself, or too far.

        What was found by way of something cut is remembered only where nothing else waits for it, so that the answer
        to a question does not depend on those that were asked before.
        """
        if (known := self._known.get(key)) is not None:
            return known
        if depth <= 0 or key in self._open or len(self._open) >= MAX_OPEN or self._spent >= MAX_SPENT:
            self._is_cut = True
            return cut
        was_cut, self._is_cut = self._is_cut, False
        self._open.add(key)
        self._spent += 1
        found = find()
        self._open.discard(key)
        if not self._is_cut or not self._open:
            self._known[key] = found
        self._is_cut = bool(self._open) and (self._is_cut or was_cut)
        self._spent = self._spent if self._open else 0
        return found

    def _first(self, scopes: Scopes, source: Symbol, path: str, through: Symbol | None, depth: int) -> tuple[Held, ...]:
        return tuple(_few(list(self._followed(scopes, source, path, through, depth))))

    def attribute(self, held: Held, name: str, depth: int = MAX_DEPTH) -> Iterator[Held]:
        """Yield what an attribute of something is: a definition, or what that holds."""
        symbol, how, confidence, _ = held
        if how in {How.MANY, How.TABLE}:
            if name == "__enter__" and how is How.MANY:
                yield held._replace(how=How.TABLE)  # called next, which takes one out
            elif how is How.TABLE and name in _GIVEN_BY_KEY:
                yield held
            elif how is How.TABLE and name == "values":
                yield held._replace(symbol=symbol, how=How.MANY)
        elif symbol.kind == "module":
            yield from self._of_module(symbol, name, confidence, depth)
        elif symbol.kind == "class":
            yield from self._of_class(held, name, depth)

    def _followed(
        self, scopes: Scopes, source: Symbol, path: str, through: Symbol | None, depth: int
    ) -> Iterator[Held]:
        wrapped = {"*": How.MANY, "%": How.TABLE}.get(path[0])
        found, steps = self._start(scopes, source, path, through, depth)
        for step in steps:
            if step == "()":
                found = [one for held in found for one in self._called(held, depth)]
            elif step in {"[]", "[*]"}:
                found = [one for held in found for one in self._taken(held, step, depth)]
            else:
                found = [one for held in found for one in self.attribute(held, step, depth - 1)]
            found = _few(found)
            if not found:
                return
        for held in found:
            if wrapped is None:
                yield held
            elif held.how is How.ONE:
                yield held._replace(how=wrapped)

    def _start(
        self, scopes: Scopes, source: Symbol, path: str, through: Symbol | None, depth: int
    ) -> tuple[list[Held], list[str]]:
        """Return what the first name of a path stands for, and the steps after it."""
        head, *steps = _STEP.findall(path) or ["?"]
        if path[0] == FIXTURE:
            made = self._lookup.fixture(scopes, source, head)
            if made is None:
                return [], []
            home = self._lookup.scopes_of(made)
            return list(self._paths(home, made, self._given(made, FIXTURE), 1.0, None, depth)), steps
        if head in RECEIVERS:
            around = next(scopes.classes_around(source), None)
            if around is None:
                return [], []
            if head == "super":
                return [Held(around, How.SUPER, 1.0, through)], steps[1:]
            how = How.ONE if head == "self" else How.ITSELF
            return [Held(through or around, how, 1.0)], steps
        if scopes.dotted and (found := self._lookup.imported_path(scopes, path.split("."))) is not None:
            module, confidence, taken = found
            return [Held(module, How.ITSELF, confidence)], steps[taken - 1 :]
        first = self._lookup.name(scopes, source, head)
        return ([] if first is None else list(self._definition(*first, depth))), steps

    def _definition(self, symbol: Symbol, confidence: float, depth: int) -> Iterator[Held]:
        """Yield what a definition stands for: a variable for what it holds."""
        if symbol.kind != "variable":
            yield Held(symbol, How.ITSELF, confidence)
            return
        scopes = self._lookup.scopes_of(symbol)
        yield from self._paths(scopes, scopes.module, scopes.values.get(("", symbol.name), ()), confidence, None, depth)

    def _paths(
        self,
        scopes: Scopes,
        source: Symbol,
        paths: Iterable[str],
        confidence: float,
        through: Symbol | None,
        depth: int,
    ) -> Iterator[Held]:
        for path in paths:
            for held in self.held(scopes, source, path, through, depth - 1):
                yield held._replace(confidence=min(held.confidence, confidence, TYPED))

    def _of_module(self, module: Symbol, name: str, confidence: float, depth: int) -> Iterator[Held]:
        found = self._lookup.in_module(module, name)
        if found is not None:
            yield from self._definition(found[0], min(found[1], confidence), depth)

    def _of_class(self, held: Held, name: str, depth: int) -> Iterator[Held]:
        symbol, how, confidence, through = held
        found = self._lookup.member(symbol, name, own=how is not How.SUPER)
        if found is None and name == "__enter__":
            found = self._lookup.member(symbol, "__aenter__")
        if found is None:
            return
        sure = min(found.confidence, confidence)
        receiver = through if how is How.SUPER else symbol
        if found.symbol is None:
            scopes = self._lookup.scopes_of(found.owner)
            yield from self._paths(scopes, found.owner, found.paths, sure, receiver, depth)
        elif how is not How.ITSELF and (paths := self._given(found.symbol, "")):
            scopes = self._lookup.scopes_of(found.symbol)
            yield from self._paths(scopes, found.symbol, paths, sure, receiver, depth)
        else:
            yield Held(found.symbol, How.ITSELF, sure, receiver)

    def _given(self, symbol: Symbol, name: str) -> tuple[str, ...]:
        return self._lookup.scopes_of(symbol).values.get((symbol.qualname, name), ())

    def _called(self, held: Held, depth: int) -> Iterator[Held]:
        symbol, how, confidence, through = held
        if how is How.TABLE:
            yield held._replace(how=How.ONE)
        elif how is How.MANY:
            yield held
        elif symbol.kind == "class" and how is How.ITSELF:
            yield Held(symbol, How.ONE, confidence)
        elif symbol.kind == "class":
            for method in self.attribute(held, "__call__", depth - 1):
                yield from self._called(method, depth - 1)
        elif symbol.kind != "module":
            scopes = self._lookup.scopes_of(symbol)
            yield from self._paths(scopes, symbol, self._given(symbol, "()"), confidence, through, depth)

    def _taken(self, held: Held, step: str, depth: int) -> Iterator[Held]:
        if held.how is How.MANY or (held.how is How.TABLE and step == "[]"):
            yield held._replace(how=How.ONE)
        elif held.how is How.ONE:
            for method in self.attribute(held, "__getitem__" if step == "[]" else "__iter__", depth - 1):
                for given in self._called(method, depth - 1):
                    yield given if step == "[]" else given._replace(how=How.ONE)


def _few(found: list[Held]) -> list[Held]:
    """Return each once, and not too many."""
    return found if len(found) < 2 else list(dict.fromkeys(found))[:MAX_HELD]
