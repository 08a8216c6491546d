"""The runs of one root, the newest first: each journal read and folded, none of them taken or changed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bridle.harness.answers import SessionRow
from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.session.fold import RunState, fold
from bridle.harness.session.journal import read_journal
from bridle.harness.titles import titled

MAX_LISTED = 200
BILL = "context bill"
AGENT = "agent edits"
NO_TALK = ("exec", "apply", "accepted findings", BILL, AGENT)
"""What journals call that which was no run of phases: a command or edits of the person, findings that they accepted, a
context bill for which a model was asked, edits of another agent. None of them is gone on with, asked again or forked.
"""


class RunRow(msgspec.Struct, frozen=True):
    """One run. `live` when a process has it in hand; `damage` says what its journal lost, "" when nothing."""

    run: RunId
    state: RunState
    live: bool
    damage: str

    @property
    def resumable(self) -> bool:
        """Whether it was interrupted and can go on from where it stood."""
        return self.state.interrupted and not self.live and not self.damage

    @property
    def takeable(self) -> bool:
        """Whether it goes in a process from which it could be taken."""
        return self.state.interrupted and self.live and not self.damage

    def as_row(self) -> SessionRow:
        """Return the run as the list of runs has it."""
        state = self.state
        return SessionRow(
            self.run,
            state.workflow,
            state.instruction,
            state.outcome,
            state.started,
            state.steps,
            self.resumable,
            state.usage,
            state.parent,
            self.live,
            titled(state.instruction, state.finding),
        )


def list_runs(folder: Path) -> tuple[RunRow, ...]:
    """Return the latest runs whose journals are in `folder`, at most `MAX_LISTED`."""
    files = (path for path in folder.iterdir() if path.suffix in (".head", ".jsonl"))
    newest = dict.fromkeys(path.stem for path in sorted(files, key=_modified, reverse=True))
    rows = [_row(folder, RunId(run)) for run in [*newest][:MAX_LISTED]]
    return tuple(sorted(rows, key=lambda row: (row.state.started, row.run), reverse=True))


def look(folder: Path, run: RunId) -> RunRow:
    """Return one run. Raises UserProblem when there is none."""
    reading = read_journal(folder, run)
    return RunRow(run, fold(reading.records), reading.live, reading.damage)


def _row(folder: Path, run: RunId) -> RunRow:
    """One journal that cannot be read is told of in its row; the others are listed all the same."""
    try:
        return look(folder, run)
    except UserProblem as problem:
        return RunRow(run, RunState(), live=False, damage=problem.message)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
