"""What no rule needs to name: files that are never touched, and files that steer programs and so are asked
about.

The table is `protected.toml`; this is one pure function over it. Names are compared as the most careless file
system would: without case, without invisible characters, without what Windows cuts off.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
import pathspec

from bridle.harness.permission.rules import Effect

BOTH = ("Edit", "Read")
EDIT = ("Edit",)


class Ruling(msgspec.Struct, frozen=True):
    """What is built in about one place: it holds for `tools`."""

    effect: Effect
    name: str
    reason: str
    tools: tuple[str, ...] = BOTH


class _Protection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    effect: Effect
    tools: tuple[str, ...]
    reason: str
    patterns: tuple[str, ...]


@lru_cache(maxsize=4096)
def protection(path: str, tool: str) -> Ruling | None:
    """Return the strictest built-in ruling on a path from the root, None when there is none."""
    name = canonical(path)
    for spec, ruling in _table():  # those that deny come first
        if tool in ruling.tools and spec.match_file(name):
            return ruling
    return None


def prepare() -> None:
    """Make the table now, which takes a twentieth of a second, and not when somebody waits for the first ruling."""
    _table()


def canonical(path: str) -> str:
    """Return the name by which the most careless file system would find `path`."""
    return "/".join(_canonical_part(part) for part in path.split("/"))


def _canonical_part(part: str) -> str:
    seen = "".join(c for c in unicodedata.normalize("NFKC", part) if unicodedata.category(c) not in ("Cf", "Cc"))
    return seen.partition(":")[0].rstrip(" .").casefold() or part


@cache
def _table() -> tuple[tuple[pathspec.GitIgnoreSpec, Ruling], ...]:
    data = (files("bridle.harness.permission") / "protected.toml").read_bytes()
    rows = msgspec.toml.decode(data, type=dict[str, tuple[_Protection, ...]])["protection"]
    return tuple(
        (pathspec.GitIgnoreSpec.from_lines(row.patterns), Ruling(row.effect, row.name, row.reason, row.tools))
        for row in rows
    )
