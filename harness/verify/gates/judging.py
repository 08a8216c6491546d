"""The rules that a patch must keep for its proof to mean anything. Pure: text in, objections out.

A gate never says that a patch is wrong, only that a person has to look: the proof rests on the tests, on the
configuration of the checks and on an honest run, and this patch touches one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.code import judge_code
from bridle.harness.verify.gates.config import judge_configuration
from bridle.harness.verify.gates.source import Change, Patch, Read
from bridle.harness.verify.gates.suppressions import judge_suppressions
from bridle.harness.verify.gates.tests import judge_tests


def judge(files: Mapping[str, tuple[str | None, str | None]], read: Read | None = None) -> tuple[Flag, ...]:
    """Return the objections to a patch, in order of path and line.

    `files` holds the text of every changed file before and after, None where it is not there. `read` gives the files
    that the patch leaves alone; with it, some changes of configuration can be told to weaken nothing.
    """
    changes = [Change(path, *files[path]) for path in sorted(files)]
    try:
        found = set(_judge(Patch(changes, read)))
    except RecursionError:
        found = {change.flag("tests", 0, "it is nested too deep to be judged", "flatten it") for change in changes[:1]}
    return tuple(sorted(found, key=lambda flag: (flag.path, flag.start_line, flag.gate, flag.reason)))


def _judge(patch: Patch) -> Iterator[Flag]:
    yield from judge_tests(patch)
    yield from judge_suppressions(patch.changes)
    for change in patch.changes:
        yield from judge_configuration(patch, change)
        yield from judge_code(change)
