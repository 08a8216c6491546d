"""What a crash left half done is put right when the next owner of a root starts; done twice is done once.

A closed file that holds what a landing meant to write has landed; one that holds what stood before has not; one
that holds neither was changed by somebody since, and is kept and named.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bridle.harness.buffers import read_bytes
from bridle.harness.edits.disk import recover as take_back
from bridle.harness.engine import EngineEvent, Note
from bridle.harness.nouns import UserProblem
from bridle.harness.session.fold import Landing
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import RunRow, list_runs
from bridle.harness.session.state import State
from bridle.indexer.digest import digest


def recover(root: Path, state: State, now: Callable[[], float], emit: Callable[[EngineEvent], None]) -> None:
    """Finish or take back every landing that a crash cut short, and say what a person should know."""
    done = take_back(root, state.landings)
    if done.restored:
        emit(Note("warning", f"an interrupted change was taken back in: {', '.join(done.restored)}"))
    for row in list_runs(state.journals):
        if row.damage:
            emit(Note("warning", f"the journal of run {row.run} is damaged ({row.damage}); it can be read only"))
        elif not row.live and row.state.unfinished:
            _settle(root, state, row, now, emit)


def _settle(
    root: Path, state: State, row: RunRow, now: Callable[[], float], emit: Callable[[EngineEvent], None]
) -> None:
    try:
        journal = Journal(state.journals, row.run, now)
    except UserProblem:
        return  # another engine took it up this moment
    try:
        for landing in row.state.unfinished:
            _settle_landing(root, landing, journal, emit)
    finally:
        journal.close()


def _settle_landing(root: Path, landing: Landing, journal: Journal, emit: Callable[[EngineEvent], None]) -> None:
    closed = [file for file in landing.files if not file.open]
    stands = {file.path: _mark(root / file.path) for file in closed}
    kept = tuple(f.path for f in closed if stands[f.path] not in (f.before, f.after))
    if kept:
        emit(Note("warning", f"an interrupted change left these as you changed them since: {', '.join(kept)}"))
    if landing.state == "confirmed" and all(stands[f.path] == f.after for f in closed):
        written = tuple(f.path for f in closed)
        journal.append("landed", {"plan": landing.plan, "written": written, "unsaved": landing.unsaved})
    else:
        journal.append("rolled_back", {"plan": landing.plan, "reason": "Bridle ended meanwhile", "kept": kept})


def _mark(path: Path) -> str | None:
    data = read_bytes(path)
    return None if data is None else digest(data)
