"""Proposals put on offer by hand, and landings without an editor, without a run and without a check that takes time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bridle.harness.afterwards import Afterwards
from bridle.harness.buffers import Buffers
from bridle.harness.edits.patch import file_patch
from bridle.harness.engine import EngineEvent, FinishLanding, LandingPlan, LandingResult, PrepareLanding, PrepareUndo
from bridle.harness.ground import Ground
from bridle.harness.landings import Landings
from bridle.harness.model.client import ModelClient
from bridle.harness.model.purse import Ceilings, Purse
from bridle.harness.nouns import Badge, FilePatch, Finding, Proposal, ProposalId, RunId, Usage, Verdict
from bridle.harness.permission.grants import Grants
from bridle.harness.phases.library import Library
from bridle.harness.proposals.hunks import hunks_of, ids_of
from bridle.harness.proposals.ledger import Ledger, Offer
from bridle.harness.proposals.proving import Proving
from bridle.harness.proposals.standing import Standing
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.journal import Journal
from bridle.harness.session.state import State
from bridle.harness.settings import load
from bridle.harness.verify.as_before import Sides
from bridle.indexer.digest import digest, digest_of_parts

Tree = Mapping[str, bytes]


def tree_of(root: Path) -> dict[str, bytes]:
    """Return path → bytes of all files below `root`."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def mark_of(tree: Tree) -> str:
    return digest_of_parts(part for path in sorted(tree) for part in (path, digest(tree[path])))


class Prover:
    """Stands in for the checks: whatever it is asked to prove passes, and it remembers which trees these were."""

    def __init__(self, root: Path) -> None:
        self.proved: set[str] = set()
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while the checks run."""
        self._root = root

    async def ground(self, dirty: Tree) -> dict[str, str]:
        return {path: digest(data) for path, data in (tree_of(self._root) | dict(dirty)).items()}

    async def prove(
        self,
        dirty: Tree,
        changes: Mapping[str, bytes | None],
        baseline: Sequence[Finding],
        cancel: threading.Event,
        paths: Sequence[str] = (),
        run: str = "",
        executable: Mapping[str, bool] = {},
    ) -> tuple[str, tuple[Verdict, ...]]:
        tree = tree_of(self._root) | dict(dirty)
        for path, data in changes.items():
            tree.pop(path, None)
            if data is not None:
                tree[path] = data
        mark = mark_of(tree)
        self.proved.add(mark)
        self.meanwhile()
        return mark, (Verdict("pytest", "pass", 0.1, mark, "plain", 1, 1, unit="test"),)

    async def prove_as_before(
        self, dirty: Tree, sides: Sides, verdicts: Sequence[Verdict], cancel: threading.Event
    ) -> tuple[Verdict, ...]:
        return ()


class Table:
    """One root with its ledger, its landings and the prover; every file is a closed one unless a test opens it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = State(root)
        self.events: list[EngineEvent] = []
        self.buffers = Buffers(root)
        self.blobs = Blobs(self.state.blobs)
        self.ledger = Ledger(self.state.proposals)
        self.prover = Prover(root)
        self._clock = 0.0
        ground = Ground(
            root=root,
            engine="e1",
            state=self.state,
            settings=load(root, {}),
            grants=Grants(load(root, {}).policy),
            trusted=lambda: True,
            buffers=self.buffers,
            snapshot=_nobody,
            client=_no_model,
            consent=_nobody,
            ask=_nobody,
            question=_no_answer,
            blobs=self.blobs,
            ledger=self.ledger,
            emit=self.events.append,
            now=self.now,
            purse=Purse(Ceilings(), lambda day: Usage(), self.now),
            library=Library(root, root / "none", lambda: True),
        )
        self.ground = ground
        checking: Any = self.prover  # the two calls that proving makes
        proving = Proving(checking, self.ledger, self.buffers, self.events.append)
        self.landings = Landings(ground, proving)
        self.afterwards = Afterwards(ground, proving)
        self.standing = Standing(self.ledger, self.buffers, self.events.append)

    def now(self) -> float:
        self._clock += 1.0
        return self._clock

    def offer(
        self,
        name: str,
        changes: Mapping[str, bytes | None],
        *,
        verified: bool = True,
        outside: Mapping[str, str] = {},
    ) -> Proposal:
        """Put a change of the tree on offer, as a run would."""
        files: list[FilePatch] = []
        for path, after in sorted(changes.items()):
            place = self.root / path
            before = place.read_bytes() if place.is_file() else None
            document = self.buffers.get(path)
            files.append(file_patch(path, before, after, document.buffer.version if document else None))
            for data in (before, after):
                if data is not None:
                    self.blobs.put(data)
        hunks = hunks_of(files, self.blobs.get)
        earned = Badge("verified", "verified: 1 test") if verified else None
        if verified:
            tree = {path: data for path, data in (tree_of(self.root) | dict(changes)).items() if data is not None}
            self.prover.proved.add(mark_of(tree))
        proposal = Proposal(
            ProposalId(name), RunId(name), name, tuple(files), earned or Badge("unverified", "not yet"), hunks=hunks
        )
        proposal = msgspec.structs.replace(proposal, outside=dict(outside))
        offer = Offer(
            proposal,
            ground={path: digest(data) for path, data in tree_of(self.root).items()},
            engine="e1",
            openings=self.buffers.openings(),
            earned=earned,
            proved=ids_of(hunks) if verified else (),
            created=self.now(),
        )
        self.ledger.put(offer)
        journal = Journal(self.state.journals, proposal.run, self.now)
        journal.append("started", {"workflow": "edit", "instruction": name, "pid": 0, "engine": "e1"})
        journal.close()
        return proposal

    def now_on(self, name: str) -> Proposal:
        return self.ledger.get(ProposalId(name)).proposal

    def states(self, name: str) -> dict[str, str]:
        return {hunk.id: hunk.state for hunk in self.now_on(name).hunks}

    async def accept(
        self, name: str, hunks: Collection[str] = (), *, force: bool = False, confirmed: Collection[str] = ()
    ) -> LandingPlan:
        """Land hunks as the command line does; the plan says what came of it."""
        request = PrepareLanding(ProposalId(name), (), force, tuple(hunks), tuple(confirmed))
        return await self._land(await self.landings.prepare(request))

    async def undo(self, run: str = "", **choices: Any) -> LandingPlan:
        return await self._land(await self.landings.prepare_undo(PrepareUndo(run, choices.get("choices", {}))))

    async def _land(self, plan: LandingPlan) -> LandingPlan:
        if not plan.refused:
            assert plan.open_files == ()
            result: LandingResult = await self.landings.finish(FinishLanding(plan.id, ()))
            assert result.outcome == "applied", result
        return plan


def _no_model() -> ModelClient:
    raise AssertionError("nobody asks for a model here")


async def _no_answer(
    message: str, choices: tuple[str, ...], default: str, *, timeout_s: float = 1.0
) -> tuple[str, bool]:
    raise AssertionError(f"nobody is asked here: {message}")


async def _nobody(*_: object) -> Any:
    raise AssertionError("nobody asks for this here")
