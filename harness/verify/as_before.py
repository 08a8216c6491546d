"""The old proof on the new code: tests and configuration as they were before a patch, run on what the patch made.

Whoever weakens a test to make it pass is found out here, whatever the gates made of the edit. What fails so and does
not fail otherwise passes only by the change of the proof.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from bridle.harness.nouns import Verdict
from bridle.harness.shadow.contract import Shadow
from bridle.harness.verify.checks import Check
from bridle.harness.verify.gates.undone import Undone, undone
from bridle.harness.verify.ladder import Witness, verify
from bridle.indexer.encoding import decode, encode, text_of

Sides = Mapping[str, tuple[bytes | None, bytes | None]]
"""Path to a file's bytes before and after, None where it is not there."""


def prove_as_before(
    opened: Callable[[], Shadow],
    sides: Sides,
    checks: Sequence[Check],
    verdicts: Sequence[Verdict],
    *,
    cancel: threading.Event,
    timeout_s: float,
) -> tuple[Verdict, ...]:
    """Return what the checks say with the old proof put back; nothing where the patch leaves the proof alone.

    `opened` gives a shadow of the tree before the patch, which is closed again. `verdicts` are those of the patch as it
    stands: what they found is not new here. A check that they say nothing plain of is left out.
    """
    back = undone({path: (text_of(before), text_of(after)) for path, (before, after) in sides.items()})
    plain = {verdict.check for verdict in verdicts if verdict.outcome in ("pass", "fail")}
    concerned = [check for check in checks if check.stage in back.stages and check.name in plain]
    if not concerned:
        return ()
    shadow = opened()
    try:
        for path, data in _as_before(sides, back).items():
            shadow.write(path, data)
        baseline = [finding for verdict in verdicts for finding in verdict.findings]
        return verify(shadow, concerned, Witness(), baseline=baseline, cancel=cancel, timeout_s=timeout_s)
    finally:
        shadow.close()


def _as_before(sides: Sides, back: Undone) -> dict[str, bytes | None]:
    """Return the bytes of the patch's files with the old proof in their place."""
    stands: dict[str, bytes | None] = {}
    for path, (before, after) in sides.items():
        stands[path] = before if path in back.restored else after
        text = back.texts.get(path)
        if text is not None and after is not None:
            form = decode(after)
            stands[path] = encode(text, form.encoding, form.bom)
    return stands
