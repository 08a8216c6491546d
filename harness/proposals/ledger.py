"""The proposals of one root: on disk with the session, one file each, the newest first.

A record also holds what a landing needs: the digests of the ground that the verdicts were earned on. The ledger
decides nothing about them.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

import msgspec

from bridle.harness.nouns import Badge, FilePatch, Finding, Proposal, ProposalId, RunId, UserProblem
from bridle.harness.session.storage import told

MAX_KEPT = 200
SUFFIX = ".msgpack"
SETTLED_NS = 100_000_000


class Part(msgspec.Struct, frozen=True):
    """One landing of an offer that stands: the plan that made it, which hunks it took, when.

    `files` are the patches as they came to stand, with the versions that the documents had then; `openings` and
    `engine` say what these versions count in. `folders` had to be made for it, outermost first.
    """

    plan: str
    files: tuple[FilePatch, ...]
    hunks: tuple[str, ...] = ()
    engine: str = ""
    openings: dict[str, int] = {}
    at: float = 0.0
    folders: tuple[str, ...] = ()


class Offer(msgspec.Struct, frozen=True):
    """A proposal and the ground under it.

    `baseline` are the findings that were there before the run, `earned` the badge that verdicts on the hunks `proved`
    gave. `parts` are its landings that stand, the oldest first.
    `ground` is path → digest of every non-ignored file when it was verified, buffers included, before its edits.
    `openings` says which opening of a document a patch's `base_version` counts in; `engine` which engine counted.
    """

    proposal: Proposal
    ground: dict[str, str]
    engine: str
    openings: dict[str, int] = {}
    wanted: Finding | None = None
    baseline: tuple[Finding, ...] = ()
    earned: Badge | None = None
    proved: tuple[str, ...] = ()
    created: float = 0.0
    parts: tuple[Part, ...] = ()

    def part(self, plan: str) -> Part | None:
        """Return the landing that `plan` made."""
        return next((part for part in self.parts if part.plan == plan), None)


class Ledger:
    """All offers of one root; what another process decides on them meanwhile is seen at the next question."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._offers: dict[ProposalId, Offer] = {}
        self._marks: dict[str, tuple[int, int]] = {}
        self._looked_ns = 0
        self._follow()

    def newest_first(self) -> tuple[Offer, ...]:
        """Return all offers, the newest first."""
        self._follow()
        return self._sorted()

    def _sorted(self) -> tuple[Offer, ...]:
        return tuple(sorted(self._offers.values(), key=lambda o: (o.created, o.proposal.id), reverse=True))

    def get(self, proposal: ProposalId) -> Offer:
        """Return one offer. Raises UserProblem when there is none."""
        if Path(proposal).name == proposal:
            if not self.path(proposal).exists():
                self._offers.pop(proposal, None)
            self._read(self.path(proposal))
        offer = self._offers.get(proposal)
        if offer is None:
            raise UserProblem(f"there is no proposal {proposal!r}", "run the action again to get a new one")
        return offer

    def of_run(self, run: RunId) -> Offer | None:
        """Return the offer that a run made."""
        return next((o for o in self.newest_first() if o.proposal.run == run), None)

    def put(self, offer: Offer) -> None:
        """Keep `offer`, in place of an older state of it."""
        self._offers[offer.proposal.id] = offer
        self._write(offer)
        for old in self._sorted()[MAX_KEPT:]:
            del self._offers[old.proposal.id]
            self.path(old.proposal.id).unlink(missing_ok=True)

    def drop(self, proposal: ProposalId) -> None:
        """Let an offer go for good. Raises UserProblem."""
        self._offers.pop(proposal, None)
        with told(self._folder):
            self.path(proposal).unlink(missing_ok=True)

    def _follow(self) -> None:
        """Read what others wrote since the last look. Offers are written by renaming, which the folder's time tells."""
        try:
            changed_ns = self._folder.stat().st_mtime_ns
            if changed_ns == self._looked_ns:
                return
            settled = time.time_ns() - changed_ns > SETTLED_NS  # a later change could carry the same time
            self._looked_ns = changed_ns if settled else 0
            names = [entry.name for entry in os.scandir(self._folder) if entry.name.endswith(SUFFIX)]
        except OSError:
            return
        there = set(names)
        self._offers = {one: offer for one, offer in self._offers.items() if self.path(one).name in there}
        for name in sorted(names):
            self._read(self._folder / name)

    def _read(self, path: Path) -> None:
        """Read one offer if it changed; what cannot be read is passed over, as if it were not there."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            mark = _mark(path.stat())
            if self._marks.get(path.name) != mark:
                self._marks[path.name] = mark
                offer = msgspec.msgpack.decode(path.read_bytes(), type=Offer)
                self._offers[offer.proposal.id] = offer

    def _write(self, offer: Offer) -> None:
        """Put an offer on the disk. Raises UserProblem."""
        with told(self._folder):
            self._put(offer)

    def _put(self, offer: Offer) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.msgpack.encode(offer))
            path = self.path(offer.proposal.id)
            mark = _mark(Path(name).stat())
            Path(name).replace(path)
            self._marks[path.name] = mark
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def path(self, proposal: ProposalId) -> Path:
        """Return where an offer is kept."""
        return self._folder / f"{proposal}{SUFFIX}"


def _mark(state: os.stat_result) -> tuple[int, int]:
    return state.st_ino, state.st_mtime_ns
