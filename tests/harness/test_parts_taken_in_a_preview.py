"""What a person took of a prepared landing in their editor: just that lands, is undone and is proved as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from offers import Table, mark_of, tree_of

from bridle.harness.engine import (
    Buffer,
    FinishLanding,
    LandingPlan,
    LandingResult,
    PrepareLanding,
    PrepareUndo,
    ProveLanded,
    SyncBuffers,
)
from bridle.harness.nouns import ProposalId, UserProblem
from bridle.harness.session.fold import fold
from bridle.harness.session.journal import Journal
from bridle.harness.session.runs import list_runs
from bridle.indexer.text import apply_edits

TEXT = "".join(f"line {n}\n" for n in range(30))
P = ProposalId("p")


def changed(*lines: int) -> str:
    text = TEXT
    for line in lines:
        text = text.replace(f"line {line}\n", f"line {line}0\nline\n")
    return text


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """Two open files, and a proposal of two hunks in the first and one in the second."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "root"
    root.mkdir()
    for name in ("a.py", "b.py"):
        (root / name).write_text(TEXT)
    table = Table(root)
    holds(table, 1, {"a.py": TEXT, "b.py": TEXT})
    table.offer("p", {"a.py": changed(3, 12).encode(), "b.py": changed(7).encode()})
    return table


def holds(table: Table, version: int, texts: dict[str, str]) -> tuple[Buffer, ...]:
    """The editor's documents hold these texts now."""
    buffers = tuple(Buffer(path, version, text) for path, text in texts.items())
    table.buffers.sync(SyncBuffers(buffers))
    return buffers


async def took(table: Table, version: int, texts: dict[str, str], *hunks: str) -> LandingResult:
    plan = await table.landings.prepare(PrepareLanding(P))
    assert len(plan.open_files) == 2
    return await table.landings.finish(FinishLanding(plan.id, holds(table, version, texts), hunks=hunks))


async def test_just_what_was_taken_lands_and_the_rest_stays_on_offer_unverified(table: Table) -> None:
    result = await took(table, 2, {"a.py": changed(12)}, "2")
    assert (result.outcome, result.unsaved, result.conflicts) == ("applied", ("a.py",), ())
    assert table.states("p") == {"1": "open", "2": "accepted", "3": "open"}
    assert table.now_on("p").badge.state == "unverified"
    plan = await table.landings.prepare_undo(PrepareUndo())
    assert [file.path for file in plan.open_files] == ["a.py"]
    assert apply_edits(changed(12), plan.open_files[0].edits) == TEXT


async def test_it_is_proved_as_it_stands_afterwards_and_not_before(table: Table) -> None:
    await took(table, 2, {"a.py": changed(3), "b.py": changed(7)}, "1", "3")
    stands = mark_of(tree_of(table.root) | {"a.py": changed(3).encode(), "b.py": changed(7).encode()})
    assert stands not in table.prover.proved
    before = table.now_on("p")
    plan = await table.afterwards.prove(ProveLanded(P, ("3", "1")))
    assert isinstance(plan, LandingPlan)
    assert plan.proposal is not None
    assert plan.proposal.badge.state == "verified"
    assert plan.proposal.badge.text.endswith("(hunks 1, 3 of 3)")
    assert stands in table.prover.proved
    assert table.now_on("p") == before, "what is on offer still keeps the badge that it has"
    with pytest.raises(UserProblem, match="no landing of just these hunks"):
        await table.afterwards.prove(ProveLanded(P, ("1",)))


async def test_the_record_says_that_nothing_vouched_for_it_and_a_crash_forgets_nothing(table: Table) -> None:
    await took(table, 2, {"a.py": changed(12)}, "2")
    journal = Journal(table.state.journals, table.now_on("p").run, table.now)
    kinds = [record.kind for record in journal.records]
    journal.close()
    assert kinds == ["started", "prepared", "rolled_back", "overridden", "prepared", "confirmed", "landed"]
    landings = list(fold(journal.records).landings.values())
    assert [(one.state, one.hunks) for one in landings] == [("rolled back", ("1", "2", "3")), ("landed", ("2",))]
    assert [file.path for file in landings[1].files] == ["a.py"]
    assert not list_runs(table.state.journals)[0].state.unfinished


async def test_all_that_was_prepared_is_the_landing_that_was_proved(table: Table) -> None:
    await took(table, 2, {"a.py": changed(3, 12), "b.py": changed(7)}, "1", "2", "3")
    assert table.now_on("p").state == "accepted"
    journal = Journal(table.state.journals, table.now_on("p").run, table.now)
    assert "overridden" not in [record.kind for record in journal.records]
    journal.close()


async def test_hunks_that_were_not_prepared_are_refused(table: Table) -> None:
    plan = await table.landings.prepare(PrepareLanding(P, hunks=("1",)))
    with pytest.raises(UserProblem, match="other hunks were prepared: 1"):
        await table.landings.finish(FinishLanding(plan.id, holds(table, 2, {"b.py": changed(7)}), hunks=("3",)))
