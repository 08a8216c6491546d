"""What became of each hunk: left, taken back, or standing as it landed, edited, gone."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from bridle.cli.main import main
from bridle.harness.audit.afterwards import Fate, counted, fates
from bridle.harness.edits.patch import any_patch
from bridle.harness.nouns import Badge, HunkState, Proposal, ProposalId, RunId
from bridle.harness.proposals.hunks import hunks_of
from bridle.harness.proposals.ledger import Ledger, Offer
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.state import State

BEFORE = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n"
AFTER = b"one\nTWO\nthree\nfour\nFIVE\nFIVE AND\nsix\neight\nnine\n"
"""Three hunks: a line changed, a line become two, a line taken out."""


class Desk:
    def __init__(self, root: Path) -> None:
        self.state = State(root)
        self.root = root
        self.blobs = Blobs(self.state.blobs)
        self.ledger = Ledger(self.state.proposals)

    def offer(self, state: HunkState, after: bytes | None = AFTER, before: bytes | None = BEFORE) -> Offer:
        for data in (before, after):
            if data is not None:
                self.blobs.put(data)
        files = (any_patch("a.txt", before, after),)
        hunks = tuple(msgspec.structs.replace(one, state=state) for one in hunks_of(files, self.blobs.get))
        proposal = Proposal(ProposalId("p1"), RunId("p1"), "Mend", files, Badge("verified", "verified"), hunks=hunks)
        offer = Offer(proposal, {}, "e1")
        self.ledger.put(offer)
        return offer

    def fates(self, offer: Offer, now: bytes | None) -> list[Fate]:
        return list(fates([offer], self.blobs.get, lambda path: now))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = tmp_path / "root"
    root.mkdir()
    return Desk(root)


STANDING = [
    (AFTER, ["as it landed", "as it landed", "as it landed"]),
    (b"zero\n" + AFTER, ["as it landed", "as it landed", "as it landed"]),
    (AFTER.replace(b"FIVE AND", b"AND FIVE"), ["as it landed", "edited since", "as it landed"]),
    (AFTER.replace(b"TWO\n", b""), ["gone", "as it landed", "as it landed"]),
    (AFTER.replace(b"six\n", b"six\nseven\n"), ["as it landed", "as it landed", "edited since"]),
    (BEFORE, ["gone", "gone", "edited since"]),
    (None, ["gone", "gone", "gone"]),
    (b"\xff\x00", ["not known", "not known", "not known"]),
]


@pytest.mark.parametrize(("now", "said"), STANDING)
def test_what_was_taken_is_held_against_the_file_as_it_is(desk: Desk, now: bytes | None, said: list[str]) -> None:
    assert [fate.afterwards for fate in desk.fates(desk.offer("accepted"), now)] == said


def test_files_that_come_and_go(desk: Desk) -> None:
    (made,) = desk.fates(desk.offer("accepted", before=None), AFTER)
    assert (made.afterwards, made.lines, made.kept) == ("as it landed", 9, 9)
    (gone,) = desk.fates(desk.offer("accepted", after=None), None)
    assert gone.afterwards == "as it landed"
    (back,) = desk.fates(desk.offer("accepted", after=None), BEFORE)
    assert back.afterwards == "edited since"


@pytest.mark.parametrize("state", ["open", "rejected", "undone", "needs refresh"])
def test_what_was_not_taken_stands_nowhere(desk: Desk, state: HunkState) -> None:
    found = desk.fates(desk.offer(state), AFTER)
    assert {(fate.state, fate.afterwards) for fate in found} == {(state, "")}
    counts = counted(found)
    assert (counts["offered"], counts["accepted"], counts["edited_afterwards"]) == (3, 0, 0)
    assert counts["reverted"] + counts["rejected"] + counts["open"] == 3


def test_the_command_tells_hunks_and_sums(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.offer("accepted")
    (desk.root / "a.txt").write_bytes(AFTER.replace(b"FIVE AND", b"AND FIVE"))
    at = ("--root", str(desk.root))
    assert main(["audit", "hunks", *at]) == 0
    text = capsys.readouterr().out
    assert "p1  a.txt  hunk 2  accepted: edited since (1 of 2 lines)" in text
    assert "offered 3, accepted 3, edited afterwards 1, reverted 0, rejected 0, open 0" in text
    assert main(["audit", "hunks", "--json", *at]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["edited_afterwards"] == 1
    assert [one["afterwards"] for one in told["hunks"]] == ["as it landed", "edited since", "as it landed"]
    assert main(["audit", "hunks", "nobody", "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["hunks"] == []
