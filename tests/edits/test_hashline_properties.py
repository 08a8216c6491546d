"""The algebra of edits, on any bytes: line ends of every kind, byte order marks, declared encodings, no final end."""

from __future__ import annotations

import contextlib
import itertools
import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridle.context.anchors import anchor_at, bodies_of, lines_of
from bridle.harness.edits.hashline import Plan, parse, plan
from bridle.harness.edits.patch import apply_patch, file_patch, invert, unified_diff
from bridle.harness.edits.placing import LineEndsJoinError, Placed, apply_placed
from bridle.harness.edits.problems import ToolProblem, ToolProblems
from bridle.harness.edits.readview import read
from bridle.harness.edits.revisions import Revisions
from bridle.harness.nouns import UserProblem
from bridle.indexer.encoding import decode
from bridle.indexer.history import LineMap, LoggedMap
from bridle.indexer.text import LineChange, apply_edits

LINES = st.text(alphabet="ab}é😀\x0c\u2028 \t", max_size=4)
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.tuples(LINES, ENDS), max_size=9))
    return "".join(line + end for line, end in lines) + draw(LINES)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    text = draw(texts())
    kind = draw(st.sampled_from(["utf-8", "bom", "latin-1", "utf-16-le"]))
    if kind == "latin-1":
        return ("# -*- coding: latin-1 -*-\n" + text).encode("latin-1", "ignore")
    if kind == "utf-16-le":
        return b"\xff\xfe" + text.encode("utf-16-le")
    return (b"\xef\xbb\xbf" if kind == "bom" else b"") + text.encode()


@st.composite
def placed(draw: st.DrawFn, n_lines: int) -> list[Placed]:
    """Edits that do not overlap, in any order."""
    cuts = sorted(draw(st.lists(st.integers(0, n_lines), max_size=6)))
    ranges = list(itertools.pairwise(cuts))[::2]
    edits = [Placed(a, b, tuple(draw(st.lists(LINES, max_size=3, min_size=int(a == b))))) for a, b in ranges]
    return draw(st.permutations(edits))


@given(files())
def test_no_edits_leave_every_byte(data: bytes) -> None:
    text = decode(data).text
    assert apply_placed(text, []).text == text
    assert file_patch("a.txt", data, data).edits == ()


@given(st.none() | files(), st.none() | files())
def test_a_patch_and_its_inverse_lead_there_and_back_on_bytes(before: bytes | None, after: bytes | None) -> None:
    try:
        patch = file_patch("a.txt", before, after)
    except UserProblem:
        assert _kind(before) != _kind(after)
        return
    assert apply_patch(patch, before) == after
    assert apply_patch(invert(patch), after) == before
    assert invert(invert(patch)) == patch


def _kind(data: bytes | None) -> tuple[str, bool] | None:
    return None if data is None else (decode(data).encoding, decode(data).bom)


@given(st.data())
def test_lines_that_no_edit_touches_keep_every_byte(data: st.DataObject) -> None:
    text = data.draw(texts())
    lines = lines_of(text)
    edits = data.draw(placed(len(lines)))
    try:
        after = lines_of(apply_placed(text, edits).text)
    except LineEndsJoinError:
        return
    old, new = 0, 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        kept = edit.start - old
        assert after[new : new + kept] == lines[old : edit.start] or _only_the_last_got_its_end(
            after[new : new + kept], lines[old : edit.start], text
        )
        new += kept
        assert [line.rstrip("\r\n") for line in after[new : new + len(edit.text)]] == list(edit.text)
        new += len(edit.text)
        old = edit.end
    assert after[new:] == lines[old:]


def _only_the_last_got_its_end(after: list[str], before: list[str], text: str) -> bool:
    """A line without an end gets one when something is put below it."""
    last = lines_of(text)[-1]
    return before[-1:] == [last] and after[:-1] == before[:-1] and after[-1].rstrip("\r\n") == last


@pytest.mark.slow
@given(st.data())
def test_the_edits_of_a_result_lead_there_and_back_and_touch_no_line_that_was_not_named(data: st.DataObject) -> None:
    text = data.draw(texts())
    edits = data.draw(placed(len(lines_of(text))))
    try:
        result = apply_placed(text, edits)
    except LineEndsJoinError:
        return
    assert apply_edits(text, result.edits) == result.text
    assert apply_edits(result.text, result.inverse) == text
    open_last = len(lines_of(text)) - 1 if text and not text.endswith(("\n", "\r")) else -1
    named = {n for edit in edits for n in range(edit.start, edit.end)} | {open_last}
    assert {n for edit in result.edits for n in range(edit.start, edit.end)} <= named


@pytest.mark.slow
@given(st.data())
def test_the_order_of_edits_does_not_matter(data: st.DataObject) -> None:
    text = data.draw(texts())
    edits = data.draw(placed(len(lines_of(text))))
    assume(len({edit.start for edit in edits if edit.start == edit.end}) == sum(e.start == e.end for e in edits))
    shuffled = data.draw(st.permutations(edits))
    assert _result(text, edits) == _result(text, shuffled)


def _result(text: str, edits: list[Placed]) -> str | None:
    try:
        return apply_placed(text, edits).text
    except LineEndsJoinError:
        return None


@pytest.mark.slow
@given(st.data())
def test_a_file_without_a_final_line_end_gets_none_where_its_last_line_is_replaced(data: st.DataObject) -> None:
    text = data.draw(texts())
    lines = lines_of(text)
    assume(lines and not lines[-1].endswith(("\n", "\r")))
    after = _result(text, [Placed(len(lines) - 1, len(lines), ("x", "y"))])
    assert after is not None
    assert after.endswith("y")


# --- through the tool ---------------------------------------------------------------------------------------------


class Bench:
    """One file, read whole, and the exact log of what calls did to it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.revisions = Revisions()
        self.log: list[LineChange] = []
        self.view = read(self.revisions, "a.txt", data)

    def plan(self, edits: list[dict[str, Any]]) -> Plan:
        call = {"files": [{"path": "a.txt", "rev": 1, "edits": edits}]}
        return plan(parse(call), self.revisions, lambda path: self.data, self._moved)

    def land(self, edits: list[dict[str, Any]]) -> None:
        (file,) = self.plan(edits).files
        assert file.after is not None
        for edit in reversed(file.edits):
            self.log.append(LineChange(edit.start, edit.end - edit.start, len(lines_of(edit.text))))
        self.data = file.after

    def _moved(self, path: str, number: int) -> LineMap | None:
        return LoggedMap(self.log)


PLAIN = st.lists(st.sampled_from(["a", "b", "c()", "  d", "}", ""]), min_size=1, max_size=12)


@st.composite
def apart(draw: st.DrawFn, lines: list[str]) -> list[dict[str, Any]]:
    """Edits as a model would send them, no two of which name the same line."""
    cuts = sorted(draw(st.sets(st.integers(0, len(lines) - 1), max_size=6)))
    edits: list[dict[str, Any]] = []
    for first, last in list(itertools.pairwise(cuts))[::2]:
        start, end = anchor_at(lines, first), anchor_at(lines, last)
        text = {"text": "".join(f"new {first} {n}\n" for n in range(draw(st.integers(1, 3))))}
        kinds = [{"at": f"{start}-{end}", **text}, {"at": f"{start}-{end}"}, {"after": str(start), **text}]
        edits.append(draw(st.sampled_from(kinds)))
    return edits


@pytest.mark.slow
@given(st.data(), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@settings(max_examples=150)
def test_many_edits_in_one_call_equal_as_many_calls_at_the_same_revision(
    data: st.DataObject, end: str, final: bool
) -> None:
    lines = data.draw(PLAIN)
    assume(lines[-1] != "")
    text = end.join(lines) + (end if final else "")
    edits = data.draw(apart(lines))
    assume(edits)
    once, often = Bench(text.encode()), Bench(text.encode())
    once.land(edits)
    for edit in data.draw(st.permutations(edits)):
        often.land([edit])
    assert bodies_of(often.data.decode()) == bodies_of(once.data.decode())


@pytest.mark.slow
@given(st.data())
@settings(max_examples=150)
def test_a_refusal_leaves_the_world_as_it_was_and_its_offer_applies(data: st.DataObject) -> None:
    lines = data.draw(PLAIN)
    bench = Bench("".join(f"{line}\n" for line in lines).encode())
    places = st.tuples(st.integers(0, 14), st.sampled_from(["aa", "th", ""])).map(lambda p: f"{p[0]}{p[1]}")
    true = st.integers(0, len(lines) - 1).map(lambda n: str(anchor_at(lines, n)))
    some = st.fixed_dictionaries({}, optional={"text": st.sampled_from(["x", "a\nb", "", "}"])})
    edits = data.draw(
        st.lists(
            st.builds(
                lambda kind, place, rest: {kind: place, **rest}, st.sampled_from(["at", "after"]), true | places, some
            ),
            min_size=1,
            max_size=4,
        )
    )
    moved = data.draw(st.sampled_from([b"", b"mine\n"]))
    bench.data = moved + bench.data
    if moved:
        bench.log.append(LineChange(0, 0, 1))
    before = bench.data
    try:
        bench.plan(edits)
    except ToolProblems as problem:
        assert bench.data == before
        if problem.fragment:
            plan(
                parse(json.loads(problem.fragment)), bench.revisions, lambda path: bench.data, lambda path, number: None
            )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["files", "path", "rev", "edits", "at", "after", "text", "create", "rename"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_input_of_the_tool_is_planned_or_refused_with_a_problem(given_input: object) -> None:
    with contextlib.suppress(ToolProblem):
        plan(parse(given_input), Revisions(), lambda path: b"a\n", lambda path, number: None)


@given(st.data())
def test_the_log_places_an_edit_on_its_own_line_under_any_change_of_the_person(data: st.DataObject) -> None:
    """Every line is unique, so its text says where the edit belonged."""
    n = data.draw(st.integers(1, 12))
    lines = [f"line {k}" for k in range(n)]
    bench = Bench("".join(f"{line}\n" for line in lines).encode())
    now = list(lines)
    for k in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(now)))
        stop = data.draw(st.integers(start, min(len(now), start + 2)))
        fresh = [f"mine {k} {j}" for j in range(data.draw(st.integers(0, 2)))]
        bench.log.append(LineChange(start, stop - start, len(fresh)))
        now[start:stop] = fresh
    bench.data = "".join(f"{line}\n" for line in now).encode()
    target = data.draw(st.integers(0, n - 1))
    edits = [{"at": str(anchor_at(lines, target)), "text": "HERE"}]
    if lines[target] not in now:
        with pytest.raises(ToolProblems, match="E_CONFLICT") as caught:
            bench.plan(edits)
        assert caught.value.code == "E_CONFLICT"
        return
    (file,) = bench.plan(edits).files
    assert file.after == "".join(f"{'HERE' if line == lines[target] else line}\n" for line in now).encode()


@given(files(), files())
@settings(max_examples=60)
def test_a_unified_diff_names_both_sides_or_is_empty(before: bytes, after: bytes) -> None:
    diff = unified_diff("a.txt", before, after)
    assert (diff == "") == (decode(before).text == decode(after).text and _kind(before)[1:] == _kind(after)[1:])  # type: ignore[index]
