"""The parts of a proposal: which there are, which belong together, what the patch of some of them is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.harness.edits.patch import apply_patch, file_patch
from bridle.harness.nouns import Badge, FilePatch, Proposal, ProposalId, RunId, UserProblem
from bridle.harness.proposals.hunks import MAX_HUNKS, chosen, decided, hunks_of, ids_of, part_of, told
from bridle.harness.session.blobs import Blobs

FAR = b"".join(b"line %d\n" % n for n in range(20))


class Store:
    """Patches with their bytes kept."""

    def __init__(self, folder: Path) -> None:
        self.blobs = Blobs(folder)
        self.files: list[FilePatch] = []

    def change(self, path: str, before: bytes | None, after: bytes | None) -> FilePatch:
        for data in (before, after):
            if data is not None:
                self.blobs.put(data)
        self.files.append(file_patch(path, before, after))
        return self.files[-1]

    def proposal(self) -> Proposal:
        hunks = hunks_of(self.files, self.blobs.get)
        return Proposal(ProposalId("p"), RunId("p"), "", tuple(self.files), Badge("unverified", ""), hunks=hunks)

    def groups(self) -> list[list[str]]:
        hunks = self.proposal().hunks
        return [[h.id for h in hunks if h.group == group] for group in dict.fromkeys(h.group for h in hunks)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_every_change_apart_is_a_hunk_and_a_lone_one_is_the_whole_file(store: Store) -> None:
    store.change("a.py", FAR, FAR.replace(b"line 3\n", b"line 3.\n").replace(b"line 17\n", b"line 17.\n"))
    store.change("b.py", FAR, FAR.replace(b"line 3\n", b"line 4\n"))
    store.change("new.py", None, b"line\n")
    hunks = store.proposal().hunks
    assert [(h.id, h.path, h.edit) for h in hunks] == [
        ("1", "a.py", 0),
        ("2", "a.py", 1),
        ("3", "b.py", None),
        ("4", "new.py", None),
    ]
    assert store.groups() == [["1"], ["2"], ["3"], ["4"]]


def test_hunks_that_share_a_name_that_is_new_stand_or_fall_together(store: Store) -> None:
    after = FAR.replace(b"line 2\n", b"def helper(): ...\n").replace(b"line 9\n", b"line 9.\n")
    store.change("a.py", FAR, after.replace(b"line 15\n", b"helper()\n"))
    store.change("b.py", FAR, FAR.replace(b"line 5\n", b"from a import helper\n"))
    assert store.groups() == [["1", "3", "4"], ["2"]]


def test_hunks_that_share_a_name_that_goes_stand_or_fall_together(store: Store) -> None:
    before = FAR.replace(b"line 2\n", b"def gone(): ...\n").replace(b"line 15\n", b"gone()\n")
    store.change("a.py", before, before.replace(b"def gone(): ...\n", b"").replace(b"gone()\n", b"line\n"))
    assert store.groups() == [["1", "2"]]


def test_files_that_come_belong_to_files_that_go(store: Store) -> None:
    store.change("new.py", None, b"line\n")
    store.change("old.py", b"line\n", None)
    store.change("other.py", FAR, FAR.replace(b"line 5\n", b"line 6\n"))
    assert store.groups() == [["1", "2"], ["3"]]


def test_the_patch_of_some_hunks_is_their_edits_alone(store: Store) -> None:
    file = store.change("a.py", FAR, FAR.replace(b"line 3\n", b"three\n").replace(b"line 17\n", b""))
    proposal = store.proposal()
    second = part_of(file, proposal.hunks[1:], store.blobs.get)
    assert second is not None
    assert apply_patch(second, FAR) == FAR.replace(b"line 17\n", b"")
    assert part_of(file, proposal.hunks, store.blobs.get) is file
    assert part_of(file, (), store.blobs.get) is None


def test_a_hunk_is_chosen_with_its_group_and_only_while_it_is_open(store: Store) -> None:
    store.change("a.py", FAR, FAR.replace(b"line 2\n", b"helper\n").replace(b"line 9\n", b"line 9.\n"))
    store.change("b.py", FAR, FAR.replace(b"line 5\n", b"helper\n"))
    proposal = store.proposal()
    assert ids_of(chosen(proposal, ["3"])) == ("1", "3")
    proposal = decided(proposal, ["1", "3"], "rejected")
    assert (proposal.state, ids_of(chosen(proposal, []))) == ("open", ("2",))
    with pytest.raises(UserProblem, match="hunk 3 was rejected already"):
        chosen(proposal, ["3"])
    with pytest.raises(UserProblem, match="no hunk '7'"):
        chosen(proposal, ["7"])
    assert decided(proposal, ["2"], "accepted").state == "accepted"


def test_a_part_is_named_and_the_whole_is_not(store: Store) -> None:
    store.change("a.py", FAR, FAR.replace(b"line 3\n", b"three\n").replace(b"line 17\n", b""))
    assert [told(ids, store.proposal()) for ids in (["1", "2"], ["2"])] == ["", "hunk 2 of 2"]


def test_a_change_in_thousands_of_places_is_taken_file_by_file(store: Store) -> None:
    lines = [b"x%d\n\n" % n for n in range(MAX_HUNKS + 1)]
    store.change("a.py", b"".join(lines), b"".join(line.upper() for line in lines))
    assert [h.edit for h in store.proposal().hunks] == [None]
