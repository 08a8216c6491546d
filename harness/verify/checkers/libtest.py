"""Reads what Rust's test programs print, the stable way: a block for each program. Pure: text in, tests out.

A block says at its beginning how many tests it has, names each, and counts them at its end; one that does not add up,
or does not end, was cut short or written to by somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from bridle.harness.verify.checkers.results import MAX_DETAIL, Case, Ending, UnreadableError, cut

_BEGIN = re.compile(r"^running (\d+) tests?$")
_TEST = re.compile(r"^(?:test )(?P<name>.+?) \.\.\. (?P<how>ok|FAILED|ignored(?:, .*)?|bench: .*)$")
_SECTION = re.compile(r"^---- (?P<name>.+) (?:stdout|stderr) ----$")
_END = re.compile(
    r"^test result: (?P<how>ok|FAILED)\. (?P<passed>\d+) passed; (?P<failed>\d+) failed; (?P<ignored>\d+) ignored; "
    r"(?P<measured>\d+) measured; (?P<out>\d+) filtered out"
)
_PANIC = re.compile(r"panicked at (?:'(?P<old>[^\n]*)', )?(?P<path>[^\s:][^:\n]*\.rs):(?P<line>\d+):\d+:?$")
_SOFT = re.compile(r"^note: test did not panic as expected at (?P<path>\S+\.rs):(?P<line>\d+)")
_DOC = re.compile(r"^(?P<path>\S+\.rs) - .*\(line (?P<line>\d+)\)")


class Block(msgspec.Struct, frozen=True):
    """What one test program said; `n_out` tests were filtered out."""

    cases: tuple[Case, ...]
    n_out: int


class _Open(msgspec.Struct):
    n_tests: int
    order: list[tuple[str, Ending]] = []
    sections: dict[str, list[str]] = {}
    section: str = ""
    in_failures: bool = False


def read_blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks in their order.

    Raises:
        UnreadableError: a block does not end, or does not add up.
    """
    blocks: list[Block] = []
    now: _Open | None = None
    for line in text.splitlines():
        if now is None:
            begun = _BEGIN.match(line)
            now = _Open(int(begun[1]), [], {}) if begun else None
        elif end := _END.match(line):
            blocks.append(_closed(now, end))
            now = None
        else:
            _take(now, line)
    if now is not None:
        raise UnreadableError(f"a test program ended after {len(now.order)} of its {now.n_tests} tests")
    return tuple(blocks)


def _take(now: _Open, line: str) -> None:
    if _BEGIN.match(line) and not now.in_failures:
        raise UnreadableError(f"a test program ended after {len(now.order)} of its {now.n_tests} tests")
    if section := _SECTION.match(line):
        now.section = section["name"]
        now.sections.setdefault(now.section, [])
    elif not now.in_failures and (test := _TEST.match(line)):
        now.order.append((test["name"].removesuffix(" - should panic"), _ending(test["how"])))
    elif line == "failures:":
        now.in_failures, now.section = True, ""
    elif now.section and len(now.sections[now.section]) < 400:
        now.sections[now.section].append(line)


def _ending(how: str) -> Ending:
    if how == "FAILED":
        return "failed"
    return "skipped" if how.startswith(("ignored", "bench")) else "passed"


def _closed(now: _Open, end: re.Match[str]) -> Block:
    counted = {name: int(end[name]) for name in ("passed", "failed", "ignored", "measured")}
    seen = [ending for _, ending in now.order]
    named = (seen.count("passed"), seen.count("failed"), seen.count("skipped"))
    said = (counted["passed"], counted["failed"], counted["ignored"] + counted["measured"])
    if now.n_tests != len(seen) or named != said or (end["how"] == "ok") != (counted["failed"] == 0):
        told = f"{now.n_tests} begun, {len(seen)} named, {sum(said)} counted"
        raise UnreadableError(f"a test program's account does not add up: {told}")
    cases = tuple(_case(name, ending, now.sections.get(name, ())) for name, ending in now.order)
    return Block(cases, int(end["out"]))


def _case(name: str, ending: Ending, lines: Sequence[str]) -> Case:
    if ending != "failed":
        return Case(name, ending)
    path, line, message, error = "", 0, "", ""
    for number, text in enumerate(lines):
        found = _PANIC.search(text) or _SOFT.match(text)
        if found is None:
            continue
        path, line = found["path"], int(found["line"])
        after = [one for one in lines[number + 1 : number + 6] if not one.startswith(("note:", "stack backtrace:"))]
        old = found.groupdict().get("old")
        message = old or "\n".join(after).strip() or text
        error = "panic" if old is not None or "panicked" in text else "no panic"
        message = message if error == "panic" else "the test did not panic, as it should"
        break
    doc = _DOC.match(name)
    if doc is not None:  # a doc test is a program of its own: its lines are not those of the file
        path, line = doc["path"], int(doc["line"])
    detail = cut("\n".join(lines).strip(), MAX_DETAIL)
    first = next((one.strip() for one in lines if one.strip()), "")
    return Case(name, "failed", "", message or first or f"{name} failed", detail, error, path, line, bool(path))
