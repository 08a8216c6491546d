"""The checks of ecosystems whose test runners report in a format that many speak: data, in `presets.toml`.

A preset is a command, the files that say that a folder is for it, and how its report is had.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from bridle.harness.verify.checks import Check, Format, Reading, Stage, is_below, named
from bridle.harness.verify.survey import MAX_PACKAGES, Survey

FILE = Path(__file__).with_name("presets.toml")


class Lack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of a run that could not begin, and what to do."""

    sign: str
    step: str


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one of the package's `files` must hold; asked only where one of them holds `any`, "" for always."""

    files: str
    pattern: str
    problem: str
    step: str
    any: str = ""


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One test runner; the file says what each part means."""

    tool: str
    manifests: tuple[str, ...]
    programs: tuple[str, ...]
    arguments: tuple[str, ...]
    report: str
    install: str
    files: tuple[str, ...] = ()
    holds: str = ""
    beside: str = ""
    stage: Stage = "tests"
    exits: tuple[int, ...] = (0, 1)
    requires: Requirement | None = None
    lacks: tuple[Lack, ...] = ()


class _Presets(msgspec.Struct, frozen=True):
    preset: tuple[Preset, ...]


DATA = frozenset(("fixture", "fixtures", "__fixtures__", "testdata", "cases"))
"""Folders in which a manifest is the data of tests, and nobody's package."""


@cache
def presets() -> tuple[Preset, ...]:
    """Return all of them, in the order of the file."""
    return msgspec.toml.decode(FILE.read_bytes(), type=_Presets).preset


def find(survey: Survey) -> Iterator[Check]:
    """Yield the checks of every package that a preset is for, in no order that matters."""
    by_name: dict[str, list[str]] = {}
    for path in survey.files:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    for preset in presets():
        for package in _packages(survey, preset, by_name):
            yield _check(survey, preset, package)


def reading_of(preset: Preset) -> Reading:
    """Return how a preset's report is read."""
    format_, _, path = preset.report.partition(":")
    lacks = tuple((lack.sign, lack.step) for lack in preset.lacks)
    return Reading(msgspec.convert(format_, Format), path, exits=preset.exits, files=preset.files, lacks=lacks)


def _packages(survey: Survey, preset: Preset, by_name: Mapping[str, Sequence[str]]) -> Sequence[str]:
    names = [one for one in preset.manifests if one in by_name]
    if endings := tuple(one[1:] for one in preset.manifests if one.startswith("*.")):
        names += [name for name in by_name if name.endswith(endings)]
    manifests = [path for name in names for path in by_name[name] if _holds(survey, preset, path)]
    folders = sorted({path.rpartition("/")[0] for path in manifests if not DATA.intersection(path.split("/")[:-1])})
    if preset.beside:
        folders = [one for one in folders if any(_is_beside(survey, preset, one, path) for path in survey.files)]
    return [one for one in folders if not any(one != other and is_below(one, other) for other in folders)][
        :MAX_PACKAGES
    ]


def _holds(survey: Survey, preset: Preset, path: str) -> bool:
    return not preset.holds or survey.holds(path, preset.holds)


def _is_beside(survey: Survey, preset: Preset, folder: str, path: str) -> bool:
    inner = path.removeprefix(f"{folder}/") if folder else path
    return is_below(path, folder) and fnmatch.fnmatchcase(inner, preset.beside)


def _check(survey: Survey, preset: Preset, package: str) -> Check:
    name = named(preset.tool, package)
    program = next(filter(None, (_program(survey, package, words) for words in preset.programs)), None)
    if program is None:
        missing = f"{preset.programs[-1].split()[-1]!r} is neither in the project nor on PATH"
        return Check(name, preset.tool, preset.stage, (), package, "", missing, preset.install)
    problem = _unmet(survey, preset.requires, package)
    if problem is not None:
        return Check(name, preset.tool, preset.stage, (), package, "", problem.problem, problem.step)
    command = (*program, *preset.arguments)
    return Check(name, preset.tool, preset.stage, command, package, reading=reading_of(preset))


def _program(survey: Survey, package: str, words: str) -> tuple[str, ...] | None:
    """Return how a program is started, None where it is not there; one of the project's own is named by a path."""
    first, *rest = words.split()
    if "/" not in first:
        found = shutil.which(first)
        return (found, *rest) if found else None
    return (f"./{first.removeprefix('./')}", *rest) if os.access(survey.root / package / first, os.X_OK) else None


def _unmet(survey: Survey, wanted: Requirement | None, package: str) -> Requirement | None:
    """Return the requirement where it is not met; files that are not there ask for nothing."""
    if wanted is None:
        return None
    paths = [path for path in survey.below(package) if fnmatch.fnmatchcase(path.rpartition("/")[2], wanted.files)]
    texts = [survey.text(path) for path in paths]
    if not texts or (wanted.any and not any(re.search(wanted.any, text) for text in texts)):
        return None
    return None if any(re.search(wanted.pattern, text, re.MULTILINE) for text in texts) else wanted
