"""Which names of a file are locals where they are used, and what they plainly are. Knows spans and paths, no language.

A local of a function is nobody else's business: a use of one is written as what its declaration says it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.paths import UNKNOWN, text

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_STEPS = 6

_HEAD = re.compile(r"(\**)([^.()\[\]@]*)(.*)", re.DOTALL)


class Extent(NamedTuple):
    """A scope that no node is: bytes ``[start_byte, end_byte)``."""

    start_byte: int
    end_byte: int


class Bound(NamedTuple):
    """A local: where its name stands, what it is said to be ("" for nothing), the scope where that is another's."""

    name: Node
    said: str
    scope: Node | Extent | None = None


class Locals:
    """The locals of one file, each bound in its scope."""

    def __init__(self, size: int, scopes: Iterable[Node | Extent], bound: Iterable[Bound]) -> None:
        spans = sorted({(node.start_byte, -node.end_byte) for node in scopes})
        self._outline = Outline([(0, size), *((start, -end) for start, end in spans)])
        self._bound: dict[str, dict[int, str]] = {}
        self.places: set[int] = set()
        for node, said, around in bound:
            scope = self._outline.owner((around or node).start_byte)
            self.places.add(node.start_byte)
            if scope:
                known = self._bound.setdefault(text(node), {})
                if not known.get(scope):
                    known[scope] = said

    def holds(self, name: str, at: int) -> bool:
        """Whether a name is a local's around byte `at`."""
        places = self._bound.get(name)
        if places is None:
            return False
        scope, parents = self._outline.owner(at), self._outline.parents
        while scope and scope not in places:
            scope = parents[scope]
        return scope > 0

    def meaning(self, path: str, at: int) -> str:
        """Return a path at byte `at` with a local at its head written as what it plainly is, `?` where that is open."""
        scope = self._outline.owner(at)
        for _ in range(MAX_STEPS):
            found = _HEAD.match(path)
            assert found is not None
            stars, name, rest = found.groups()
            scope = self._scope(name, scope) if name in self._bound else 0
            if not scope:
                return path
            said = self._bound[name][scope]
            if not said or (stars and rest != "()"):
                return f"{UNKNOWN}{rest[rest.find('.') :] if '.' in rest else ''}"
            if _heads(said) == name:  # what it is given is of the scopes around
                scope = self._outline.parents[scope]
            path = f"{said}{rest}"
        return f"{UNKNOWN}.{path.rpartition('.')[2]}" if "." in path else UNKNOWN

    def _scope(self, name: str, scope: int) -> int:
        """Return the innermost scope that binds a name, 0 for none."""
        places = self._bound.get(name, {})
        while scope and scope not in places:
            scope = self._outline.parents[scope]
        return scope


def _heads(path: str) -> str:
    found = _HEAD.match(path)
    return found[2] if found else ""
