"""What a crash left half done is put right when the next owner of a root starts; done twice is done once.

A closed file that holds what a landing meant to write has landed; one that holds what stood before has not; one
that holds neither was changed by somebody since, and is kept and named. What came to stand is told to the ledger,
so that it can be taken back like any other landing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from bridle.harness.buffers import read_bytes
from bridle.harness.edits.disk import recover as take_back
from bridle.harness.engine import EngineEvent, Note
from bridle.harness.nouns import Fault, FilePatch, ProposalId, UserProblem
from bridle.harness.proposals.ledger import Ledger, Offer, Part
from bridle.harness.proposals.parts import with_part, without_part
from bridle.harness.proposals.rewinding import patch_of
from bridle.harness.rewinding import course_back, gone_back
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.fold import Landing, fold
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import list_runs
from bridle.harness.session.state import State
from bridle.harness.symlinks import read_link, target_of
from bridle.indexer.digest import digest


def recover(root: Path, state: State, now: Callable[[], float], emit: Callable[[EngineEvent], None]) -> None:
    """Finish or take back every landing that a crash cut short, and say what a person should know."""
    try:
        done = take_back(root, state.landings)
    except UserProblem as problem:
        emit(Note("warning", f"nothing was recovered: {problem.message}"))
        return
    if done.restored:
        emit(Note("warning", f"an interrupted change was taken back in: {', '.join(done.restored)}"))
    recovery = _Recovery(root, state, now, emit)
    for row in list_runs(state.journals):
        if row.damage:
            emit(Note("warning", f"the journal of run {row.run} is damaged ({row.damage}); it can be read only"))
        elif not row.live and row.state.unfinished:
            try:
                journal = Journal(state.journals, row.run, now)
            except UserProblem:
                continue  # another engine took it up this moment
            try:
                recovery.settle(journal)
            finally:
                journal.close()


class _Recovery:
    """The landings of one root that nobody has in hand."""

    def __init__(self, root: Path, state: State, now: Callable[[], float], emit: Callable[[EngineEvent], None]) -> None:
        self._root = root
        self._now = now
        self._emit = emit
        self._blobs = Blobs(state.blobs)
        self._ledger = Ledger(state.proposals)

    def settle(self, journal: Journal) -> None:
        """Give each unfinished landing of a run its end."""
        state = fold(journal.records)
        for landing in state.unfinished:
            self._settle(landing, journal)

    def _settle(self, landing: Landing, journal: Journal) -> None:
        closed = [file for file in landing.files if not file.open]
        stands = {file.path: self._mark(file) for file in closed}
        kept = tuple(f.path for f in closed if stands[f.path] not in (f.before, f.after))
        if kept:
            self._warn(f"an interrupted change left these as you changed them since: {', '.join(kept)}")
        if landing.state == "confirmed" and all(stands[f.path] == f.after for f in closed):
            written = tuple(f.path for f in closed)
            self._remember(landing, (*written, *landing.unsaved), journal)
            said = {"plan": landing.plan, "written": written, "unsaved": landing.unsaved}
            if landing.rewinds:
                journal.append("rewound", {**said, "to": landing.rewinds, "what": landing.what})
            else:
                journal.append("landed", said)
            return
        if landing.unsaved:
            self._remember(landing, landing.unsaved, journal)
        journal.append("rolled_back", {"plan": landing.plan, "reason": "Bridle ended meanwhile", "kept": kept})

    def _remember(self, landing: Landing, paths: Collection[str], journal: Journal) -> None:
        """Tell the ledger what came to stand, for an undo; of an undo, what was taken back."""
        try:
            offer = self._ledger.get(ProposalId(landing.proposal))
            if landing.rewinds:
                self._go_back(landing, offer, paths, journal)
                return
            patches = tuple(self._patch(file) for file in landing.files if file.path in paths)
        except (UserProblem, Fault) as problem:
            self._warn(f"a change that landed while Bridle ended cannot be taken back: {problem}")
            return
        if landing.undoes:
            self._ledger.put(without_part(offer, landing.undoes, paths))
        else:
            self._ledger.put(with_part(offer, Part(landing.plan, patches, landing.hunks, at=self._now())))

    def _go_back(self, landing: Landing, offer: Offer, paths: Collection[str], journal: Journal) -> None:
        """Tell the ledger that a run went back: where that was done before the crash, there is nothing left of it."""
        way = course_back(journal.records, landing.rewinds, landing.what, offer, self._blobs.get)
        self._ledger.put(gone_back(offer, way, [file.path for file in landing.files], paths, self._now()))

    def _patch(self, file: FileChange) -> FilePatch:
        return patch_of(file, self._blobs.get)

    def _mark(self, file: FileChange) -> str | None:
        """Return the digest of what stands at a file's place: of the link itself where it is one that changed."""
        place = self._root / file.path
        marks = [mark for mark in (file.before, file.after) if mark is not None]
        of_link = any(target_of(self._blobs.get(mark)) is not None for mark in marks)
        data = (read_link(place) if of_link else None) or read_bytes(place)
        return None if data is None else digest(data)

    def _warn(self, message: str) -> None:
        self._emit(Note("warning", message))
