"""What the engine makes of a call is what a client makes of the edits that it is sent, in any position encoding."""

from __future__ import annotations

import itertools
from typing import Literal

import pytest
from edit_desk import Desk, Lines
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from bridle.context.anchors import lines_of
from bridle.harness.edits.placing import LineEndsJoinError, Placed, apply_placed
from bridle.indexer.text import Text, split_lines
from bridle.lsp_server.landing import text_edits

Encoding = Literal["utf-8", "utf-16", "utf-32"]
CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def applied(text: str, edits: tuple[lsp.TextEdit, ...], encoding: Encoding) -> str:
    """Apply edits as the protocol says: all ranges mean the text as it was; later ones do not move earlier ones."""
    lines = split_lines(text)

    def offset(place: lsp.Position) -> int:
        if place.line >= len(lines):
            return len(text)
        data = lines[place.line].encode(CODECS[encoding])[: place.character * UNITS[encoding]]
        return sum(map(len, lines[: place.line])) + len(data.decode(CODECS[encoding]))

    spans = [(offset(edit.range.start), offset(edit.range.end), edit.new_text) for edit in edits]
    assert all(a <= b for a, b, _ in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans)), "no two overlap"
    for start, end, fresh in reversed(spans):
        text = text[:start] + fresh + text[end:]
    return text


LINE = st.text(alphabet="ab é😀\t\x0c\u2028", max_size=4)
TEXTS = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n", "\r"])), max_size=7).flatmap(
    lambda rows: LINE.map(lambda last: "".join(line + end for line, end in rows) + last)
)


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(st.data(), TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_a_client_ends_with_the_text_of_the_engine(data: st.DataObject, text: str, encoding: Encoding) -> None:
    count = len(lines_of(text))
    cuts = sorted(data.draw(st.lists(st.integers(0, count), min_size=2, max_size=6)))
    edits = [
        Placed(a, b, tuple(data.draw(st.lists(LINE, min_size=int(a == b), max_size=2))))
        for a, b in list(itertools.pairwise(cuts))[::2]
    ]
    try:
        result = apply_placed(text, edits)
    except LineEndsJoinError:
        return
    assert applied(text, text_edits(Text(text, encoding), result.edits), encoding) == result.text
    back = text_edits(Text(result.text, encoding), result.inverse)
    assert applied(result.text, back, encoding) == text


@settings(deadline=None, max_examples=100)
@given(st.data(), st.lists(st.sampled_from(["a", "b", "c😀", "}", ""]), min_size=2, max_size=9))
def test_a_planned_call_lands_in_a_client_as_on_disk(data: st.DataObject, lines: list[str]) -> None:
    assume(lines[-1] != "")
    text = "\n".join(lines)
    at = Desk({"a.txt": text})
    anchors = Lines(at.read("a.txt"))
    chosen = data.draw(st.lists(st.integers(1, len(lines)), unique=True, max_size=4, min_size=1))
    edits = [{data.draw(st.sampled_from(["at", "after"])): anchors[n], "text": f"new {n}"} for n in chosen]
    (file,) = at.land({"files": [{"path": "a.txt", "rev": 1, "edits": edits}]}).files
    assert applied(text, text_edits(Text(text), file.edits), "utf-16") == at.text("a.txt")
