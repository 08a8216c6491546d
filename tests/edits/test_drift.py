"""Where a line stands after somebody else wrote: surely there, or refused; and what many lines in one change leave."""

from __future__ import annotations

from pathlib import Path

import pytest
from edit_desk import Desk, Lines
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridle.harness.buffers import Buffers
from bridle.harness.edits.drift import Drift
from bridle.harness.edits.patch import file_patch
from bridle.harness.edits.problems import ToolProblems
from bridle.harness.engine import Buffer, SyncBuffers
from bridle.harness.nouns import FilePatch
from bridle.harness.proposals.landing import Counted, Scene, place
from bridle.indexer.digest import digest
from bridle.indexer.history import ChangeLog, DiffedMap, LineMap
from bridle.indexer.text import REWRITTEN, LineEdit, Place, Text

CODE = [f"value_{n} = compute({n})\n" if n % 4 else "\n" for n in range(40)]
few = st.sampled_from(["a", "b", "return value", "", "}"])


# --- comparing ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(few, max_size=14), st.lists(few, max_size=14), st.data())
def test_a_block_is_found_only_where_the_very_lines_stand(old: list[str], new: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(old)))
    end = data.draw(st.integers(start, len(old)))
    found = Drift(old, new, None).lines(start, end) if start < end else None
    assert found is None or new[found : found + end - start] == old[start:end]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_comparing_never_finds_a_line_that_was_changed(data: st.DataObject) -> None:
    """Every line that is written is new, so that finding a changed one would be finding another."""
    old = [f"old line {n}" for n in range(data.draw(st.integers(1, 20)))]
    now = list(old)
    for k in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(now)))
        stop = data.draw(st.integers(start, min(len(now), start + 3)))
        now[start:stop] = [f"new line {k} {n}" for n in range(data.draw(st.integers(0, 3)))]
    moved = DiffedMap(old, now)
    for n, line in enumerate(old):
        found = moved.block(n, n + 1)
        assert found is None if line not in now else found in (None, now.index(line))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (["# above\n", *CODE], 7),
        ([*CODE[:6], CODE[6], *CODE[6:]], None),
        ([*CODE[:6], CODE[5], *CODE[6:]], None),
        ([*CODE[:6], *CODE[7:]], None),
        ([*CODE[:6], "typed over\n", *CODE[7:]], None),
        ([*CODE[:5], "new\n", CODE[6], "new\n", *CODE[8:]], 6),
        ([*CODE, CODE[6]], 6),
    ],
    ids=[
        "moved",
        "copied beside",
        "its neighbour copied",
        "gone",
        "changed",
        "alone, but unlike any other",
        "copied far",
    ],
)
def test_a_line_is_trusted_to_comparing_unless_a_copy_came_near(now: list[str], said: int | None) -> None:
    assert DiffedMap(CODE, now).block(6, 7) == said


def test_a_short_line_without_a_neighbour_is_not_trusted_even_if_no_other_is_like_it() -> None:
    assert DiffedMap(["a", "b", "c"], ["a", "new", "b", "new", "c"]).block(1, 2) is None


@settings(max_examples=150, deadline=None)
@given(st.lists(few, min_size=1, max_size=10), st.lists(few, max_size=10), st.data())
@example(["a"], [], None)
def test_an_edit_of_a_file_that_somebody_else_wrote_touches_its_own_lines_or_no_byte(
    old: list[str], new: list[str], data: st.DataObject | None
) -> None:
    desk = Desk({"a.txt": "".join(f"{line}\n" for line in old)})
    line = Lines(desk.read("a.txt"))
    n = data.draw(st.integers(0, len(old) - 1)) if data else 0
    desk.files["a.txt"] = before = "".join(f"{line}\n" for line in new).encode()
    call = {"files": [{"path": "a.txt", "rev": 1, "edits": [{"at": line[n + 1], "text": "HERE"}]}]}
    refused = _refused(desk, call)
    if refused:
        assert desk.files["a.txt"] == before
        assert refused.n_unlogged == (refused.code == "E_CONFLICT")
        return
    after = desk.text("a.txt").split("\n")[:-1]
    at = after.index("HERE")
    assert new[at] == old[n]
    assert after == [*new[:at], "HERE", *new[at + 1 :]]


def _refused(desk: Desk, call: object) -> ToolProblems | None:
    try:
        desk.land(call)
    except ToolProblems as problem:
        return problem
    return None


# --- many lines in one change -------------------------------------------------------------------------------------


def formatted(lines: list[str]) -> list[str]:
    """Lines as a formatter leaves them: every tenth is another."""
    return [line.replace("(", "( ") if n % 10 == 5 else line for n, line in enumerate(lines)]


def heard(before: str, after: str, *, whole: bool) -> LineMap:
    text, log = Text(before), ChangeLog(1)
    change = text.replace_all(after) if whole else text.replace(Place(0, 0), Place(10**6, 0), after)
    log.record(2, change)
    assert str(text) == after
    moved = log.since(1)
    assert moved is not None
    return moved


@pytest.mark.parametrize("whole", [True, False], ids=["a whole new text", "one range over all of it"])
def test_lines_that_a_formatter_left_alone_are_still_found_and_those_it_changed_are_not(whole: bool) -> None:
    after = ["import new\n", *formatted(CODE)]
    moved = heard("".join(CODE), "".join(after), whole=whole)
    assert [moved.block(n, n + 1) for n in (6, 7, 21, 39)] == [7, 8, 22, 40]
    for changed in (5, 15, 25, 35):
        assert moved.block(changed, changed + 1) is None
        assert moved.unlogged(changed, changed + 1)


def test_a_refusal_after_a_change_that_was_told_is_not_counted_as_one_of_a_rewriting() -> None:
    text, log = Text("".join(CODE)), ChangeLog(1)
    log.record(2, text.replace(Place(5, 0), Place(5, 3), "typed"))
    log.record(3, text.replace_all("".join(formatted(list(text.lines)))))
    moved = log.since(1)
    assert moved is not None
    assert (moved.block(5, 6), moved.unlogged(5, 6)) == (None, False)
    assert (moved.block(15, 16), moved.unlogged(15, 16)) == (None, True)
    assert (moved.block(6, 7), moved.unlogged(6, 7)) == (6, False)


def test_lines_that_were_parted_and_stand_side_by_side_again_are_one_block() -> None:
    text, log = Text("a\nb\nc\n"), ChangeLog(1)
    log.record(2, text.replace(Place(1, 0), Place(1, 0), "between\n"))
    parted = log.since(1)
    log.record(3, text.replace(Place(1, 0), Place(2, 0), ""))
    whole = log.since(1)
    assert parted is not None
    assert whole is not None
    assert (parted.block(0, 2), whole.block(0, 2)) == (None, 0)


def test_a_change_that_changed_nothing_parts_no_lines() -> None:
    text, log = Text("a\na\nb\n"), ChangeLog(1)
    log.record(2, text.replace(Place(0, 0), Place(1, 0), "a\n"))
    moved = log.since(1)
    assert moved is not None
    assert moved.block(0, 3) == 0


def test_what_is_typed_after_a_rewriting_is_followed_exactly() -> None:
    text, log = Text("".join(CODE)), ChangeLog(1)
    log.record(2, text.replace_all("".join(formatted(CODE))))
    log.record(3, text.replace(Place(0, 0), Place(0, 0), "".join(CODE[6:8])))
    moved = log.since(1)
    assert moved is not None
    assert moved.block(6, 8) == 8


@pytest.mark.parametrize(("n", "kept"), [(REWRITTEN - 1, False), (REWRITTEN, True)])
def test_only_many_lines_for_many_lines_are_a_rewriting(n: int, kept: bool) -> None:
    old, new = [f"old {k}\n" for k in range(n)], [f"new {k}\n" for k in range(n)]
    change = Text("".join(old)).replace_all("".join(new))
    assert (change.old_count, change.new_count) == (n, n)
    assert bool(change.gone) is kept
    assert bool(change.came) is kept


def test_a_log_keeps_the_lines_of_the_latest_rewritings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridle.indexer.history.MAX_KEPT_LINES", 3 * len(CODE))
    text, log = Text("".join(CODE)), ChangeLog(1)
    for version, after in ((2, formatted(CODE)), (3, CODE), (4, formatted(CODE))):
        log.record(version, text.replace_all("".join(after)))
    early, late = log.since(1), log.since(3)
    assert early is not None
    assert late is not None
    assert (early.block(6, 7), late.block(6, 7)) == (None, 6)
    assert early.unlogged(6, 7)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("x\n", "x\nx\n", [None]),
        ("x\nx\n", "x\n", [None, None]),
        ("a\nx\nb\n", "a\nx\nx\nb\n", [0, None, 3]),
        ("a\nx\n", "a\nx\ny\n", [0, 1]),
    ],
)
def test_of_equal_lines_in_one_change_nobody_knows_which_stood(before: str, after: str, said: list[int | None]) -> None:
    text, log = Text(before), ChangeLog(1)
    log.record(2, text.replace(Place(0, 0), Place(len(said), 0), after))
    moved = log.since(1)
    assert moved is not None
    assert [moved.line(n) for n in range(len(said))] == said


@pytest.mark.parametrize(("at", "text"), [(Place(0, 1), "\nx"), (Place(0, 0), "x\n"), (Place(1, 0), "x\n")])
def test_a_line_put_beside_an_equal_one_by_typing_is_told_apart(at: Place, text: str) -> None:
    document, log = Text("x\ny\n"), ChangeLog(1)
    log.record(2, document.replace(at, at, text))
    moved = log.since(1)
    assert moved is not None
    assert moved.line(0) == (1 if at == Place(0, 0) else 0)


# --- a proposal for a text without a log --------------------------------------------------------------------------


def patched(line: int) -> tuple[FilePatch, dict[str, bytes]]:
    before = "".join(CODE).encode()
    after = "".join([*CODE[:line], "proposed\n", *CODE[line + 1 :]]).encode()
    return file_patch("a.py", before, after), {digest(data): data for data in (before, after)}


CASES = [
    (["# above\n", *CODE], True),
    ([*CODE[:6], CODE[6], *CODE[6:]], False),
    ([*CODE[:6], CODE[5], *CODE[6:]], False),
    ([*CODE[:6], "typed over\n", *CODE[7:]], False),
]


@pytest.mark.parametrize("is_open", [True, False], ids=["a document opened again", "a closed file"])
@pytest.mark.parametrize(("now", "lands"), CASES, ids=["moved", "copied beside", "its neighbour copied", "changed"])
def test_a_proposal_is_carried_by_the_same_guards_as_an_edit(
    now: list[str], lands: bool, is_open: bool, tmp_path: Path
) -> None:
    patch, blobs = patched(6)
    (tmp_path / "a.py").write_text("".join(now))
    buffers = Buffers(tmp_path)
    if is_open:
        buffers.sync(SyncBuffers(changed=(Buffer("a.py", 9, "".join(now)),), closed=()))
    placed = place(patch, Counted("another engine", {}), Scene("this one", buffers, blobs.__getitem__))
    assert (placed.conflict == "") is lands
    if lands:
        start = now.index(CODE[6])
        edits = placed.open.edits if placed.open else file_patch("a.py", placed.before, placed.after).edits
        assert edits == (LineEdit(start, start + 1, "proposed\n"),)
    else:
        assert placed.before == "".join(now).encode()
