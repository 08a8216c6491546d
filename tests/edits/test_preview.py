"""Previews of a call that is still being written: whatever came, nothing is claimed that the call does not hold."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridle.harness.edits.preview import Preview, PreviewReader, in_words, place_text, preview
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.request import EditRequest, parse
from bridle.harness.model.client import Retrying, ToolStarted, ToolWords
from bridle.harness.workflow.foretelling import MAX_LINES, Foretelling

CALL = {
    "files": [
        {
            "path": "src/app.py",
            "rev": 3,
            "edits": [{"at": "40th-44qd", "text": "a\nb\n"}, {"after": "$", "text": "é😀\n"}],
        },
        {"path": "new.py", "create": True, "edits": [{"after": "0", "text": "x"}]},
        {"path": "old.py", "rev": 1, "delete": True},
    ]
}


def test_an_edit_is_told_once_its_place_is_whole_and_its_text_as_it_comes() -> None:
    text = json.dumps(CALL)
    at = text.index('40th-44qd"')
    assert preview(text[: at + 9]) == ()
    assert preview(text[: at + 10]) == (Preview("src/app.py", "at", "40th-44qd"),)
    assert preview(text[: text.index("\\nb") + 1])[0].text == "a"
    assert preview(text[: text.index("\\nb") + 3])[0].text == "a\nb"
    assert preview(text) == (
        Preview("src/app.py", "at", "40th-44qd", "a\nb\n"),
        Preview("src/app.py", "after", "$", "é😀\n"),
        Preview("new.py", "create"),
        Preview("new.py", "after", "0", "x"),
        Preview("old.py", "delete"),
    )


def holds(request: EditRequest, claim: Preview) -> bool:
    """Whether the whole call does what a preview of its beginning said."""
    for file in request.files:
        if file.path != claim.path:
            continue
        if claim.kind in {"create", "delete", "rename"}:
            if file.action == claim.kind and (claim.kind != "rename" or file.to == claim.place):
                return True
        elif any(
            (edit.kind, place_text(edit.place)) == (claim.kind, claim.place)
            and (edit.text or "").startswith(claim.text)
            for edit in file.edits
        ):
            return True
    return False


TEXTS = st.text(alphabet='a"\\\n\t{}[]:,é😀\ud83d\x00', max_size=12)
PLACES = st.sampled_from(["41th", "41th-44qd", "0", "$", 41, 7, "[41,44]", "41th\tx = {}"])
EDITS = st.builds(
    lambda kind, place, rest, first: {kind: place, **rest} if first else {**rest, kind: place},
    st.sampled_from(["at", "after", "block"]),
    PLACES,
    st.fixed_dictionaries({}, optional={"text": TEXTS | st.none(), "was": TEXTS}),
    st.booleans(),
)
FILES = st.fixed_dictionaries(
    {"path": st.sampled_from(["a.py", "./b/c.py", "dé.py"]), "rev": st.sampled_from([1, "v2"])},
    optional={
        "edits": st.lists(EDITS, max_size=3) | EDITS | st.lists(EDITS, max_size=2).map(json.dumps),
        "create": st.booleans(),
        "delete": st.just(False),
        "rename": st.sampled_from(["x/y.py", ""]),
    },
).flatmap(lambda file: st.permutations(list(file.items())).map(dict))
CALLS = st.fixed_dictionaries(
    {"files": st.lists(FILES, min_size=1, max_size=3) | FILES | st.lists(FILES, max_size=2).map(json.dumps)},
    optional={"dry_run": st.booleans()},
)
FORMS: list[Callable[[Any], str]] = [json.dumps, lambda call: json.dumps(call, ensure_ascii=False, indent=1)]


@pytest.mark.slow
@given(CALLS | FILES, st.sampled_from(FORMS))
@settings(max_examples=100, deadline=None)
def test_no_beginning_of_a_call_claims_an_edit_that_the_call_does_not_hold(
    call: dict[str, Any], form: Callable[[Any], str]
) -> None:
    text = form(call)
    try:
        request = parse(json.loads(text))
    except ToolProblem:
        request = None
    reader = PreviewReader()
    for n, character in enumerate(text):
        reader.feed(character)
        claims = reader.previews()
        if n % 7 == 0:
            assert claims == preview(text[: n + 1])
        if request is not None:
            assert all(holds(request, claim) for claim in claims)
    if request is not None:
        told = reader.previews()
        assert sum(claim.kind in {"at", "after", "block"} for claim in told) == sum(
            place_text(edit.place) != "" for file in request.files for edit in file.edits
        )


@pytest.mark.slow
@settings(deadline=None)
@given(st.text() | st.text(alphabet='{}[]",:\\u0 1a-e', max_size=60) | CALLS.map(json.dumps), st.integers(0, 2**32))
def test_any_text_in_any_pieces_is_read_without_an_error(text: str, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - where to cut, the same on every run
    whole, pieces = preview(text), PreviewReader()
    at = 0
    while at < len(text):
        size = rng.randint(1, 9)
        pieces.feed(text[at : at + size])
        pieces.previews()
        at += size
    assert pieces.previews() == whole


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"files": nope}',
        '{"a" "b"}',
        "}",
        '{"files": [1,]}',
        "9" * 5_000,
        '"\\x"' * 9,
    ],
)
def test_what_is_no_call_foretells_nothing(text: str) -> None:
    assert preview(text) == ()


def test_the_commands_of_the_text_editor_are_foretold() -> None:
    text = json.dumps({"command": "str_replace", "path": "a.py", "old_str": "x", "new_str": "y\nz"})
    assert preview(text[: text.index('"old_str')]) == (Preview("a.py", "str_replace"),)
    assert preview(text) == (Preview("a.py", "str_replace", "", "y\nz"),)
    insert = {"command": "insert", "path": "a.py", "insert_line": 40, "insert_text": "y"}
    assert preview(json.dumps(insert)) == (Preview("a.py", "insert", "40", "y"),)
    assert preview('{"command": "insert", "path": "a.py", "insert_line": 4') == ()
    assert preview(json.dumps({"command": "view", "path": "a.py"})) == ()


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (Preview("a.py", "at", "40th"), "editing a.py line 40"),
        (Preview("a.py", "at", "40th-44qd"), "editing a.py lines 40-44"),
        (Preview("a.py", "after", "40th"), "adding to a.py below line 40"),
        (Preview("a.py", "after", "$"), "adding to a.py at its end"),
        (Preview("a.py", "insert", "0"), "adding to a.py at its start"),
        (Preview("a.py", "block", "40th"), "editing the block of a.py at line 40"),
        (Preview("a.py", "create"), "creating a.py"),
        (Preview("a.py", "delete"), "deleting a.py"),
        (Preview("a.py", "rename", "b.py"), "renaming a.py"),
        (Preview("a.py", "str_replace"), "editing a.py"),
    ],
)
def test_a_preview_is_told_in_words(one: Preview, line: str) -> None:
    assert in_words(one) == line


def said(call: object, size: int = 7, name: str = "hashline_edit") -> list[str]:
    lines: list[str] = []
    listener = Foretelling(lines.append)
    text = json.dumps(call)
    listener.hear(ToolStarted(name))
    for start in range(0, len(text), size):
        listener.hear(ToolWords(0, name, text[start : start + size]))
    return lines


def test_a_person_sees_each_place_once_and_a_long_text_grow() -> None:
    assert said(CALL) == [
        "the model prepares hashline_edit",
        "editing src/app.py lines 40-44",
        "editing src/app.py lines 40-44: 2 lines so far",
        "adding to src/app.py at its end",
        "creating new.py",
        "adding to new.py at its start",
        "deleting old.py",
    ]
    long = {"files": [{"path": "a.py", "edits": [{"at": "1th", "text": "x = 1\n" * 1_000}]}]}
    assert len(said(long)) <= 14


def test_a_call_with_many_edits_says_no_more_than_the_cap() -> None:
    edits = [{"at": f"{n}th", "text": "x"} for n in range(1, 500)]
    assert len(said({"files": [{"path": "a.py", "edits": edits}]})) <= MAX_LINES + 1


def test_other_tools_are_named_and_not_read() -> None:
    assert said({"path": "a.py", "edits": [{"at": "1th"}]}, name="read") == ["the model prepares read"]


def test_a_reply_that_is_tried_again_is_foretold_anew() -> None:
    lines: list[str] = []
    listener = Foretelling(lines.append)
    for _ in range(2):
        listener.hear(ToolWords(0, "hashline_edit", '{"path": "a.py", "edits": [{"at": "1th", '))
        listener.hear(Retrying("cut", 1, 2.0))
    assert lines == ["editing a.py line 1", "cut; trying again in 2 s"] * 2
