"""Lines shown to an agent that brings its own model, and its edits: one decision, one ledger, one way back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridle.harness.engine import (
    Edited,
    EditLines,
    Engine,
    FinishLanding,
    GetContext,
    GetImpact,
    GetProposals,
    GetSessions,
    Impact,
    LandingPlan,
    PrepareUndo,
    Proposals,
    ReadLines,
    Refusal,
    Sessions,
    Shown,
    expect,
)
from bridle.harness.workspace import open_engine

pytestmark = pytest.mark.slow

TILL = "def total(prices):\n    return sum(prices)\n\n\ndef bill(prices):\n    return f'{total(prices)}'\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "till.py").write_text(TILL)
    (folder / "secret.py").write_text("x = 1\n")
    return folder


@pytest.fixture
async def engine(root: Path) -> AsyncIterator[Engine]:
    opened = await open_engine(root, {})
    opened.listen(lambda event: None)
    yield opened
    await opened.close()


async def shown(engine: Engine, path: str = "till.py") -> Shown:
    return expect(await engine.call(ReadLines(path)), Shown)


def named(text: str, line: int) -> str:
    """Return the anchor of a line as it was shown."""
    anchors = (row.partition("\t")[0] for row in text.split("\n"))
    return next(anchor for anchor in anchors if re.fullmatch(rf"{line}[a-z]+", anchor))


async def edited(engine: Engine, line: int, text: str, *, dry_run: bool = False) -> Edited | Refusal:
    seen = await shown(engine)
    edit = {"at": named(seen.text, line), "text": text}
    reply = await engine.call(EditLines([{"path": "till.py", "rev": seen.rev, "edits": [edit]}], dry_run, "tester"))
    assert isinstance(reply, Edited | Refusal)
    return reply


async def test_an_edit_of_shown_lines_lands_and_can_be_taken_back(engine: Engine, root: Path) -> None:
    done = await edited(engine, 2, "    return round(sum(prices), 2)")
    assert isinstance(done, Edited), done
    assert (done.outcome, [(f.path, f.added, f.removed) for f in done.files]) == ("landed", [("till.py", 1, 1)])
    assert "round(sum" in (root / "till.py").read_text()
    assert done.files[0].rev == 2
    assert "round(sum" in done.files[0].text
    plan = expect(await engine.call(PrepareUndo()), LandingPlan)
    await engine.call(FinishLanding(plan.id, ()))
    assert (root / "till.py").read_text() == TILL


async def test_it_stands_in_the_journal_as_the_agents_and_unproved(engine: Engine) -> None:
    done = await edited(engine, 2, "    return 0")
    (row,) = expect(await engine.call(GetSessions()), Sessions).sessions
    assert (row.workflow, row.instruction, row.outcome) == ("agent edits", "tester: till.py", "succeeded")
    (offer,) = expect(await engine.call(GetProposals()), Proposals).proposals
    assert isinstance(done, Edited)
    assert (offer.id, offer.state, offer.badge.state) == (done.proposal, "accepted", "unverified")


async def test_a_line_that_was_not_shown_cannot_be_edited_and_the_refusal_says_what_to_do(engine: Engine) -> None:
    request = EditLines([{"path": "till.py", "rev": 7, "edits": [{"at": "2ab", "text": "x"}]}])
    refused = expect(await engine.call(request), Refusal)
    assert [place.code for place in refused.problems] == ["E_REV_UNKNOWN"]
    assert "read" in refused.text.lower()


async def test_a_dry_run_leaves_nothing_behind(engine: Engine, root: Path) -> None:
    done = await edited(engine, 2, "    return 0", dry_run=True)
    assert isinstance(done, Edited)
    assert (done.outcome, done.proposal) == ("checked", "")
    assert (root / "till.py").read_text() == TILL
    assert expect(await engine.call(GetProposals()), Proposals).proposals == ()


async def test_where_a_rule_asks_the_change_waits_on_offer(root: Path) -> None:
    (root / "bridle.toml").write_text('[permission]\nask = ["Edit(till.py)"]\ndeny = ["Read(secret.py)"]\n')
    engine = await open_engine(root, {})
    try:
        done = await edited(engine, 2, "    return 0")
        assert isinstance(done, Edited)
        assert done.outcome == "offered"
        assert "till.py" in done.reason
        assert (root / "till.py").read_text() == TILL
        (offer,) = expect(await engine.call(GetProposals()), Proposals).proposals
        assert (offer.id, offer.state) == (done.proposal, "open")
        refused = expect(await engine.call(ReadLines("secret.py")), Refusal)
        assert [place.code for place in refused.problems] == ["E_PERMISSION"]
    finally:
        await engine.close()


async def test_no_path_leads_out_of_the_workspace(engine: Engine, root: Path) -> None:
    (root.parent / "outside.py").write_text("x = 1\n")
    (root / "link.py").symlink_to(root.parent / "outside.py")
    for path in ("../outside.py", str(root.parent / "outside.py"), "link.py", "", "till.py\n", "~/x", "a\\b"):
        assert isinstance(await engine.call(ReadLines(path)), Refusal), path
        make: dict[str, object] = {"path": path, "create": True, "edits": [{"after": "0", "text": "x"}]}
        assert isinstance(await engine.call(EditLines([make])), Refusal), path


async def test_what_a_change_reaches_is_told_surest_first_and_in_pages(engine: Engine) -> None:
    await engine.call(GetContext("total"))
    reach = expect(await engine.call(GetImpact("total")), Impact)
    assert [row.qualname for row in reach.of] == ["total"]
    assert [(row.qualname, row.path, row.start_line) for row in reach.rows] == [("bill", "till.py", 4)]
    assert reach.rows[0].way == ("till.py::bill", "till.py::total")
    none = expect(await engine.call(GetImpact("total", start=1)), Impact)
    assert (none.rows, none.total, none.known.cut) == ((), 1, False)
    unknown = expect(await engine.call(GetImpact("totals of prices")), Impact)
    assert unknown.of == ()
    assert unknown.alike
