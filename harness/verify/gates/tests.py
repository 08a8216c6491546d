"""Objections to what a patch does to the tests: those that were there must stay, and must claim as much. Pure.

Adding tests is fine, and so is saying the same in other words, in another file or under another name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.claims import Claim, uncovered
from bridle.harness.verify.gates.source import Change
from bridle.harness.verify.gates.suites import Case, Suite, read_suite

GATE = "tests"
RESTORE = "leave the tests as they were and change the code that they test; a person may decide otherwise"
SNAPSHOTS = (".snap", ".ambr", ".golden", ".approved")


def judge_tests(changes: Sequence[Change]) -> Iterator[Flag]:
    """Yield the objections to the test side of a patch."""
    sides = [change for change in changes if change.is_test_side]
    suites = {change.path: (read_suite(change.before.tree), read_suite(change.after.tree)) for change in sides}
    added = _added(sides, suites)
    for change in sides:
        yield from _judge_file(change, *suites[change.path], added)
    for change in changes:
        rewritten = change.before.exists and change.before.text != change.after.text
        if rewritten and (change.name.endswith(SNAPSHOTS) or "/__snapshots__/" in f"/{change.path}"):
            yield change.flag(GATE, 0, "a snapshot that tests compare with was rewritten", RESTORE)


def _added(changes: Sequence[Change], suites: Mapping[str, tuple[Suite, Suite]]) -> list[Case]:
    """Return the collected tests that were not there before, from which removed ones may be told moved."""
    found: list[Case] = []
    for change in changes:
        before, after = suites[change.path]
        if change.is_collected:
            found += [case for name, case in after.tests.items() if name not in before.tests]
    return found


def _judge_file(change: Change, before: Suite, after: Suite, added: list[Case]) -> Iterator[Flag]:
    if change.after.exists and change.after.tree is None and change.before.text != change.after.text:
        yield change.flag(GATE, 0, "the tests cannot be compared: the file is no Python any more", "mend its syntax")
        return
    for name, case in before.tests.items():
        now = after.tests.get(name)
        if now is None:
            yield from _judge_removed(change, case, after, added)
        else:
            yield from _judge_kept(change, case, now)
    for name, case in before.helpers.items():
        if name in after.helpers or name in after.defined:
            now = after.helpers.get(name)
            yield from _weakened(change, case, now.claims if now else (), after.defined.get(name, case.line))
    yield from _judge_module(change, before, after)


def _judge_removed(change: Change, case: Case, after: Suite, added: list[Case]) -> Iterator[Flag]:
    """A test that is gone must be found again: a collected one that claims as much, or does the same."""
    for other in added:
        same = other.body == case.body if not case.claims else not uncovered(case.claims, other.claims)
        left_out = Counter(other.left_out) - Counter(case.left_out)
        if same and not left_out and _row_count(other) >= _row_count(case):
            added.remove(other)
            return
    line = after.defined.get(case.name.partition("::")[0], 0)
    yield change.flag(GATE, line, f"the test {case.name!r} is gone, or not collected any more", RESTORE)


def _judge_kept(change: Change, case: Case, now: Case) -> Iterator[Flag]:
    new_marks = Counter(now.left_out) - Counter(case.left_out)
    for mark in new_marks:
        yield change.flag(GATE, now.line, f"the test {case.name!r} is left out or may fail now: {mark}", RESTORE)
    if case.rows != now.rows and (now.rows is None or Counter(case.rows or ()) - Counter(now.rows)):
        yield change.flag(GATE, now.line, f"the test {case.name!r} lost or changed parameters", RESTORE)
    names = frozenset(name for claim in case.claims for name in claim.names)
    replaced = (now.patched - case.patched) & names
    if replaced:
        what = ", ".join(sorted(replaced))
        yield change.flag(GATE, now.line, f"the test {case.name!r} replaces what it tests: {what}", RESTORE)
    if "Call(" in case.body and "Call(" not in now.body:
        yield change.flag(GATE, now.line, f"the test {case.name!r} does nothing any more", RESTORE)
    yield from _weakened(change, case, now.claims, now.line)


def _weakened(change: Change, case: Case, claims: Sequence[Claim], line: int) -> Iterator[Flag]:
    missing = uncovered(case.claims, claims)
    if not missing:
        return
    fresh = [claim for claim in claims if claim.whole not in {one.whole for one in case.claims}]
    lost = missing[0].text
    guarded = [claim for claim in claims if claim.whole == missing[0].whole and claim.guards > missing[0].guards]
    if guarded:
        reason = f"{case.name!r} holds only under a condition now that `{lost}`"
        yield change.flag(GATE, guarded[0].line, reason, RESTORE)
    elif fresh:
        reason = f"{case.name!r} expects something else: `{lost}` became `{fresh[0].text}`"
        yield change.flag(GATE, fresh[0].line, reason, RESTORE)
    else:
        yield change.flag(GATE, line, f"{case.name!r} does not hold any more that `{lost}`", RESTORE)


def _judge_module(change: Change, before: Suite, after: Suite) -> Iterator[Flag]:
    for mark in Counter(after.left_out) - Counter(before.left_out):
        if before.tests:
            yield change.flag(GATE, change.after.line_of(mark), f"all tests of the file are left out: {mark}", RESTORE)
    missing = uncovered(before.claims, after.claims)
    if missing and change.after.exists:
        reason = f"the file does not hold any more that `{missing[0].text}`"
        yield change.flag(GATE, 0, reason, RESTORE)
    for name in sorted(before.imported & after.defined.keys() - after.imported - before.defined.keys()):
        reason = f"{name!r} was imported to be tested, and is now defined in the test itself"
        yield change.flag(GATE, after.defined[name], reason, "test the real one")


def _row_count(case: Case) -> int:
    return len(case.rows) if case.rows is not None else 0
