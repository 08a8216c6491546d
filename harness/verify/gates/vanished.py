"""Tests that ran before a patch and do not run any more, whatever made them go. Pure.

The other gates read what a patch says; this one counts what it did: an option, a hook or a generated list of cases can
take tests away without a line that looks like it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from bridle.harness.nouns import Flag

GATE = "tests gone"
MAX_TOLD = 3


def vanished(before: Collection[str], after: Collection[str], package: str = "") -> Iterator[Flag]:
    """Yield an objection for each file that lost more tests than it won, by the ids of those that ran.

    As many new ones in a file stand for tests that were renamed; what those say is for the other gates.
    """
    gone, come = set(before) - set(after), Counter(map(_file, set(after) - set(before)))
    lost: dict[str, list[str]] = defaultdict(list)
    for one in sorted(gone):
        lost[_file(one)].append(one)
    for path, ids in sorted(lost.items()):
        n_lost = len(ids) - come[path]
        if n_lost <= 0:
            continue
        names = ", ".join(one.partition("::")[2] or one for one in ids[:MAX_TOLD])
        more = f" and {len(ids) - MAX_TOLD} more" if len(ids) > MAX_TOLD else ""
        reason = f"{len(ids)} of its tests ran before and do not run any more: {names}{more}"
        remedy = "let them run again; where they are meant to go, a person has to say so"
        yield Flag(GATE, f"{package}/{path}" if package else path, 0, reason, remedy)


def _file(test: str) -> str:
    return test.partition("::")[0]
