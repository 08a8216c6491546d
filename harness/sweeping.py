"""Lets go of what nobody needs any more: runs that are too old or too many, and the contents that nothing names.

It is work for idle time, for the owner of a root, and while no run goes. What goes is put down in the register first.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from bridle.harness.audit.spending import bills
from bridle.harness.nouns import ProposalId, RunId, UserProblem
from bridle.harness.proposals.ledger import SUFFIX, Ledger
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.journal import drop, journals_in, log_path
from bridle.harness.session.retention import DAY_S, Keeping, RunFacts, facts_of, let_go, marks_in
from bridle.harness.session.runs import look
from bridle.harness.session.state import State

EVERY_S = 6 * 3600.0
FRESH_S = DAY_S
"""What was put or begun within this time stays: somebody may be about to name it."""


class Sweeping:
    """The runs and contents of one root."""

    def __init__(self, state: State, ledger: Ledger, keeping: Keeping, now: Callable[[], float]) -> None:
        self._state = state
        self._ledger = ledger
        self._keeping = keeping
        self._now = now
        self._swept: float | None = None

    @property
    def due(self) -> bool:
        """Whether it is time to look again."""
        return self._swept is None or self._now() - self._swept >= EVERY_S

    def sweep(self, cancel: threading.Event) -> bool:
        """Let go of what is not needed; returns whether it came to an end before it was told to stop.

        A disk that does not do as it should ends it as well: it is idle work, and is tried again.
        """
        try:
            return self._sweep(cancel)
        except OSError:
            return False

    def _sweep(self, cancel: threading.Event) -> bool:
        blobs = Blobs(self._state.blobs)
        facts = self._facts(cancel)
        if cancel.is_set():
            return False
        runs = {one.run for one in facts}
        for one in let_go(facts, self._named_beside(runs), blobs.sizes(), self._keeping, self._now()):
            if cancel.is_set():
                return False
            self._drop(one.run, one.reason)
        self._drop_contents(blobs)
        self._drop_drafts()
        self._swept = self._now()
        return True

    def _facts(self, cancel: threading.Event) -> list[RunFacts]:
        found: list[RunFacts] = []
        last_landed = self._last_landed()
        for run in journals_in(self._state.journals):
            if cancel.is_set():
                break
            try:
                found.append(self._fact(run, "it was the last to land" if run == last_landed else ""))
            except UserProblem as problem:  # what cannot be read is not let go
                found.append(RunFacts(run, 0.0, 0, f"it cannot be read: {problem}"))
        return found

    def _fact(self, run: RunId, needed: str) -> RunFacts:
        parts = [_read(log_path(self._state.journals, run))]
        offer = self._ledger.of_run(run)
        if offer is not None:
            needed = "its proposal is on offer" if offer.proposal.state == "open" else needed
            parts.append(_read(self._ledger.path(offer.proposal.id)))
        return facts_of(look(self._state.journals, run), needed, parts)

    def _last_landed(self) -> RunId | None:
        landed = [(part.at, offer.proposal.run) for offer in self._ledger.newest_first() for part in offer.parts]
        return max(landed)[1] if landed else None

    def _drop(self, run: RunId, reason: str) -> None:
        """Let one run go with its offer; one that somebody took up meanwhile stays."""
        try:
            drop(self._state.journals, run, reason, self._now, bills)
            offer = self._ledger.of_run(run)
            if offer is not None:
                self._ledger.drop(ProposalId(offer.proposal.id))
        except UserProblem:
            return
        for folder in (self._state.revisions, self._state.papers):
            shutil.rmtree(folder / run, ignore_errors=True)

    def _named_beside(self, runs: Collection[RunId]) -> frozenset[str]:
        """Return the contents that something names which goes with none of these runs."""
        alone = (offer for offer in self._ledger.newest_first() if offer.proposal.run not in runs)
        offers = (self._ledger.path(offer.proposal.id) for offer in alone)
        return marks_in(map(_read, (*offers, *_files(self._state.landings))))

    def _drop_contents(self, blobs: Blobs) -> None:
        """Let contents go that nothing names, after the runs went."""
        namers = (*self._state.journals.glob("*.jsonl"), *_files(self._state.proposals), *_files(self._state.landings))
        named = marks_in(map(_read, namers))
        blobs.drop((name for name in blobs.sizes() if name not in named), self._now() - FRESH_S)

    def _drop_drafts(self) -> None:
        """Let go of half-made files that a crash left long ago."""
        for path in (*self._state.journals.glob(".*.*"), *self._state.blobs.glob("*/.*")):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < self._now() - FRESH_S:
                    path.unlink()


def kept(state: State) -> tuple[int, int]:
    """Return how many runs are remembered, and how many bytes they and their contents take."""
    logs = [path for path in state.journals.iterdir() if path.suffix in (".jsonl", ".head")]
    offers = [path for path in state.proposals.iterdir() if path.suffix == SUFFIX]
    size = sum(path.stat().st_size for path in (*logs, *offers)) + sum(Blobs(state.blobs).sizes().values())
    return len(journals_in(state.journals)), size


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
