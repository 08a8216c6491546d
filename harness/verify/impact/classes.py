"""Which classes are plain: nothing reads what their bodies bind but who asks for it by its name; pure.

A metaclass, a decorator or a base that is not the workspace's own may read any attribute, and so may those of a class
that derives from it. Classes are told apart by their names alone: several of one name count as one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

import msgspec

_INERT = frozenset(("object", "Generic", "ABC"))
"""Bases of Python's own that read no attribute of what derives from them."""

_READING = frozenset(("__init_subclass__", "__class_getitem__", "__new__", "__getattribute__"))
"""Methods that may look at whatever a class has."""


class Class(msgspec.Struct, frozen=True):
    """One class: what it derives from, by the last part of each name, and whether it is plain by itself."""

    name: str
    bases: frozenset[str]
    plain: bool


def classes_of(module: ast.Module) -> Iterator[Class]:
    """Yield all classes of a module, inner ones and those of functions too."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            bases = [_name(base) for base in node.bases]
            named = {getattr(one, "name", "") for one in node.body}
            plain = not node.decorator_list and not node.keywords and all(bases) and not named & _READING
            yield Class(node.name, frozenset(bases) - _INERT, plain)


def _name(base: ast.expr) -> str:
    """Return the last part of a base's name, "" for one that has none."""
    at = base.value if isinstance(base, ast.Subscript) else base
    return at.attr if isinstance(at, ast.Attribute) else getattr(at, "id", "")


class Families:
    """The classes of a workspace, and who derives from whom."""

    def __init__(self, classes: Iterable[Class]) -> None:
        self._bases: dict[str, set[str]] = {}
        self._derived: dict[str, set[str]] = {}
        self._odd: set[str] = set()
        for one in classes:
            self._bases.setdefault(one.name, set()).update(one.bases)
            for base in one.bases:
                self._derived.setdefault(base, set()).add(one.name)
            if not one.plain:
                self._odd.add(one.name)

    def plain(self, name: str) -> frozenset[str]:
        """Return a class and all that derive from it, where all of these and all their bases are plain; else none."""
        family = _reached(self._derived, {name})
        above = _reached(self._bases, family)
        return frozenset() if above - self._bases.keys() or above & self._odd else frozenset(family)


def _reached(edges: Mapping[str, set[str]], names: set[str]) -> set[str]:
    found, waiting = set(names), [*names]
    while waiting:
        fresh = edges.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found
