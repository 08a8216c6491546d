"""What a person decides, types or breaks while a run or a landing is under way keeps its place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.edits.patch import file_patch
from bridle.harness.engine import (
    Buffer,
    CheckStarted,
    FinishLanding,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    PrepareUndo,
    ProposalChanged,
    Reject,
    RunAccepted,
    RunEnded,
    StartRun,
    expect,
)
from bridle.harness.nouns import Badge, Proposal, ProposalId, RunId, UserProblem
from bridle.harness.proposals.hunks import hunks_of, ids_of
from bridle.harness.proposals.ledger import Ledger, Offer, Part
from bridle.harness.proposals.parts import with_part
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.state import State
from bridle.lsp_server.landing import inverse_edits

MONEY = "src/till/money.py"
CART = "src/till/cart.py"
TEST = "test_half_a_cent_is_rounded_up"


def offered(root: Path) -> None:
    """Offer a comment above a file, as a run that ended in an earlier life."""
    state, before = State(root), (root / MONEY).read_bytes()
    after = b"# landed\n" + before
    blobs = Blobs(state.blobs)
    blobs.put(before)
    blobs.put(after)
    patches = (file_patch(MONEY, before, after, None),)
    proposal = Proposal(
        ProposalId("earlier"), RunId("earlier"), "say it", patches, Badge("verified", "verified"),
        hunks=hunks_of(patches, blobs.get),
    )  # fmt: skip
    Ledger(state.proposals).put(Offer(proposal, ground={}, engine=""))


async def started(door: Any) -> RunId:
    """Start the fix, and leave it running."""
    verified = await door.verify()
    finding = next(f for v in verified.verdicts for f in v.findings if TEST in f.test)
    return expect(await door.engine.call(StartRun("fix", "", finding=finding)), RunAccepted).run


def landed_before(root: Path) -> dict[str, bytes]:
    """Put a comment above two files, as a run that landed in an earlier life; returns what stood before."""
    state, originals = State(root), {path: (root / path).read_bytes() for path in (CART, MONEY)}
    blobs = Blobs(state.blobs)
    patches = tuple(file_patch(path, data, b"# landed\n" + data, None) for path, data in originals.items())
    for path, data in originals.items():
        (root / path).write_bytes(b"# landed\n" + data)
        blobs.put(data)
        blobs.put(b"# landed\n" + data)
    hunks = hunks_of(patches, blobs.get)
    proposal = Proposal(
        ProposalId("earlier"), RunId("earlier"), "say it", patches, Badge("verified", "verified"), hunks=hunks
    )
    offer = Offer(proposal, ground={}, engine="")
    Ledger(state.proposals).put(with_part(offer, Part("p", patches, ids_of(hunks), at=1.0)))
    return originals


@pytest.mark.slow
async def test_rejecting_a_proposal_while_its_run_goes_ends_the_run(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    run = await started(door)
    await door.until(ProposalChanged)
    await door.engine.call(Reject(ProposalId(run)))
    ended = await door.until(RunEnded)
    assert ended.outcome == "cancelled"
    assert (await door.proposal(ended)).state == "rejected"


@pytest.mark.slow
async def test_a_proposal_taken_while_its_run_goes_stops_the_run_and_is_judged_as_it_stands(
    opening: Any, trusted: Path
) -> None:
    before = (trusted / MONEY).read_bytes()
    door = await opening("local")
    run = await started(door)
    first = (await door.until(ProposalChanged)).proposal
    plan, _ = await door.land(PrepareLanding(ProposalId(run)))
    ended = await door.until(RunEnded)
    assert (ended.outcome, ended.reason) == ("cancelled", "you took its proposal as it stood")
    assert plan.refused.startswith("not green: ")
    kept = await door.proposal(ended)
    assert (kept.state, kept.badge.state, kept.files) == ("open", "not green", first.files)
    assert (trusted / MONEY).read_bytes() == before


@pytest.mark.slow
async def test_a_verified_proposal_lands_although_its_run_has_not_ended_yet(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    run = await started(door)
    await door.until(ProposalChanged, lambda event: event.proposal.badge.state == "verified")
    _, result = await door.land(PrepareLanding(ProposalId(run)))
    assert result is not None
    assert (result.outcome, result.written) == ("applied", (MONEY,))
    assert (await door.until(RunEnded)).outcome == "succeeded"


@pytest.mark.slow
async def test_what_is_typed_while_the_run_goes_makes_its_proof_stale(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    document = await door.open(MONEY)
    run = await started(door)
    await door.until(CheckStarted, lambda event: event.run == run)
    document.insert(0, "# typed meanwhile\n")
    await door.sync(MONEY)
    proposal = await door.proposal(await door.until(RunEnded))
    assert (proposal.badge.state, proposal.changed_since) == ("stale", (MONEY,))


@pytest.mark.slow
async def test_a_run_whose_state_cannot_be_written_any_more_still_ends(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    run = await started(door)
    await door.until(CheckStarted, lambda event: event.run == run)
    shutil.rmtree(State(trusted).proposals)
    ended = await door.until(RunEnded)
    assert ended.outcome == "needs a person"
    assert "cannot keep its state in" in ended.reason
    assert "check that folder" in ended.reason


async def test_a_landed_change_is_not_rejected_afterwards(opening: Any, trusted: Path) -> None:
    landed_before(trusted)
    door = await opening("local")
    with pytest.raises(UserProblem, match="accepted already"):
        await door.engine.call(Reject(ProposalId("earlier")))


@pytest.mark.slow
async def test_what_is_typed_while_an_edit_is_on_its_way_is_not_taken_back_with_it(opening: Any, trusted: Path) -> None:
    offered(trusted)
    door = await opening("local")
    document = await door.open(MONEY)
    plan = expect(await door.engine.call(PrepareLanding(ProposalId("earlier"), force=True)), LandingPlan)
    document.insert(3, "# typed on the way\n")
    typed = str(document.text)
    (file,) = plan.open_files
    edits = document.carried(file)
    assert document.land(file)
    held = (Buffer(MONEY, document.version, str(document.text)),)
    await door.sync(MONEY)
    finish = FinishLanding(plan.id, held, inverses={MONEY: inverse_edits(typed, edits)})
    assert expect(await door.engine.call(finish), LandingResult).outcome == "applied"
    _, undone = await door.land(PrepareUndo())
    assert undone is not None
    assert str(document.text) == typed


@pytest.mark.slow
async def test_what_an_undo_could_not_take_back_can_be_taken_back_later(opening: Any, trusted: Path) -> None:
    originals = landed_before(trusted)
    door = await opening("local")
    document = await door.open(MONEY)
    plan = expect(await door.engine.call(PrepareUndo()), LandingPlan)
    assert plan.closed_files == (CART,)
    (trusted / CART).write_bytes(b"# saved by another program\n")
    assert document.land(plan.open_files[0])
    await door.sync(MONEY)
    held = (Buffer(MONEY, document.version, str(document.text)),)
    half = expect(await door.engine.call(FinishLanding(plan.id, held)), LandingResult)
    assert (half.outcome, half.unsaved, half.conflicts) == ("partial", (MONEY,), (CART,))
    (trusted / CART).write_bytes(b"# landed\n" + originals[CART])
    _, rest = await door.land(PrepareUndo())
    assert rest is not None
    assert (rest.outcome, rest.written) == ("applied", (CART,))
    assert (trusted / CART).read_bytes() == originals[CART]
    with pytest.raises(UserProblem, match="no landed change"):
        await door.land(PrepareUndo())


@pytest.mark.slow
async def test_a_file_that_was_opened_and_typed_into_meanwhile_is_not_written_below_its_editor(
    opening: Any, trusted: Path
) -> None:
    originals = landed_before(trusted)
    door = await opening("local")
    plan = expect(await door.engine.call(PrepareUndo()), LandingPlan)
    await door.open(MONEY, "# typed\n" + (trusted / MONEY).read_text())
    result = expect(await door.engine.call(FinishLanding(plan.id, ())), LandingResult)
    assert (result.outcome, "opened and changed meanwhile: src/till/money.py" in result.reason) == ("rolled back", True)
    assert (trusted / MONEY).read_bytes() == b"# landed\n" + originals[MONEY]
