"""Objections to what a patch does to the tests: those that were there must stay, and must claim as much. Pure.

Adding tests is fine, and so is saying the same in other words, in another file or under another name. What is told and
does not block: tests that expect something else, as exactly as before, where the patch changes code as well or where
they were written anew; tests that go with the code they tested; conditions on versions and systems. Whether such a
change is meant is what the tests as they were say of the new code, and they are run on it (`as_before.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.claims import Claim, as_strong, is_refitted, still_holds_much, uncovered
from bridle.harness.verify.gates.reading import READERS, suites_of
from bridle.harness.verify.gates.source import Change, Patch
from bridle.harness.verify.gates.suites import Case, Suite

GATE = "tests"
RESTORE = "leave the tests as they were and change the code that they test; a person may decide otherwise"
LOOK = "see whether the change is meant: the tests as they were are run on the new code, and say what they find"
SNAPSHOTS = (".snap", ".ambr", ".golden", ".approved", ".snapshot")
USUAL = re.compile(
    r"skip[_-]?(?:[Ii]f|[Uu]nless)\b.*(?:version|platform|os\.name|\b(?:is|IS)_\w+\d|win32|windows|WIN|linux|darwin|pypy|"
    r"\bPY[23]|is None)|\bimportorskip\b"
)
"""Conditions on versions, systems and what is installed: the tests as they were are run without them."""

SHARED_WORDS = 0.5
"""How much of the words of a test that is gone another must have to be taken for what became of it."""


def judge_tests(patch: Patch) -> Iterator[Flag]:
    """Yield the objections to the test side of a patch."""
    sides = [change for change in patch.changes if _has_tests(change)]
    suites: dict[str, tuple[Suite, Suite]] = {}
    for change in sides:
        read = suites_of(change)
        if read is None:
            yield change.flag(
                GATE, 0, "the tests cannot be compared: the file cannot be read any more", "mend its syntax"
            )
        else:
            suites[change.path] = read
    added = _added(sides, suites)
    as_much, hidden = _claims_as_much(sides, suites), _uncollected(patch.changes)
    for change in sides:
        if change.path in suites:
            yield from _Judge(patch, change, added, hidden, as_much=as_much).file(*suites[change.path])
    for change in patch.changes:
        rewritten = change.before.exists and change.before.text != change.after.text
        if rewritten and (change.name.endswith(SNAPSHOTS) or "/__snapshots__/" in f"/{change.path}"):
            yield change.flag(GATE, 0, "a snapshot that tests compare with was rewritten", RESTORE)


def _has_tests(change: Change) -> bool:
    if change.is_same:
        return False
    return (change.is_test_side and (change.is_python or change.language in READERS)) or change.language == "rust"


def _added(changes: Sequence[Change], suites: Mapping[str, tuple[Suite, Suite]]) -> list[Case]:
    """Return the collected tests that were not there before, from which removed ones may be told moved."""
    found: list[Case] = []
    for change in changes:
        if change.is_collected and change.path in suites:
            before, after = suites[change.path]
            found += [case for name, case in after.tests.items() if name not in before.tests]
    return found


def _uncollected(changes: Sequence[Change]) -> frozenset[str]:
    """Return the bodies of the functions that claim something in files in which nobody looks for tests."""
    found: set[str] = set()
    for change in changes:
        if change.is_same or change.is_collected or not (change.is_python or change.language in READERS):
            continue
        read = suites_of(change)
        if read is not None:
            found |= {case.body for case in (*read[1].tests.values(), *read[1].helpers.values()) if case.claims}
    return frozenset(found)


def _claims_as_much(changes: Sequence[Change], suites: Mapping[str, tuple[Suite, Suite]]) -> bool:
    """Tell whether the tests of the patch are as many as before, and exclude as much all in all."""
    sizes: list[tuple[int, int]] = []
    for side in (0, 1):
        known = [suites[one.path][side] for one in changes if one.path in suites and one.is_collected]
        cases = [case for suite in known for case in suite.tests.values() if not case.left_out]
        n_rows = sum(max(1, _row_count(case)) for case in cases)
        sizes.append((n_rows, sum(claim.rank for case in cases for claim in case.claims if not claim.guards)))
    return sizes[1][0] >= sizes[0][0] and sizes[1][1] >= sizes[0][1]


class _Judge:
    """Judges one file of tests as part of its patch.

    `added` are the tests that moved ones may be found among, `hidden` the bodies of functions that nobody collects;
    `as_much` says that all tests together claim as much.
    """

    def __init__(
        self, patch: Patch, change: Change, added: list[Case], hidden: frozenset[str], *, as_much: bool
    ) -> None:
        self._patch = patch
        self._change = change
        self._added = added
        self._hidden = hidden
        self._as_much = as_much

    def file(self, before: Suite, after: Suite) -> Iterator[Flag]:
        for name, case in before.tests.items():
            now = after.tests.get(name)
            if now is None:
                yield from self._removed(case, after)
            else:
                yield from self._kept(case, now)
        for name, case in before.helpers.items():
            if name in after.helpers or name in after.defined:
                now = after.helpers.get(name)
                yield from self._weakened(case, now.claims if now else (), after.defined.get(name, case.line))
        yield from self._module(before, after)

    def _flag(self, line: int, reason: str, *, blocks: bool = True) -> Flag:
        return self._change.flag(GATE, line, reason, RESTORE if blocks else LOOK, blocks=blocks)

    def _removed(self, case: Case, after: Suite) -> Iterator[Flag]:
        """A test that is gone must be found again: a collected one that claims as much, or does the same."""
        for other in self._added:
            same = other.body == case.body if not case.claims else not uncovered(case.claims, other.claims)
            if same and not _left_out_more(case, other) and _row_count(other) >= _row_count(case):
                self._added.remove(other)
                return
        if case.claims and any(
            other.body == case.body and not _left_out_more(case, other) for other in after.tests.values()
        ):
            return  # it stood there twice
        line = after.defined.get(case.name.partition("::")[0], 0)
        heir = self._heir(case)
        if heir is not None:
            self._added.remove(heir)
            reason = f"the test {case.name!r} is gone; {heir.name!r} seems to stand for it, and expects something else"
            yield self._flag(line, reason, blocks=False)
            return
        gone = sorted(case.names & self._patch.vanished)
        if self._is_hidden(case, after):
            yield self._flag(line, f"the test {case.name!r} is not collected any more")
        elif gone or self._patch.takes_away:
            what = f"{gone[0]!r}, which the code does not have any more" if gone else "a part of the code"
            yield self._flag(line, f"the test {case.name!r} is gone with {what}", blocks=False)
        elif (self._as_much and self._added) or self._patch.moves_code:
            yield self._flag(line, f"the test {case.name!r} is gone while code or other tests changed", blocks=False)
        else:
            yield self._flag(line, f"the test {case.name!r} is gone, or not collected any more")

    def _is_hidden(self, case: Case, after: Suite) -> bool:
        """Tell whether a test that is gone still stands there, where nobody collects it."""
        if case.body in self._hidden:
            return True
        same_name = case.name.rpartition("::")[2]
        return any(name == same_name or name.endswith(same_name) for name in after.defined) or any(
            helper.claims == case.claims or helper.body == case.body for helper in after.helpers.values()
        )

    def _heir(self, case: Case) -> Case | None:
        """Return the new test that a changed one became, where the patch changes code as well."""
        if not self._patch.moves_code:
            return None
        shared = (
            (_likeness(case, other), at) for at, other in enumerate(self._added) if not _left_out_more(case, other)
        )
        likeness, at = max(shared, default=(0.0, 0))
        if likeness < SHARED_WORDS or not as_strong(case.claims, self._added[at].claims):
            return None
        return self._added[at]

    def _kept(self, case: Case, now: Case) -> Iterator[Flag]:
        if self._has_moved(case, now):
            return
        for mark in _left_out_more(case, now):
            reason = f"the test {case.name!r} is left out or may fail now: {mark}"
            yield self._flag(now.line, reason, blocks=not USUAL.search(mark))
        yield from self._rows(case, now)
        names = frozenset(name for claim in case.claims for name in claim.names)
        replaced = (now.patched - case.patched) & names
        if replaced:
            what = ", ".join(sorted(replaced))
            yield self._flag(now.line, f"the test {case.name!r} replaces what it tests: {what}")
        if _acts(case) and not _acts(now):
            yield self._flag(now.line, f"the test {case.name!r} does nothing any more")
        yield from self._weakened(case, now.claims, now.line, now)

    def _has_moved(self, case: Case, now: Case) -> bool:
        """Tell whether a new test does the same as this one did, which gave its name to another."""
        for other in self._added:
            if case.body == now.body or other.body != case.body or not case.claims:
                continue
            if not _left_out_more(case, other) and not Counter(case.rows or ()) - Counter(other.rows or ()):
                self._added.remove(other)
                return True
        return False

    def _rows(self, case: Case, now: Case) -> Iterator[Flag]:
        if case.rows == now.rows or not case.rows:
            return
        lost = Counter(case.rows) - Counter(now.rows or ())
        if now.rows is None or lost:
            told = now.rows is not None and self._patch.moves_code and len(now.rows) * 2 >= len(case.rows)
            yield self._flag(now.line, f"the test {case.name!r} lost or changed parameters", blocks=not told)

    def _weakened(self, case: Case, claims: Sequence[Claim], line: int, now: Case | None = None) -> Iterator[Flag]:
        missing = uncovered(case.claims, claims)
        if not missing or self._stands_elsewhere(missing, now):
            return
        known = {one.whole for one in case.claims}
        fresh = [claim for claim in claims if claim.whole not in known]
        lost = missing[0].text
        guarded = [claim for claim in claims if claim.whole == missing[0].whole and claim.guards > missing[0].guards]
        vanished = all(claim.names & self._patch.vanished for claim in missing)
        if guarded:
            yield self._flag(guarded[0].line, f"{case.name!r} holds only under a condition now that `{lost}`")
        elif fresh:
            if self._patch.moves_code:
                told = vanished or still_holds_much(missing, fresh)
            else:
                told = (self._as_much or as_strong(missing, fresh)) and not is_refitted(missing, fresh)
            reason = f"{case.name!r} expects something else: `{lost}` became `{fresh[0].text}`"
            yield self._flag(fresh[0].line, reason, blocks=not told)
        else:
            told = vanished or (self._patch.moves_code and bool(claims)) or (self._as_much and bool(self._added))
            yield self._flag(line, f"{case.name!r} does not hold any more that `{lost}`", blocks=not told)

    def _stands_elsewhere(self, missing: Sequence[Claim], now: Case | None) -> bool:
        """Tell whether a new test claims all that this one does not any more: it was parted, or renamed and reused."""
        for other in self._added:
            if (
                now is not None
                and other.name != now.name
                and not uncovered(missing, other.claims)
                and not other.left_out
            ):
                self._added.remove(other)
                return True
        return False

    def _module(self, before: Suite, after: Suite) -> Iterator[Flag]:
        for mark in Counter(after.left_out) - Counter(before.left_out):
            if before.tests:
                line = self._change.after.line_of(mark.partition(" ")[2] or mark)
                yield self._flag(line, f"tests of the file are left out: {mark}", blocks=not USUAL.search(mark))
        missing = uncovered(before.claims, after.claims)
        if missing and self._change.after.exists:
            yield self._flag(0, f"the file does not hold any more that `{missing[0].text}`")
        for name in sorted(before.imported & after.defined.keys() - after.imported - before.defined.keys()):
            reason = f"{name!r} was imported to be tested, and is now defined in the test itself"
            yield self._change.flag(GATE, after.defined[name], reason, "test the real one")


def _left_out_more(case: Case, now: Case) -> list[str]:
    """Return what leaves a test out now and did not before, conditions on versions and systems among it."""
    return list(Counter(now.left_out) - Counter(case.left_out))


def _acts(case: Case) -> bool:
    """Tell whether a test calls anything: in the dump of a Python tree, or in the tokens of another language."""
    return "Call(" in case.body or "( " in case.body


def _likeness(case: Case, other: Case) -> float:
    words = case.names | other.names
    return len(case.names & other.names) / len(words) if words else 0.0


def _row_count(case: Case) -> int:
    return len(case.rows) if case.rows is not None else 0
