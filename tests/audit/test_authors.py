"""Whose the lines of a text are: as a landing left them, moved, edited, mixed with a person's, taken back. Pure."""

from __future__ import annotations

import msgspec
import pytest

from bridle.harness.audit.acceptance import accepted
from bridle.harness.audit.authors import landings_of, wrote
from bridle.harness.edits.patch import any_patch
from bridle.harness.nouns import Badge, Proposal, ProposalId, RunId
from bridle.harness.proposals.ledger import Offer, Part
from bridle.harness.proposals.parts import without_part
from bridle.harness.session.records import Record, genesis, make_line
from bridle.indexer.digest import digest

BEFORE = "one\ntwo\nthree\nfour\nfive\n"
AFTER = "one\nTWO\nTWO AND\nTWO MORE\nthree\nfour\nfive\n"
Files = dict[str, tuple[str | None, str | None]]


class Store:
    """Contents by digest, and offers that landed with them."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def offer(self, files: Files, run: str = "r1", at: float = 1.0) -> Offer:
        patches = []
        for path, sides in files.items():
            before, after = (None if text is None else text.encode() for text in sides)
            self.kept.update({digest(one): one.decode() for one in (before, after) if one is not None})
            patches.append(any_patch(path, before, after))
        part = Part(f"plan-{run}", tuple(patches), at=at)
        proposal = Proposal(ProposalId(run), RunId(run), "Mend", tuple(patches), Badge("verified", "verified"))
        return Offer(proposal, {}, "e1", parts=(part,))

    def whose(self, text: str, *offers: Offer, path: str = "a.py") -> list[str]:
        """Return a word for each line: the run that wrote it, with a star where it was edited since."""
        found = ["-"] * len(text.splitlines())
        for landed in reversed(landings_of(offers, path)):
            done = wrote(landed, text, self.kept.get)
            for line in done.lines | done.edited:
                found[line] = landed.offer.proposal.run + "*" * (line in done.edited)
        return found


@pytest.mark.parametrize(
    ("now", "whose"),
    [
        (AFTER, "- r1 r1 r1 - - -"),
        ("zero\n" + AFTER, "- - r1 r1 r1 - - -"),
        (AFTER.replace("\n", "\r\n"), "- r1 r1 r1 - - -"),
        (AFTER.replace("TWO AND", "MINE"), "- r1 r1* r1 - - -"),
        (AFTER.replace("TWO AND\n", "MINE\nAND MINE\n"), "- r1 r1* r1* r1 - - -"),
        (AFTER.replace("TWO AND\n", "TWO AND\nMINE\n"), "- r1 r1 - r1 - - -"),
        (AFTER.replace("TWO AND\n", ""), "- r1 r1 - - -"),
        (AFTER.replace("four", "MINE"), "- r1 r1 r1 - - -"),
        (BEFORE, "- r1* - - -"),
        ("nothing\nof\nit\n", "- - -"),
        ("", ""),
    ],
)
def test_a_line_is_a_runs_as_long_as_it_stands(now: str, whose: str) -> None:
    store = Store()
    offer = store.offer({"a.py": (BEFORE, AFTER)})
    assert " ".join(store.whose(now, offer)) == whose


def test_the_newest_run_that_wrote_a_line_counts_and_one_that_was_taken_back_does_not() -> None:
    store = Store()
    last = AFTER.replace("TWO AND", "LAST")
    first, second = store.offer({"a.py": (BEFORE, AFTER)}), store.offer({"a.py": (AFTER, last)}, "r2", 2.0)
    assert store.whose(last, second, first) == ["-", "r1", "r2", "r1", "-", "-", "-"]
    back = without_part(second, "plan-r2", ["a.py"])
    assert store.whose(AFTER, back, first) == ["-", "r1", "r1", "r1", "-", "-", "-"]
    assert landings_of([without_part(first, "plan-r1", ["a.py"])], "a.py") == []


def test_what_a_run_only_moved_to_another_file_it_did_not_write() -> None:
    store = Store()
    offer = store.offer({"a.py": (BEFORE, None), "b.py": (None, "new\n" + BEFORE)})
    assert store.whose("new\n" + BEFORE, offer, path="b.py") == ["r1", "-", "-", "-", "-", "-"]
    assert store.whose(BEFORE, offer) == ["-"] * 5


def test_what_is_not_kept_any_more_is_nobodys() -> None:
    store = Store()
    offer = store.offer({"a.py": (BEFORE, AFTER)})
    store.kept.clear()
    assert store.whose(AFTER, offer) == ["-"] * 7


# --- who let it in ----------------------------------------------------------------------------------------------


def records(*said: tuple[str, dict[str, object]]) -> list[Record]:
    lines = [make_line(n + 1, float(n), kind, payload, genesis("r1")) for n, (kind, payload) in enumerate(said)]
    return [msgspec.json.decode(line, type=Record) for line in lines]


AGENT = ("started", {"workflow": "agent edits", "instruction": "Visitor: a.py"})
EDIT = ("started", {"workflow": "edit", "instruction": "round up\nand more", "model": "m"})
TAKEN = ("overridden", {"proposal": "r1", "badge": {"state": "not green", "text": "2 failed"}})


def prepared(plan: str) -> tuple[str, dict[str, object]]:
    return "prepared", {"plan": plan, "files": []}


def decided(verdict: str) -> tuple[str, dict[str, object]]:
    return "decided", {"tool": "Edit", "subject": "a.py", "verdict": verdict, "rule": "mode"}


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ([EDIT, prepared("p")], "person"),
        ([EDIT, TAKEN, prepared("p")], "unproved"),
        ([EDIT, TAKEN, prepared("other"), prepared("p")], "person"),
        ([AGENT, decided("allow"), TAKEN, prepared("p")], "rules"),
        ([AGENT, decided("allow"), decided("ask"), TAKEN, prepared("p")], "unproved"),
        ([EDIT, prepared("other")], None),
        ([], None),
    ],
)
def test_who_let_a_landing_in_is_read_off_its_journal(
    said: list[tuple[str, dict[str, object]]], by: str | None
) -> None:
    found = accepted(records(*said), "p")
    assert (found.by if found else None) == by
    if found and found.workflow == "edit":
        assert (found.task, found.model) == ("round up", "m")
