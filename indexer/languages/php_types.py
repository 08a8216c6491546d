r"""What types of PHP say, in declarations and in the comments above them, and which class a name means. Pure.

A class is written ``\Sub.Name`` as the file has it, with another backslash in front where it is written in full.
Behind the imports of a file it is ``\Its\Name\Space.Name``: the file alone says that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bridle.indexer.facts import Import
from bridle.indexer.languages.paths import first, text
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

OWN = words("self static parent $this")
"""The words for the class at hand."""

_PLAIN = words(
    "array bool boolean callable double false float int integer iterable mixed never null number object resource "
    "scalar string true void list positive-int non-empty-string class-string numeric-string non-empty-array "
    "non-empty-list"
)
_HOLDERS = words("array iterable list non-empty-array non-empty-list Traversable Iterator Generator IteratorAggregate")
_NAMED = ("name", "qualified_name", "relative_name", "relative_scope")
_CLASS = re.compile(r"\\?[^\W\d]\w*(?:\\[^\W\d]\w*)*")
_HOLDING = re.compile(r"(\\?[\w-]+)<(?:[^<>,]*,\s*)?([^<>,]+)>")
_WHOLE = re.compile(r"(\**)(\\[^.()\[\]@]*)\.([^.()\[\]@]+)(.*)", re.DOTALL)
_TYPE = r"((?:[^\s<>(){}|&]|<[^<>]*>)(?:[^\s<>(){}|&]|<[^<>]*>|\|)*)"
_TAGS = {tag: re.compile(rf"@(?:phpstan-|psalm-)?{tag}\s+{_TYPE}") for tag in ("var", "return")}
_PARAMETER = re.compile(rf"@(?:phpstan-|psalm-)?param\s+{_TYPE}\s+&?(?:\.\.\.)?(\$\w+)")
_MAX_DEPTH = 12


def class_of(said: str) -> str:
    """Return a class as the file writes it."""
    said = "".join(said.split())
    if said in OWN:
        return said
    prefix, _, name = said.rpartition("\\")
    return f"\\\\{prefix[1:]}.{name}" if said[:1] == "\\" else f"\\{prefix}.{name}"


def value_of(node: Node) -> str:
    """Return a value of a declared type as a path, "" where it is of no class, or of one of several."""
    for _ in range(_MAX_DEPTH):
        if node.type in _NAMED:
            name = text(node)
            return "" if name.lower() in _PLAIN else f"{class_of(name)}()"
        inner = first(node)
        if node.type == "union_type":
            named = [part for part in node.named_children if part.type == "named_type"]
            inner = named[0] if len(named) == 1 else None
        if inner is None or node.type not in ("optional_type", "named_type", "union_type", "intersection_type"):
            return ""
        node = inner
    return ""


def told(comment: str, tag: str) -> str:
    """Return the value that a comment tells by a tag: `var` or `return`."""
    found = _TAGS[tag].search(comment)
    return _value(found[1]) if found else ""


def parameters(comment: str) -> Mapping[str, str]:
    """Return the values that a comment tells of parameters, by name."""
    return {found[2]: _value(found[1]) for found in _PARAMETER.finditer(comment)}


def _value(said: str) -> str:
    kept = [one.lstrip("?") for one in said.split("|") if one.lstrip("?").lower() not in _PLAIN]
    if len(kept) != 1:
        return ""
    stars, one = "", kept[0]
    while one.endswith("[]"):
        stars, one = stars + "*", one[:-2]
    holding = _HOLDING.fullmatch(one)
    if holding is not None and holding[1].lstrip("\\") in _HOLDERS:
        stars, one = stars + "*", holding[2].strip()
    one = one.partition("<")[0]
    if one == "$this":
        return f"{stars}self()"
    return f"{stars}{class_of(one)}()" if _CLASS.fullmatch(one) and one.lower() not in _PLAIN else ""


class Names:
    """Which classes the names of one file mean."""

    def __init__(self, package: str, imports: tuple[Import, ...]) -> None:
        self._package = package
        self._bound = {one.name: one for one in imports}

    def path(self, written: str) -> str:
        """Return a path whose class is told in full."""
        found = _WHOLE.fullmatch(written)
        if found is None:
            return written
        stars, head, name, rest = found.groups()
        package, name = self._full(head[1:], name)
        return f"\\{package}.{stars}{name}{rest}"

    def _full(self, prefix: str, name: str) -> tuple[str, str]:
        if prefix[:1] == "\\":
            return prefix[1:], name
        if not prefix:
            bound = self._bound.get(name)
            return (bound.module, bound.target) if bound else (self._package, name)
        outer, _, inner = prefix.partition("\\")
        bound = self._bound.get(outer)
        if outer == "namespace":
            parts = [self._package, inner]
        else:
            parts = [bound.module, bound.target, inner] if bound else [self._package, outer, inner]
        return "\\".join(part for part in parts if part), name
