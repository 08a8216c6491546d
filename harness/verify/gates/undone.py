"""What of a patch the proof stands on, undone: tests and configuration as they were, new suppressions taken out. Pure.

New code that is right is right by the old proof too, unless what is right was changed, which a person says. New tests
need no undoing; new files that steer a run do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from bridle.harness.verify.checks import Stage
from bridle.harness.verify.gates.config_files import is_opaque, settings_of, without_remarks
from bridle.harness.verify.gates.source import TEST_FOLDERS, Change
from bridle.harness.verify.gates.suppressions import COVERAGE, SUPPRESSIONS, new_suppressions

_DATA = re.compile(r"\.(?:py[co]|md|rst)$")


class Undone(msgspec.Struct, frozen=True):
    """What has to stand differently for the old proof to run on the new code.

    `restored` are files as they were before, `texts` those with single lines taken back; `stages` are the kinds of
    checks that this may make a difference to, none where the patch touches nothing that a proof stands on.
    """

    restored: tuple[str, ...] = ()
    texts: dict[str, str] = {}
    stages: tuple[Stage, ...] = ()


def undone(files: Mapping[str, tuple[str | None, str | None]]) -> Undone:
    """Return what to undo of a patch; `files` as for `judging.judge`."""
    changes = [Change(path, *files[path]) for path in sorted(files)]
    changes = [change for change in changes if not change.is_same]
    restored = {change.path: _stages_of(change) for change in changes}
    texts = _unsilenced([change for change in changes if not restored[change.path]])
    touched = any(restored[change.path] and (change.before.exists or _steers(change)) for change in changes)
    if not (touched or texts):
        return Undone()
    stages: set[Stage] = {stage for found in restored.values() for stage in found}
    stages |= {"style", "types"} if texts else set()
    return Undone(
        tuple(path for path, found in restored.items() if found),
        texts,
        tuple(stage for stage in ("style", "types", "tests") if stage in stages),
    )


def _stages_of(change: Change) -> tuple[Stage, ...]:
    """Return which checks a file of the proof makes a difference to, none where it is no such file."""
    if _configures(change):
        return ("style", "types", "tests")
    if change.is_test_side or (TEST_FOLDERS & set(change.path.split("/")[:-1]) and not _DATA.search(change.path)):
        return ("tests",)
    return ()


def _configures(change: Change) -> bool:
    if change.is_example:
        return False
    if is_opaque(change.name):
        return without_remarks(change.before.text) != without_remarks(change.after.text)
    return settings_of(change.name, change.before.text) != settings_of(change.name, change.after.text)


def _steers(change: Change) -> bool:
    """Tell whether a new file has a say in how others are run."""
    return change.name == "conftest.py" or not change.is_test_side


def _unsilenced(changes: list[Change]) -> dict[str, str]:
    """Return the files that silence something anew, without what does."""
    texts: dict[str, str] = {}
    for change, one in new_suppressions(changes):
        if COVERAGE.match(one.kind):
            continue
        lines = texts.get(change.path, change.after.text).splitlines(keepends=True)
        if one.number < len(lines):
            lines[one.number] = SUPPRESSIONS.sub(_unsaid, lines[one.number])
            texts[change.path] = "".join(lines)
    return texts


def _unsaid(found: re.Match[str]) -> str:
    """Return what stands where a suppression stood: nothing that a tool listens to, in a line that still parses."""
    if "[" in found["kind"]:
        return re.sub("allow|expect", "warn", found[0], count=1)
    return "-"
