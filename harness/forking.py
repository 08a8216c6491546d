"""A run that begins where another one stood: a journal of its own, with all that was said, thought and changed there.

The other run is only read. What it spent and what it landed stays its own; the content of its changes is shared.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from time import strftime

from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.session.events import Forked, Started
from bridle.harness.session.fold import CARRIED, RunState, fold
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.session.runs import NO_TALK
from bridle.harness.session.state import State


def fork(state: State, run: RunId, to: int, now: Callable[[], float]) -> RunId:
    """Begin a run where `run` stood after its record `to`, 0 for where it stands; returns its id.

    Raises UserProblem.
    """
    reading = read_journal(state.journals, run)
    records = reading.records
    if reading.damage:
        raise UserProblem(f"the journal of run {run!r} is damaged: {reading.damage}", "fork another run")
    step = to or len(records)
    if not 1 <= step <= len(records):
        raise UserProblem(
            f"run {run!r} has no step {step} to begin at: its steps are 1 to {len(records)}",
            f"'bridle sessions show {run}' tells what they are",
        )
    stood = fold(records[:step])
    if stood.workflow in NO_TALK:
        raise UserProblem(f"run {run!r} is no run that goes on ({stood.workflow})", "fork one of the others")
    if not stood.workflow:
        raise UserProblem(f"run {run!r} had not begun at step {step}", "name a later step")
    name = RunId(strftime("%Y%m%d-%H%M%S-") + uuid.uuid4().hex[:6])
    journal = Journal(state.journals, name, now)
    try:
        journal.append("started", {field: getattr(stood, field) for field in ORDER})
        journal.append("forked", forked(stood, run, step))
    finally:
        journal.close()
    if (state.revisions / run).is_dir():
        shutil.copytree(state.revisions / run, state.revisions / name, symlinks=True, dirs_exist_ok=True)
    return name


ORDER = tuple(name for name in Started.__struct_fields__ if name not in ("pid", "engine"))
"""What a run was asked: its fork is asked the same."""


def forked(stood: RunState, parent: str, step: int) -> Forked:
    """Return how a run begins that stands where `parent` stood. Pure."""
    places = {id(message): n for n, message in enumerate(stood.messages)}
    talks = {name: tuple(places.get(id(said), said) for said in talk) for name, talk in stood.talks.items()}
    return Forked(parent, step, talks=talks, **{name: getattr(stood, name) for name in CARRIED})
