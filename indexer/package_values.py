"""What a path of a language of packages is made of, and what it gives (see `bridle.indexer.languages.paths`)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from bridle.indexer.facts import Symbol

_PART = re.compile(r"(\**)([^()\[\]@]*)((?:\(\)|\[\]|@\d+)*)")
TYPES = frozenset(("class", "interface", "type", "enum"))
_PARTIAL = re.compile(r"\bpartial\b")
_ARITY = re.compile(r"`(\d+)\.(\w+)")
_DEED = re.compile(r"\(\)|\[\]|@\d+")


class Part(NamedTuple):
    """One part of a path: how many containers deep, its name, and what is done with it, in order."""

    stars: int
    name: str
    done: tuple[str, ...]


class Value(NamedTuple):
    """A package, or a definition: a type and its values alike. `depth` counts the containers around a value.

    Of a value from outside the name of its type may be known: `outside`.
    """

    symbol: Symbol | None
    package: str | None
    depth: int
    confidence: float
    outside: str = ""


@lru_cache(maxsize=20_000)
def parts_of(path: str) -> tuple[Part, ...]:
    """Return the parts of a path, at least one; how many arguments a type takes is said behind its name."""
    if "`" in path:
        path = _ARITY.sub(r"\2`\1", path)
    found = (_PART.match(part) for part in path.split("."))
    return tuple(_part(len(one[1]), one[2], _DEED.findall(one[3])) for one in found if one)


def _part(stars: int, name: str, done: list[str]) -> Part:
    """Return a part; an element of a container that it is itself is a container less."""
    while stars and done[1:2] == ["[]"]:
        stars -= 1
        del done[1]
    return Part(stars, name, tuple(done))


def arity(symbol: Symbol) -> int:
    """Return how many parameters the head of a method has."""
    head = symbol.signature
    depth, n_commas, is_empty = 0, 0, True
    for letter in head[max(0, head.find(f"{symbol.name}(")) + len(symbol.name) :]:
        if letter in "(<[{":
            depth += 1
        elif letter in ")>]}":
            depth -= 1
            if depth == 0:
                break
        elif depth:
            is_empty = is_empty and letter.isspace()
            n_commas += letter == "," and depth == 1
    return 0 if is_empty else n_commas + 1


def n_parameters(symbol: Symbol) -> int:
    """Return how many arguments of types a type takes by its head."""
    found = re.search(rf"\b{re.escape(symbol.name)}\s*<([^<>]*)", symbol.signature)
    return found[1].count(",") + 1 if found else 0


def is_partial(symbol: Symbol) -> bool:
    """Whether a type may have parts in several files."""
    return symbol.kind in TYPES and _PARTIAL.search(symbol.signature) is not None
