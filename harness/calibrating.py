"""Calibration: the weights by which context is chosen, drawn towards this repository's own commits.

They are kept only where more is found by them on commits that they were not fitted on, outside of the repository, for
this workspace alone. Bounded in time.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from bridle.context.calibration import LEAST_CASES, calibrated, judged
from bridle.context.weighing import shipped
from bridle.harness.calibrated import Calibration
from bridle.harness.heads import git_of
from bridle.harness.mining import History, mined
from bridle.harness.nouns import UserProblem
from bridle.harness.remembering import Remembering
from bridle.harness.session.state import State

SECONDS = 300.0
_MINING_SHARE = 0.6
"""Of the time: the rest is for the fits, which take longer the more cases there are."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of it: `kept` or why not. Figures are those of `bridle.context.calibration.Judged`."""

    kept: bool
    reason: str
    n_commits: int = 0
    n_cases: int = 0
    before: float = 0.0
    after: float = 0.0
    gain: float = 0.0
    low: float = 0.0
    high: float = 0.0
    seconds: float = 0.0


def calibrate(
    state: State,
    seconds: float = SECONDS,
    note: Callable[[int, int], None] = lambda _done, _of: None,
    environ: Mapping[str, str] = os.environ,
) -> Outcome:
    """Calibrate the workspace of `state` within about so many seconds; what is kept from before stays unless beaten.

    Raises UserProblem where there is no history to learn from.
    """
    began, cancel = time.monotonic(), threading.Event()
    git = git_of(state.root, environ)
    if git is None:
        raise UserProblem("there is no git here to ask for past commits", "install git")
    stop = threading.Timer(seconds, cancel.set)
    stop.daemon = True
    stop.start()
    try:
        past = Remembering(state.root, state.past, environ).refresh(cancel, keep=False)
        if not past.commits and not cancel.is_set():
            raise UserProblem(f"{str(state.root)!r} has no past commits of code", "calibrate where there is a history")
        with tempfile.TemporaryDirectory(prefix="calibration-", dir=state.folder) as folder:
            history = History(state.root, git, cancel)
            cases, n_asking = mined(history, past, Path(folder).resolve(), began + seconds * _MINING_SHARE, note)
    finally:
        stop.cancel()
    made = msgspec.structs.replace(Outcome(kept=False, reason=""), n_commits=n_asking, n_cases=len(cases))
    if len(cases) < LEAST_CASES:
        early = " in the time that was given" if cancel.is_set() or time.monotonic() >= began + seconds else ""
        why = f"{len(cases)} commits can be learned from{early}, and at least {LEAST_CASES} are needed"
        return msgspec.structs.replace(made, reason=why, seconds=time.monotonic() - began)
    found = judged(cases, shipped())
    figures = msgspec.structs.asdict(found)
    if found.is_better:
        calibration = Calibration(state.weights)
        calibration.keep(calibrated(cases, shipped()), found.n_cases, found.before, found.after, past.head)
        why = f"on commits that were left out, {found.after:.1f} % of what they touched is among the first ten"
        why += f", and was {found.before:.1f} %"
    else:
        why = "no sure gain on commits that were left out"
    return msgspec.structs.replace(made, kept=found.is_better, reason=why, seconds=time.monotonic() - began, **figures)
