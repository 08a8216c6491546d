"""Reads TAP, versions 13 and 14: points, plans, subtests, what stands in their blocks. Pure: text in, tests out.

A plan that is missing or says another number than there are points is a run that was cut short, and proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from bridle.harness.verify.checkers.results import (
    MAX_DETAIL,
    MAX_MESSAGE,
    Case,
    Ending,
    Results,
    UnreadableError,
    cut,
)

MAX_DEPTH = 50
MAX_CASES = 500_000

_PLAN = re.compile(r"1\.\.(\d{1,9})(?:\s*#\s*(?P<why>.*))?$")
_POINT = re.compile(r"(?P<not>not )?ok\b(?:\s+(?P<n>\d{1,9}))?(?:\s+-)?\s*(?P<text>.*)$")
_DIRECTIVE = re.compile(r"(?<!\\)#\s*(?P<word>TODO|SKIP)\w*\b\s*(?P<why>.*)$", re.IGNORECASE)
_BAIL = re.compile(r"Bail out!\s*(?P<why>.*)$")
_KEY = re.compile(r"\s*(?P<key>[A-Za-z_]\w*):\s*(?P<value>.*)$")
_LOCATION = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?$")


class _Point(msgspec.Struct):
    """A point while its block and its place among others are not known yet."""

    name: str
    ending: Ending
    parent: bool
    block: list[str] = []


class _Level(msgspec.Struct):
    """The points of one indentation; `planned` is None until the plan is seen."""

    group: str = ""
    planned: int | None = None
    n_points: int = 0
    n_leaves: int = 0
    n_failed: int = 0
    why: str = ""


def read_tap(data: bytes) -> Results:
    """Return the tests of one report, those of subtests in place of the point that sums them up.

    Raises:
        UnreadableError: it has no plan, or not as many points as planned.
    """
    reader = _Reader()
    for line in data.decode("utf-8", "replace").splitlines():
        if reader.line(line):
            break
    return reader.results()


class _Reader:
    def __init__(self) -> None:
        self._levels = [_Level()]
        self._points: list[_Point] = []
        self._groups: list[str] = []
        self._block_indent = -1
        self._in_block = False
        self._bail = ""
        self._named: dict[int, str] = {}

    def line(self, line: str) -> bool:
        """Take one line; True when nothing after it counts."""
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        if self._in_block:
            self._in_block = not (text.rstrip() == "..." and indent <= self._block_indent)
            if self._in_block and len(self._points[-1].block) < 400:
                self._points[-1].block.append(line[self._block_indent :][:500])
            return False
        text = text.rstrip()
        if text == "---" and self._points and indent > 0:
            self._in_block, self._block_indent = True, indent
            return False
        if bail := _BAIL.match(text):
            self._bail = f"it bailed out: {bail['why'][:200]}" if bail["why"] else "it bailed out"
            return True
        depth = indent // 4
        if text.startswith("# Subtest"):
            self._named[depth] = text.partition(":")[2].strip()
        elif plan := _PLAN.match(text):
            self._plan(self._level(depth), int(plan[1]), plan["why"] or "")
        elif point := _POINT.match(text):
            self._point(depth, point)
        return False

    def results(self) -> Results:
        while len(self._levels) > 1:
            self._close()
        top = self._levels[0]
        if not self._bail:
            _check(top)
        cases = [_case(point, group) for point, group in zip(self._points, self._groups, strict=True)]
        told = (top.why,) if top.why and not cases else ()
        return Results(tuple(case for case in cases if case is not None), self._bail, told)

    def _level(self, depth: int) -> _Level:
        if depth > MAX_DEPTH:
            raise UnreadableError("the report is nested too deep")
        while len(self._levels) > depth + 1:
            self._close()
        while len(self._levels) <= depth:
            above = len(self._levels) - 1
            self._levels.append(_Level(self._named.get(above) or self._named.get(above + 1, "")))
        return self._levels[-1]

    def _close(self) -> None:
        inner = self._levels.pop()
        if not self._bail:
            _check(inner)
        self._levels[-1].n_leaves += inner.n_points
        self._levels[-1].n_failed += inner.n_failed

    def _plan(self, level: _Level, planned: int, why: str) -> None:
        if level.planned is not None:
            raise UnreadableError("the report has two plans")
        level.planned, level.why = planned, why

    def _point(self, depth: int, found: re.Match[str]) -> None:
        level = self._level(depth)
        number = int(found["n"]) if found["n"] else level.n_points + 1
        level.n_points += 1
        if number != level.n_points and level.planned is not None and number > level.planned:
            raise UnreadableError(f"the report has a test {number} of {level.planned}")
        if len(self._points) >= MAX_CASES:
            raise UnreadableError(f"the report names more than {MAX_CASES} tests")
        name, ending = _told(found)
        sums_up = level.n_leaves > 0 and (ending != "failed" or level.n_failed > 0)
        level.n_failed += ending == "failed"
        level.n_leaves = 0
        self._points.append(_Point(name, ending, sums_up, []))
        self._groups.append(" > ".join(one.group for one in self._levels[1:] if one.group))


def _check(level: _Level) -> None:
    if level.planned is None:
        raise UnreadableError("the report has no plan" if level.n_points else "there is no report")
    if level.planned != level.n_points:
        raise UnreadableError(f"the report plans {level.planned} tests and has {level.n_points}")


def _told(found: re.Match[str]) -> tuple[str, Ending]:
    directive = _DIRECTIVE.search(found["text"])
    name = found["text"][: directive.start()] if directive else found["text"]
    if directive is not None:
        return name.strip(), "skipped"
    return name.strip(), "failed" if found["not"] else "passed"


def _case(point: _Point, group: str) -> Case | None:
    if point.parent:
        return None
    if point.ending != "failed":
        return Case(point.name, point.ending, group)
    fields = _fields(point.block)
    path, line = fields.get("file", ""), fields.get("line", "")
    at = _LOCATION.match(fields.get("location", "") or fields.get("at", ""))
    if at is not None:
        path, line = at["path"], at["line"]
    message = next((fields[key] for key in ("message", "error", "failureType") if fields.get(key)), "")
    return Case(
        name=point.name,
        ending="failed",
        group=group,
        message=cut(message or point.name, MAX_MESSAGE),
        detail=cut("\n".join(point.block), MAX_DETAIL),
        error=fields.get("code", "") or fields.get("severity", ""),
        path=path,
        line=int(line) if re.fullmatch(r"\d{1,7}", line) else 0,
        exact=line.isdecimal(),
    )


def _fields(block: Sequence[str]) -> dict[str, str]:
    """Return the first value of each key of a block; a folded one is the lines that are indented below it."""
    fields: dict[str, str] = {}
    for number, line in enumerate(block):
        found = _KEY.match(line)
        if found is None or fields.get(found["key"]):
            continue
        value = found["value"].strip()
        if value[:1] in ("|", ">"):
            indent = len(line) - len(line.lstrip(" "))
            below: list[str] = []
            for inner in block[number + 1 :]:
                if inner.strip() and len(inner) - len(inner.lstrip(" ")) <= indent:
                    break
                below.append(inner.strip())
            value = "\n".join(below).strip()
        fields[found["key"]] = value.strip("'\"")
    return fields
