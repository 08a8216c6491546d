"""Where the paths of a command lead, and what git would run here: the only part of a decision that looks at the disk.

It finds, and fills in; what follows from it is decided by `decide`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from bridle.harness.permission.command import ANYWHERE, Hazard, Part, Place, Reading
from bridle.harness.permission.paths import locate
from bridle.harness.permission.programs import name_of
from bridle.harness.permission.protected import protection
from bridle.harness.permission.repository import helpers
from bridle.harness.permission.rules import Policy, Rule, matches

MAX_FOUND = 200
MAX_ENTRIES = 20_000
FILE_COST = 4
"""A file whose path is judged costs as much as so many names that are only compared."""


def look(policy: Policy, reading: Reading) -> Reading:
    """Return the same with every path located, patterns expanded, and what git would run told."""
    runs = helpers(policy.root) if any(_is_git(part) for part in reading.parts) else ()
    budget = _Budget()
    parts = tuple(_looked(policy, part, runs, budget) for part in reading.parts)
    return msgspec.structs.replace(reading, parts=parts)


def _looked(policy: Policy, part: Part, runs: tuple[str, ...], budget: _Budget) -> Part:
    hazards = list(part.hazards)
    places: list[Place] = []
    for place in part.places:
        found: list[str] = []
        try:
            found = _expanded(policy.root, place.path, budget) if place.pattern else []
        except _TooMuchError:
            hazards.append(Hazard(ANYWHERE, f"{place.path!r} stands for more files than can be looked at"))
        if place.pattern and _finds_hidden(place.path):
            hazards.append(Hazard(place.at, f"{place.path!r} finds hidden files"))
        if any(name.startswith("-") for name in found):
            hazards.append(Hazard(place.at, f"{place.path!r} finds a file whose name is an option"))
        hazards += _forbidden_below(policy, place, budget) if place.below else ()
        places += [
            msgspec.structs.replace(place, path=path, target=locate(policy.root, path, policy.private))
            for path in (place.path, *found[:MAX_FOUND])
        ]
    if runs and _is_git(part):
        told = ", ".join(runs[:3])
        hazards.append(Hazard(ANYWHERE, f"the repository's own configuration lets git run programs ({told})"))
    if part.enters is not None:
        hazards += _entered(policy, part.enters)
    return msgspec.structs.replace(part, hazards=tuple(hazards), places=tuple(places))


def _entered(policy: Policy, folder: str) -> Iterator[Hazard]:
    if locate(policy.root, folder, policy.private).path != ".":
        yield Hazard(1, f"from {folder!r} on, every path means something else")


class _Budget:
    """How many entries of folders may still be looked at."""

    def __init__(self) -> None:
        self.entries = MAX_ENTRIES

    def names(self, folder: Path, pattern: str) -> list[str]:
        """Return what a shell finds in one folder. Raises _TooMuch."""
        found: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self.entries -= 1
                    if self.entries < 0 or len(found) > MAX_FOUND:
                        raise _TooMuchError
                    if entry.name.startswith(".") and not pattern.startswith("."):
                        continue
                    if fnmatchcase(entry.name, pattern):
                        found.append(entry.name)
        except OSError:
            return []
        return sorted(found)


class _TooMuchError(Exception):
    """A pattern finds more than is looked at."""


def _expanded(root: Path, pattern: str, budget: _Budget) -> list[str]:
    """Return what a shell would put in the place of a pattern, as far as it lies in the workspace."""
    if pattern.startswith(("/", "~", "$")) or ".." in pattern.split("/"):
        return []
    found = [""]
    for part in pattern.split("/"):
        if not any(character in part for character in "*?["):
            found = [f"{path}{part}/" for path in found]
            continue
        if len(found) > MAX_FOUND:
            raise _TooMuchError
        found = [f"{path}{name}/" for path in found for name in budget.names(root / path, part)]
    return [path.removesuffix("/") for path in found]


def _forbidden_below(policy: Policy, place: Place, budget: _Budget) -> Iterator[Hazard]:
    """Tell of a file below a folder that may not be read, when the whole of the folder is."""
    root = Path(os.path.realpath(policy.root))
    top = Path(os.path.realpath(root / place.path))
    denied = [rule.rule for rule in policy.rules if rule.effect == "deny" and rule.rule.tool == "Read"]
    for folder, folders, names in os.walk(top if top.is_relative_to(root) else root / "none"):
        folders[:] = [name for name in folders if name != ".git"]
        budget.entries -= len(names) * FILE_COST
        if budget.entries < 0:
            yield Hazard(place.at, f"below {place.path!r} lies more than can be looked at")
            return
        for name in names:
            path = (Path(folder) / name).relative_to(root).as_posix()
            if any(fnmatchcase(name, pattern) for pattern in place.below) and _is_forbidden(denied, path):
                yield Hazard(place.at, f"below {place.path!r} lies {path!r}, which may not be read")
                return


def _is_forbidden(denied: list[Rule], path: str) -> bool:
    ruling = protection(path, "Read")
    return (ruling is not None and ruling.effect == "deny") or any(matches(rule, path, fold=True) for rule in denied)


def _finds_hidden(pattern: str) -> bool:
    return any(
        part.startswith(".") and part.rstrip(".") and any(c in part for c in "*?[") for part in pattern.split("/")
    )


def _is_git(part: Part) -> bool:
    return any(name_of(argv[0]) == "git" for argv in part.suspects)
