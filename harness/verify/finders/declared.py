"""The checks that a person declares, for a project in its `bridle.toml` or for all of theirs in their own file.

A declaration is a command and how its report is read. It never takes the place of a check that is found: a project that
could call something "pytest" could say what it likes of its tests.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, get_args

import msgspec
import pathspec

from bridle.harness.nouns import UserProblem
from bridle.harness.verify.checks import Check, Format, Reading, Stage
from bridle.harness.verify.finders.presets import presets
from bridle.harness.verify.interpreter import find_interpreter
from bridle.harness.verify.survey import Survey

MAX_CHECKS = 100
MAX_PATTERN = 1_000
NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,39}$"
GROUPS = frozenset(("file", "line", "column", "end_line", "end_column", "severity", "code", "message", "n"))
PLACES = ("{report}", "{reports}", "{files}")

_Words = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1)], ...], msgspec.Meta(min_length=1, max_length=200)]
_Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PATTERN)]
_Code = Annotated[int, msgspec.Meta(ge=0, le=255)]

Where = Callable[[int, str], str]
"""File and line of a key of one declaration, by the number of the declaration."""


class CheckEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[check]]`."""

    name: Annotated[str, msgspec.Meta(pattern=NAME)]
    command: _Words
    report: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    stage: Stage = "style"
    folder: str = ""
    matcher: _Pattern | tuple[_Pattern, ...] = ()
    counts: Annotated[str, msgspec.Meta(max_length=MAX_PATTERN)] = ""
    exit: tuple[_Code, ...] = (0, 1)
    files: tuple[_Pattern, ...] = ()


CheckEntries = Annotated[tuple[CheckEntry, ...], msgspec.Meta(max_length=MAX_CHECKS)]


def declared_checks(entries: Sequence[CheckEntry], known: Sequence[str], where: Where) -> tuple[Check, ...]:
    """Return the checks that these declare. `known` are the tools that have a checker.

    Raises:
        UserProblem: one of them cannot be; it names the line and what to do.
    """
    taken = {*known, *(preset.tool for preset in presets())}
    checks: list[Check] = []
    for number, entry in enumerate(entries):
        key, problem, step = _wrong(entry, taken)
        if problem:
            raise UserProblem(f"{where(number, key)}: check {entry.name!r}: {problem}", step)
        taken.add(entry.name)
        patterns = (entry.matcher,) if isinstance(entry.matcher, str) else entry.matcher
        format_, path = _report(entry.report)
        reading = Reading(format_, path, patterns, entry.counts, entry.exit, entry.files)
        folder = entry.folder.strip("/").removeprefix("./").replace("//", "/")
        package = "" if folder == "." else folder
        checks.append(Check(entry.name, entry.name, entry.stage, entry.command, package, reading=reading))
    return tuple(checks)


def find(survey: Survey, declared: Sequence[Check]) -> Iterator[Check]:
    """Yield the declared checks as they are run here: with the project's own program, where it has one of that name."""
    for check in declared:
        if check.everywhere and not _concerns(check, survey):
            continue
        program = _program(survey, check)
        folder = survey.root / check.package
        if not folder.is_dir():
            missing = f"its folder {check.package!r} is not there"
            yield msgspec.structs.replace(check, problem=missing, next_step="correct `folder` of the check")
        elif program is None:
            missing = f"{check.command[0]!r} is neither in the project nor on PATH"
            yield msgspec.structs.replace(
                check, problem=missing, next_step="install it, or correct `command` of the check"
            )
        else:
            yield msgspec.structs.replace(check, command=(program, *check.command[1:]))


def _concerns(check: Check, survey: Survey) -> bool:
    """Tell whether a check that a person declared for all their projects has anything to look at in this one."""
    files = check.reading.files if check.reading else ()
    if not files:
        return (survey.root / check.package).is_dir()
    spec = pathspec.GitIgnoreSpec.from_lines(files)
    return next(iter(spec.match_files(survey.below(check.package))), None) is not None


def _program(survey: Survey, check: Check) -> str | None:
    name = check.command[0]
    if "/" in name:
        return name if name.startswith("/") or (survey.root / check.package / name).exists() else None
    beside = find_interpreter(survey.root, survey.python, check.package).beside(name)
    if beside is not None:
        return beside
    folder = PurePosixPath(check.package)
    for above in (folder, *folder.parents):
        place: Path = survey.root / above / "node_modules" / ".bin" / name
        if place.exists():
            return str(place)
    return shutil.which(name)


def _wrong(entry: CheckEntry, taken: set[str]) -> tuple[str, str, str]:
    """Return the key that is wrong, why and what to do; "" three times where all is well."""
    if entry.name in taken:
        return "name", "this name is taken", "give it a name of its own"
    folder = PurePosixPath(entry.folder)
    if folder.is_absolute() or ".." in folder.parts:
        return "folder", f"{entry.folder!r} is not a folder of the project", "name one below its root"
    wrong = _wrong_report(entry)
    if wrong[1]:
        return wrong
    patterns = (entry.matcher,) if isinstance(entry.matcher, str) else entry.matcher
    for key, pattern in (*(("matcher", one) for one in patterns), ("counts", entry.counts)):
        try:
            groups = re.compile(pattern).groupindex.keys()
        except (re.error, OverflowError, RecursionError) as error:
            return key, f"{pattern!r} is no regular expression: {error}", "mend the pattern"
        if unknown := sorted(groups - GROUPS):
            return key, f"there is no group {unknown[0]!r}", f"the groups are {', '.join(sorted(GROUPS))}"
    return "", "", ""


def _wrong_report(entry: CheckEntry) -> tuple[str, str, str]:
    format_, _, path = entry.report.partition(":")
    if format_ not in get_args(Format):
        return "report", f"there is no format {format_!r}", f"the formats are {', '.join(get_args(Format))}"
    told = any(place in word for word in entry.command for place in PLACES[:2])
    if format_ == "lines" and not entry.matcher:
        return (
            "report",
            "lines need a `matcher`",
            "write the pattern of one complaint, with (?P<file>…) and (?P<line>…)",
        )
    if format_ == "lines" and (path or told):
        return "report", "lines are read from what the command prints", 'write report = "lines"'
    if format_ != "lines" and entry.matcher:
        return "matcher", f"{format_} needs no `matcher`", 'take it away, or write report = "lines"'
    if path.startswith("/") or ".." in PurePosixPath(path).parts:
        return (
            "report",
            f"{path!r} is not below the check's folder",
            "name a path below it, or use {report} in the command",
        )
    if format_ == "junit" and not path and not told:
        return "report", "nothing says where the report is", 'write "junit:PATH", or use {report} in the command'
    if path and path != "-" and told:
        return "report", "the report is in two places", "take PATH away, or {report} from the command"
    return "", "", ""


def _report(report: str) -> tuple[Format, str]:
    format_, _, path = report.partition(":")
    return msgspec.convert(format_, Format), "" if path == "-" else path.removeprefix("./")
