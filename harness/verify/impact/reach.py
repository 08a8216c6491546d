"""Which tests reach each function of a file, and what became of them on which text: pure."""

from __future__ import annotations

import ast

from bridle.harness.nouns import ReachRow
from bridle.harness.verify.impact.blocks import Function, body_mask
from bridle.harness.verify.impact.evidence import Evidence
from bridle.harness.verify.impact.record import Record
from bridle.harness.verify.impact.touches import functions

MAX_IDS = 200


def reach(record: Record, evidence: Evidence, path: str, text: str, now: float) -> tuple[ReachRow, ...]:
    """Return one row for each function of `text` that was there when the tests were seen, in order of their lines.

    `now` is seconds since the epoch. A file that nobody has seen, or that cannot be read, has none.
    """
    before, after = _functions(record.texts.get(path, "")), _functions(text)
    return tuple(
        _row(record, evidence, path, name, before[name], function, now)
        for name, function in sorted(after.items(), key=lambda one: one[1].lineno)
        if name in before
    )


def _row(
    record: Record, evidence: Evidence, path: str, name: str, old: Function, new: Function, now: float
) -> ReachRow:
    tests = evidence.executors(path, body_mask(old))
    newest = max((record.when.get(test.id, 0.0) for test in tests), default=0.0)
    ids = [test.id for test in sorted(tests, key=lambda test: (test.outcome != "failed", test.seconds))]
    return ReachRow(
        name=name.partition("#")[0],
        start_line=new.lineno - 1,
        end_line=new.end_lineno or new.lineno,
        n_tests=len(tests),
        n_failed=sum(test.outcome == "failed" for test in tests),
        seconds_ago=max(0.0, now - newest),
        same_text=ast.dump(old) == ast.dump(new),
        tests=tuple(ids[:MAX_IDS]),
    )


def _functions(text: str) -> dict[str, Function]:
    try:
        return functions(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
