"""The `[architecture]` of bridle.toml as data, and what is wrong with one that cannot be taken. Pure.

A place is a pattern over paths from the root: a folder stands for all below it, `*` for one part, `**` for any. In
`to`, a name that is no place of the tree is a package from outside.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from typing import Annotated

import msgspec

FILE = "bridle.toml"
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Places = Annotated[tuple[Place, ...], msgspec.Meta(min_length=1, max_length=500)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the table."""


class Forbidden(_Part, frozen=True, rename={"source": "from", "target": "to", "but": "except"}):
    """Files of `source` never import `target`, those in `but` excepted; `because` and `instead` go into the message."""

    source: Places
    target: Places
    but: tuple[Place, ...] = ()
    because: str = ""
    instead: str = ""


class Protected(_Part, frozen=True):
    """Only files of `by` import `what`; files of `what` may import each other."""

    what: Places
    by: tuple[Place, ...] = ()
    because: str = ""
    instead: str = ""


class Rules(_Part, frozen=True):
    """All rules.

    `layers` stand top first: a file imports from its own layer and those below. In each folder of `acyclic`, what
    stands side by side never imports in a circle. `max_lines` bounds files, those matching `long` excepted. `ignore`
    are files that no rule counts for.
    """

    layers: tuple[Place, ...] = ()
    acyclic: tuple[Place, ...] = ()
    forbid: Annotated[tuple[Forbidden, ...], msgspec.Meta(max_length=500)] = ()
    protect: Annotated[tuple[Protected, ...], msgspec.Meta(max_length=500)] = ()
    max_lines: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    long: tuple[Place, ...] = ()
    ignore: tuple[Place, ...] = ()


class BadRules(Exception):
    """The table cannot be taken. `line` is the 1-based line where, 1 if that is not known."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


def read_rules(text: str) -> Rules | None:
    """Return the rules of a bridle.toml, None where it has none. Raises BadRules."""
    try:
        table = tomllib.loads(text).get("architecture")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadRules(f"it is no TOML: {error}", int(found[1]) if found else 1) from None
    if table is None:
        return None
    try:
        rules = msgspec.convert(table, Rules)
    except msgspec.ValidationError as error:
        raise BadRules(_worded(str(error)), _line_of(text, str(error))) from None
    if rules == Rules(ignore=rules.ignore, long=rules.long):
        raise BadRules("it holds no rule: layers, acyclic, forbid, protect or max_lines", _line_of(text, ""))
    return rules


def lies_in(path: str, place: str) -> bool:
    """Tell whether a file lies in a place."""
    place = place.strip("/").removesuffix("/**")
    if not any(sign in place for sign in "*?["):
        return place in ("", ".") or path == place or path.startswith(f"{place}/")
    parts, wanted = path.split("/"), place.split("/")
    return _matches(parts, wanted)


def first_in(path: str, places: tuple[str, ...]) -> str:
    """Return the first place that a file lies in, "" for none."""
    return next((place for place in places if lies_in(path, place)), "")


def _matches(parts: list[str], wanted: list[str]) -> bool:
    """Tell whether a path, or a folder that it lies in, matches a pattern part by part."""
    if not wanted:
        return True
    if wanted[0] == "**":
        return any(_matches(parts[at:], wanted[1:]) for at in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])


def _worded(error: str) -> str:
    what, _, where = error.partition(" - at `$")
    return f"{what} (at architecture{where.rstrip('`')})" if where else what


def _line_of(text: str, error: str) -> int:
    """Return the line of the table that an error speaks of, as near as it can be told."""
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if re.match(r"\s*\[+\s*architecture\b", line)), 0)
    named = re.findall(r"[a-z_]+", error.partition("$.")[2]) + re.findall(r"unknown field `(\w+)`", error)
    for name in reversed(named):
        for number, line in enumerate(lines[start:], start):
            if re.match(rf"\s*(?:\[+\s*architecture\.)?{name}\b", line):
                return number + 1
    return start + 1
