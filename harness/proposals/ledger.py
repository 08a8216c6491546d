"""The proposals of one root: on disk with the session, one file each, the newest first.

A record also holds what a landing needs: the digests of the ground that the verdicts were earned on. The ledger
decides nothing about them.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bridle.harness.nouns import Badge, FilePatch, Finding, Proposal, ProposalId, RunId, UserProblem

MAX_KEPT = 200


class Offer(msgspec.Struct, frozen=True):
    """A proposal and the ground under it.

    `baseline` are the findings that were there before the run, `earned` the badge that its own verdicts gave.
    `landed` are the patches as they came to stand, with the versions that the documents had then.
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
    created: float = 0.0
    landed: tuple[FilePatch, ...] = ()
    landed_openings: dict[str, int] = {}
    landed_at: float = 0.0
    plan: str = ""


class Ledger:
    """All offers of one root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._offers: dict[ProposalId, Offer] = {}
        self.unreadable: tuple[str, ...] = tuple(self._load())

    def newest_first(self) -> tuple[Offer, ...]:
        """Return all offers, the newest first."""
        return tuple(sorted(self._offers.values(), key=lambda o: (o.created, o.proposal.id), reverse=True))

    def get(self, proposal: ProposalId) -> Offer:
        """Return one offer. Raises UserProblem when there is none."""
        offer = self._offers.get(proposal)
        if offer is None:
            raise UserProblem(f"there is no proposal {proposal!r}", "run the action again to get a new one")
        return offer

    def of_run(self, run: RunId) -> Offer | None:
        """Return the offer that a run made."""
        return next((o for o in self._offers.values() if o.proposal.run == run), None)

    def put(self, offer: Offer) -> None:
        """Keep `offer`, in place of an older state of it."""
        self._offers[offer.proposal.id] = offer
        self._write(offer)
        for old in self.newest_first()[MAX_KEPT:]:
            del self._offers[old.proposal.id]
            self._path(old.proposal.id).unlink(missing_ok=True)

    def _load(self) -> Iterator[str]:
        for path in sorted(self._folder.glob("*.msgpack")):
            try:
                offer = msgspec.msgpack.decode(path.read_bytes(), type=Offer)
            except (OSError, msgspec.DecodeError):
                yield path.name
            else:
                self._offers[offer.proposal.id] = offer

    def _write(self, offer: Offer) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.msgpack.encode(offer))
            Path(name).replace(self._path(offer.proposal.id))
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def _path(self, proposal: ProposalId) -> Path:
        return self._folder / f"{proposal}.msgpack"
