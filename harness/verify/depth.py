"""What is asked of tests beyond green: do they execute the changed lines, and would they notice a fault there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from bridle.harness.nouns import Verdict
from bridle.harness.shadow.contract import Shadow
from bridle.harness.verify.checks import Check
from bridle.harness.verify.impact.coverage import CHECK as COVERAGE
from bridle.harness.verify.impact.coverage import coverage
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.mutants.strength import TESTERS, Trial, as_verdict, strength

Changes = Mapping[str, tuple[str | None, str]]
"""Path → text before and after, of files that are there after a change."""


def deepen(
    open_shadow: Callable[[], Shadow],
    checks: Sequence[Check],
    verdicts: Sequence[Verdict],
    memory: Memory,
    changes: Changes,
    *,
    wanted: float,
    strength_s: float,
    cancel: threading.Event,
) -> tuple[Verdict, ...]:
    """Return what more is to be said of a change that is green: coverage, where `wanted` is a share of its lines, and
    strength, where there are seconds for it; nothing of one that is not.

    `open_shadow` opens a shadow with the change in it, which is closed here.
    """
    named = {check.name: check for check in checks if check.tool in TESTERS}
    tests = [one for one in verdicts if one.check in named and one.outcome == "pass"]
    python = {path: texts for path, texts in changes.items() if path.endswith(".py")}
    found: list[Verdict] = []
    if wanted > 0 and python:
        for one in [one for one in tests if named[one.check].tool == "pytest"][:1]:
            found += _covered(memory, one, python, wanted)
    if strength_s > 0 and tests:
        found += _strong(open_shadow, [(named[one.check], one) for one in tests], memory, changes, strength_s, cancel)
    return tuple(found)


def _strong(
    open_shadow: Callable[[], Shadow],
    tests: Sequence[tuple[Check, Verdict]],
    memory: Memory,
    changes: Changes,
    seconds: float,
    cancel: threading.Event,
) -> Iterator[Verdict]:
    """Yield what faults on the changed lines came to, one verdict for all checks of tests."""
    began = time.monotonic()
    shadow = open_shadow()
    whole = Trial()
    try:
        for check, _ in tests:
            left = began + seconds - time.monotonic()
            if left > 0 and not cancel.is_set():
                whole = whole.with_(strength(shadow, check, memory, changes, cancel=cancel, seconds=left))
    finally:
        shadow.close()
    judged = as_verdict(whole, tests[0][1], time.monotonic() - began)
    if judged is not None:
        yield judged


def _covered(memory: Memory, tests: Verdict, changes: Changes, wanted: float) -> list[Verdict]:
    known = memory.known(tests.check)
    if known is None or any(known.record.texts.get(path) != after for path, (_, after) in changes.items()):
        reason = "no run of the tests was recorded on this text"
        step = "record one: bridle verify --impact"
        return [Verdict(COVERAGE, "unknown", 0.0, tests.tree, tests.rung, reason=reason, next_step=step)]
    judged = coverage(changes, known.evidence, wanted, tests)
    return [judged] if judged is not None else []
